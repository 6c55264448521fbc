"""The hash a scorecard states is the one the lake publishes its examples under."""

from assets import tables
from assets.ledger import summary
from checks.gate import measured_on
from dagster_project.resources.lake import Lake
from dagster_project.settings import Settings


def test_examples_read_from_the_lake_are_known_by_the_hash_of_their_manifest(tmp_path):
    rows = [{"example_id": f"e{n}", "output": "Yes." * n, "split": "train", "tokens": n} for n in range(3000)]
    lake, published = Lake(tmp_path), summary(tables.TRAINING_EXAMPLES.of(rows), key="example_id", parents=[])
    lake.publish("training_examples", {None: published}, fingerprints={None: "f"}, run_id="r")
    manifest = lake.manifest("training_examples")
    assert measured_on(lake.read("training_examples"), Settings())["dataset_sha256"] == manifest.table_sha256
