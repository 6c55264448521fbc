"""The lake publishes whole or not at all; the faults here are real: processes killed, files gone, locks held."""

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
import uuid
from pathlib import Path

import fsspec
import pyarrow.parquet as pq
import pytest

from assets import tables
from assets.errors import RefineryError
from assets.ledger import Ledger, Published
from dagster_project.resources import lake as module
from dagster_project.resources.files import LOCK_SECONDS
from dagster_project.resources.lake import Lake

DAY, NEXT = "2026-01-01", "2026-01-02"


def published(*ids: str, partition: str = DAY) -> Published:
    rows = [{"record_id": i, "partition": partition, "subject": f"about {i}"} for i in ids]
    return Ledger(ids, [partition] * len(ids)).close(tables.TICKETS.of(rows), key="record_id")


def publish(lake: Lake, *ids: str, partition: str = DAY, run_id: str = "a run") -> module.Manifest:
    part = {partition: published(*ids, partition=partition)}
    return lake.publish("tickets", part, fingerprints={partition: "why"}, run_id=run_id)[partition]


def ids(lake: Lake, *partitions: str) -> list[str]:
    return lake.read("tickets", partitions or None).column("record_id").to_pylist()


@pytest.fixture(params=["a folder", "memory"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    return Lake(tmp_path / "home" if request.param == "a folder" else f"memory://{uuid.uuid4().hex}")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


# what is published is what is read


def test_a_table_is_read_as_it_was_published(lake: Lake) -> None:
    part = published("a", "b")
    lake.publish("tickets", {DAY: part}, fingerprints={DAY: "why"}, run_id="a run")
    assert lake.read("tickets").equals(part.table)
    assert lake.read_ledger("tickets").equals(part.ledger)


def test_a_table_without_partitions_is_read_as_it_was_published(lake: Lake) -> None:
    table = tables.UNIQUE_PAIRS.of([{"pair_id": "p"}])
    part = Published(table, Ledger(["p"]).close(table, key="pair_id").ledger)
    lake.publish("unique_pairs", {None: part}, fingerprints={None: "why"}, run_id="a run")
    assert lake.read("unique_pairs").equals(table)
    manifest = lake.manifest("unique_pairs")
    assert manifest is not None
    assert lake.manifests("unique_pairs") == {"all": manifest}


def test_partitions_without_a_manifest_read_as_empty(lake: Lake) -> None:
    assert lake.read("tickets").equals(tables.TICKETS.of([]))
    publish(lake, "a")
    assert ids(lake, DAY, NEXT) == ["a"]
    assert ids(lake, NEXT) == []
    assert lake.read_ledger("tickets", [NEXT]).num_rows == 0


def test_an_empty_partition_is_a_table_of_no_rows(lake: Lake) -> None:
    assert publish(lake).rows == 0
    assert list(lake.manifests("tickets")) == [DAY]
    assert ids(lake) == []


def test_partitions_are_read_in_order_of_their_names(lake: Lake) -> None:
    publish(lake, "later", partition=NEXT)
    publish(lake, "earlier", partition=DAY)
    assert ids(lake) == ["earlier", "later"]


def test_what_a_manifest_named_is_read_even_where_a_newer_one_has_come(lake: Lake) -> None:
    first = publish(lake, "a")
    publish(lake, "b")
    assert lake.load("tickets", [first]).column("record_id").to_pylist() == ["a"]
    assert ids(lake) == ["b"]


def test_the_same_table_twice_has_the_same_hash_and_the_same_file(lake: Lake) -> None:
    first, second = publish(lake, "a", run_id="one"), publish(lake, "a", run_id="two")
    assert (first.table, first.table_sha256, first.ledger_sha256) == (
        second.table,
        second.table_sha256,
        second.ledger_sha256,
    )
    assert publish(lake, "b").table_sha256 != first.table_sha256


def test_a_manifest_whose_file_is_gone_is_an_error_that_names_the_asset(lake: Lake) -> None:
    manifest = publish(lake, "a")
    lake._fs.rm_file(lake._at(manifest.table))
    with pytest.raises(RefineryError, match=r"tickets.*gone.*materialise"):
        lake.read("tickets")


@pytest.mark.parametrize("key", ["../../x", "/etc/passwd", "..", "a/b", "ü ? *", ".hidden", "all.json", "%2E"])
def test_an_odd_partition_key_stays_below_the_root(lake: Lake, key: str) -> None:
    manifest = publish(lake, "a", partition=key)
    assert list(lake.manifests("tickets")) == [key]
    assert ids(lake, key) == ["a"]
    assert manifest.table.startswith("restricted/tickets/")
    assert manifest.table.count("/") == 2
    if lake.local:
        home = Path(lake.root)
        assert [f for f in home.parent.rglob("*") if f.is_file() and home not in f.parents] == []


# whole or not at all

WRITER = """
    import os, signal, sys
    from dagster_project.resources.lake import Lake
    from tests.dagster_project.resources.test_lake import publish

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    if sys.argv[2] == "between the table and its manifest":
        put = Lake._put
        Lake._put = lambda self, path, *a, **k: die() if path.startswith("manifests") else put(self, path, *a, **k)
    elif sys.argv[2] == "before the table is on the disk":
        put = Lake._put
        def begin(self, path, *a, **k):
            if path.startswith("restricted"):
                os.fsync = die
            put(self, path, *a, **k)
        Lake._put = begin
    elif sys.argv[2] == "before its ids are in the index":
        os.fsync = die
    elif sys.argv[2] == "while it holds the lock":
        Lake._publish = die
    publish(Lake(sys.argv[1]), "of today", run_id="killed")
"""


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(
    "when",
    [
        "before its ids are in the index",
        "before the table is on the disk",
        "between the table and its manifest",
        "while it holds the lock",
    ],
)
def test_a_writer_killed_leaves_yesterdays_table_byte_for_byte(home: Path, when: str) -> None:
    yesterday = publish(Lake(home), "of yesterday")
    before = {f: f.read_bytes() for f in home.rglob("*") if f.is_file()}

    assert run(WRITER, home, when).returncode == -signal.SIGKILL

    assert {f: f.read_bytes() for f in before} == before
    assert Lake(home).manifests("tickets") == {DAY: yesterday}
    assert ids(Lake(home)) == ["of yesterday"]


def test_a_writer_killed_keeps_no_lock_and_the_next_one_publishes(home: Path) -> None:
    assert run(WRITER, home, "while it holds the lock").returncode == -signal.SIGKILL
    publish(Lake(home), "of today")
    assert ids(Lake(home)) == ["of today"]


def test_a_writer_that_fails_to_write_leaves_no_file_behind(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(Lake(home), "of yesterday")
    before = sorted(home.rglob("*"))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        publish(Lake(home), "of today")
    assert sorted(home.rglob("*")) == before


# superseded files


def backdate(lake: Lake, seconds: float) -> None:
    """Let what is published have been published, and its files written, longer ago."""
    path = lake._at(lake._manifest_path("tickets", DAY))
    manifest = json.loads(lake._fs.cat_file(path))
    at = manifest["published_at"] - seconds
    lake._fs.pipe_file(path, json.dumps({**manifest, "published_at": at}).encode())
    if lake.local:
        for file in Path(lake.root).rglob("*"):
            os.utime(file, (at, at))


def test_a_file_just_superseded_stays_for_those_who_are_reading_it_however_old_it_is(lake: Lake) -> None:
    first = publish(lake, "a")
    backdate(lake, 10 * module.GRACE_SECONDS)
    publish(lake, "b")
    assert lake.load("tickets", [first]).num_rows == 1


def test_a_superseded_file_goes_after_the_grace_period(lake: Lake) -> None:
    first, second = publish(lake, "a"), publish(lake, "b")
    publish(lake, "b")
    assert lake.load("tickets", [first]).num_rows == 1, "superseded a moment ago"
    backdate(lake, module.GRACE_SECONDS + 1)
    third = publish(lake, "c")
    with pytest.raises(RefineryError):
        lake.load("tickets", [first])
    assert lake.load("tickets", [second, third]).num_rows == 2
    assert {n.split(".")[0] for n in lake.names("ledger/tickets")} == {DAY}
    assert len(lake.names("ledger/tickets")) == 2


def test_what_a_killed_writer_left_goes_too_and_other_partitions_stay(home: Path) -> None:
    other = publish(Lake(home), "other", partition=NEXT)
    publish(Lake(home), "of yesterday")
    assert run(WRITER, home, "before the table is on the disk").returncode == -signal.SIGKILL
    assert run(WRITER, home, "between the table and its manifest").returncode == -signal.SIGKILL
    left = {f for f in (home / "restricted/tickets").iterdir() if f.name.endswith(".tmp")}
    assert len(left) == 1

    backdate(Lake(home), module.GRACE_SECONDS + 1)
    publish(Lake(home), "of tomorrow")

    assert ids(Lake(home)) == ["of tomorrow", "other"]
    names = [f.name for f in (home / "restricted/tickets").iterdir()]
    assert sorted(n.split(".")[0] for n in names) == [DAY, DAY, NEXT], "yesterday's, today's, and the other partition's"
    assert Path(other.table).name in names


# the restricted zone


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_table_with_raw_columns_rests_where_only_its_owner_can_look(home: Path) -> None:
    manifest = publish(Lake(home), "a")
    rejected = Lake(home).reject("unique_pairs", "a run", tables.UNIQUE_PAIRS.of([{"pair_id": "p"}]))
    assert manifest.table.startswith("restricted/")
    assert rejected.startswith("restricted/rejected/")
    restricted = [home / "restricted", *(home / "restricted").rglob("*")]
    assert {mode(f) for f in restricted if f.is_dir()} == {0o700}
    assert {mode(f) for f in restricted if f.is_file()} == {0o600}


@pytest.mark.parametrize("table", tables.TABLES.values(), ids=lambda t: t.name)
def test_a_table_rests_in_the_restricted_zone_if_and_only_if_a_column_is_raw(
    table: tables.Table, tmp_path: Path
) -> None:
    empty = Ledger([]).close(table.of([]), key=table.key)
    key = DAY if table.partitioned else None
    manifest = Lake(tmp_path).publish(table.name, {key: empty}, fingerprints={key: ""}, run_id="")[key]
    assert manifest.table.split("/")[0] == ("restricted" if any(c.raw for c in table.columns) else "lake")


def test_a_rejected_candidate_can_be_read_by_its_owner(home: Path) -> None:
    table = tables.UNIQUE_PAIRS.of([{"pair_id": "p"}])
    path = Lake(home).reject("unique_pairs", "a run", table)
    assert pq.read_table(home / path).equals(table)
    assert Lake(home).manifests("unique_pairs") == {}


# the lock

CROWD = """
    import os, sys
    from dagster_project.resources.lake import Lake
    for _ in range(200):
        with Lake(sys.argv[1]).lock("tickets", "2026-01-01"), open(sys.argv[2], "a", buffering=1) as log:
            log.write(f"in {os.getpid()}\\n")
            os.sched_yield()
            log.write(f"out {os.getpid()}\\n")
"""


def test_two_processes_never_hold_the_lock_of_a_partition_at_once(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", textwrap.dedent(CROWD), str(home), str(log)]
    crowd = [subprocess.Popen(command) for _ in range(3)]
    assert [p.wait(timeout=120) for p in crowd] == [0, 0, 0]
    lines = [line.split() for line in log.read_text().splitlines()]
    assert len(lines) == 3 * 2 * 200
    assert all((a[0], b[0], a[1]) == ("in", "out", b[1]) for a, b in zip(lines[::2], lines[1::2], strict=True))


def test_other_partitions_of_a_locked_one_can_be_published(lake: Lake) -> None:
    with lake.lock("tickets", NEXT):
        publish(lake, "a", partition=DAY)
    assert ids(lake) == ["a"]


def test_a_writer_holds_one_lock_however_many_partitions_it_publishes(home: Path) -> None:
    script = """
        import resource, sys
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        from dagster_project.resources.lake import Lake
        from tests.dagster_project.resources.test_lake import published
        keys = [f"day {n}" for n in range(200)]
        parts = {k: published(k, partition=k) for k in keys}
        Lake(sys.argv[1]).publish("tickets", parts, fingerprints=dict.fromkeys(keys, ""), run_id="")
    """
    done = run(script, home)
    assert done.returncode == 0, done.stderr
    assert len(ids(Lake(home))) == 200


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setattr(time, "sleep", _would_wait)
    return Lake(f"memory://{uuid.uuid4().hex}")


class WouldWait(Exception):  # noqa: N818 - reads as a sentence
    """Raised where a writer would wait for another one."""


def _would_wait(_: float) -> None:
    raise WouldWait


def test_on_an_object_store_a_writer_waits_while_another_one_publishes(bucket: Lake) -> None:
    with bucket.lock("tickets", DAY), pytest.raises(WouldWait):
        publish(bucket, "a")
    publish(bucket, "a")
    assert ids(bucket) == ["a"]
    assert bucket.names("locks/tickets") == [], "a lock that is given back is gone"


def test_on_an_object_store_a_dead_writers_lock_is_broken_in_the_end(
    bucket: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = f"{time.time() - LOCK_SECONDS - 1} dead".encode()
    bucket._fs.pipe_file(bucket._at(f"locks/tickets/{DAY}"), stamp)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    publish(bucket, "a")
    assert ids(bucket) == ["a"]


def test_on_an_object_store_a_slow_writer_does_not_give_back_the_lock_that_another_one_took(bucket: Lake) -> None:
    path = bucket._at(f"locks/tickets/{DAY}")
    with bucket.lock("tickets", DAY):
        bucket._fs.pipe_file(path, b"9999999999 another")
    assert bucket._fs.cat_file(path) == b"9999999999 another"


def test_a_lake_on_an_object_store_lies_below_its_url() -> None:
    root = f"memory://{uuid.uuid4().hex}/support"
    publish(Lake(root), "a")
    fs, base = fsspec.core.url_to_fs(root)
    assert {f.removeprefix(base + "/").split("/")[0] for f in fs.find(base)} == {
        "manifests",
        "restricted",
        "ledger",
        "index",
    }
