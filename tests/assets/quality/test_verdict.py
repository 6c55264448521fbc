"""The gate fails closed: what was not measured, not bound or not good enough does not pass."""

import pytest

from assets import tables
from assets.quality.params import COMPOSITE, QualityParams
from assets.quality.verdict import verdict

HASHES = {"dataset_sha256": "d" * 64, "checks_sha256": "c" * 64, "settings_sha256": "5" * 64}
GOOD = {**dict.fromkeys(COMPOSITE, 0.95), "composite": 0.95, "size": 1500.0, "largest_source": 0.4}


def judged(values: dict, params: QualityParams | None = None, of: dict | None = None, **hashes: str) -> dict:
    """Judge a scorecard of these values; it is of what the verdict is about, or `of` something else."""
    bound = {**HASHES, **hashes}
    of = {k: v for k, v in (of or bound).items() if k != "checks_sha256"}
    report = tables.QUALITY_REPORT.of({"measure": name, "value": value, **of} for name, value in values.items())
    (row,) = verdict(report, **bound, params=params or QualityParams()).table.to_pylist()
    return row


def test_a_good_dataset_passes_and_the_verdict_names_what_it_speaks_about():
    row = judged(GOOD)
    assert (row["passed"], row["reasons"], row["composite"]) == (True, [], 0.95)
    assert {name: row[name] for name in HASHES} == HASHES


@pytest.mark.parametrize("name", [*COMPOSITE, "composite", "size"])
@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_required_measure_that_was_not_measured_fails(name, value):
    row = judged({**GOOD, name: value})
    assert (row["passed"], row["reasons"]) == (False, [f"{name} was not measured"])


@pytest.mark.parametrize("name", ["dataset", "settings"])
def test_a_scorecard_of_another_dataset_or_under_other_settings_fails(name):
    row = judged(GOOD, of={**HASHES, f"{name}_sha256": "0" * 64})
    assert (row["passed"], row["reasons"]) == (False, [f"the scorecard is of another {name}"])
    assert judged(GOOD, of={**HASHES, f"{name}_sha256": None})["passed"] is False


def test_a_kind_of_bias_that_could_not_be_told_is_named():
    row = judged({**GOOD, "bias_score": None, "temporal_bias": None, "selection_bias": 0.1})
    assert row["reasons"] == ["bias_score was not measured (for lack of temporal_bias, see quality.bias)"]


def test_a_measure_that_is_not_even_listed_fails():
    assert judged({})["passed"] is False
    assert "accuracy was not measured" in judged({k: v for k, v in GOOD.items() if k != "accuracy"})["reasons"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"composite": 0.5999}, "composite 0.5999 is below 0.6"),
        ({"size": 999.0}, "size 999 is below 1,000"),
        ({"relevance": 0.1}, "relevance 0.1 is below 0.5"),
    ],
)
def test_a_value_out_of_bounds_fails_and_says_which(change, reason):
    assert judged({**GOOD, **change})["reasons"] == [reason]


def test_bounds_themselves_pass():
    assert judged({**GOOD, "composite": 0.6, "size": 1000.0, "relevance": 0.5})["passed"] is True


def test_a_maximum_is_kept_too_and_makes_its_measure_required():
    params = QualityParams(maximums={"largest_source": 0.3, "confirmation_bias": 0.1})
    assert judged(GOOD, params)["reasons"] == [
        "confirmation_bias was not measured",
        "largest_source 0.4 is above 0.3",
    ]


def test_composite_and_size_are_judged_even_if_the_settings_require_nothing():
    params = QualityParams(required=(), minimums={})
    assert judged({}, params)["reasons"] == ["composite was not measured", "size was not measured"]


@pytest.mark.parametrize("name", HASHES)
@pytest.mark.parametrize("value", ["", " "])
def test_a_verdict_about_nothing_in_particular_fails(name, value):
    row = judged(GOOD, **{name: value})
    assert (row["passed"], row["reasons"]) == (False, [f"{name} is missing"])


def test_the_verdicts_id_changes_with_everything_it_is_bound_to():
    ids = [judged(GOOD), judged(GOOD, dataset_sha256="e" * 64), judged({**GOOD, "composite": 0.9}), judged({})]
    assert len({row["verdict_id"] for row in ids}) == 4
    assert judged(GOOD) == ids[0]
