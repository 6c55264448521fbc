"""A database as a source: one table or query, and the table of its turns, read as a stream and never written to."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from assets.collection.mapping import field
from assets.collection.records import TURNS
from assets.errors import RefineryError

if TYPE_CHECKING:
    from assets.collection.params import SourceParams, Turns

_BATCH: Final = 500
_PATIENCE: Final = 10
"""Seconds a server has to answer."""


class Database:
    """A source's rows, over a connection that is open; see `connected`."""

    def __init__(self, connection: sa.Connection, source: SourceParams, place: str) -> None:
        self._connection, self._source = connection, source
        self._where, self._place = f"sources.{source.name}", place
        self.columns = self._columns(source)
        """Names of the columns, in order."""
        self._record = _selectable(source, self.columns).alias("record")
        self.order = [name for name in self._mapped("id", "created_at", "updated_at") if name in self.columns]
        """Columns that put the rows in order, so that equal rows come in equal order."""
        self._turns = source.turns if source.turns and source.turns.apart else None
        self._said = self._columns(self._turns) if self._turns else ()
        if self._turns:
            self._check(self._turns)

    def expect(self, names: Iterable[str]) -> None:
        """Refuse settings that count on columns which are not there."""
        missing = sorted({*names} - {*self.columns, TURNS, "_file"})
        if missing:
            named = ", ".join(f"'{name}'" for name in missing)
            what = f"{self._source.table or 'its query'} has no column {named}"
            raise RefineryError(self._where, what, "correct the field mapping, or end it in '?' if it may be absent")

    def rows(self, ids: Sequence[Hashable] | None = None) -> Iterator[dict[str, Any]]:
        """Yield every row, or those whose `id` column holds one of these values, in the order of `order`."""
        if ids is None:
            yield from self._rows(self._record.select())
            return
        column = self._record.c[self.order[0]]
        for n in range(0, len(ids), _BATCH):
            some = sa.bindparam("ids", list(ids[n : n + _BATCH]), sa.types.NullType(), expanding=True)
            yield from self._rows(self._record.select().where(column.in_(some)))

    def keys(self, columns: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield some columns of every row; all others stay unread."""
        some = [name for name in self.columns if name in set(columns)]
        for row in self._stream(sa.select(*(self._record.c[n] for n in some)).order_by(*self._ordered(self._record))):
            yield dict(zip(some, row, strict=True))

    def _rows(self, records: sa.Select[Any]) -> Iterator[dict[str, Any]]:
        if self._turns is None:
            for row in self._stream(records.order_by(*self._ordered(self._record))):
                yield dict(zip(self.columns, row, strict=True))
            return
        # One statement, and so one moment: the records, numbered so that equal ones stay apart, each beside its turns.
        number = sa.func.row_number().over(order_by=self._ordered(self._record) or None)
        record = records.add_columns(number.label(TURNS)).subquery("numbered")
        turn = _selectable(self._turns, self._said).alias("turn")
        beside = record.outerjoin(turn, turn.c[self._turns.belongs_to] == record.c[self._key(self._turns)])
        order = [record.c[TURNS], *(turn.c[name] for name in self._turns.order_by)]
        width, on = len(self.columns), self._said.index(self._turns.belongs_to or "")
        rows = self._stream(sa.select(*record.c, *turn.c).select_from(beside).order_by(*order))
        for _, group in groupby(rows, key=lambda row: row[width]):
            found = [tuple(row) for row in group]
            turns = [dict(zip(self._said, r[width + 1 :], strict=True)) for r in found if r[width + 1 + on] is not None]
            yield {**dict(zip(self.columns, found[0][:width], strict=True)), TURNS: turns}

    def _stream(self, statement: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
        try:
            yield from self._connection.execute(statement)
        except SQLAlchemyError as fault:
            what = f"reading {self._place} failed ({_words(fault)})"
            raise RefineryError(self._where, what, "see that it is up and its query is sound") from None

    def _ordered(self, selectable: sa.FromClause) -> list[sa.ColumnElement[Any]]:
        return [selectable.c[name] for name in self.order]

    def _mapped(self, *names: str) -> list[str]:
        """Return the columns that fill some fields of the record."""
        columns = [c for n in names if n in self._source.fields for c in field(self._source.fields[n]).columns or ()]
        return list(dict.fromkeys(columns))

    def _key(self, turns: Turns) -> str:
        return turns.key or self._source.fields["id"]

    def _columns(self, place: SourceParams | Turns) -> tuple[str, ...]:
        """Return the names of the columns a table or query has.

        Raises:
            RefineryError: There is no such table, or the query is wrong.
        """
        named = f"table '{place.table}'" if place.table else "query"
        try:
            nothing = sa.select(sa.text("*")).select_from(_selectable(place, ())).where(sa.false())
            return tuple(self._connection.execute(nothing).keys())
        except SQLAlchemyError as fault:
            what = f"{self._place} cannot answer its {named} ({_words(fault, sound=True)})"
            raise RefineryError(self._where, what, "correct the settings") from None

    def _check(self, turns: Turns) -> None:
        """Refuse a mapping of turns that counts on columns which are not there."""
        mappings = [turns.speaker, turns.text, *turns.where, *(m for m in (turns.at, turns.after) if m)]
        wanted = {name for mapping in mappings for name in field(mapping).names} | {
            turns.belongs_to or "",
            *turns.order_by,
        }
        missing = [*sorted(wanted - {*self._said}), *({self._key(turns)} - {*self.columns})]
        if missing:
            named = ", ".join(f"'{name}'" for name in missing)
            raise RefineryError(
                f"{self._where}.turns", f"there is no column {named}", "correct the settings of the turns"
            )


@contextmanager
def connected(source: SourceParams) -> Iterator[Database]:
    """Open a source's database for reading.

    A URL is never told whole, for it may hold a password, and what the database says of a fault only
    where it cannot quote a row.

    Raises:
        RefineryError: The URL is wrong, nothing answers there, or it has no such table or column.
    """
    where, url = f"sources.{source.name}", _url(source)
    place = _place(url)
    try:
        engine = sa.create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=_arguments(url))
    except (NoSuchModuleError, ImportError):
        raise RefineryError(
            where, f"nothing here speaks {url.drivername}", "install its driver, or correct `url`"
        ) from None
    except (ArgumentError, TypeError, ValueError):
        raise RefineryError(where, f"{place} is no database's address", "correct `url`") from None
    sa.event.listen(engine, "connect", _PREPARE.get(engine.dialect.name, _as_it_is))
    try:
        connection = engine.connect().execution_options(yield_per=_BATCH, **_OPTIONS.get(engine.dialect.name, {}))
    except (SQLAlchemyError, TypeError, ValueError, OSError) as fault:
        what = f"cannot open {place} ({type(fault).__name__})"
        raise RefineryError(where, what, "see that it is up, and that `url` and the password are right") from None
    with connection:
        yield Database(connection, source, place)


def _url(source: SourceParams) -> sa.URL:
    where = f"sources.{source.name}"
    try:
        url = sa.make_url(source.url.get_secret_value() if source.url else "")
    except (ArgumentError, ValueError):
        raise RefineryError(where, "its url is none", "write it as dialect://user@host:port/database") from None
    if "@" in f"{url.host}{url.database}":  # part of a password, by its place
        raise RefineryError(where, "its url has an '@' too many", "write one within a password as %40")
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise RefineryError(
            where, f"there is no file at {url.database or 'its url'}", "correct `url`, or make the desk"
        )
    return url


def _place(url: sa.URL) -> str:
    """Return where a URL leads, without user, password and options."""
    return sa.URL.create(url.drivername, host=url.host, port=url.port, database=url.database).render_as_string()


def _selectable(place: SourceParams | Turns, columns: Iterable[str]) -> Any:
    """Return a table or query as something to select from."""
    named: list[sa.ColumnClause[Any]] = [sa.column(name) for name in columns]
    if place.table:
        schema, _, table = place.table.rpartition(".")
        return sa.table(table, *named, schema=schema or None)
    query = (place.query or "").strip().rstrip(";").replace(":", "\\:")  # a colon is no parameter here
    return sa.text(query + "\n").columns(*named).subquery("query")


def _words(fault: SQLAlchemyError, *, sound: bool = False) -> str:
    """Return what a database says of a fault, where that speaks of the statement alone; else the fault's type."""
    said = str(getattr(fault, "orig", "") or "").partition("\n")[0]
    return said if said and (sound or isinstance(fault, ProgrammingError)) else type(fault).__name__


def _arguments(url: sa.URL) -> dict[str, Any]:
    patient = url.get_backend_name() in ("postgresql", "mysql", "mariadb") and "connect_timeout" not in url.query
    return {"connect_timeout": _PATIENCE} if patient else {}


def _as_it_is(connection: Any, _: object) -> None:
    """Leave a connection as it is."""


def _prepare_sqlite(connection: Any, _: object) -> None:
    """Refuse to write; let a text that is no UTF-8 cost its own row only."""
    connection.execute("pragma query_only = on")
    connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")


def _prepare_postgresql(connection: Any, _: object) -> None:
    """Tell moments in UTC; let one Python cannot hold, such as infinity, come as text: it costs its own row only."""
    if type(connection).__module__.partition(".")[0] != "psycopg":
        return
    import psycopg
    from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader

    connection.execute("set time zone 'UTC'")
    connection.commit()
    for name, loader in (("date", DateLoader), ("timestamp", TimestampLoader), ("timestamptz", TimestamptzLoader)):

        def load(self: Any, data: Any, loader: Any = loader) -> Any:
            try:
                return loader.load(self, data)
            except psycopg.DataError:
                return bytes(data).decode()

        connection.adapters.register_loader(name, type(f"Lenient{loader.__name__}", (loader,), {"load": load}))


_PREPARE = {"sqlite": _prepare_sqlite, "postgresql": _prepare_postgresql}
_OPTIONS: dict[str, dict[str, Any]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
