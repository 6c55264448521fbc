"""Every text that an artefact holds, whatever its format: what the scan for personal data reads.

A text comes with where it stands (a column, a key, a line) and never in an order that would lose one: values, column
statistics, names of columns and files, what a database has deleted but not yet overwritten.
"""

from __future__ import annotations

import bz2
import gzip
import html
import json
import lzma
import re
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

CHUNK = 1 << 20
BLOCK = 8_000
"""Characters of a plain text searched at once: where something stands is told that closely."""
OVERLAP = 200
"""Characters searched again with the next block, so that nothing is cut in two; a hit in them counts twice."""
DEEPEST = 4
LARGEST = 4 << 30
"""Archives within archives, and bytes that come out of one, beyond which a file is not read."""
NUMBERS_FROM = 1_000_000
"""Whole numbers below this are no one's."""
SPOKEN = frozenset(
    ("subject", "turns", "question", "answer", "history", "input", "output", "messages", "shots", "reference", "text")
)
"""Columns in which people speak; elsewhere a capitalised word is a category's."""
_SPOKEN_KEYS = SPOKEN | {"content", "value", "body", "title", "comment", "note", "completion", "prompt"}
"""Keys of exports under which words stand, whatever format they are in."""
_PUBLISHED = frozenset({"article", "external"})
ROWS_AT_ONCE = 2_000

_PRINTABLE = re.compile(rb"[\t\n\x20-\x7e\x80-\xf4]{6,}|(?:[\x20-\x7e]\x00){6,}")
_OPENERS = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7zXZ": lzma.open}
_MARKUP = frozenset((".html", ".htm", ".xml", ".svg", ".md"))
_PROSE = _MARKUP | {".txt", ".csv", ".tsv"}
_FEWEST_WORDS = 5
"""Words from which on a text says something; below it is a label, and no detector can tell a name from a word."""
_NO_PROSE = re.compile(r"(?s)<(script|style)\b.*?(?:</\1>|\Z)|<[^<>]{1,2000}>")
_KEYED = re.compile(r"\b[0-9a-f]{12,}\b")
_PIECES = re.compile(r"\n+|\s*\|\s*|\"?,\"")
_WORD = re.compile(r"[(\"'“]*(?:[^\W\d_]+(?:['’/-][^\W\d_]+)*|\[[A-Z_]+\d*\]|\d{1,4})(?:['’]s)?[.,;:!?)\"'”%]*")
_WORDS_SHARE = 0.8


class Text(NamedTuple):
    """One text; `row` counts within its artefact's table, `at` names the row to a person.

    `words` says what stands there: whole texts that people or models wrote, prose among other things (a report), or
    values of which none is a text; `published` that the text was written for everybody: an article, and with None a
    report of ours, unless it quotes somebody.
    """

    text: str
    where: str = ""
    at: str = ""
    row: int = 0
    thread: str | None = None
    template: str = ""
    words: Literal["whole", "among", "none"] = "none"
    published: bool | None = False

    def prose(self) -> Iterator[str]:
        """Yield what of it is words of a language: for detectors, which take ids, JSON and SQL for names.

        >>> [*Text("<p>Hold the button for ten seconds.</p><p>sha256 9f86d081884c7d65 ok</p>", words="among").prose()]
        ['Hold the button for ten seconds.']
        """
        if self.words == "whole" and len(self.text.split(None, _FEWEST_WORDS)) >= _FEWEST_WORDS:
            yield self.text
        elif self.words == "among":
            prose = _KEYED.sub("#", _NO_PROSE.sub("\n", self.text))
            yield from filter(_reads_as_words, _PIECES.split(prose))


class Unreadable(Exception):  # noqa: N818 - reads as a sentence where it is caught
    """An artefact that could not be read to its end; says why in words of ours."""


def texts_in(file: Path, depth: int = 0) -> Iterator[Text]:
    """Yield every text of a file.

    Raises:
        Unreadable: The file is damaged, or an archive too deep or too large.
    """
    try:
        with file.open("rb") as handle:
            head = handle.read(8192)
    except OSError:
        raise Unreadable("cannot be opened") from None
    try:
        yield from _reader(file, head, depth)
    except (pa.ArrowException, sqlite3.Error, zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, EOFError, OSError):
        raise Unreadable("damaged, or cut short") from None


