"""What predictions, scores and the recommendation promise."""

from __future__ import annotations

from checks import Promise

_APPROACHES = ("few_shot", "few_shot_endpoint", "lora", "instruction", "multitask", "transfer", "full")
_COMPARED = {
    "training_time": "How long an approach trains",
    "computational_cost": "What its computing costs",
    "performance": "How well it does",
    "flexibility": "How easily it is changed",
    "maintenance": "What it asks for in the long run",
}
_PHASES = r"^Phase (?:1: Rapid Prototyping|2: Enhanced Performance|3: Optimization) \("

PREDICTIONS: tuple[Promise, ...] = (
    ("is_not_empty", "ExpectTableRowCountToBeBetween", {"min_value": 1}, "Something was predicted.", "critical"),
    (
        "each_approach_is_asked_each_example_once",
        "ExpectCompoundColumnsToBeUnique",
        {"column_list": ["approach", "example_id"]},
        "No approach is scored twice on one example.",
        "critical",
    ),
    (
        "the_base_model_is_asked_too",
        "ExpectColumnDistinctValuesToContainSet",
        {"column": "approach", "value_set": ["zero_shot"]},
        "There is a baseline to compare with.",
        "critical",
    ),
    (
        "every_true_answer_has_a_likelihood",
        "ExpectColumnValuesToNotBeNull",
        {"column": "nll", "row_condition": 'approach != "few_shot_endpoint"', "condition_parser": "pandas"},
        "Each approach's likelihood of each true answer was measured; an endpoint alone tells none.",
        "critical",
    ),
    (
        "a_negative_log_likelihood_is_not_below_zero",
        "ExpectColumnValuesToBeBetween",
        {"column": "nll", "min_value": 0},
        "No answer is likelier than certain.",
        "critical",
    ),
    (
        "every_answer_has_tokens",
        "ExpectColumnValuesToBeBetween",
        {"column": "answer_tokens", "min_value": 1},
        "A likelihood is spread over at least one token.",
        "critical",
    ),
    (
        "the_true_answer_is_a_released_one",
        "ExpectColumnValuesToBeBetween",
        {"column": "answer_occurs", "min_value": 1},
        "What is asked of the model stands in the release.",
        "critical",
    ),
)

APPROACH_SCORES: tuple[Promise, ...] = (
    ("is_not_empty", "ExpectTableRowCountToBeBetween", {"min_value": 1}, "There are scores.", "critical"),
    (
        "each_score_stands_once",
        "ExpectColumnValuesToBeUnique",
        {"column": "score_id"},
        "No score is stated twice.",
        "critical",
    ),
    (
        "the_primary_metric_is_measured",
        "ExpectColumnDistinctValuesToContainSet",
        {"column": "metric", "value_set": ["nll_per_token"]},
        "The likelihood of the true answers is among the metrics.",
        "critical",
    ),
    (
        "every_score_is_a_number",
        "ExpectColumnValuesToNotBeNull",
        {"column": "value"},
        "No score is missing.",
        "critical",
    ),
    (
        "an_interval_does_not_end_before_it_begins",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "high", "column_B": "low", "or_equal": True, "ignore_row_if": "both_values_are_missing"},
        "Both ends of an interval are given, in order.",
        "critical",
    ),
    (
        "a_p_value_is_a_share",
        "ExpectColumnValuesToBeBetween",
        {"column": "p_value", "min_value": 0, "max_value": 1, "strict_min": True},
        "Chance alone is never ruled out altogether.",
        "critical",
    ),
    (
        "a_difference_states_what_chance_would_do",
        "ExpectColumnValuesToNotBeNull",
        {"column": "p_value", "row_condition": "baseline.notnull() and threads > 1", "condition_parser": "pandas"},
        "No two approaches are compared without a p value, where there is more than one thread.",
        "critical",
    ),
    (
        "threads_are_no_more_than_pairs",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "n", "column_B": "threads", "or_equal": True},
        "A thread that counts gave at least one pair.",
        "critical",
    ),
)

CROSS_VALIDATION: tuple[Promise, ...] = (
    (
        "each_fold_stands_once",
        "ExpectCompoundColumnsToBeUnique",
        {"column_list": ["release", "fold"], "ignore_row_if": "never"},
        "No fold is counted twice, nor all of them.",
        "critical",
    ),
    (
        "every_fold_was_learnt_without_and_asked",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "val_size", "column_B": "threads", "or_equal": True},
        "Every fold gave answers, of at least as many as its threads.",
        "critical",
    ),
    (
        "every_performance_is_a_number",
        "ExpectColumnValuesToBeBetween",
        {"column": "performance", "min_value": 0, "max_value": 20},
        "No training diverged: each performance is finite and below that of blind guessing.",
        "critical",
    ),
    (
        "every_performance_was_measured",
        "ExpectColumnValuesToNotBeNull",
        {"column": "performance"},
        "No fold was left unasked.",
        "critical",
    ),
    (
        "data_quality_is_a_share",
        "ExpectColumnValuesToBeBetween",
        {"column": "data_quality", "min_value": 0, "max_value": 1},
        "The mean quality of what was learnt lies between 0 and 1.",
        "critical",
    ),
    (
        "every_fold_beats_the_prompt",
        "ExpectColumnValuesToBeBetween",
        {"column": "difference", "max_value": 0},
        "No fold's adapter is worse than the zero-shot prompt.",
        "warning",
    ),
)

