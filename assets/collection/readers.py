"""From files to rows: one function a kind of source, all of them under the same care.

A reader gets the text of a file, or the open file, or the source itself where that is no file, and
yields its rows; a row it cannot make sense of carries a fault instead of values, and the next one
follows. Adding a kind is adding one function here.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple

from assets.errors import RefineryError

if TYPE_CHECKING:
    from assets.collection.params import SourceParams

UNDECODABLE = "\udfff"
"""Stands for bytes the encoding does not know; no valid text holds it, so nothing is lost silently."""
_UNDECODABLE_XML = "\ufdd0"


class Row(NamedTuple):
    """What was read at one place; `fault` says why there are no values."""

    values: dict[str, Any]
    fault: str | None = None


class Text(NamedTuple):
    """A file opened as text."""

    name: str
    lines: io.TextIOWrapper
    longest: int
    """Characters a row may have."""


@dataclass(frozen=True)
class Reader:
    """One kind of source: its function, the files it looks for in a folder, and the options it takes."""

    read: Callable[[Any, SourceParams], Iterator[Row]]
    suffixes: tuple[str, ...]
    takes: frozenset[str]
    gets: Literal["text", "file", "source"]
    """What the function is given first: a `Text`, an open binary file, or nothing but the source."""
    tabular: bool
    """Whether every row of a file has the same columns, so that one missing in the first is missing in all."""
    by_line: bool
    """Whether a row ends where a line does, so that those before a break are sound."""
    steady: bool
    """Whether a row keeps its place as long as nothing changes, so that its number can name it."""


READERS: dict[str, Reader] = {}
_TAKES: dict[str, tuple[str, ...]] = {
    "text": ("path", "exclude", "beside", "encoding"),
    "file": ("path", "exclude", "beside"),
    "source": (),
}
Read = Callable[[Any, "SourceParams"], Iterator[Row]]


def reader(
    kind: str,
    *suffixes: str,
    gets: Literal["text", "file", "source"] = "text",
    takes: Iterable[str] = (),
    tabular: bool = False,
    by_line: bool = False,
    steady: bool = True,
) -> Callable[[Read], Read]:
    """Register the reader of a kind of source."""

    def register(read: Read) -> Read:
        READERS[kind] = Reader(read, suffixes, frozenset({*_TAKES[gets], *takes}), gets, tabular, by_line, steady)
        return read

    return register


def mapping_of(value: object) -> dict[str, Any]:
    """Return a mapping as it is, and anything else under `value`."""
    return value if isinstance(value, dict) else {"value": value}


def _parse(text: str) -> Row:
    if UNDECODABLE in text:
        return Row({}, "undecodable")
    try:
        return Row(mapping_of(json.loads(text)))
    except (ValueError, RecursionError):
        return Row({}, "broken_json")


class _Lines:
    """The lines of a table, some of which can be given back."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._back: list[str] = []
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else self._text.lines.readline(self._text.longest + 1)
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """Take only the first line of the last record for read: the rest may be sound rows."""
        self._back.extend(reversed(self.taken[1:]))


@reader("csv", ".csv", ".tsv", ".txt", takes=("delimiter", "header"), tabular=True, by_line=True)
def read_csv(text: Text, source: SourceParams) -> Iterator[Row]:
    """Read delimited rows; a quoted cell may hold the delimiter, quotes and line ends.

    A quote that is never closed would swallow the file: a record that cannot be right costs its first
    line only, and the lines after it are read again.
    """
    csv.field_size_limit(text.longest)
    lines = _Lines(text)
    table = csv.reader(lines, delimiter=source.delimiter, strict=True)
    names = list(source.header) if isinstance(source.header, tuple) else None
    while True:
        lines.taken.clear()
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error as fault:
            lines.give_back()
            yield Row({}, "too_long" if "field limit" in str(fault) else "broken_csv")
            continue
        if not cells:
            continue
        if names is None:
            names = cells if source.header else [f"column_{n}" for n in range(1, len(cells) + 1)]
            if source.header:
                continue
        if len(cells) != len(names):
            lines.give_back()
            yield Row({}, "wrong_number_of_fields")
        elif any(UNDECODABLE in cell for cell in cells):
            yield Row({}, "undecodable")
        else:
            yield Row(dict(zip(names, cells, strict=True)))


