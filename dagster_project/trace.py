"""From any id back to its source row, and from any source row to its fate and why.

All that is told stands in ledgers, manifests and tables outside the restricted zone. Of the restricted zone
only the source's own id is shown, to whoever may read it; never a text.

Knows neither Dagster nor pandas, and no room: it must answer within a second of its start.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import product
from typing import Any, NamedTuple

from rich.table import Table as Grid
from rich.text import Text

from assets.errors import RefineryError
from assets.tables import COLLECTED, CUSTOMERS, TABLES, keyed_id
from dagster_project.resources.index import Segment
from dagster_project.resources.lake import WHOLE, Lake, Manifest, file_of, partition_of

TOLD = ("subject", "turns", "question", "answer", "history", "instruction", "input", "output", "reference", "split")
"""Columns whose content is shown where it came to be and where it changed."""
SHORT = 8
"""Characters of an id or hash in what a person reads; --json has them whole."""
_SOURCE = ("kind", "source", "source_id", "created_at", "updated_at")
_FLOW = {name: place for place, (name, table) in enumerate(TABLES.items()) if not table.append_only}
"""The stages in order; what only remembers is no stage."""
_COLLECTED = {table.name for table in (*COLLECTED, CUSTOMERS)}


@dataclass(frozen=True)
class Step:
    """What one stage did with one row, and which run and which files say so."""

    asset: str
    partition: str
    id: str
    outcome: str
    reason: str | None
    into: str | None
    parents: list[str]
    position: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    """The columns of `TOLD` that this stage made or changed; empty where nothing changed or the zone is restricted."""
    run_id: str
    published_at: str
    table_sha256: str
    ledger_sha256: str
    fingerprint: str


@dataclass(frozen=True)
class Source:
    """The row of a source that a record was read from; its own id only where the reader may know it."""

    record_id: str
    kind: str | None = None
    source: str | None = None
    source_id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


@dataclass(frozen=True)
class Trace:
    """The way of one id through the refinery."""

    id: str
    sources: list[Source]
    ancestors: list[str]
    descendants: list[str]
    stands_for: list[str]
    """Rows that were merged into one of these."""
    fate: list[str]
    steps: list[Step] = field(repr=False)


class _Line(NamedTuple):
    """A line of a published ledger."""

    asset: str
    partition: str
    manifest: Manifest
    said: dict[str, Any]

    @property
    def place(self) -> int:
        """Where its stage comes in the flow."""
        return _FLOW[self.asset]

    @property
    def names(self) -> set[str]:
        """The ids it names."""
        return {self.said["id"], self.said["into"], *(self.said["parents"] or ())}

    def merged_into(self, id: str) -> bool:
        """Whether it says that another row is stood for by this one."""
        return self.said["outcome"] == "merged" and self.said["into"] == id

    @property
    def made(self) -> str | None:
        """The id that came to be here: a derived row, or the new name of a kept one."""
        said = self.said
        if said["outcome"] == "derived":
            return str(said["id"])
        return said["into"] if said["outcome"] == "kept" and said["into"] != said["id"] else None

    @property
    def origins(self) -> list[str]:
        """The rows it was made from; a summary is made from whole tables, which are none."""
        said = self.said
        return [p for p in said["parents"] or () if p not in TABLES] if said["outcome"] == "derived" else [said["id"]]


def trace(lake: Lake, id: str, *, sources: Sequence[str] = (), key: Callable[[], bytes] = bytes) -> Trace:
    """Follow an id of any kind, or a source's own id (`4711`; `desk:4711` where several sources have one).

    Args:
        lake: The published tables.
        id: Id of a record, pair, variant, example or prediction; else a source's own id.
        sources: Names of the sources whose own ids may be meant.
        key: Gives the installation key, which turns a source's own id into a record's; asked only if need be.

    Raises:
        RefineryError: Nothing is known of the id, or several sources have it.
    """
    tracer = _Tracer(lake)
    if tracer.knows(id):
        return tracer.trace(Source(id))
    meant = _own_ids(id, sources, key())
    known = [source for source in meant if tracer.knows(source.record_id)]
    if not known and tracer.read_what_the_index_lacks():
        known = [source for source in (Source(id), *meant) if tracer.knows(source.record_id)]
    if not known:
        do = "check it, and that settings and REFINERY_KEY are those of the runs"
        raise RefineryError(f"'{id}'", "no ledger and no source has this id", do)
    if len(known) > 1:
        say = " or ".join(f"{source.source}:{id}" for source in known)
        raise RefineryError(f"'{id}'", f"{len(known)} sources have a row of this id", f"say {say}")
    return tracer.trace(known[0])


def _own_ids(id: str, sources: Sequence[str], key: bytes) -> list[Source]:
    """Return the records or customers a source's own id may mean: named as collection names them, dropped rows too."""
    name, _, rest = id.partition(":")
    meant = [(source, id) for source in sources] + ([(name, rest)] if name in sources else [])
    return [
        Source(keyed_id(key, source, *kind, own), source=source, source_id=own)
        for source, own in meant
        for kind in ((), ("customer",))
    ]