def _reader(file: Path, head: bytes, depth: int) -> Iterator[Text]:
    if not head:
        return iter(())
    if head.startswith(b"PAR1"):
        return _parquet(file)
    if head.startswith(b"SQLite format 3\0"):
        return _sqlite(file)
    if head.startswith(b"PK\x03\x04") or tarfile.is_tarfile(file) or _opener(head):
        return _archive(file, head, depth)
    if file.suffix == ".safetensors":
        return _safetensors(file)
    if head.startswith(b"GGUF"):
        return _gguf(file)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _plain(file, "utf-16")
    if b"\0" in head:
        return _binary(file)
    return _lines_of_json(file) if file.suffix in (".jsonl", ".ndjson", ".json") else _plain(file, _encoding(head))


# tables


def texts_of(table: pa.Table, first: int = 0) -> Iterator[Text]:
    """Yield every text of an Arrow table, row by row within a column; lists and structures are opened."""
    threads = table.column("thread_id").to_pylist() if "thread_id" in table.column_names else None
    templates = _templates(table)
    kinds = table.column("kind").to_pylist() if "kind" in table.column_names else []
    key = table.column(0).to_pylist() if table.num_columns and pa.types.is_string(table.schema.types[0]) else None
    for name in table.column_names:
        spoken = name in SPOKEN
        for row, where, text in _leaves(table.column(name).combine_chunks(), name):
            thread = threads[row] if threads and spoken else None
            template = templates[row] if thread and templates else ""
            at = _row_name(key[row] if key else None, first + row)
            words: Literal["whole", "none"] = "whole" if spoken else "none"
            yield Text(text, where, at, first + row, thread, template, words, bool(kinds) and kinds[row] in _PUBLISHED)


def _templates(table: pa.Table) -> list[str]:
    """What a row's texts hold that nobody said: its instruction and its category."""
    there = [table.column(c).to_pylist() for c in ("instruction", "category", "task") if c in table.column_names]
    return [" ".join(filter(None, words)) for words in zip(*there, strict=True)]


def _row_name(key: str | None, number: int) -> str:
    """Name a row by its id where that is one of ours, else by number: a foreign id may be somebody's."""
    return key if key and re.fullmatch(r"[0-9a-f]{16,64}", key) else f"row {number}"


def _leaves(
    column: pa.Array | pa.ChunkedArray, where: str, rows: list[int] | None = None
) -> Iterator[tuple[int, str, str]]:
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    rows = list(range(len(column))) if rows is None else rows
    kind = column.type
    if pa.types.is_dictionary(kind):
        yield from _leaves(column.dictionary_decode(), where, rows)
    elif pa.types.is_map(kind):
        parents = _parents(column.offsets, rows)
        yield from _leaves(column.keys, f"{where}.key", parents)
        yield from _leaves(column.items, f"{where}.value", parents)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        if pa.types.is_primitive(kind.value_type) and not _may_say(column.flatten()):
            return  # a vector: to name the row of each of its numbers would cost more than to make it
        parents = [rows[i] for i in pc.list_parent_indices(column).to_pylist()]
        yield from _leaves(column.flatten(), where, parents)
    elif pa.types.is_struct(kind):
        for field, part in zip(kind, column.flatten(), strict=True):
            yield from _leaves(part, f"{where}.{field.name}", rows)
    else:
        for row, value in zip(rows, column.to_pylist() if _may_say(column) else (), strict=False):
            for text in _said(value):
                yield row, where, text


def _parents(offsets: pa.Array, rows: list[int]) -> list[int]:
    ends = offsets.to_pylist()
    return [row for row, start, end in zip(rows, ends, ends[1:], strict=False) for _ in range(end - start)]


