"""A new installation key: append-only tables are carried over to it, all else is made again under it.

An id is a keyed pseudonym, so a new key renames everybody. What can be computed again simply is; an
append-only table cannot, so its ids are looked up: the sources and the restricted zone say what an id
stood for, and thereby what it is called now.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import pyarrow as pa

from assets import tables
from assets.collection.mapping import Unreadable
from assets.collection.reading import entries_of
from assets.collection.records import Mapper
from assets.collection.rows import rows_of
from assets.errors import RefineryError
from assets.ledger import summary
from assets.pairing.pair import pair
from assets.splitting.register import Renamed, renamed
from assets.tables import COLLECTED, TABLES, key_name, keyed_id
from dagster_project.places import installation_key, key_file, key_in
from dagster_project.resources.lake import Lake
from dagster_project.resources.staleness import Desk
from dagster_project.settings import Settings

NEW_KEY = "REFINERY_NEW_KEY"


def _as_it_is(table: pa.Table, *_: object, **__: object) -> Renamed:
    """Carry over a table whose names are hashes of content, which no key changes."""
    return Renamed(table, len(table), 0)


RENAMERS: Mapping[str, Callable[..., Renamed]] = {"split_assignments": renamed, "champions": _as_it_is}
"""How each append-only table takes new ids; a test holds this against the tables."""

_IDS = ("record_id", "thread_id", "customer_id")


class Carried(NamedTuple):
    """What became of the ids of one table."""

    table: str
    carried: int
    lost: int


def rotate_key(settings: Settings) -> list[Carried]:
    """Take a new installation key into use; interrupted, it is finished by running it again.

    The new key is `REFINERY_NEW_KEY`; without one, and where the old key is a file, it is made and rests
    beside it until all is carried over.

    Raises:
        RefineryError: No new key is stated, the sources cannot be read, or nothing could be carried over.
    """
    old, file = installation_key(), key_file()
    stated, waiting = os.environ.get(NEW_KEY), file.with_name("key.next")
    if os.environ.get("REFINERY_KEY"):
        if not stated:
            raise RefineryError(NEW_KEY, "the key is REFINERY_KEY, and no new one is stated", "set it to the new key")
        return rotate(settings, Lake(settings.lake_root), old=old, new=stated.encode())
    if stated:
        raise RefineryError(NEW_KEY, "the key rests in a file, and gets a new one by itself", "leave the variable out")
    made = rotate(settings, Lake(settings.lake_root), old=old, new=key_in(waiting))
    waiting.replace(file)
    return made


def rotate(settings: Settings, lake: Lake, *, old: bytes, new: bytes) -> list[Carried]:
    """Carry every append-only table over from one key to another, each in one replacement of its manifest.

    Returns:
        What was carried over; of a table for which a run before this one did so, nothing.

    Raises:
        RefineryError: The tables are of another key than the old one, or none of their ids could be resolved.
    """
    if old == new:
        raise RefineryError("refinery rotate-key", "the new key is the old one", "choose another")
    done, names = f"carried over to {key_name(new)}", {"old": key_name(old), "new": key_name(new)}
    there = {name: lake.manifests(name) for name, table in TABLES.items() if table.append_only}
    waiting = {n: m for n, found in there.items() for m in found.values() if m.fingerprint != done and m.rows}
    renames = _renames(settings, lake, old, new) if waiting else {}
    told = []
    for name, manifest in waiting.items():
        made = RENAMERS[name](lake.load(name, [manifest]), renames, **names)
        if not made.carried:
            what = f"none of its {made.lost} ids could be carried over" if made.lost else "it is of another key"
            do = "give the key it was made with, and sources that can be read; nothing was changed"
            raise RefineryError(name, what, do)
        published = summary(made.table, key=TABLES[name].key, parents=[name])
        lake.publish(
            name,
            {None: published},
            fingerprints={None: done},
            run_id="rotate-key",
            rewrites=manifest.table_sha256,
        )
        told.append(Carried(name, made.carried, made.lost))
    return told


def _renames(settings: Settings, lake: Lake, old: bytes, new: bytes) -> dict[str, str]:
    """Return by old id the new one, of all that the sources and the restricted zone still know."""
    renames = dict(_of_customers(settings, old, new))
    renames.update(_of_sources(settings, old, new))
    held = lake.select("customers", ["source", "source_id"])
    renames.update(_named("customer", held, old, new))
    for table in (*COLLECTED, tables.NORMALIZED_RECORDS):
        renames.update(_of_restricted(lake.read(table.name), old, new))
    renames.update(_of_pairs(settings, lake, renames, old, new))
    return renames


def _of_customers(settings: Settings, old: bytes, new: bytes) -> Iterator[tuple[str, str]]:
    """Yield the ids of all customers, those without a record included."""
    for source in settings.sources:
        if source.gives != "customers":
            continue
        mapper = Mapper(source, settings.collection, key=old)
        for row in rows_of(source, settings.collection):
            try:
                parts = (source.name, "customer", mapper.identity(row.values)[0])
            except Unreadable:  # collection sets such a row aside; nobody has an id by it
                continue
            yield keyed_id(old, *parts), keyed_id(new, *parts)


def _named(kind: str, rows: pa.Table, old: bytes, new: bytes) -> Iterator[tuple[str, str]]:
    """Yield the ids of a kind that the restricted zone can tell, also of what the sources have lost."""
    for row in rows.to_pylist():
        parts = (row["source"], kind, row["source_id"])
        yield keyed_id(old, *parts), keyed_id(new, *parts)


def _of_sources(settings: Settings, old: bytes, new: bytes) -> Iterator[tuple[str, str]]:
    """Yield the ids of all records the sources hold, read once under each key."""
    calendar = Desk(settings, key=old).calendar
    for table in COLLECTED:
        before, after = (
            {
                (entry.record["source"], entry.record["source_id"]): entry.record
                for entry in entries_of(table.name, settings.sources, settings.collection, calendar, key)
                if entry.record
            }
            for key in (old, new)
        )
        for name in before.keys() & after.keys():
            yield from ((before[name][i], after[name][i]) for i in _IDS if before[name][i])


def _of_restricted(records: pa.Table, old: bytes, new: bytes) -> Iterator[tuple[str, str]]:
    """Yield the ids of collected records, also of those the sources have lost; a thread of its own has one too."""
    for row in records.select(["source", "source_id", "record_id", "thread_id"]).to_pylist():
        for column, middle in (("record_id", ()), ("thread_id", ("thread",))):
            parts = (row["source"], *middle, row["source_id"])
            if row[column] == keyed_id(old, *parts):
                yield row[column], keyed_id(new, *parts)


def _of_pairs(
    settings: Settings, lake: Lake, renames: Mapping[str, str], old: bytes, new: bytes
) -> Iterator[tuple[str, str]]:
    """Yield the ids of all pairs, taken out of the same records under both keys."""
    for partition in lake.manifests("standardized_records"):
        records = lake.read("standardized_records", [partition])
        known = pa.array([i in renames for i in records.column("record_id").to_pylist()], pa.bool_())
        before = records.filter(known)
        ids = [renames[i] for i in before.column("record_id").to_pylist()]
        after = before.set_column(before.schema.get_field_index("record_id"), "record_id", pa.array(ids, pa.string()))
        taken = (pair(t, settings.pairing, key=key).table for t, key in ((before, old), (after, new)))
        yield from zip(*(t.column("pair_id").to_pylist() for t in taken), strict=True)
