from pathlib import Path

from assets import tables
from assets.evaluation.knowledge import Knowledge
from checks import evaluation as promises
from tests.promises import assert_each_promise_can_fail

PREDICTION = {"example_id": "e", "reference": "Yes.", "nll": 7.5, "answer_tokens": 3, "answer_occurs": 1}
PREDICTIONS = [
    {**PREDICTION, "prediction_id": "1", "approach": "zero_shot"},
    {**PREDICTION, "prediction_id": "2", "approach": "lora", "nll": 0.0, "answer": "Yes."},
    {**PREDICTION, "prediction_id": "3", "approach": "few_shot_endpoint", "nll": None},
]
SCORE = {"source": "all", "subset": "all", "metric": "nll_per_token", "n": 9, "threads": 4, "better": "lower"}
SCORES = [
    {**SCORE, "score_id": "1", "approach": "lora", "value": 1.0, "low": 0.9, "high": 1.1},
    {**SCORE, "score_id": "2", "approach": "zero_shot", "value": 2.0, "threads": 1},
    {**SCORE, "score_id": "3", "approach": "lora", "baseline": "zero_shot", "value": -1.0, "p_value": 0.01},
]
KNOWN = Knowledge.load(Path(__file__).resolve().parents[2] / "domain/approaches.yaml")
COSTS = [
    {
        **known.ratings.model_dump(),
        "approach": approach,
        "total": 7500.0,
        "weighted": 0.3,
    }
    for known in KNOWN.approaches.values()
    for approach in known.measured_as
]
RECOMMENDATION = {
    "recommendation_id": "1",
    "approach": "lora",
    "phase": KNOWN.phases[1].name,
    "strategy": KNOWN.strategy,
    "reasons": ["It is better."],
    "would_flip": ["A test on which it is not."],
    "lacking": [],
    "rules": [{"kind": "lora", "verdict": "for", "rule": "frequent updates", "because": "stated"}],
    "gates": [{"phase": phase.name, "gate": phase.gate[0].text, "passed": False} for phase in KNOWN.phases],
}


RESULT = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9, "unit": "share"}
METRICS = {
    "intrinsic_metrics": ("size", "diversity", "coverage", "balance", "complexity"),
    "extrinsic_metrics": ("nll", "bleu_score"),
    "quality_metrics": ("composite",),
    "bias_metrics": ("temporal_bias",),
}
RESULTS = [
    {**RESULT, "result_id": metric, "family": family, "metric": metric, "approach": "lora" if "ex" in family else None}
    for family, metrics in METRICS.items()
    for metric in metrics
]


def but(**facts):
    return lambda rows: [{**row, **facts} for row in rows]


def test_each_promise_on_predictions_can_fail():
    assert_each_promise_can_fail(
        tables.PREDICTIONS,
        promises.PREDICTIONS,
        good=PREDICTIONS,
        bad={
            "is_not_empty": lambda rows: [],
            "each_approach_is_asked_each_example_once": but(approach="zero_shot"),
            "the_base_model_is_asked_too": but(approach="lora"),
            "every_true_answer_has_a_likelihood": but(nll=None),
            "a_negative_log_likelihood_is_not_below_zero": but(nll=-0.1),
            "every_answer_has_tokens": but(answer_tokens=0),
            "the_true_answer_is_a_released_one": but(answer_occurs=0),
        },
    )


def test_each_promise_on_approach_scores_can_fail():
    assert_each_promise_can_fail(
        tables.APPROACH_SCORES,
        promises.APPROACH_SCORES,
        good=SCORES,
        bad={
            "is_not_empty": lambda rows: [],
            "each_score_stands_once": but(score_id="1"),
            "the_primary_metric_is_measured": but(metric="bleu"),
            "every_score_is_a_number": but(value=None),
            "an_interval_does_not_end_before_it_begins": but(low=1.2),
            "a_p_value_is_a_share": but(p_value=0.0),
            "a_difference_states_what_chance_would_do": but(p_value=None),
            "threads_are_no_more_than_pairs": but(n=2),
        },
    )


def test_each_promise_on_evaluation_results_can_fail():
    assert_each_promise_can_fail(
        tables.EVALUATION_RESULTS,
        promises.EVALUATION_RESULTS,
        good=RESULTS,
        bad={
            "is_not_empty": lambda rows: [],
            "each_result_stands_once": but(result_id="1"),
            "the_four_families_are_there": but(family="extrinsic_metrics"),
            "the_frameworks_metrics_are_stated": but(metric="size"),
            "what_a_model_did_names_its_approach": but(approach=None),
            "an_interval_does_not_end_before_it_begins": but(low=0.7),
            "no_value_is_above_what_is_tolerated": but(most=0.4),
        },
    )


def test_each_promise_on_approach_costs_can_fail():
    assert_each_promise_can_fail(
        tables.APPROACH_COSTS,
        promises.APPROACH_COSTS,
        good=COSTS,
        bad={
            "is_not_empty": lambda rows: [],
            "every_approach_is_compared": lambda rows: rows[1:],
            "training_time_is_told": but(training_time=None),
            "computational_cost_is_told": but(computational_cost=None),
            "performance_is_told": but(performance=None),
            "flexibility_is_told": but(flexibility=None),
            "maintenance_is_told": but(maintenance=None),
            "no_cost_is_below_zero": but(total=-1.0),
            "every_approach_has_a_total": but(total=None),
            "the_weighted_cost_is_a_share": but(weighted=1.2),
        },
    )


def test_each_promise_on_recommendation_can_fail():
    assert_each_promise_can_fail(
        tables.RECOMMENDATION,
        promises.RECOMMENDATION,
        good=[RECOMMENDATION],
        bad={
            "is_not_empty": lambda rows: [],
            "it_names_an_approach_or_none": but(approach="whatever"),
            "it_stands_in_a_phase_of_the_road_map": but(phase="Phase 4"),
            "it_states_the_hybrid_strategy": but(strategy="LoRA."),
            "it_gives_reasons": but(reasons=[]),
            "rules_bear_on_it": but(rules=[]),
            "the_gates_of_all_phases_are_held_against_the_facts": but(gates=[]),
            "it_says_what_would_change_it": but(would_flip=[]),
        },
    )


FOLD = {"release": "r", "val_size": 9, "threads": 4, "performance": 1.0, "difference": -0.5, "data_quality": 0.8}
FOLDS = [{**FOLD, "row_id": str(fold), "fold": fold} for fold in (0, 1, None)]


def test_each_promise_on_cross_validation_can_fail():
    assert_each_promise_can_fail(
        tables.CROSS_VALIDATION,
        promises.CROSS_VALIDATION,
        good=FOLDS,
        bad={
            "each_fold_stands_once": but(fold=1),
            "every_fold_was_learnt_without_and_asked": but(val_size=3),
            "every_performance_is_a_number": but(performance=float("inf")),
            "every_performance_was_measured": but(performance=None),
            "data_quality_is_a_share": but(data_quality=80.0),
            "every_fold_beats_the_prompt": but(difference=0.1),
        },
    )
