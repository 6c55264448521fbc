"""Each promise on scorecard and verdict is seen failing."""

from assets import tables
from assets.quality.params import COMPOSITE
from checks import quality
from tests.promises import assert_each_promise_can_fail

SHA = "0123456789abcdef" * 4
REPORT = [
    {
        "measure": name,
        "family": "composite",
        "value": 0.8,
        "low": 0.7,
        "high": 0.9,
        "weight": COMPOSITE.get(name),
        "unit": "share",
        "better": "higher",
        "n": 100,
        "definition": "What exactly was computed.",
    }
    for name in ("composite", *COMPOSITE)
] + [{"measure": "size", "value": 1200.0, "unit": "rows", "better": "higher", "n": 1200, "definition": "All examples."}]
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
