"""Where did my rows go: sums from the manifests, equal to what the ledgers say."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from assets.ledger import Ledger, balance
from assets.tables import TABLES
from dagster_project.accounts import DERIVING, Account, accounts, as_markdown
from dagster_project.resources.lake import Lake
from tests.dagster_project.story import publish, tell


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("story"))
    tell(lake)
    return lake


def test_each_stage_is_told_as_its_ledgers_sum_up(lake: Lake) -> None:
    found = accounts(lake)
    for one in found:
        if TABLES[one.stage].room in DERIVING:
            continue
        sums = balance(lake.read_ledger(one.stage))
        lost = (sum(reasons.values()) for reasons in (one.dropped, one.merged, one.quarantined))
        assert (one.rows_in, one.kept, *lost, one.derived) == tuple(sums)
        assert one.rows_out == len(lake.read(one.stage))
    by_stage = {one.stage: one for one in found}
    assert by_stage["tickets"] == Account("tickets", 4, 2, {"spam": 1}, {}, {"no_date": 1}, 0, 2)
    assert by_stage["unique_pairs"] == Account("unique_pairs", 2, 1, {}, {"exact_duplicate": 1}, {}, 0, 1)


def test_what_one_stage_puts_out_the_next_takes_in(lake: Lake) -> None:
    by_stage = {one.stage: one for one in accounts(lake)}
    line = ["normalized_records", "anonymized_records", "standardized_records", "qa_pairs", "validated_pairs"]
    for stage, after in pairwise([*line, "unique_pairs", "split_pairs"]):
        assert by_stage[stage].rows_out == by_stage[after].rows_in, after


def test_no_ledger_is_opened(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    told = accounts(lake)
    monkeypatch.setattr(Lake, "_opened", lambda *_: pytest.fail("a file was opened"))
    assert accounts(lake) == told


def test_a_manifest_without_sums_has_its_ledger_read(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    told, manifest = accounts(lake), Lake.manifest
    monkeypatch.setattr(Lake, "manifest", lambda *a: (m := manifest(*a)) and replace(m, outcomes=None))
    assert accounts(lake) == told


def test_a_run_is_told_by_what_it_published(lake: Lake) -> None:
    assert accounts(lake, "run-1") == accounts(lake)
    assert accounts(lake, "another") == []


def test_summaries_take_no_rows_in(lake: Lake) -> None:
    assert {TABLES[one.stage].room for one in accounts(lake)} & {"quality", "evaluation"} == set()


def test_what_only_adds_to_the_dataset_loses_none_of_it(tmp_path: Path) -> None:
    lake, ledger = Lake(tmp_path), Ledger(["p1", "p2"])
    ledger.keep("p1", into="v1")
    ledger.derive("v2", ["p1"])
    ledger.drop("p2", "no_rule_applies")
    publish(lake, "rule_variants", [{"pair_id": "v1"}, {"pair_id": "v2"}], ledger)
    assert accounts(lake) == [Account("rule_variants", 0, 0, {}, {}, {}, 2, 2, {"no_rule_applies": 1})]
    assert "| rule_variants | 0 | 0 | 0 | 0 | 0 | 2 (without: no_rule_applies 1) | 2 |" in as_markdown(accounts(lake))


def test_a_person_reads_it_as_a_table(lake: Lake, tmp_path: Path) -> None:
    lines = as_markdown(accounts(lake)).splitlines()
    assert lines[2] == "| tickets | 4 | 2 | 1 (spam 1) | 0 | 1 (no_date 1) | 0 | 2 |"
    assert len({line.count("|") for line in lines}) == 1
    assert as_markdown(accounts(Lake(tmp_path))) == ""
