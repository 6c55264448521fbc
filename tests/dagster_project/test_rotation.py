"""A new installation key on the tiny desk: what was tested on is known again under its new names."""

import shutil
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from typer.testing import CliRunner

from assets import tables
from assets.errors import RefineryError
from assets.ledger import Published
from assets.pairing.pair import pair
from assets.splitting.assign import assign
from assets.splitting.split import split
from assets.tables import COLLECTED, TABLES, key_name
from dagster_project import rotation
from dagster_project.places import installation_key, key_file
from dagster_project.resources.lake import Lake
from dagster_project.resources.staleness import Desk, fingerprint, stale
from dagster_project.settings import Settings, load

OLD, NEW = b"k3y-old", b"k3y-new"
ROOT = Path(__file__).resolve().parents[2]
SPLITTING = {"small_group": 60, "max_group_share": 1}


class Refinery:
    """The tiny desk, collected and paired as it is; the rooms between would only change its words."""

    def __init__(self, folder: Path) -> None:
        self.desk = folder / "desk"
        shutil.copytree(ROOT / "tests/data", self.desk)
        text = (self.desk / "refinery.yaml").read_text().replace("tests/data/", f"{self.desk}/")
        said = yaml.safe_load(text) | {"home": str(folder / "home"), "splitting": SPLITTING}
        said["partitions"] = {"every": "month", "start": "2026-01-01"}
        self.config = folder / "refinery.yaml"
        self.config.write_text(yaml.safe_dump(said))
        self.settings: Settings = load(self.config).model_copy(update={"home": folder / "home"})
        self.lake = Lake(self.settings.home)

    def pairs(self, key: bytes) -> pa.Table:
        """Collect and pair under a key, and publish what a rotation reads."""
        desk = Desk(self.settings, key=key)
        keys = list(desk.calendar.keys())
        found = []
        for table in COLLECTED:
            made = desk.collect(table.name, keys)
            self.publish(table.name, *made, prints={k: desk.fingerprint(table.name, k) for k in keys})
            found.append(made.table)
        records = tables.STANDARDIZED_RECORDS.conform(pa.concat_tables(found))
        self.publish("standardized_records", records, made.ledger.slice(0, 0))
        made = pair(records, self.settings.pairing, key=key)
        rows = made.table.to_pylist()
        return tables.UNIQUE_PAIRS.of({**row, "cluster_id": row["pair_id"]} for row in rows)

    def publish(self, name: str, table: pa.Table, ledger: pa.Table, prints: dict[str, str] | None = None) -> None:
        """Publish a table, cut by partition where it is."""
        keys = sorted({*table.column("partition").to_pylist()}) if TABLES[name].partitioned else [None]
        cut = {
            k: table if k is None else table.filter(pa.array([p == k for p in table.column("partition").to_pylist()]))
            for k in keys
        }
        prints = {k: fingerprint(name, {}, self.settings, source=(prints or {}).get(k or "", "")) for k in keys}
        self.lake.publish(name, {k: Published(t, ledger) for k, t in cut.items()}, fingerprints=prints, run_id="r")

    def night(self, key: bytes) -> dict[tuple[str, str], str]:
        """Assign and split under a key; return the split by what was asked and answered."""
        pairs, before = self.pairs(key), self.lake.read("split_assignments")
        made = assign(pairs, before, self.settings.splitting, key_name=key_name(key))
        self.publish("split_assignments", *made)
        table = split(pairs, made.table, self.settings.splitting).table
        return {(r["question"], r["answer"]): r["split"] for r in table.to_pylist()}

    def rotate(self, old: bytes = OLD, new: bytes = NEW) -> list[rotation.Carried]:
        return rotation.rotate(self.settings, self.lake, old=old, new=new)


@pytest.fixture
def refinery(tmp_path: Path) -> Refinery:
    return Refinery(tmp_path)


def test_every_append_only_table_can_be_carried_over() -> None:
    assert set(rotation.RENAMERS) == {name for name, table in TABLES.items() if table.append_only}


def test_under_a_new_key_every_pair_stands_where_it_stood_and_all_else_is_stale(refinery: Refinery) -> None:
    before = refinery.night(OLD)
    assert set(before.values()) == {"train", "validation", "test"}
    kept = {name: list(refinery.lake.manifests(name)) for name in (t.name for t in COLLECTED)}
    ids = len({*refinery.lake.read("split_assignments").column("id").to_pylist()})
    memory = refinery.lake.read("split_assignments")
    assert refinery.rotate() == [("split_assignments", ids, 0)]
    after = refinery.lake.read("split_assignments")
    assert len(after) == len(memory)
    assert not {*after.column("id").to_pylist()} & {*memory.column("id").to_pylist()}
    assert {*after.column("key_name").to_pylist()} == {key_name(NEW)}

    names = [t.name for t in COLLECTED]
    parents = {name: [] for name in names}
    of_old, of_new = (
        stale(refinery.lake, refinery.settings, Desk(refinery.settings, key=key), parents, names) for key in (OLD, NEW)
    )
    for name, partitions in kept.items():
        assert not set(partitions) & set(of_old.get(name, [])), "what was published is of the old key"
        assert set(partitions) <= set(of_new[name]), "and stale under the new one"

    with pytest.raises(RefineryError, match="another installation key"):
        refinery.night(OLD)
    assert refinery.night(NEW) == before
    assert len(refinery.lake.read("split_assignments")) == len(memory), "nobody is new"