@reader("jsonl", ".jsonl", ".ndjson", by_line=True)
def read_jsonl(text: Text, source: SourceParams) -> Iterator[Row]:
    """Read one JSON value a line; blank lines say nothing."""
    begins = True
    for line in iter(lambda: text.lines.readline(text.longest + 1), ""):
        if begins and len(line) > text.longest:
            yield Row({}, "too_long")
        elif begins and line.strip():
            yield _parse(line)
        begins = line.endswith("\n")


@reader("json", ".json", takes=("rows",))
def read_json(text: Text, source: SourceParams) -> Iterator[Row]:
    """Read one JSON document: a list of rows, or a mapping, which is one row unless `rows` says where they are."""
    content = text.lines.read()
    if not content.strip():
        return
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        yield Row({}, "broken_json")
        return
    found = _at(source.rows, document) if source.rows else document
    if source.rows and not isinstance(found, list):
        raise RefineryError(f"sources.{source.name}", f"{text.name} has no list at `{source.rows}`", "correct `rows`")
    damaged = UNDECODABLE in content
    for value in found if isinstance(found, list) else [found]:
        unread = damaged and UNDECODABLE in json.dumps(value, ensure_ascii=False)
        yield Row({}, "undecodable") if unread else Row(mapping_of(value))


def _at(expression: str, document: object) -> object:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(expression, document)
    except JMESPathError:  # its message quotes the document
        return None


_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?\r?\n)?---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"\A\s*#[ \t]+(.+?)[ \t#]*(?:\r?\n|\Z)")


@reader("markdown", ".md", ".markdown")
def read_markdown(text: Text, source: SourceParams) -> Iterator[Row]:
    """Read one article a file: the fields of its front matter, its first `heading`, and its `body`."""
    import yaml

    content = text.lines.read(text.longest + 1)
    if len(content) > text.longest or UNDECODABLE in content:
        yield Row({}, "undecodable" if UNDECODABLE in content else "too_long")
        return
    front: object = {}
    if match := _FRONT.match(content):
        content = content[match.end() :]
        try:
            front = yaml.safe_load(match.group(1) or "") or {}
        except (yaml.YAMLError, ValueError, RecursionError):  # a date such as 2026-13-40 is a ValueError
            front = None
    if not isinstance(front, dict):
        yield Row({}, "broken_front_matter")
        return
    heading = _HEADING.match(content)
    body = content[heading.end() :] if heading else content
    yield Row({**front, "heading": heading.group(1) if heading else None, "body": body.strip()})


