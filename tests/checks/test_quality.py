"""Each promise on scorecard and verdict is seen failing."""

from assets import tables
from assets.quality.params import COMPOSITE, QualityParams
from checks import quality
from tests.promises import assert_each_promise_can_fail

SHA = "0123456789abcdef" * 4
SHARES = ("composite", *COMPOSITE, "coverage", "balance", *(f"{kind}_bias" for kind in QualityParams().bias))
AMOUNTS = {"size": 1200.0, "size_to_minimum": 1.2, "complexity": 80.0}
REPORT = [
    {
        "measure": name,
        "family": "composite",
        "value": AMOUNTS.get(name, 0.8),
        "low": 0.7,
        "high": 0.9,
        "weight": COMPOSITE.get(name),
        "unit": "ratio" if name in AMOUNTS else "share",
        "range": "0 to 1",
        "better": "higher",
        "n": 100,
        "definition": "What exactly was computed.",
        "dataset_sha256": SHA,
        "settings_sha256": SHA,
    }
    for name in (*SHARES, *AMOUNTS)
]
VERDICT = [
    {
        "verdict_id": "v",
        "passed": True,
        "composite": 0.8,
        "reasons": [],
        "dataset_sha256": SHA,
        "checks_sha256": SHA,
        "settings_sha256": SHA,
    }
]


def _first(**fields: object):
    return lambda rows: [{**rows[0], **fields}, *rows[1:]]


def _without(*measures: str):
    return lambda rows: [row for row in rows if row["measure"] not in measures]


def _one_task_is_small(rows):
    return [{**row, "value": 0.99} if row["measure"] == "size_to_minimum" else row for row in rows]


def test_each_promise_on_the_quality_report_can_fail():
    assert_each_promise_can_fail(
        tables.QUALITY_REPORT,
        quality.QUALITY_REPORT,
        good=REPORT,
        bad={
            "is_not_empty": lambda rows: [],
            "each_measure_stands_once": lambda rows: [*rows, rows[0]],
            "the_composite_and_its_six_parts_are_stated": lambda rows: rows[1:],
            "weights_sum_to_one": _first(weight=0.1),
            "a_share_lies_between_0_and_1": _first(value=1.2),
            "low_is_not_above_high": _first(low=0.95),
            "the_dataset_hash_is_stated": _first(dataset_sha256=""),
            "the_settings_hash_is_stated": _first(settings_sha256="5"),
            "the_four_kinds_of_bias_are_stated": _without("temporal_bias"),
            "the_five_intrinsic_metrics_are_stated": _without("complexity"),
            "each_task_has_its_minimum_volume": _one_task_is_small,
            "each_measure_states_its_range": _first(range=None),
            "each_measure_is_defined": _first(definition="?"),
        },
    )


def test_each_promise_on_the_quality_verdict_can_fail():
    assert_each_promise_can_fail(
        tables.QUALITY_VERDICT,
        quality.QUALITY_VERDICT,
        good=VERDICT,
        bad={
            "there_is_one_verdict": lambda rows: [*rows, {**rows[0], "verdict_id": "w"}],
            "the_dataset_hash_is_stated": _first(dataset_sha256=""),
            "the_checks_hash_is_stated": _first(checks_sha256=""),
            "the_settings_hash_is_stated": _first(settings_sha256="abc"),
            "a_passed_verdict_has_no_reason_against_it": _first(reasons=["size 3 is below 1000"]),
            "a_failed_verdict_says_why": _first(passed=False),
            "the_dataset_may_be_trained_on": _first(passed=False, reasons=["size 3 is below 1000"]),
        },
    )
