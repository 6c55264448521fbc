"""Help desks for tests: the sample one, and a copy of it in PostgreSQL with the types a real one has there."""

import sqlite3
from pathlib import Path

import psycopg

_TYPES = {"created_at": "timestamptz", "updated_at": "timestamptz", "retrieved_at": "timestamptz", "at": "timestamptz",
          "birth_date": "date", "overlaps": "boolean"}  # fmt: skip
_PLAIN = {"integer": "bigint", "text": "text"}


def copy_desk(desk: Path, url: str) -> None:
    """Copy every table of an SQLite desk into an empty PostgreSQL database."""
    with sqlite3.connect(desk) as old, psycopg.connect(url.replace("+psycopg", "")) as new:
        for (table,) in old.execute("select name from sqlite_master where type = 'table'").fetchall():
            columns = [(name, _TYPES.get(name, _PLAIN[type_.lower()])) for _, name, type_, *_ in _columns(old, table)]
            key = next(name for _, name, _, _, _, primary in _columns(old, table) if primary)
            said = ", ".join(f'"{name}" {type_}' for name, type_ in columns)
            new.execute(f"create table {table} ({said}, primary key ({key}))")
            names = ", ".join(f'"{name}"' for name, _ in columns)
            with new.cursor().copy(f"copy {table} ({names}) from stdin") as copy:
                for row in old.execute(f"select {names} from {table} order by {key} desc"):
                    copy.write_row(row)
    old.close()


def _columns(desk: sqlite3.Connection, table: str) -> list[tuple]:
    return desk.execute(f"pragma table_info({table})").fetchall()
