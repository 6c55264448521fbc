"""One reading of a source: every row with its slice and fate, whichever partitions are asked for."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, TypeVar

from assets import tables
from assets.collection.calendar import Calendar
from assets.collection.database import connected
from assets.collection.external import chosen
from assets.collection.files import File, beside, files_of
from assets.collection.mapping import Unreadable, field
from assets.collection.params import CollectionParams, SourceParams
from assets.collection.readers import READERS, Row
from assets.collection.records import Drafted, Identities, Mapper
from assets.collection.rows import Placed, called, placed, rows_of
from assets.collection.sights import can_be_seen, prints, sights, wanted
from assets.errors import RefineryError

_LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)
_REMEMBERED_ROWS: Final = 200_000
_UNREAD: Final = ""
"""Stands for the customers whose rows could not be read; nobody has an empty id."""
T = TypeVar("T")


class Entry(NamedTuple):
    """One row of a source, as the ledger will tell it."""

    partition: str
    id: str
    outcome: str
    reason: str | None
    into: str | None
    position: str
    record: dict[str, Any] | None

    @property
    def order(self) -> tuple[str, datetime, str]:
        """Where the row comes in table and ledger."""
        opened = self.record["created_at"] if self.record else None
        return self.partition, opened or _LONG_AGO, self.id

    @property
    def fingerprint(self) -> bytes:
        """Hash of all that table and ledger will say of the row; its position is told only if it is set aside."""
        told = self if self.outcome == "quarantined" else self._replace(position="")
        return hashlib.sha256(repr(told).encode()).digest()

    @property
    def size(self) -> int:
        """Length of what the record says, in characters."""
        return sum(len(turn["text"]) for turn in self.record["turns"]) if self.record else 0


def entries_of(
    gives: str,
    sources: Iterable[SourceParams],
    params: CollectionParams,
    calendar: Calendar,
    key: bytes,
    keys: Collection[str] | None = None,
) -> list[Entry]:
    """Read every source that gives `gives`: the rows of some partitions (others may come along), or all.

    Raises:
        RefineryError: A source is missing or misses a column, or the sources do not fit together.
    """
    chosen = keys if keys is not None and not {*calendar.keys()} <= {*keys} else None
    return [e for s in _opened(gives, sources, params, calendar, key) for e in s.entries(chosen)]


def prints_of(
    gives: str, sources: Iterable[SourceParams], params: CollectionParams, calendar: Calendar, key: bytes
) -> Iterator[tuple[str, bytes]]:
    """Yield for every row of the sources that give `gives` its partition and a hash of what will be told of it.

    Raises:
        RefineryError: As `entries_of`.
    """
    for source in _opened(gives, sources, params, calendar, key):
        yield from source.prints()


def _opened(
    gives: str, sources: Iterable[SourceParams], params: CollectionParams, calendar: Calendar, key: bytes
) -> Iterator[_Source]:
    sources = list(sources)
    by_name = {source.name: source for source in sources}
    if len(by_name) < len(sources):
        names = [source.name for source in sources]
        twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
        raise RefineryError("sources", f"two sources are called {twice}", "give each a name of its own")
    asked = (source for source in chosen(sources, params.domain) if source.gives == gives)
    return (_Source(s, _people(s, by_name), params, calendar, key) for s in asked)


class _Source:
    """One source, ready to be read or to be looked at from afar."""

    def __init__(
        self,
        source: SourceParams,
        people: SourceParams | None,
        params: CollectionParams,
        calendar: Calendar,
        key: bytes,
    ) -> None:
        self._source, self._people, self._params, self._calendar, self._key = source, people, params, calendar, key
        self._plain = Mapper(source, params, key=key)

    def entries(self, keys: Collection[str] | None = None) -> list[Entry]:
        """Read the rows of some partitions, or all; others may come along."""
        if keys is not None and (ids := self._ids(keys)) is not None:
            with connected(self._source) as database:
                database.expect(self._plain.expected())
                rows = ((called(self._source), Row(values)) for values in database.rows(ids))
                return self._entries(placed(rows, self._source), *self._identities(_marked(self._people)))
        files, people = _files(self._source), _marked(self._people)
        touched = [*files, *beside(self._source), *people]

        def make() -> list[Entry]:
            return self._entries(rows_of(self._source, self._params, files), *self._identities(people))

        settings = (self._source, self._people, self._params, self._calendar, self._key)
        return _MEMORY.recall(_memory_key(touched, *settings), make)

    def prints(self) -> Iterator[tuple[str, bytes]]:
        """Hash every row, or all that decides it, with its partition."""
        if not can_be_seen(self._source, self._plain, changes=True):
            yield from ((entry.partition, entry.fingerprint) for entry in self.entries())
            return
        seen = sights(self._source, self._plain, self._calendar)
        yield from prints(seen, self._source, self._plain, self._known())

    def _ids(self, keys: Collection[str]) -> list[Any] | None:
        """Return the ids to ask for to have the rows of some partitions; null where they cannot be asked for."""
        column = self._source.fields["id"]
        if field(column).names != (column,) or not can_be_seen(self._source, self._plain, changes=False):
            return None
        return wanted(sights(self._source, self._plain, self._calendar), keys, column)

    def _entries(self, rows: Iterator[Placed], identities: Identities | None, whole: bool) -> list[Entry]:
        mapper = Mapper(
            self._source, self._params, key=self._key, identities=identities, identities_whole=whole
        )  # fmt: skip
        drafts = ((row, _draft(row, mapper)) for row in checked(rows, mapper))
        entries = _one_an_id(drafts, self._calendar, mapper)
        return _one_a_thread(entries, self._source.one_a_thread) if self._source.one_a_thread else entries

    def _known(self) -> Callable[[str], str]:
        """Return what hashes all that is known of a customer, or that nothing is."""
        files = _marked(self._people)
        identities, whole = self._identities(files)

        def make() -> dict[str, str]:
            return {customer: _hash(repr(known)) for customer, known in (identities or {}).items()}

        hashes = _MEMORY.recall(_memory_key(files, "hashes", self._people, self._params), make)
        return lambda customer: hashes.get(customer) or str(whole)

    def _identities(self, files: list[File]) -> tuple[Identities | None, bool]:
        """Return what is known of each customer, and whether every row about them could be read."""
        people, params = self._people, self._params
        if people is None:
            return None, True

        def make() -> dict[str, tuple[dict[str, str], ...] | None]:
            mapper = Mapper(people, params, key=self._key)
            found: dict[str, tuple[dict[str, str], ...] | None] = {}
            for row in checked(rows_of(people, params, files), mapper):
                try:
                    if row.fault:
                        raise Unreadable(row.fault)
                    customer, known = mapper.identity(row.values)
                    found[customer] = (*(found.get(customer) or ()), *known)
                except Unreadable:
                    found[_UNREAD] = None
            return found

        found = _MEMORY.recall(_memory_key(files, people, params), make)
        return {customer: known for customer, known in found.items() if known is not None}, _UNREAD not in found


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _people(source: SourceParams, by_name: Mapping[str, SourceParams]) -> SourceParams | None:
    if source.people is None:
        return None
    people = by_name.get(source.people.source)
    if people is None or people.gives != "customers":
        raise RefineryError(
            f"sources.{source.name}.people",
            f"no source called '{source.people.source}' gives customers",
            "name one that does, or add it",
        )
    return people


def _files(source: SourceParams, mark: str | None = None) -> list[File]:
    """Return a source's files; one that is no file counts as one, whose changes only a mark can tell."""
    kind = READERS[source.kind]
    return [File(None, "", source.name, mark)] if kind.gets == "source" else files_of(source, kind.suffixes)


