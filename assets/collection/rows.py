"""From files to placed rows: what every kind of source shares."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from assets.collection.files import File, as_it_is, beside, files_of, opened
from assets.collection.readers import READERS, UNDECODABLE, Row, Text, mapping_of
from assets.errors import RefineryError

if TYPE_CHECKING:
    from assets.collection.params import CollectionParams, SourceParams

codecs.register_error("refinery", lambda fault: (UNDECODABLE, fault.end))  # type: ignore[attr-defined]


class Placed(NamedTuple):
    """A row and where it stood."""

    file: str
    number: int
    """0 where rows have no number that lasts."""
    values: dict[str, Any]
    fault: str | None


def rows_of(source: SourceParams, params: CollectionParams, files: list[File] | None = None) -> Iterator[Placed]:
    """Read a source row by row, with positions.

    Raises:
        RefineryError: Nothing lies at its path, or its encoding has a name nobody knows.
    """
    kind = READERS[source.kind]
    if kind.gets == "source":
        yield from placed(((called(source), row) for row in kind.read(None, source)), source)
        return
    for file in files_of(source, kind.suffixes) if files is None else files:
        rows = _file_rows(file, source, params)
        for companion in beside(source):
            rows = _side_by_side(rows, _file_rows(companion, source, params))
        yield from placed(rows, source)


def placed(rows: Iterator[tuple[str, Row]], source: SourceParams) -> Iterator[Placed]:
    """Tell every row, and every row within a row, where it stood: by its number, if it keeps it."""
    number, steady = 0, READERS[source.kind].steady
    for name, row in rows:
        for values, fault in _unfolded(row, source):
            number += 1
            where = {"_file": name, "_row": number} if steady else {"_file": name}
            yield Placed(name, number if steady else 0, {**values, **where}, fault)


def called(source: SourceParams) -> str:
    """Return what stands for the name of a file, where a source is none."""
    return source.table or ("query" if source.query else str(source.path))


def _file_rows(file: File, source: SourceParams, params: CollectionParams) -> Iterator[tuple[str, Row]]:
    """Read one file; a row on which its bytes break off is given up for one that says so."""
    where, kind = f"sources.{source.name}", READERS[source.kind]
    if kind.gets == "file":
        with as_it_is(file, where) as raw:
            yield from ((file.name, row) for row in kind.read(raw, source))
        return
    encoding = _codec(source)
    with opened(file, where, params.max_file_mb * 2**20) as streams:
        for name, stream in streams:
            lines = io.TextIOWrapper(io.BufferedReader(stream, 2**16), encoding, errors="refinery", newline="")
            last: Row | None = None
            for row in kind.read(Text(name, lines, params.max_characters), source):
                if last is not None:
                    yield name, last
                last = row
            whole = not stream.fault or (kind.by_line and stream.tail == b"\n" and last and not last.fault)
            if last is not None and whole:
                yield name, last
            if stream.fault:
                yield name, Row({}, stream.fault)


def _codec(source: SourceParams) -> str:
    try:
        name = codecs.lookup(source.encoding).name
    except LookupError:
        raise RefineryError(
            f"sources.{source.name}", f"unknown encoding '{source.encoding}'", "name one Python knows, such as utf-8"
        ) from None
    return "utf-8-sig" if name == "utf-8" else name


def _side_by_side(rows: Iterator[tuple[str, Row]], others: Iterator[tuple[str, Row]]) -> Iterator[tuple[str, Row]]:
    for name, row in rows:
        _, other = next(others, ("", Row({}, "no_row_beside")))
        yield name, Row({**other.values, **row.values}, row.fault or other.fault)


def _unfolded(row: Row, source: SourceParams) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Yield the rows within a row; its JSON texts are read first."""
    values, fault = dict(row.values) if source.json_columns else row.values, row.fault
    for name in source.json_columns:
        if isinstance(text := values.get(name), str | bytes):
            try:
                values[name] = json.loads(text) if text.strip() else None
            except (ValueError, RecursionError):
                fault = "broken_json"
    if fault is None:
        yield from ((found, None) for found in _explode(values, source))
    else:
        yield {}, fault


def _explode(values: dict[str, Any], source: SourceParams) -> list[dict[str, Any]]:
    """Take the steps down that the settings name; the parents' fields and the keys on the way stay with each row."""
    nodes = [_Node({}, {}, values)]
    for level in source.explode:
        nodes = [child for node in nodes for child in node.children(level.key, level.path)]
    return [{**node.inherited, **node.own, **node.keys} for node in nodes]


class _Node(NamedTuple):
    """A row on the way down: what its parents say, the keys that led to it, and what it says itself."""

    inherited: dict[str, Any]
    keys: dict[str, str]
    own: dict[str, Any]

    def children(self, key: str, path: str | None) -> Iterator[_Node]:
        """Yield the entries of the node itself, or of one of its fields."""
        rest = {} if path is None else {k: v for k, v in self.own.items() if k != path}
        entries = self.own if path is None else self.own.get(path)
        if isinstance(entries, list):
            entries = {str(n): item for n, item in enumerate(entries)}
        for name, child in (entries if isinstance(entries, dict) else {}).items():
            yield _Node({**self.inherited, **rest}, {**self.keys, key: str(name)}, mapping_of(child))
