"""The customers of all sources: one row an id, each row of a source with its fate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from assets import tables
from assets.collection.mapping import Unreadable
from assets.collection.params import CollectionParams, SourceParams
from assets.collection.reading import checked, id_of_place
from assets.collection.records import Mapper
from assets.collection.rows import rows_of
from assets.ledger import Ledger, Published

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class _Told(NamedTuple):
    """What one row says of a customer, or why it says nothing, and where it stood."""

    place: str
    position: str
    row: dict[str, Any] | None
    fault: str | None


def collect_customers(sources: Iterable[SourceParams], params: CollectionParams, *, key: bytes) -> Published:
    """Read every source that gives customers.

    Rows of one id become one: the latest speaks, of equals the first, and what any of them says of the person is
    known. A row that cannot be read is quarantined.

    Raises:
        RefineryError: A source is missing, or lacks a column its mapping names.
    """
    told = [said for source in sources if source.gives == "customers" for said in _told(source, params, key)]
    by_id: dict[str, list[_Told]] = {}
    for said in told:
        by_id.setdefault(said.row["customer_id"] if said.row else said.place, []).append(said)
    ledger, kept = Ledger(_ids(by_id)), []
    for id_, rows in by_id.items():
        first = rows[0]
        if first.row is None:
            ledger.quarantine(id_, first.fault or "wrong_type", position=first.position)
            continue
        kept.append(_joined([said.row for said in rows if said.row]))
        for again in rows[1:]:
            ledger.merge(again.place, id_, "told_again")
    return ledger.close(tables.CUSTOMERS.of(sorted(kept, key=lambda row: row["customer_id"])), key="customer_id")


def survey_customers(collected: Published) -> str:
    """Hash all that table and ledger say; of nothing, what hashing nothing gives."""
    digest = hashlib.sha256()
    for part in collected:
        for row in part.to_pylist():
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _ids(by_id: dict[str, list[_Told]]) -> list[str]:
    """Return the id each row goes by in the ledger: the customer's, and for a row told again that of its place."""
    return [name for id_, rows in by_id.items() for name in (id_, *(said.place for said in rows[1:]))]


def _told(source: SourceParams, params: CollectionParams, key: bytes) -> Iterator[_Told]:
    mapper = Mapper(source, params, key=key)
    for number, placed in enumerate(checked(rows_of(source, params), mapper), 1):
        position = f"{source.name}: {placed.file} row {placed.number or number}"
        row, fault = None, placed.fault
        if fault is None:
            try:
                row = mapper.customer(placed.values)
            except Unreadable as wrong:
                fault = str(wrong)
        yield _Told(id_of_place(position, mapper), position, row, fault)


def _joined(rows: list[dict[str, Any]]) -> dict[str, Any]:
    latest = max(enumerate(rows), key=lambda item: (item[1]["updated_at"] or _LONG_AGO, -item[0]))[1]
    known = {(k["type"], k["value"]): k for row in rows for k in row["known"]}
    return {**latest, "known": list(known.values())}
