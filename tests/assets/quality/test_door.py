"""Quality's doors as Dagster opens them: the report is written, and the verdict is about what was measured."""

from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from assets import tables
from assets.ledger import Ledger, Published
from assets.quality.paper import PLACE
from assets.tables import Table
from dagster_project.definitions import DOORS, resources
from dagster_project.partitions import RECORDS
from dagster_project.resources.lake import Lake
from dagster_project.settings import Settings


def published(table: Table, rows: pa.Table) -> Published:
    return Ledger.of(rows, key=table.key).close(rows, key=table.key)


@pytest.fixture
def lake(tmp_path, pristine, dataset, monkeypatch) -> Lake:
    """What the stages before quality left behind, where this test's settings look for it."""
    monkeypatch.setenv("REFINERY_HOME", str(tmp_path))
    examples, pairs, records = dataset(pristine)
    lake, day = Lake(tmp_path), RECORDS.get_first_partition_key()
    records = records.set_column(records.column_names.index("partition"), "partition", [[day] * len(records)])
    for table, key, rows in (
        (tables.TRAINING_EXAMPLES, None, examples),
        (tables.BALANCED_PAIRS, None, pairs),
        (tables.STANDARDIZED_RECORDS, day, records),
        (tables.UNIQUE_PAIRS, None, tables.UNIQUE_PAIRS.conform(pairs)),
    ):
        lake.publish(table.name, {key: published(table, rows)}, fingerprints={key: "f"}, run_id="r")
    return lake


QUALITY = {"resamples": 10, "min_examples": 50, "minimum_composite": 0.1}


def materialised(*names: str, raise_on_error: bool = True, **sections: dict) -> dg.ExecuteInProcessResult:
    settings = Settings(quality=QUALITY, **sections)
    assets = dg.load_assets_from_modules(DOORS)
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            assets,
            selection=list(names),
            resources=resources(settings),
            instance=instance,
            raise_on_error=raise_on_error,
        )


def test_the_report_is_written_and_the_verdict_speaks_about_what_was_measured(lake, tmp_path, pristine):
    done = materialised("quality_report", "quality_verdict")
    assert done.success
    (row,) = lake.read("quality_verdict").to_pylist()
    assert (row["passed"], row["reasons"]) == (True, [])
    assert row["dataset_sha256"] == lake.manifest("training_examples").table_sha256
    page = (tmp_path / PLACE).read_text(encoding="utf-8")
    assert "The gate lets it through" in page
    assert "unique pairs" in page
    said = done.asset_materializations_for_node("quality_report")[0].metadata["scorecard"].value
    assert "data:image/png;base64," in said
    assert not [row for row in pristine if row["output"] in said + page]


def test_a_verdict_by_hand_on_a_dataset_that_has_changed_since_does_not_pass(lake):
    assert materialised("quality_report").success
    changed = lake.read("training_examples").slice(1)
    part = {None: published(tables.TRAINING_EXAMPLES, changed)}
    lake.publish("training_examples", part, fingerprints={None: "g"}, run_id="s")
    assert materialised("quality_verdict").success
    (row,) = lake.read("quality_verdict").to_pylist()
    assert (row["passed"], row["reasons"]) == (False, ["the scorecard is of another dataset"])


def test_one_non_commercial_parent_keeps_the_whole_dataset_from_a_commercial_release(lake):
    """Through the real doors: report, verdict, gate and release; one example of a hundred is from a forum."""
    rows = lake.read("training_examples").to_pylist()
    rows[7] |= {"source": "forum", "licence": "CC-BY-4.0 AND CC-BY-NC-SA-4.0", "origin": "rule"}
    part = {None: published(tables.TRAINING_EXAMPLES, tables.TRAINING_EXAMPLES.of(rows))}
    lake.publish("training_examples", part, fingerprints={None: "g"}, run_id="s")
    assert materialised("quality_report", "quality_verdict").success

    refused = materialised("dataset_release", release={"commercial": True}, raise_on_error=False)
    (said,) = [e.event_specific_data.error.message for e in refused.all_events if e.is_step_failure]
    assert "1 of forum (CC-BY-4.0 AND CC-BY-NC-SA-4.0: non-commercial)" in said
    assert lake.manifest("dataset_release") is None

    assert materialised("dataset_release").success
    (card,) = lake.read("dataset_release").filter(pc.equal(lake.read("dataset_release")["format"], "card")).to_pylist()
    text = (Path(lake.root) / card["folder"] / card["file"]).read_text(encoding="utf-8")
    assert "| CC-BY-4.0 AND CC-BY-NC-SA-4.0 | no | yes | yes | 1 |" in text
    assert "bears the same licence: CC-BY-4.0 AND CC-BY-NC-SA-4.0." in text
