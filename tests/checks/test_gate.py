"""No verdict, a stale one or a failed one lets nothing through."""

import pytest

from assets import tables
from assets.errors import RefineryError
from checks.gate import admit

HASHES = {"dataset_sha256": "d" * 64, "checks_sha256": "c" * 64, "settings_sha256": "5" * 64}
PASSED = {"verdict_id": "v", "passed": True, "composite": 0.9, "reasons": [], **HASHES}


def verdicts(*rows: dict):
    return tables.QUALITY_VERDICT.of(rows)


def test_a_passed_verdict_about_exactly_this_lets_through():
    assert admit(verdicts(PASSED), **HASHES) is None


@pytest.mark.parametrize("name", HASHES)
def test_a_verdict_about_another_dataset_other_checks_or_settings_does_not(name):
    with pytest.raises(RefineryError, match=name.removesuffix("_sha256")):
        admit(verdicts(PASSED), **{**HASHES, name: "0" * 64})


@pytest.mark.parametrize("name", HASHES)
def test_an_empty_hash_matches_nothing_not_even_an_empty_one(name):
    with pytest.raises(RefineryError, match="does not speak about"):
        admit(verdicts({**PASSED, name: ""}), **{**HASHES, name: ""})


@pytest.mark.parametrize("rows", [[], [PASSED, {**PASSED, "verdict_id": "w"}]])
def test_no_verdict_or_two_of_them_do_not(rows):
    with pytest.raises(RefineryError, match="instead of one"):
        admit(verdicts(*rows), **HASHES)


def test_a_failed_verdict_does_not_and_says_why():
    with pytest.raises(RefineryError, match="size 3 is below 1,000"):
        admit(verdicts({**PASSED, "passed": False, "reasons": ["size 3 is below 1,000"]}), **HASHES)


def test_a_verdict_without_an_outcome_does_not():
    with pytest.raises(RefineryError, match="no reason given"):
        admit(verdicts({**PASSED, "passed": None, "reasons": None}), **HASHES)
