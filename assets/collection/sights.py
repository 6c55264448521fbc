"""What a database tells of its rows without their texts: which there are, of when, of whom, and when they changed.

Such a sight of 100,000 rows takes a second. It decides which partitions must be read anew, and which
rows to ask for where a few partitions are wanted. It relies on `updated_at` to follow every change.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple

from assets.collection.calendar import Calendar
from assets.collection.database import connected
from assets.collection.mapping import Unreadable, Values
from assets.collection.params import FieldName, SourceParams
from assets.collection.records import Mapper

_NAMES: Final[tuple[FieldName, ...]] = ("id", "created_at", "updated_at")
_SELECTIVE: Final = 0.5
"""Share of the rows above which all are read rather than asked for by id."""


class Sight(NamedTuple):
    """A row seen from afar."""

    partition: str
    source_id: str | None
    values: dict[str, Any]

    @property
    def told(self) -> str:
        """What the row says of itself."""
        return repr([self.partition, *self.values.values()])


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
    seen: Sequence[Sight], source: SourceParams, mapper: Mapper, known: Callable[[str], str]
) -> Iterator[tuple[str, bytes]]:
    """Yield for every row its partition and the hash of all that decides what is read there.

    Rows that share an id decide each other's fate, so each tells of them all. Where the desk lies
    tells nothing of what it holds.

    Args:
        seen: Every row of the source.
        source: The source.
        mapper: Its mapping.
        known: Tells of a customer's id all that is known of him, hashed.
    """
    settings = hashlib.sha256(source.model_dump_json(exclude={"url"}).encode()).hexdigest()
    times = Counter(sight.source_id for sight in seen)
    alike: dict[str, list[str]] = {}
    for sight in seen:
        if sight.source_id is not None and times[sight.source_id] > 1:
            alike.setdefault(sight.source_id, []).append(sight.told)
    for sight in seen:
        said = f"{settings}{known(_person(sight.values, mapper))}{sight.told}"
        if sight.source_id in alike:
            said += repr(sorted(alike[sight.source_id]))
        yield sight.partition, hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()


def _person(row: Values, mapper: Mapper) -> str:
    try:
        return mapper.person(row) or ""
    except Unreadable:
        return ""


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
