"""The memory where it rests: a few nights through Dagster, the IO manager and the lake."""

from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from assets import tables
from assets.errors import RefineryError
from assets.ledger import summary
from assets.splitting.asset import split_assignments, split_pairs
from dagster_project import runs
from dagster_project.definitions import build
from dagster_project.resources.lake import Lake
from dagster_project.resources.staleness import Desk, stale
from dagster_project.settings import Settings, load
from tests.nights import LivingDesk, Witness

PARENTS = {
    "unique_pairs": [],
    "split_assignments": ["unique_pairs"],
    "split_pairs": ["unique_pairs", "split_assignments"],
}
SPLIT = ("split_assignments", "split_pairs")


class Nights:
    """A lake into which a living desk's unique pairs are published, and the two assets that split them."""

    def __init__(self, home: Path) -> None:
        settings = load()
        self.settings = Settings(
            **{**settings.model_dump(), "home": home, "splitting": {"small_group": 60, "max_group_share": 0.2}}
        )
        self.lake = Lake(self.settings.lake_root)
        self.definitions = build(self.settings)
        self.desk = LivingDesk(120, arrivals=8)

    def publish(self, pairs: pa.Table) -> None:
        published = summary(pairs, key="pair_id", parents=["validated_pairs"])
        self.lake.publish("unique_pairs", {None: published}, fingerprints={None: "as of tonight"}, run_id="a night")

    def run(self, *assets: str) -> bool:
        with runs.open_instance(self.settings) as instance:
            return runs.launch(self.definitions, instance, runs.Request("dataset_line", assets), lambda _: None)

    def stale(self) -> set[str]:
        return set(stale(self.lake, self.settings, Desk(self.settings), PARENTS, list(SPLIT)))

    def hashes(self) -> dict[str, str]:
        return {name: self.lake.manifests(name)["all"].table_sha256 for name in SPLIT}


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    monkeypatch.setenv("REFINERY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return Nights(tmp_path / "home")


def test_night_after_night_the_memory_grows_and_an_unchanged_night_computes_nothing(nights: Nights) -> None:
    witness, before = Witness(), tables.SPLIT_ASSIGNMENTS.of([])
    for _ in range(3):
        nights.desk.live()
        nights.publish(nights.desk.table())
        assert nights.stale() == set(SPLIT)
        assert nights.run(*SPLIT)
        assert nights.stale() == set(), "its own last version is no input that could make it stale"
        after = nights.lake.read("split_assignments")
        assert len(after) > len(before)
        assert after.slice(0, len(before)).equals(before)
        witness.sees(nights.lake.read("split_pairs"))
        before = after
    assert (witness.shared, witness.once_tested) == (0, 0)

    made = nights.hashes()
    assert nights.run("split_assignments"), "made by hand it adds nothing"
    assert nights.hashes() == made
    assert nights.stale() == set()

    nights.desk.live()
    nights.publish(nights.desk.table())
    assert nights.run("split_assignments"), "a run that died here"
    assert nights.stale() == {"split_pairs"}
    assert nights.run("split_pairs")
    witness.sees(nights.lake.read("split_pairs"))
    assert (witness.shared, witness.once_tested, nights.stale()) == (0, 0, set())


def test_a_version_that_lost_or_changed_a_row_is_refused_and_the_last_one_stays(tmp_path: Path) -> None:
    lake = Lake(tmp_path)

    def publish(*rows: str, **more: str | None) -> None:
        table = tables.SPLIT_ASSIGNMENTS.of(
            {"assignment_id": f"{i}:test", "id": i, "kind": "pair", "split": "test", "key_name": "key"} for i in rows
        )
        published = summary(table, key="assignment_id", parents=["unique_pairs"])
        lake.publish("split_assignments", {None: published}, fingerprints={None: "f"}, run_id="r", **more)

    publish("a", "b")
    publish("a", "b", "c")
    for lossy in (["a", "b"], ["a", "c", "b"], ["a", "b", "x"], []):
        with pytest.raises(RefineryError, match="rows are only ever added"):
            publish(*lossy)
    assert lake.read("split_assignments").column("id").to_pylist() == ["a", "b", "c"]
    with pytest.raises(RefineryError, match="rows are only ever added"):
        publish("x", rewrites="the hash of another version")
    manifest = lake.manifest("split_assignments")
    assert manifest
    publish("x", "y", "z", rewrites=manifest.table_sha256)
    assert lake.read("split_assignments").column("id").to_pylist() == ["x", "y", "z"]


def test_a_memory_whose_file_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    table = tables.SPLIT_ASSIGNMENTS.of([{"assignment_id": "a:test"}])
    published = summary(table, key="assignment_id", parents=["unique_pairs"])
    made = lake.publish("split_assignments", {None: published}, fingerprints={None: "f"}, run_id="r")
    (tmp_path / made[None].table).unlink()
    with pytest.raises(RefineryError, match="restore it from a backup"):
        lake.read("split_assignments")


def test_the_graph_shows_what_the_split_stands_on() -> None:
    parents = {key.path[-1] for key in split_pairs.asset_deps[dg.AssetKey("split_pairs")]}
    assert parents == {"unique_pairs", "split_assignments"}
    own = {key.path[-1] for key in split_assignments.asset_deps[dg.AssetKey("split_assignments")]}
    assert own == {"unique_pairs"}