def test_an_interrupted_rotation_is_finished_by_another_and_one_back_again_restores_all(refinery: Refinery) -> None:
    before = refinery.night(OLD)
    memory = refinery.lake.read("split_assignments")
    refinery.rotate()
    assert refinery.rotate() == [], "carried over already"
    refinery.night(NEW)
    refinery.rotate(NEW, OLD)
    assert {*refinery.lake.read("split_assignments").column("assignment_id").to_pylist()} == {
        *memory.column("assignment_id").to_pylist()
    }
    assert refinery.night(OLD) == before


def test_what_the_sources_have_lost_is_looked_up_in_the_restricted_zone_else_it_is_a_tombstone(
    refinery: Refinery,
) -> None:
    before = refinery.night(OLD)
    tickets = refinery.desk / "tickets.csv"
    whole = tickets.read_text(encoding="utf-8")
    lines = whole.splitlines(keepends=True)
    tickets.write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")
    (carried,) = refinery.rotate()
    assert carried.lost == 0, "the restricted zone still knows them, and the list of customers his name"
    tickets.write_text(whole, encoding="utf-8")
    assert refinery.night(NEW) == before, "so they come back as what they were"

    tickets.write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")
    empty = tables.TICKETS.of([])
    for partition in refinery.lake.manifests("tickets"):
        published = Published(empty, refinery.lake.read_ledger("tickets").slice(0, 0))
        refinery.lake.publish("tickets", {partition: published}, fingerprints={partition: "retention"}, run_id="r")
    refinery.publish("standardized_records", tables.STANDARDIZED_RECORDS.of([]), published.ledger)
    length = len(refinery.lake.read("split_assignments"))
    (carried,) = refinery.rotate(NEW, b"a third key")
    rows = refinery.lake.read("split_assignments").to_pylist()
    assert carried.lost > 0
    assert len(rows) == length, "no row is given up"
    assert len({row["id"] for row in rows if row["key_name"] == key_name(NEW)}) == carried.lost
    assert rows[-1]["key_name"] == key_name(b"a third key"), "what is alive stands last"


def test_a_customer_the_sources_have_lost_keeps_his_split_by_what_the_restricted_zone_knows(refinery: Refinery) -> None:
    of_old, of_new = (Desk(refinery.settings, key=key).collect("customers", []) for key in (OLD, NEW))
    refinery.publish("customers", *of_old)
    (refinery.desk / "customers.json").write_text("{}")
    renames = rotation._renames(refinery.settings, refinery.lake, OLD, NEW)
    ids = [made.table.sort_by("source_id").column("customer_id").to_pylist() for made in (of_old, of_new)]
    assert len(ids[0]) > 5
    assert [renames[id_] for id_ in ids[0]] == ids[1]


def test_a_wrong_old_key_changes_nothing(refinery: Refinery) -> None:
    refinery.night(OLD)
    before = refinery.lake.manifests("split_assignments")
    with pytest.raises(RefineryError, match=r"it is of another key; .* nothing was changed"):
        refinery.rotate(b"not the old key", NEW)
    with pytest.raises(RefineryError, match="the new key is the old one"):
        refinery.rotate(OLD, OLD)
    assert refinery.lake.manifests("split_assignments") == before


def test_a_key_in_a_file_is_replaced_when_all_is_carried_over_and_not_before(
    refinery: Refinery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REFINERY_KEY")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    old = installation_key()
    refinery.night(old)

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as fault:
        fault.setattr(Lake, "publish", dies)
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate_key(refinery.settings)
    waiting = key_file().with_name("key.next").read_bytes()
    assert installation_key() == old
    assert [carried.lost for carried in rotation.rotate_key(refinery.settings)] == [0]
    assert installation_key() == waiting.strip() != old
    assert not key_file().with_name("key.next").exists()
    assert key_file().stat().st_mode & 0o777 == 0o600


def test_the_command_tells_how_many_ids_were_carried_over_and_what_is_left_to_do(
    refinery: Refinery, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster_project.cli import app

    monkeypatch.setenv("REFINERY_KEY", OLD.decode())
    monkeypatch.setenv("REFINERY_HOME", str(refinery.settings.home))
    config = refinery.config.with_name("again.yaml")  # settings are read once a file, and the home is another now
    shutil.copy(refinery.config, config)
    monkeypatch.setenv("REFINERY_CONFIG", str(config))
    refinery.night(OLD)
    without = CliRunner().invoke(app, ["rotate-key", "--config", str(config)])
    assert (without.exit_code, "no new one is stated" in without.stdout) == (2, True)
    monkeypatch.setenv("REFINERY_NEW_KEY", NEW.decode())
    done = CliRunner().invoke(app, ["rotate-key", "--config", str(config)])
    assert done.exit_code == 0, done.stdout
    assert "ids carried over, 0 kept as tombstones" in done.stdout
    assert "set REFINERY_KEY to the new key" in done.stdout
    assert NEW.decode() not in done.stdout