def _marked(people: SourceParams | None) -> list[File]:
    """Return the files of a source of identities; a database's mark is the hash of its rows, quicker than reading."""
    if people is None:
        return []
    if people.kind != "sql":
        return _files(people)
    digest = hashlib.sha256()
    with connected(people) as database:
        for row in database.rows():
            digest.update(repr(list(row.items())).encode("utf-8", "surrogatepass"))
    return _files(people, digest.hexdigest())


def checked(rows: Iterator[Placed], mapper: Mapper) -> Iterator[Placed]:
    """Pass rows on, and refuse a source none of whose rows has a name the settings count on.

    Raises:
        RefineryError: A column is missing: from a file, if it is a table, else from the whole source.
    """
    expected, tabular = mapper.expected(), READERS[mapper.source.kind].tabular
    missing, file = set(expected), ""
    for row in rows:
        if row.fault is None:
            if tabular and row.file != file:
                missing = expected - row.values.keys()
                _refuse(missing, mapper.source, row.file)
            missing -= row.values.keys()
            file = row.file
        yield row
    if file:
        _refuse(missing, mapper.source, file)


def _refuse(missing: set[str], source: SourceParams, file: str) -> None:
    if missing:
        names = ", ".join(f"'{name}'" for name in sorted(missing))
        raise RefineryError(
            f"sources.{source.name}",
            f"{file} has no column {names}",
            "correct the field mapping, or end it in '?' if the column may be absent",
        )


