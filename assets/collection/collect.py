"""Collect the partitions asked for, and survey what every partition would hold: one sense of a row for both."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Final

from assets import tables
from assets.collection.calendar import Calendar
from assets.collection.params import CollectionParams, SourceParams
from assets.collection.reading import Entry, entries_of, prints_of
from assets.ledger import Ledger, Published

TABLES: Final = {table.name: table for table in tables.COLLECTED}


def collect(
    gives: str,
    sources: Iterable[SourceParams],
    params: CollectionParams,
    *,
    calendar: Calendar,
    keys: Collection[str],
    key: bytes,
) -> Published:
    """Read every source that gives `gives`, and hand over the rows of the partitions asked for.

    A partition holds the same rows whether it is asked for alone or with others. Rows that cannot be
    dated are accounted for in the first partition.

    Args:
        gives: tickets, chats, calls, articles or external_documents.
        sources: All sources of the settings (those that give customers are looked up in).
        params: What holds for every source.
        calendar: The slices there are.
        keys: Slices to hand over.
        key: Installation key of the pseudonyms.

    Raises:
        RefineryError: A source is missing, or lacks a column its mapping names.
    """
    wanted = frozenset(keys)
    entries = [e for e in entries_of(gives, sources, params, calendar, key, wanted) if e.partition in wanted]
    entries.sort(key=lambda entry: entry.order)
    ledger = Ledger((e.id for e in entries), (e.partition for e in entries))
    for entry in entries:
        _decide(ledger, entry)
    kept = ({**e.record, "partition": e.partition} for e in entries if e.outcome == "kept" and e.record)
    return ledger.close(TABLES[gives].of(kept), key="record_id")


def survey(
    gives: str, sources: Iterable[SourceParams], params: CollectionParams, *, calendar: Calendar, key: bytes
) -> dict[str, str]:
    """Return for every partition of a collected table a fingerprint of what it would hold.

    It changes with any mapped value, outcome or resolved identity in that partition, and with
    nothing else: a changed row marks its own partition, a changed customer those with his records.
    Of a database that maps `updated_at` only ids and dates are read, and a change that leaves
    `updated_at` as it was goes unseen; of all else every row is.

    Args:
        gives: tickets, chats, calls, articles or external_documents.
        sources: All sources of the settings.
        params: What holds for every source.
        calendar: The slices there are.
        key: Installation key of the pseudonyms.
    """
    found: dict[str, list[bytes]] = {slot: [] for slot in calendar.keys()}  # noqa: SIM118 - a calendar is no mapping
    for partition, digest in prints_of(gives, sources, params, calendar, key):
        found[partition].append(digest)
    return {partition: hashlib.sha256(b"".join(sorted(digests))).hexdigest() for partition, digests in found.items()}


def _decide(ledger: Ledger, entry: Entry) -> None:
    reason = entry.reason or entry.outcome
    if entry.outcome == "dropped":
        ledger.drop(entry.id, reason)
    elif entry.outcome == "merged":
        ledger.merge(entry.id, entry.into or "", reason)
    elif entry.outcome == "quarantined":
        ledger.quarantine(entry.id, reason, position=entry.position)