def _may_say(column: pa.Array) -> bool:
    kind = column.type
    if pa.types.is_float16(kind):  # it ends at 65,504
        return False
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        largest = pc.max(column).as_py()
        return largest is not None and largest >= NUMBERS_FROM
    return any(
        is_kind(kind)
        for is_kind in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_decimal,
        )
    )


def _said(value: Any) -> Iterator[str]:
    """Yield what a cell says: a text, JSON in it opened; bytes as far as they can be read; a large whole number."""
    if isinstance(value, bytes):
        yield from (text.text for text in _printable(value))
    elif isinstance(value, str):
        stripped = value.lstrip()[:1]
        if stripped in ("{", "[") and (opened := _json(value)) is not None:
            yield from (text for _, text in _walk(opened))
        else:
            yield value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if NUMBERS_FROM <= value < 1e20 and value == int(value):
            yield str(int(value))
    elif value is not None:
        yield str(value)


def _parquet(file: Path) -> Iterator[Text]:
    with pq.ParquetFile(file) as parquet:
        yield from _footer(parquet)
        first = 0
        for batch in parquet.iter_batches(ROWS_AT_ONCE):
            yield from texts_of(pa.Table.from_batches([batch]), first)
            first += len(batch)


def _footer(parquet: pq.ParquetFile) -> Iterator[Text]:
    """Yield what the footer says: names of columns, metadata, and the least and greatest value of each column."""
    footer, schema = parquet.metadata, parquet.schema_arrow
    for name in schema.names:
        yield Text(name, "name of a column")
    described = [dict(schema.metadata or {}), *(dict(field.metadata or {}) for field in schema)]
    for words in described:
        for value in words.values():
            yield from (Text(text, "metadata") for text in _said(value.decode(errors="replace")))
    for group in range(footer.num_row_groups):
        for n in range(footer.num_columns):
            column = footer.row_group(group).column(n)
            if column.is_stats_set and column.statistics.has_min_max:
                for value in (column.statistics.min, column.statistics.max):
                    yield from (Text(text, f"{column.path_in_schema} (statistics)") for text in _said(value))


def _sqlite(file: Path) -> Iterator[Text]:
    """Yield every cell of every table, the write-ahead log read with it; then what is left in unused pages."""
    with sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True) as database:
        database.text_factory = lambda raw: raw.decode(errors="replace")
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            rows = database.execute('SELECT * FROM "' + table.replace('"', '""') + '"')  # noqa: S608 - a name quoted
            columns = [column[0] for column in rows.description]
            for number, row in enumerate(rows):
                for column, value in zip(columns, row, strict=True):
                    for text in _said(value):
                        yield Text(text, f"{table}.{column}", f"row {number}", number)
    yield from (text._replace(where="unused pages") for text in _binary(file))


# texts


def _plain(file: Path, encoding: str) -> Iterator[Text]:
    line, carried = 1, ""
    with file.open(encoding=encoding, errors="replace", newline="") as handle:
        while chunk := handle.read(BLOCK):
            text = carried + chunk
            words: Literal["among", "none"] = "among" if file.suffix in _PROSE else "none"
            said = html.unescape(text) if file.suffix in _MARKUP else text
            yield Text(
                said,
                "text",
                f"from line {line}",
                line,
                words=words,
                published=None if file.suffix in _MARKUP else False,
            )
            carried = text[-OVERLAP:]
            line += text.count("\n") - carried.count("\n")


def _encoding(head: bytes) -> str:
    try:
        head[:-4].decode()
    except UnicodeDecodeError:
        return "utf-8" if head.decode(errors="ignore").isascii() is False else "cp1252"
    return "utf-8-sig"


def _lines_of_json(file: Path) -> Iterator[Text]:
    """Yield the strings of a JSON file, of one document or one a line; what is no JSON, as plain text."""
    if file.stat().st_size > LARGEST:
        raise Unreadable("too large")
    whole = file.read_text(encoding="utf-8-sig", errors="replace")
    document = _json(whole) if file.suffix == ".json" else None
    if document is not None:
        yield from (Text(text, where, words=_words_at(where)) for where, text in _walk(document))
        return
    for number, line in enumerate(whole.split("\n"), 1):
        row = _json(line) if line.strip() else None
        if row is None:
            yield Text(line, "line", f"line {number}", number)
        else:
            for where, text in _walk(row):
                yield Text(text, where, f"line {number}", number, words=_words_at(where))