EVALUATION_RESULTS: tuple[Promise, ...] = (
    ("is_not_empty", "ExpectTableRowCountToBeBetween", {"min_value": 1}, "There are results.", "critical"),
    (
        "each_result_stands_once",
        "ExpectColumnValuesToBeUnique",
        {"column": "result_id"},
        "No metric is stated twice.",
        "critical",
    ),
    (
        "the_four_families_are_there",
        "ExpectColumnDistinctValuesToEqualSet",
        {
            "column": "family",
            "value_set": ["intrinsic_metrics", "extrinsic_metrics", "quality_metrics", "bias_metrics"],
        },
        "Intrinsic, extrinsic, quality and bias metrics are stated, and nothing else.",
        "critical",
    ),
    (
        "the_frameworks_metrics_are_stated",
        "ExpectColumnDistinctValuesToContainSet",
        {
            "column": "metric",
            "value_set": ["size", "diversity", "coverage", "balance", "complexity", "composite", "nll", "bleu_score"],
        },
        "The five intrinsic metrics, the composite, likelihood and BLEU have a line.",
        "warning",
    ),
    (
        "what_a_model_did_names_its_approach",
        "ExpectColumnValuesToNotBeNull",
        {"column": "approach", "row_condition": 'family == "extrinsic_metrics"', "condition_parser": "pandas"},
        "No extrinsic metric is without the approach it belongs to.",
        "critical",
    ),
    (
        "an_interval_does_not_end_before_it_begins",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "high", "column_B": "low", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "The ends of an interval stand in order.",
        "critical",
    ),
    (
        "no_value_is_above_what_is_tolerated",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "most", "column_B": "value", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "No approach writes more suspected personal data than evaluation.results.suspected, or knows a lone canary.",
        "warning",
    ),
)

APPROACH_COSTS: tuple[Promise, ...] = (
    ("is_not_empty", "ExpectTableRowCountToBeBetween", {"min_value": 1}, "There are costs.", "critical"),
    (
        "every_approach_is_compared",
        "ExpectColumnDistinctValuesToContainSet",
        {"column": "approach", "value_set": ["zero_shot", *_APPROACHES]},
        "Every approach has a row, measured or not.",
        "critical",
    ),
    *(
        (f"{column}_is_told", "ExpectColumnValuesToNotBeNull", {"column": column}, f"{said} is told.", "critical")
        for column, said in _COMPARED.items()
    ),
    (
        "no_cost_is_below_zero",
        "ExpectColumnValuesToBeBetween",
        {"column": "total", "min_value": 0},
        "Nothing costs less than nothing.",
        "critical",
    ),
    (
        "every_approach_has_a_total",
        "ExpectColumnValuesToNotBeNull",
        {"column": "total"},
        "The costs of every approach are summed up in one currency.",
        "critical",
    ),
    (
        "the_weighted_cost_is_a_share",
        "ExpectColumnValuesToBeBetween",
        {"column": "weighted", "min_value": 0, "max_value": 1.0001},
        "The weights are taken on shares of the dearest approach.",
        "critical",
    ),
)

RECOMMENDATION: tuple[Promise, ...] = (
    (
        "is_not_empty",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1, "max_value": 1},
        "There is one recommendation.",
        "critical",
    ),
    (
        "it_names_an_approach_or_none",
        "ExpectColumnValuesToBeInSet",
        {"column": "approach", "value_set": [*_APPROACHES, "do_not_fine_tune"]},
        "The recommendation is an approach that was measured, or not to fine-tune.",
        "critical",
    ),
    (
        "it_stands_in_a_phase_of_the_road_map",
        "ExpectColumnValuesToMatchRegex",
        {"column": "phase", "regex": _PHASES},
        "The phase is one of the framework's three.",
        "critical",
    ),
    (
        "it_states_the_hybrid_strategy",
        "ExpectColumnValuesToMatchRegex",
        {"column": "strategy", "regex": r"^Hybrid strategy: .*Phase 1.*Phase 2.*Phase 3"},
        "The strategy comes first, the measured answer after it.",
        "critical",
    ),
    (
        "it_gives_reasons",
        "ExpectColumnValuesToBeBetween",
        {"column": "reasons_count", "min_value": 1},
        "At least one measurement speaks for it.",
        "critical",
    ),
    (
        "rules_bear_on_it",
        "ExpectColumnValuesToBeBetween",
        {"column": "rules_count", "min_value": 1},
        "At least one of the framework's rules fired.",
        "critical",
    ),
    (
        "the_gates_of_all_phases_are_held_against_the_facts",
        "ExpectColumnValuesToBeBetween",
        {"column": "gates_count", "min_value": 3},
        "The road map's gates are stated, passed or not.",
        "critical",
    ),
    (
        "it_says_what_would_change_it",
        "ExpectColumnValuesToBeBetween",
        {"column": "would_flip_count", "min_value": 1},
        "At least one thing would change it.",
        "critical",
    ),
)
