"""From files to rows: one function a kind of source, all of them under the same care.

A reader gets the text of a file and yields its rows; a row it cannot make sense of carries a fault
instead of values, and the next one follows. Adding a kind is adding one function here.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

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

    read: Callable[[Text, SourceParams], Iterator[Row]]
    suffixes: tuple[str, ...]
    takes: frozenset[str]
    tabular: bool
    """Whether every row of a file has the same columns, so that one missing in the first is missing in all."""
    by_line: bool
    """Whether a row ends where a line does, so that those before a break are sound."""


READERS: dict[str, Reader] = {}


def reader(
    kind: str, *suffixes: str, takes: Iterable[str] = (), tabular: bool = False, by_line: bool = False
) -> Callable[[Callable[[Text, SourceParams], Iterator[Row]]], Callable[[Text, SourceParams], Iterator[Row]]]:
    """Register the reader of a kind of source."""

    def register(read: Callable[[Text, SourceParams], Iterator[Row]]) -> Callable[[Text, SourceParams], Iterator[Row]]:
        READERS[kind] = Reader(read, suffixes, frozenset({"encoding", *takes}), tabular, by_line)
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
