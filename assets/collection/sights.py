"""What a database tells of its rows without their texts: which there are, of when, of whom, and when they changed.

Such a sight of 100,000 rows takes a second. It decides which partitions must be read anew, and which
rows to ask for where a few partitions are wanted. It relies on `updated_at` to follow every change.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from assets.collection.calendar import Calendar
from assets.collection.database import connected
from assets.collection.mapping import Unreadable
from assets.collection.params import FieldName, SourceParams
from assets.collection.records import Identities, Mapper

_NAMES: Final[tuple[FieldName, ...]] = ("id", "created_at", "updated_at")
_SELECTIVE: Final = 0.5
"""Share of the rows above which all are read rather than asked for by id."""


class Sight(NamedTuple):
    """A row seen from afar."""

    partition: str
    source_id: str | None
    values: dict[str, Any]


def can_be_seen(source: SourceParams, mapper: Mapper, *, changes: bool) -> bool:
    """Say whether a source's rows can be told apart, and by wish their changes seen, without reading them."""
    whole = source.kind == "sql" and source.one_a_thread is None and mapper.columns(*_NAMES) is not None
    return whole and (not changes or "updated_at" in source.fields)


def sights(source: SourceParams, mapper: Mapper, calendar: Calendar) -> list[Sight]:
    """Look at every row of a source.

    Raises:
        RefineryError: The database cannot be read, or misses a column the settings count on.
    """
    found = []
    with connected(source) as database:
        database.expect(mapper.expected())
        for values in database.keys(mapper.columns(*_NAMES) or ()):
            source_id, opened = mapper.placed(values)
            found.append(Sight(calendar.slot(opened)[0], source_id, values))
    return found


def prints(
    seen: Sequence[Sight], source: SourceParams, mapper: Mapper, identities: Identities | None, whole: bool
) -> Iterator[tuple[str, bytes]]:
    """Yield for every row its partition and the hash of all that decides what is read there.

    Rows that share an id decide each other's fate, so each tells of them all. Where the desk lies
    tells nothing of what it holds.
    """
    settings = source.model_dump_json(exclude={"url"})
    of_people: dict[str | None, str] = {}
    times = Counter(sight.source_id for sight in seen)
    alike: dict[str, list[str]] = {}
    for sight in seen:
        if sight.source_id is not None and times[sight.source_id] > 1:
            alike.setdefault(sight.source_id, []).append(_told(sight))
    for sight in seen:
        try:
            person = mapper.person(sight.values)
        except Unreadable:
            person = None
        if person not in of_people:
            known = (identities or {}).get(person or "")
            of_people[person] = repr(known if known is not None else whole)
        others = sorted(alike.get(sight.source_id or "", ()))
        said = f"{settings}\0{_told(sight)}\0{of_people[person]}\0{others}"
        yield sight.partition, hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()


def wanted(seen: Sequence[Sight], keys: Collection[str], column: str) -> list[Any] | None:
    """Return the ids to ask for to have all rows of some partitions, with those that share an id with them.

    Returns:
        Values of the id column, each once, in the order the rows were seen; null where all are better read.
    """
    names = {sight.source_id for sight in seen if sight.partition in keys}
    if None in names:
        return None
    ids = list({repr(s.values[column]): s.values[column] for s in seen if s.source_id in names}.values())
    return ids if len(ids) <= _SELECTIVE * len(seen) else None


def _told(sight: Sight) -> str:
    """Return what a row says of itself, the same from every database."""
    return repr([sight.partition, *(_said(value) for value in sight.values.values())])


def _said(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).isoformat()
    return str(value)