class _Tracer:
    """What is said of ids in the ledgers that manifests name, each found through the index and read once."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._segments: dict[str, list[Segment]] = {asset: lake.segments(asset) for asset in _FLOW}
        self._covered = {asset: {n for s in found for n in s.ledgers} for asset, found in self._segments.items()}
        self._manifests: dict[tuple[str, str], Manifest | None] = {}
        self._said: dict[str, list[_Line]] = {}

    # finding

    def knows(self, id: str) -> bool:
        """Whether any ledger speaks of an id."""
        return id not in TABLES and bool(self.about(id))

    def about(self, id: str) -> list[_Line]:
        """Return the lines that name an id, in the order of the flow."""
        if id not in self._said:
            found = self._hits(id)
            # A lake older than its index, or an index that lost a file: what it lacks is read from the ledgers.
            while self._cover({partition_of(name) for _, name, _ in found} | {WHOLE} if found else ()):
                found = self._hits(id)
            self._said[id] = [line for line in self._lines(found) if id in line.names]
        return self._said[id]

    def read_what_the_index_lacks(self) -> bool:
        """Index every published ledger that is in no segment; tell whether there was one."""
        self._said.clear()
        return self._cover({p for asset in _FLOW for p in self._lake.manifests(asset)})

    def _hits(self, id: str) -> set[tuple[str, str, int]]:
        return {(asset, *hit) for asset, found in self._segments.items() for one in found for hit in one.find(id)}

    def _cover(self, partitions: Iterable[str]) -> bool:
        """Index what these partitions have published and no segment speaks of; tell whether there was any."""
        more = False
        for asset, partition in product(_FLOW, partitions):
            manifest = self._manifest(asset, partition)
            if manifest and file_of(manifest.ledger) not in self._covered[asset]:
                self._segments[asset].append(self._lake.segment_of(asset, manifest))
                self._covered[asset].add(file_of(manifest.ledger))
                more = True
        return more

    def _manifest(self, asset: str, partition: str) -> Manifest | None:
        if TABLES[asset].partitioned == (partition == WHOLE):
            return None
        if (asset, partition) not in self._manifests:
            self._manifests[asset, partition] = self._lake.manifest(asset, partition)
        return self._manifests[asset, partition]

    def _lines(self, hits: Iterable[tuple[str, str, int]]) -> Iterator[_Line]:
        by_ledger: dict[tuple[str, str], list[int]] = {}
        for asset, name, number in sorted(hits, key=lambda hit: (_FLOW[hit[0]], hit)):
            by_ledger.setdefault((asset, name), []).append(number)
        for (asset, name), numbers in by_ledger.items():
            manifest = self._manifest(asset, partition_of(name))
            if manifest and file_of(manifest.ledger) == name:  # else the entry is dead
                for said in self._lake.ledger_lines(asset, manifest, numbers):
                    yield _Line(asset, partition_of(name), manifest, said)

    # following

    def trace(self, asked: Source) -> Trace:
        """Tell the way of an id that is known."""
        id = asked.record_id
        until = dict(self._ancestry(id))
        ancestors = [i for i in reversed(until) if i != id]
        mine = [id, *dict.fromkeys(self._descendants(id))]
        lines = [
            line
            for i in (*ancestors, *mine)
            for line in self.about(i)
            if line.said["id"] == i and (i in mine or line.made == until[i][1] or line.place < until[i][0])
        ]
        lines.sort(key=lambda line: line.place)
        merged = [line.said["id"] for i in (*ancestors, *mine) for line in self.about(i) if line.merged_into(i)]
        return Trace(
            id=id,
            sources=[self._source(line, asked) for line in lines if line.asset in _COLLECTED],
            ancestors=ancestors,
            descendants=mine[1:],
            stands_for=merged,
            fate=[self._fate(i) for i in mine if not any(self._children(i))],
            steps=list(self._steps(lines)),
        )

    def _ancestry(self, id: str) -> Iterator[tuple[str, tuple[int, str]]]:
        """Yield the id and all it was made from, each with the place in the flow where it became what, and what."""
        yield id, (len(TABLES), id)
        for line in self.about(id):
            if line.made == id:
                for origin in line.origins:
                    above = dict(self._ancestry(origin))
                    yield origin, (line.place, id)
                    yield from list(above.items())[1:]

    def _descendants(self, id: str) -> Iterator[str]:
        for child in self._children(id):
            yield child
            yield from self._descendants(child)

    def _children(self, id: str) -> Iterator[str]:
        return (line.made for line in self.about(id) if line.made and id in line.origins)

    def _fate(self, id: str) -> str:
        """Say in one clause where an id ended, and why."""
        lines = self.about(id)
        last = [line for line in lines if line.said["id"] == id or line.made == id][-1]
        said = last.said
        if said["outcome"] in ("kept", "derived"):
            return f"{id} stands in {last.asset}"
        into = f" into {said['into']}" if said["into"] else ""
        return f"{id} was {said['outcome']} by {last.asset}{into}: {said['reason'] or said['outcome']}"

    def _source(self, line: _Line, asked: Source) -> Source:
        """Look up the source row of a record in the restricted zone, if it was kept and may be read."""
        id = line.said["id"]
        try:
            columns = [name for name in _SOURCE if name in TABLES[line.asset].schema.names]
            row = self._lake.row(line.asset, line.manifest, id, columns)
        except PermissionError:
            row = None
        if row:
            return Source(id, **{name: str(value) for name, value in row.items() if value is not None})
        return asked if asked.record_id == id else Source(id)

    def _steps(self, lines: Iterable[_Line]) -> Iterator[Step]:
        seen: dict[str, dict[str, Any]] = {}
        for line in lines:
            said, manifest = line.said, line.manifest
            id = line.made or said["id"]
            before = seen.get(id) or next((seen[o] for o in line.origins if o in seen), {})
            content = self._content(line, id)
            now = {c: v for c, v in content.items() if v != before.get(c) and (v or c in before)}
            seen[id] = content or before
            yield Step(
                asset=line.asset,
                partition=line.partition,
                id=said["id"],
                outcome=said["outcome"],
                reason=said["reason"],
                into=said["into"],
                parents=said["parents"] or [],
                position=said["position"],
                before={c: before[c] for c in now if c in before},
                after=now,
                run_id=manifest.run_id,
                published_at=datetime.fromtimestamp(manifest.published_at, UTC).isoformat(timespec="seconds"),
                table_sha256=manifest.table_sha256,
                ledger_sha256=manifest.ledger_sha256,
                fingerprint=manifest.fingerprint,
            )

    def _content(self, line: _Line, id: str) -> dict[str, Any]:
        """Return the told columns of the row that came out, unless its table rests in the restricted zone."""
        table = TABLES[line.asset]
        columns = [c.name for c in table.columns if c.name in TOLD]
        if table.restricted or not columns or line.said["outcome"] not in ("kept", "derived"):
            return {}
        return self._lake.row(line.asset, line.manifest, id, columns) or {}


def as_json(found: Trace) -> str:
    """Return all of a trace as JSON."""
    return json.dumps(asdict(found), indent=2, default=str, ensure_ascii=False)


def grids(found: Trace) -> Iterator[str | Text | Grid]:
    """Yield a trace as a person reads it: where from, what became of it, stage by stage, and the texts that changed."""
    yield Text(f"{found.id}", style="bold")
    for row in found.sources:
        own = f"its own id {row.source_id}" if row.source_id else "its own id is not to be read here"
        yield f"from {row.kind or 'a row'} of {row.source or 'a source'} ({own}), record {row.record_id}"
    yield from (f"fate: {clause}" for clause in found.fate)
    if found.stands_for:
        yield f"stands for {len(found.stands_for):,} merged: {', '.join(found.stands_for[:3])}"
    grid = Grid(box=None)
    for title in ("stage", "partition", "row", "outcome", "why", "", "run", "table", "ledger"):
        grid.add_column(title, no_wrap=True)
    for step in found.steps:
        why = f"{step.reason or ''}{f' ({step.position})' if step.position else ''}"
        link = f"-> {step.into[:SHORT]}" if step.into else " ".join(f"<- {p[:SHORT]}" for p in step.parents)
        hashes = (step.run_id[:SHORT], step.table_sha256[:SHORT], step.ledger_sha256[:SHORT])
        grid.add_row(step.asset, step.partition, step.id[:SHORT], step.outcome, why, link, *hashes)
    yield grid
    for step in found.steps:
        if step.after:
            yield Text(f"{step.asset}, {(step.into or step.id)[:SHORT]}", style="bold")
            for column, value in step.after.items():
                if column in step.before:
                    yield Text(f"  {column} was: {_said(step.before[column])}", style="dim")
                yield Text(f"  {column}: {_said(value)}")


def _said(value: Any) -> str:
    """Write a text, or turns and messages, in one line."""
    if isinstance(value, list):
        turns = [(turn.get("speaker") or turn.get("role"), turn.get("text") or turn.get("content")) for turn in value]
        return " / ".join(f"{speaker}: {text}" for speaker, text in turns)
    return " ".join(str(value).split())