def _words_at(where: str) -> Literal["whole", "none"]:
    return "whole" if where.rpartition(".")[2] in _SPOKEN_KEYS else "none"


def _reads_as_words(piece: str) -> bool:
    """Whether most of a piece are words of a language, and not of a machine."""
    pieces = piece.split()
    return len(pieces) >= _FEWEST_WORDS and sum(map(bool, map(_WORD.fullmatch, pieces))) >= _WORDS_SHARE * len(pieces)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _walk(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Yield where and what of every string and large number of a JSON value, its keys among them."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not key.isidentifier():
                yield f"{where}.key", key
            name = key if key.isidentifier() and len(key) <= 40 else "*"
            yield from _walk(inner, f"{where}.{name}" if where else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, where)
    elif value is not None and not isinstance(value, bool):
        yield from ((where, text) for text in _said(value))


def _safetensors(file: Path) -> Iterator[Text]:
    """Yield names of tensors and metadata; the weights are numbers."""
    with file.open("rb") as handle:
        size = int.from_bytes(handle.read(8), "little")
        header = _json(handle.read(size).decode(errors="replace")) if size < CHUNK * 64 else None
    if header is None:
        raise Unreadable("its header is not that of a safetensors file")
    yield from (Text(text, f"header {where}") for where, text in _walk(header))


def _gguf(file: Path) -> Iterator[Text]:
    """Yield the metadata and the tensors' names; the weights behind them are numbers."""
    from gguf import GGUFReader

    try:
        weights_from = GGUFReader(file).data_offset
    except (ValueError, IndexError, KeyError):
        raise Unreadable("its header is not that of a GGUF file") from None
    with file.open("rb") as handle:
        yield from _printable(handle.read(weights_from))


def _binary(file: Path) -> Iterator[Text]:
    """Yield what can be read in a binary file."""
    with file.open("rb") as handle:
        carried = b""
        while chunk := handle.read(CHUNK * 4):
            yield from _printable(carried + chunk)
            carried = chunk[-OVERLAP:]


def _printable(content: bytes) -> Iterator[Text]:
    for match in _PRINTABLE.finditer(content):
        raw = match.group()
        yield Text(raw.decode("utf-16-le" if b"\0" in raw else "utf-8", errors="replace"), "bytes")


# archives


def _opener(head: bytes) -> Any:
    return next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), None)


def _archive(file: Path, head: bytes, depth: int) -> Iterator[Text]:
    """Yield the texts of each member, and the members' names."""
    if depth >= DEEPEST:
        raise Unreadable("an archive within too many others")
    with tempfile.TemporaryDirectory(prefix="refinery-scan-") as folder:
        for number, (name, member) in enumerate(_members(file, head, Path(folder))):
            yield Text(name, "name of a member")
            for text in texts_in(member, depth + 1):
                yield text._replace(where=f"member {number}, {text.where}")
            member.unlink()


def _members(file: Path, head: bytes, folder: Path) -> Iterator[tuple[str, Path]]:
    opener = _opener(head)
    if head.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if entry.flag_bits & 1:
                    raise Unreadable("encrypted")
                if not entry.is_dir():
                    with archive.open(entry) as source:
                        yield entry.filename, _unpacked(source, folder, entry.filename)
    elif tarfile.is_tarfile(file):
        with tarfile.open(file) as archive:
            for part in archive:
                yield part.name, _unpacked(archive.extractfile(part), folder, part.name)
    else:
        with opener(file) as source:
            yield file.stem, _unpacked(source, folder, file.stem)


def _unpacked(source: Any, folder: Path, name: str) -> Path:
    target = folder / f"member{Path(name).suffix}"
    with target.open("wb") as out:
        while source and (chunk := source.read(CHUNK)):
            out.write(chunk)
            if out.tell() > LARGEST:
                raise Unreadable("too large when unpacked")
    return target
