"""Replace personal data in records by typed placeholders."""

from __future__ import annotations

import functools
import hashlib
import hmac
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from assets import tables
from assets.anonymization import domain, placeholders
from assets.anonymization.detection import Detector, Unreadable
from assets.anonymization.guards import left_over
from assets.anonymization.known import typed
from assets.anonymization.known_forms import TYPES, name_words
from assets.anonymization.params import AnonymizationParams
from assets.anonymization.spans import Span
from assets.ledger import Ledger, Published
from assets.tables import MapRows, serially

FREE_FIELDS = ("category", "priority", "channel", "licence", "consent")
"""Fields that pass through but are free text at the source; patterns and whole known values are masked there too."""
_BATCH = 256
_FAULT, _MODES = pa.field("fault", pa.string()), pa.field("modes", pa.list_(pa.string()))
_SCHEMA = pa.schema([*tables.ANONYMIZED_RECORDS.schema, _FAULT, _MODES])


def anonymize(
    records: pa.Table, params: AnonymizationParams, *, key: bytes = b"", map_rows: MapRows = serially
) -> Published:
    """Mask personal data in subject and turns; what is known of the people and the source's ids stay behind.

    Args:
        records: `tables.NORMALIZED_RECORDS`.
        params: What counts as personal data.
        key: The installation key, for types whose action is `hash`; without it they get placeholders.
        map_rows: How the work is spread over processes.

    Returns:
        `tables.ANONYMIZED_RECORDS`, and the ledger. A record that cannot be processed is quarantined: `no_turns`,
        `too_long`, `too_many_known`, `unreadable`, or `personal_data_left` where the result still holds a known value
        or a promised pattern.
    """
    return anonymize_and_count(records, params, key=key, map_rows=map_rows)[0]


def anonymize_and_count(
    records: pa.Table, params: AnonymizationParams, *, key: bytes = b"", map_rows: MapRows = serially
) -> tuple[Published, dict[str, dict[str, int]]]:
    """Do what `anonymize` does, and count by partition how many texts were looked at in which mode, see `Mode`."""
    ledger = Ledger.of(records, key="record_id")
    domain.pii_domain(params.patterns), domain.agents(params.agents)  # a broken file is an error before work starts
    masked = map_rows(records, functools.partial(mask_records, params=params, key=key))
    for record_id, fault in zip(
        masked.column("record_id").to_pylist(), masked.column("fault").to_pylist(), strict=True
    ):
        if fault:
            ledger.quarantine(record_id, fault)
    kept = masked.filter(pc.is_null(masked.column("fault")))
    counted: dict[str, Counter[str]] = {}
    for partition, modes in zip(*(kept.column(c).to_pylist() for c in ("partition", "modes")), strict=True):
        counted.setdefault(partition, Counter()).update(modes)
    told = {partition: dict(sorted(modes.items())) for partition, modes in sorted(counted.items())}
    return ledger.close(tables.ANONYMIZED_RECORDS.conform(kept), key="record_id"), told


def mask_records(records: pa.Table, params: AnonymizationParams, key: bytes = b"") -> pa.Table:
    """Mask each record on its own; the column `fault` says why one must be set aside, and its texts are then empty."""
    detector = Detector(params)
    rows = records.to_pylist()
    faults = [_fault(row, params) for row in rows]
    detector.prepare(
        (row["kind"], text) for row, fault in zip(rows, faults, strict=True) if not fault for text in _texts(row)
    )
    out = [_masked(row, fault, detector, params, _secret(row, key)) for row, fault in zip(rows, faults, strict=True)]
    return pa.Table.from_pylist(out, schema=_SCHEMA)


def find_spans(
    text: str, known: Iterable[tuple[str, str]], params: AnonymizationParams, kind: str = "ticket"
) -> list[Span]:
    """Find the personal data of one text, on its own.

    Args:
        text: The text; spans count its characters.
        known: Pairs of type and value known of its people.
        params: What counts as personal data.
        kind: Kind of the record the text belongs to.
    """
    detector = Detector(params)
    detector.prepare([(kind, text)])
    return detector.find_all([text], tuple(known), kind)[0]


def apply(rows: Iterable[Mapping[str, Any]], params: AnonymizationParams) -> Iterator[dict[str, Any]]:
    """Anonymize plain mappings, each on its own: {id, text, kind?, known?: [strings]} to {id, text, spans}.

    A row that would be quarantined comes out with an empty text and its reason as `error`.
    """
    rows = iter(rows)
    while batch := list(itertools.islice(rows, _BATCH)):
        detector = Detector(params)  # a new one: what it remembers of texts must not grow with the input
        records = [_as_record(row) for row in batch]
        faults = [_fault(record, params) for record in records]
        detector.prepare((r["kind"], _texts(r)[1]) for r, fault in zip(records, faults, strict=True) if not fault)
        for row, record, fault in zip(batch, records, faults, strict=True):
            masked, spans, fault = ("", [], fault) if fault else _applied(record, detector, params)
            found = [{"start": s.start, "end": s.end, "type": s.type, "score": round(s.score, 4)} for s in spans]
            yield {"id": row.get("id"), "text": masked, "spans": found} | ({"error": fault} if fault else {})