@reader("stackexchange", ".xml")
def read_stackexchange(text: Text, source: SourceParams) -> Iterator[Row]:
    """Read a Posts.xml of the Stack Exchange data dump: a row is a question, its `answer` the accepted or best one.

    Attributes keep their names (https://meta.stackexchange.com/q/2677); `Tags` becomes a list. Answers
    without their question are set aside.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException

    questions: dict[str, dict[str, Any]] = {}
    best: dict[str, tuple[tuple[bool, int], dict[str, Any]]] = {}
    fault = None
    try:
        for post in _posts(text):
            if post.get("PostTypeId") == "1":
                questions[post.get("Id", "")] = {**post, "Tags": re.findall(r"[^<>|]+", post.get("Tags", ""))}
            elif post.get("PostTypeId") == "2":
                _rank(post, best, questions)
    except (ParseError, DefusedXmlException):
        fault = "broken_xml"
    for key, question in questions.items():
        answer = best.pop(key, None)
        whole = {**question, "answer": answer[1] if answer else None}
        yield Row({}, "undecodable") if _UNDECODABLE_XML in json.dumps(whole, ensure_ascii=False) else Row(whole)
    yield from (Row({}, "answer_without_question") for _ in best)
    if fault:
        yield Row({}, fault)


def _rank(post: dict[str, Any], best: dict[str, Any], questions: dict[str, dict[str, Any]]) -> None:
    """Let an answer stand for its question if it beats the one before: accepted first, then by score."""
    parent = post.get("ParentId", "")
    accepted = questions.get(parent, {}).get("AcceptedAnswerId") == post.get("Id")
    score = (accepted, int(post["Score"]) if re.fullmatch(r"-?\d+", post.get("Score", "")) else 0)
    if parent not in best or score > best[parent][0]:
        best[parent] = (score, post)


def _posts(text: Text) -> Iterator[dict[str, Any]]:
    from defusedxml.ElementTree import iterparse

    for _, element in iterparse(_Utf8(text.lines)):
        if element.tag == "row":
            yield dict(element.attrib)
        element.clear()


class _Utf8:
    """The text as the XML parser wants it: of well-formed characters only."""

    def __init__(self, lines: io.TextIOWrapper) -> None:
        self._lines = lines

    def read(self, size: int) -> str:
        """Read some characters."""
        return self._lines.read(size).replace(UNDECODABLE, _UNDECODABLE_XML)


@reader("parquet", ".parquet", gets="file", tabular=True)
def read_parquet(file: IO[bytes], source: SourceParams) -> Iterator[Row]:
    """Read a Parquet file batch by batch; a value Python cannot hold, such as a date of year 12000, is left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(file).iter_batches(1000):
            yield from map(Row, _pylist(batch))
    except (pa.ArrowException, OSError):
        yield Row({}, "broken_parquet")


def _pylist(batch: Any) -> list[dict[str, Any]]:
    try:
        return batch.to_pylist()
    except (ValueError, OverflowError):
        names = batch.schema.names
        return [dict(zip(names, map(_scalar, row), strict=True)) for row in zip(*batch.columns, strict=True)]


def _scalar(cell: Any) -> Any:
    try:
        return cell.as_py()
    except UnicodeDecodeError:
        return UNDECODABLE
    except (ValueError, OverflowError):
        return None


@reader("python", gets="source", takes=("path",))
def read_python(_: None, source: SourceParams) -> Iterator[Row]:
    """Read what a callable without arguments yields; `path` names it as module:function."""
    where, called = f"sources.{source.name}", _callable(source)
    try:
        for value in called():
            yield Row(value) if isinstance(value, dict) else _of_mapping(value)
    except RefineryError:
        raise
    except Exception as fault:  # noqa: BLE001 - it is the user's own code, and what it says may quote a row
        raise RefineryError(where, f"{source.path} failed with {type(fault).__name__}", "correct it") from None


def _of_mapping(value: object) -> Row:
    return Row(dict(value)) if isinstance(value, Mapping) else Row({}, "wrong_type")


def _callable(source: SourceParams) -> Callable[[], Iterable[object]]:
    where, path = f"sources.{source.name}", source.path if isinstance(source.path, str) else ""
    module, _, name = path.partition(":")
    if not (module and name):
        raise RefineryError(where, "its path is not module:function", "write it so")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)  # as with every relative path
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError as fault:
        missing = fault.name or module
        raise RefineryError(
            where, f"no module called '{missing}' can be imported", "install it, or correct `path`"
        ) from None
    if not callable(found):
        raise RefineryError(where, f"{module} has no function '{name}'", "correct its path")
    return found


@reader("sql", gets="source", takes=("url", "table", "query", "watch"), tabular=True, steady=False)
def read_sql(_: None, source: SourceParams) -> Iterator[Row]:
    """Read a table or query of a database as a stream, see `database`."""
    from assets.collection.database import connected

    with connected(source) as database:
        yield from map(Row, database.rows())
