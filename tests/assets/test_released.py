import json

import pytest

from assets.errors import RefineryError
from assets.released import open_release, subset
from tests import models


def test_a_whole_and_approved_release_opens(tmp_path):
    opened = open_release(models.release(tmp_path / "r"))
    assert len(opened.examples("train")) == 48
    assert opened.verdict.verdict_id == "verdict-1"


def test_a_release_whose_verdict_did_not_pass_is_refused(tmp_path):
    with pytest.raises(RefineryError, match="verdict did not pass"):
        open_release(models.release(tmp_path / "r", passed=False))


@pytest.mark.parametrize("passed", ["true", 1, None])
def test_only_a_plain_true_is_a_passed_verdict(tmp_path, passed):
    folder = models.release(tmp_path / "r")
    stated = json.loads((folder / "release.json").read_text())
    stated["verdict"]["passed"] = passed
    (folder / "release.json").write_text(json.dumps(stated))
    with pytest.raises(RefineryError):
        open_release(folder)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_file_changed_after_the_release_is_refused(tmp_path, split):
    folder = models.release(tmp_path / "r")
    with (folder / f"data/{split}.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(RefineryError, match="not the one that was written"):
        open_release(folder)


def test_a_missing_file_or_statement_is_refused(tmp_path):
    folder = models.release(tmp_path / "r")
    (folder / "data/test.parquet").unlink()
    with pytest.raises(RefineryError, match="missing"):
        open_release(folder)
    (folder / "release.json").write_text("{}")
    with pytest.raises(RefineryError, match=r"release\.json"):
        open_release(folder)
    (folder / "release.json").unlink()
    with pytest.raises(RefineryError, match=r"no release\.json"):
        open_release(folder)


def test_a_file_the_statement_does_not_list_is_not_trusted(tmp_path):
    folder = models.release(tmp_path / "r")
    stated = json.loads((folder / "release.json").read_text())
    del stated["files"]["data/train.parquet"]
    (folder / "release.json").write_text(json.dumps(stated))
    with pytest.raises(RefineryError, match="does not list"):
        open_release(folder)


def test_a_subset_is_spread_over_the_sources_and_keeps_its_members_when_rows_come_and_go():
    rows = [{"example_id": str(i), "source": "small" if i < 4 else "big"} for i in range(100)]
    chosen = subset(rows, 20, by=("source",), seed=1)
    assert [r["source"] for r in chosen].count("small") == 4
    assert len(chosen) == 20
    left = [r for r in rows if r not in chosen[:3]]
    assert all(r in subset(left, 20, by=("source",), seed=1) for r in chosen[3:])
    assert subset(rows[::-1], 20, by=("source",), seed=1) == chosen
    assert subset(rows, 20, by=("source",), seed=2) != chosen
    assert len(subset(rows, None, by=("source",), seed=1)) == 100
