"""The desk's database and the table of truth: schemas, and writing them so that equal rows give equal bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = """
create table customers (
    id integer primary key, account_no text not null, first_name text not null, last_name text not null,
    email text not null, phone text not null, street text not null, city text not null, region text not null,
    postcode text not null, country text not null, birth_date text not null, consent text not null,
    created_at text not null);
create table agents (
    id integer primary key, name text not null, email text not null, team text not null);
create table articles (
    id text primary key, problem text not null, title text not null, body text not null, category text not null,
    kind text not null, status text not null, language text not null, licence text not null,
    replaced_by text references articles(id), created_at text not null, updated_at text not null);
create table external_documents (
    id text primary key, title text not null, body text not null, source text not null, url text not null,
    licence text not null, retrieved_at text not null);
create table tickets (
    id integer primary key, number text not null, customer_id integer not null references customers(id),
    agent_id integer references agents(id), subject text not null, description text not null, resolution text,
    status text not null, category text not null, priority text not null, channel text not null,
    reopened integer not null, merged_into integer references tickets(id), rating integer,
    created_at text not null, updated_at text not null);
create table chats (
    id integer primary key, customer_id integer not null references customers(id),
    agent_id integer not null references agents(id), category text not null, subject text not null,
    status text not null, rating integer, created_at text not null, updated_at text not null);
create table chat_turns (
    id integer primary key, chat_id integer not null references chats(id), position integer not null,
    speaker text not null, text text not null, at text not null);
create table calls (
    id integer primary key, customer_id integer not null references customers(id),
    agent_id integer not null references agents(id), category text not null, subject text not null,
    status text not null, seconds integer not null, created_at text not null, updated_at text not null);
create table call_turns (
    id integer primary key, call_id integer not null references calls(id), position integer not null,
    speaker text not null, text text not null, start_ms integer not null, end_ms integer not null,
    overlaps integer not null);
"""

INDEXES = """
create index tickets_updated_at on tickets(updated_at);
create index tickets_created_at on tickets(created_at);
create index chats_created_at on chats(created_at);
create index calls_created_at on calls(created_at);
create index chat_turns_chat on chat_turns(chat_id, position);
create index call_turns_call on call_turns(call_id, position);
"""

TRUTH = pa.schema([
    pa.field("kind", pa.string(), metadata={"description": "what was planted"}),
    pa.field("table", pa.string(), metadata={"description": "table of the desk"}),
    pa.field("row_id", pa.string(), metadata={"description": "id of the row it was planted in"}),
    pa.field("related_id", pa.string(), metadata={"description": "row it copies, contradicts or goes with"}),
    pa.field("cluster", pa.string(), metadata={"description": "name shared by rows that say the same"}),
    pa.field("field", pa.string(), metadata={"description": "column that holds it"}),
    pa.field("start", pa.int32(), metadata={"description": "first character, over the stored text"}),
    pa.field("end", pa.int32(), metadata={"description": "one past the last character"}),
    pa.field("type", pa.string(), metadata={"description": "type of personal data"}),
    pa.field("value", pa.string(), metadata={"description": "the text between start and end, or the right value"}),
    pa.field("note", pa.string(), metadata={"description": "anything else worth knowing"}),
])  # fmt: skip


class Fact(NamedTuple):
    """One planted fact, a row of `truth.parquet`."""

    kind: str
    table: str
    row_id: str
    related_id: str | None = None
    cluster: str | None = None
    field: str | None = None
    start: int | None = None
    end: int | None = None
    type: str | None = None
    value: str | None = None
    note: str | None = None


Row = tuple[str, tuple[Any, ...]]
"""A row of the desk: its table and its values, in the order of the columns."""


class Desk:
    """A desk being written; close it to have its indexes made and everything on the disk."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._base = sqlite3.connect(path, isolation_level=None)
        for pragma in ("page_size=4096", "encoding='UTF-8'", "journal_mode=off", "synchronous=off", "auto_vacuum=0"):
            self._base.execute(f"pragma {pragma}")
        self._base.executescript(SCHEMA)
        self._base.execute("begin")
        self._waiting: dict[str, list[tuple[Any, ...]]] = {}
        self.counts: dict[str, int] = {}

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows, each to its table."""
        for table, values in rows:
            waiting = self._waiting.setdefault(table, [])
            waiting.append(values)
            if len(waiting) >= 5000:
                self._flush(table)

    def _flush(self, table: str) -> None:
        values = self._waiting.pop(table)
        marks = ",".join("?" * len(values[0]))
        self._base.executemany(f"insert into {table} values ({marks})", values)  # noqa: S608 - our own names
        self.counts[table] = self.counts.get(table, 0) + len(values)

    def close(self) -> None:
        """Make the indexes and close the file."""
        for table in sorted(self._waiting):
            self._flush(table)
        self._base.execute("commit")
        self._base.executescript(INDEXES)
        self._base.close()


def write_truth(facts: list[Fact], path: Path) -> None:
    """Write the truth, in the order it was planted."""
    columns = zip(*facts, strict=True) if facts else ([] for _ in TRUTH)
    arrays = [pa.array(column, type=f.type) for column, f in zip(columns, TRUTH, strict=True)]
    pq.write_table(pa.Table.from_arrays(arrays, schema=TRUTH), path, compression="zstd")