def _draft(row: Placed, mapper: Mapper) -> Drafted:
    return Drafted(None, fault=row.fault) if row.fault else mapper.draft(row.values)


def _one_an_id(drafts: Iterable[tuple[Placed, Drafted]], calendar: Calendar, mapper: Mapper) -> list[Entry]:
    """Give every row its slice and fate; of rows that share an id the latest stands, of equals the first."""
    entries: list[Entry] = []
    standing: dict[str, int] = {}
    told: Counter[str] = Counter()
    for n, (row, drafted) in enumerate(drafts):
        partition, undated = calendar.slot(drafted.created_at)
        told[partition] += 1
        # A row without a number that lasts is known by its place in its slice: the slice is read whole or not at all.
        place = f"row {row.number}" if row.number else f"of {partition} row {told[partition]}"
        position = f"{mapper.source.name}: {row.file} {place}"
        entry = _entry(drafted, partition, undated, position, mapper)
        entries.append(entry)
        if drafted.source_id is None:
            continue
        first = standing.setdefault(entry.id, n)
        if first != n:
            newer = _updated(entry) > _updated(entries[first])
            gone, standing[entry.id] = (first, n) if newer else (n, first)
            entries[gone] = entries[gone]._replace(
                id=id_of_place(entries[gone].position, mapper), outcome="quarantined", reason="duplicate_id"
            )
    return entries


def _entry(drafted: Drafted, partition: str, undated: str | None, position: str, mapper: Mapper) -> Entry:
    id_ = id_of_place(position, mapper) if drafted.source_id is None else mapper.record_id(drafted.source_id)
    if fault := drafted.fault or undated:
        return Entry(partition, id_, "quarantined", fault, None, position, drafted.record)
    if drafted.dropped:
        return Entry(partition, id_, "dropped", drafted.dropped, None, position, drafted.record)
    return Entry(partition, id_, "kept", None, None, position, drafted.record)


def id_of_place(position: str, mapper: Mapper) -> str:
    """Return the id under which the ledger tells of a row that has none of its own."""
    return tables.keyed_id(mapper.key, mapper.source.name, "position", position)


def _updated(entry: Entry) -> datetime:
    return entry.record["updated_at"] if entry.record else _LONG_AGO


def _one_a_thread(entries: list[Entry], which: str) -> list[Entry]:
    """Let one row stand for a thread that was told several times; the others are merged into it."""
    told: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.outcome == "kept" and entry.record:
            told.setdefault(entry.record["thread_id"], []).append(entry)
    stands = {
        thread: max(found, key=lambda e: (_updated(e), e.size) if which == "latest" else (e.size, _updated(e))).id
        for thread, found in told.items()
    }
    return [_behind(entry, stands) for entry in entries]


def _behind(entry: Entry, stands: Mapping[str, str]) -> Entry:
    into = stands[entry.record["thread_id"]] if entry.outcome == "kept" and entry.record else entry.id
    return entry if into == entry.id else entry._replace(outcome="merged", reason="told_again", into=into)


class _Memory:
    """What was read last, as long as the files stay the same; bounded in rows."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._held: OrderedDict[str, Any] = OrderedDict()

    def recall(self, key: str | None, make: Callable[[], T]) -> T:
        """Return what was made under the key, or make it now."""
        if key is not None and key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        made: Any = make()
        if key is not None and len(made) <= self._room:
            self._held[key] = made
            while sum(map(len, self._held.values())) > self._room:
                self._held.popitem(last=False)
        return made


_MEMORY = _Memory(_REMEMBERED_ROWS)


def _memory_key(files: list[File], *settings: object) -> str | None:
    """Return the name of a reading: what was read, and under which settings; null if a change could not be seen."""
    if any(file.mark is None for file in files):
        return None
    told = [s.model_dump_json() if isinstance(s, SourceParams | CollectionParams) else s for s in settings]
    return hashlib.sha256(json.dumps([[f.path, f.mark] for f in files]).encode() + repr(told).encode()).hexdigest()