def _as_record(row: Mapping[str, Any]) -> dict[str, Any]:
    known = [{"type": kind, "value": value} for kind, value in typed(row.get("known") or ())]
    turn = {"speaker": "customer", "text": str(row.get("text") or ""), "at": None}
    return {"kind": row.get("kind") or "ticket", "subject": None, "turns": [turn], "known": known}


def _applied(
    record: Mapping[str, Any], detector: Detector, params: AnonymizationParams
) -> tuple[str, list[Span], str | None]:
    known = _known(record)
    try:
        roster = _roster(record, known, detector)
        (_, masked), (_, spans) = _mask(_texts(record), known, record["kind"], detector, params, roster)
    except Unreadable:
        return "", [], "unreadable"
    kept = {kind for kind, action in params.actions.items() if action == "keep"}
    if left_over([masked], detector.known(known), kept=kept):
        return "", [], "personal_data_left"
    return masked, spans, None


def _secret(row: Mapping[str, Any], key: bytes) -> bytes:
    """The secret of a record's hashes: one for a thread, so that they link nothing across threads and customers."""
    thread = row.get("thread_id") or row["record_id"]
    return hmac.new(key, f"anonymization:{thread}".encode(), hashlib.sha256).digest() if key else b""


def _known(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((k["type"] or "other", k["value"]) for k in row["known"] or () if k["value"])


def _fault(row: Mapping[str, Any], params: AnonymizationParams) -> str | None:
    if not row["turns"]:
        return "no_turns"
    free = (row.get(field) or "" for field in FREE_FIELDS)
    if any(len(text) > params.max_text_length for text in (*_texts(row), *free)):
        return "too_long"
    return "too_many_known" if len(row["known"] or ()) > params.max_known else None


def _texts(row: Mapping[str, Any]) -> list[str]:
    """The texts of a record in reading order: subject first, then turn by turn."""
    return [row["subject"] or "", *(turn["text"] or "" for turn in row["turns"])]


def _masked(
    row: Mapping[str, Any], fault: str | None, detector: Detector, params: AnonymizationParams, secret: bytes
) -> dict[str, Any]:
    passed = {f.name: row.get(f.name) for f in tables.ANONYMIZED_RECORDS.schema if f.name in row}
    passed |= {"subject": None, "turns": [], "entities": []} | dict.fromkeys(FREE_FIELDS)
    if fault:
        return passed | {"fault": fault, "modes": []}
    known = _known(row)
    try:
        roster = _roster(row, known, detector)
        texts, spans = _mask(_texts(row), known, row["kind"], detector, params, roster, secret)
        free = {field: _field(row[field], known, detector, params, roster, secret) for field in FREE_FIELDS}
    except Unreadable:
        return passed | {"fault": "unreadable", "modes": []}
    on_file = detector.known(known)
    kept = {kind for kind, action in params.actions.items() if action == "keep"}
    in_free = filter(None, free.values())
    if left_over(texts, on_file, kept=kept) or left_over(in_free, on_file, single_names=False, kept=kept):
        return passed | {"fault": "personal_data_left", "modes": []}
    turns = [
        turn | {"text": text if turn["text"] is not None else None}
        for turn, text in zip(row["turns"], texts[1:], strict=True)
    ]
    subject = texts[0] if row["subject"] is not None else None
    counts = placeholders.counts(span for found in spans for span in found)
    modes = detector.modes(_texts(row), row["kind"])
    return passed | free | {"subject": subject, "turns": turns, "entities": counts, "fault": None, "modes": modes}


def _roster(row: Mapping[str, Any], known: Iterable[tuple[str, str]], detector: Detector) -> placeholders.Roster:
    names = (name_words(value) for kind, value in known if TYPES.get(kind) == "PERSON")
    return placeholders.Roster(names, detector.agents.people, placeholders.highest_number(_texts(row)))


def _mask(
    texts: list[str],
    known: tuple[tuple[str, str], ...],
    kind: str,
    detector: Detector,
    params: AnonymizationParams,
    roster: placeholders.Roster,
    secret: bytes = b"",
) -> tuple[list[str], list[list[Span]]]:
    spans = detector.find_all(texts, known, kind)
    masked = [
        placeholders.replace(text, found, roster, params.entities, params.numbered, params.actions, secret)
        for text, found in zip(texts, spans, strict=True)
    ]
    return masked, spans


def _field(
    value: str | None,
    known: tuple[tuple[str, str], ...],
    detector: Detector,
    params: AnonymizationParams,
    roster: placeholders.Roster,
    secret: bytes,
) -> str | None:
    """Mask a short free field; single names stay, or a category 'Mark as paid' would differ from Mark to Mark."""
    if value is None:
        return None
    spans = detector.find_field(value, known)
    return placeholders.replace(value, spans, roster, params.entities, params.numbered, params.actions, secret)
