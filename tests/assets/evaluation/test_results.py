import numpy as np
import pytest

from assets import tables
from assets.errors import RefineryError
from assets.evaluation.params import ScoreParams
from assets.evaluation.results import FAMILIES, evaluation_results, suspected
from assets.evaluation.scores import approach_scores
from tests.assets.evaluation.test_scores import no_words, predicted, rows

PARAMS = ScoreParams(resamples=200, min_group=4)


def measure(name, family, value, weight=None):
    return {"measure": name, "family": family, "value": value, "weight": weight, "unit": "share", "n": 40}


REPORT = [
    measure("composite", "composite", 0.8),
    measure("accuracy", "composite", 0.7, 0.25),
    measure("diversity", "composite", 0.9, 0.1),
    measure("size", "volume", 40.0),
    measure("coverage", "coverage", None),
    measure("balance", "intrinsic", 0.5),
    measure("complexity", "intrinsic", 21.0),
    measure("temporal_bias", "bias", 0.1),
    measure("missing_values", "completeness", 0.0),
]
ANSWERS = ["Yes.", "No, sorry.", "A pool.", "There is a pool."]


def whole(*parts, report=REPORT, params=PARAMS):
    predictions = predicted(*parts)
    scores = approach_scores(predictions, params, no_words).table
    return evaluation_results(tables.QUALITY_REPORT.of(report), scores, predictions, params).table.to_pylist()


def gathered(*parts, **how):
    return {
        (r["family"], r["metric"], r["approach"]): r
        for r in whole(*parts, **how)
        if r["baseline"] is None and r["source"] in (None, "all") and r["subset"] in (None, "all")
    }


BOTH = [
    rows("lora", [10.0] * 4, answers=ANSWERS),
    rows("lora", [30.0] * 4, source="chats"),
    rows("zero_shot", [20.0] * 4),
    rows("lora", [1.0] * 4, answers=["a", "a", "b", "a"], references=["a", "a", "b", "b"], task="classify_category",
         source="labels"),
]  # fmt: skip


def test_the_four_families_hold_what_the_framework_names():
    found = gathered(*BOTH)
    assert {family for family, *_ in found} == set(FAMILIES)
    assert {m for f, m, _ in found if f == "intrinsic_metrics"} == {
        "size",
        "diversity",
        "coverage",
        "balance",
        "complexity",
    }
    extrinsic = {m for f, m, a in found if (f, a) == ("extrinsic_metrics", "lora")}
    assert extrinsic >= {"accuracy", "precision", "recall", "f1_score", "bleu_score", "nll", "chrf", "perplexity"}
    assert {m for f, m, _ in found if f == "quality_metrics"} == {"composite", "accuracy", "diversity"}
    assert all(a is None for f, _, a in found if f in ("intrinsic_metrics", "quality_metrics"))


def test_values_are_those_of_the_tables_they_are_gathered_from():
    found = gathered(*BOTH)
    assert found["extrinsic_metrics", "accuracy", "lora"]["value"] == 0.75
    assert found["extrinsic_metrics", "nll", "zero_shot"]["value"] == 2.0
    assert found["quality_metrics", "composite", None]["value"] == 0.8
    assert found["intrinsic_metrics", "coverage", None]["value"] is None


def test_the_extrinsic_family_is_whole_with_categories_kinds_labels_and_paired_tests():
    said = {"answers": ["a", "b"] * 4, "references": ["a"] * 4 + ["b"] * 4, "task": "triage_priority"}
    found = whole(
        rows("lora", [10.0] * 4, category="pools"),
        rows("zero_shot", [20.0] * 4, category="pools"),
        rows("lora", [1.0] * 8, source="labels", **said),
    )
    keys = ("metric", "approach", "baseline", "subset", "group")
    by = {tuple(r[k] for k in keys): r for r in found if r["family"] == "extrinsic_metrics" and r["source"] == "all"}
    assert by["nll", "lora", None, "category", "pools"]["value"] == 1.0
    assert by["nll", "lora", None, "kind", "ticket"]["n"] == 4
    assert by["f1", "lora", None, "label", "a"]["value"] == 0.5
    difference = by["nll", "lora", "zero_shot", "all", None]
    assert (difference["value"], difference["unit"]) == (-1.0, "nats a token")
    assert 0 < difference["p_value"] <= 1
    assert len({r["result_id"] for r in found}) == len(found)


def test_an_approach_that_serves_one_source_worse_shows_its_gap_with_an_interval():
    noise = np.linspace(-4, 4, 8)
    found = gathered(rows("lora", 10 + noise), rows("lora", 30 + noise[::-1], source="chats"), rows("zero_shot", [9.0]))
    gap = found["bias_metrics", "nll_gap_by_source", "lora"]
    assert gap["value"] == pytest.approx(2.0)
    assert 0 < gap["low"] < gap["value"] < gap["high"]
    assert ("bias_metrics", "nll_gap_by_source", "zero_shot") not in found  # one source is no gap
    assert ("bias_metrics", "nll_gap_by_category", "lora") not in found  # nobody named categories


@pytest.mark.parametrize(
    ("report", "family"),
    [
        ([r for r in REPORT if r["family"] != "bias"], "bias_metrics"),
        (
            [{**r, "value": None} if r["weight"] or r["measure"] == "composite" else r for r in REPORT],
            "quality_metrics",
        ),
    ],
)
def test_a_family_of_which_nothing_was_measured_is_a_clear_error(report, family):
    with pytest.raises(RefineryError, match=f"nothing of {family} was measured"):
        gathered(rows("zero_shot", [20.0]), report=report)


def test_what_the_second_detector_suspects_in_answers_is_counted_not_quoted():
    rows = [
        {"prediction_id": str(n), "approach": approach, "task": task, "answer": answer}
        for n, (approach, task, answer) in enumerate(
            (
                ("lora", "answer", "Ask Mr Whitfield."),
                ("lora", "answer", "Yes."),
                ("lora", "classify_category", "Whitfield"),
                ("zero_shot", "answer", "No."),
                ("zero_shot", "answer", None),
            )
        )
    ]
    rows += [{"prediction_id": "w", "approach": "full", "task": "answer", "answer": None, "generated_tokens": 9}]
    found = suspected(tables.PREDICTIONS.of(rows), lambda texts: [text.count("Whitfield") for text in texts], 0.1)
    assert [(row["approach"], row["value"], row["n"], row["most"]) for row in found] == [
        ("full", 1.0, 1, 0.1),  # withheld
        ("lora", 0.5, 2, 0.1),
        ("zero_shot", 0.0, 1, 0.1),
    ]
