"""Collected records in, the same records with clean texts out (TextPreprocessor.clean_text, stage 1)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from assets import tables
from assets.ledger import Ledger, Published
from assets.normalization import encoding, mail, markup, templates, whitespace
from assets.normalization.draft import Draft, Edit
from assets.normalization.params import NormalizationParams
from assets.tables import MapRows, serially

_WRITTEN = ("ticket", "chat")  # kinds that come through mail programs
_EDITED = ("article", "external")  # kinds that come through publishing systems
_PASSES = 8
_TEMPLATING = (
    templates.front_matter, templates.titles, templates.unwrapped, templates.liquid, templates.links, templates.escapes,
)  # fmt: skip

_REPLY_PREFIX = re.compile(
    r"\A(?:\s*(?:re|fwd?|aw|wg|tr|rv|sv|antw|odp|enc|res)(?:\[\d+\])?\s*:\s*|\s*\[ext(?:ernal)?\]\s*)+", re.I
)


def normalize(records: pa.Table, params: NormalizationParams, *, map_rows: MapRows = serially) -> Published:
    """Clean every subject and turn; a turn with nothing left is left out, and so is a record without turns.

    Drops `empty_after_cleaning`; quarantines `too_long`.
    """
    ledger = Ledger.of(records, key="record_id")
    for row, longest in zip(records.column("record_id").to_pylist(), _longest(records), strict=True):
        if longest > params.max_characters:
            ledger.quarantine(row, "too_long")
    cleaned = map_rows(_undecided(records, ledger), functools.partial(_clean_rows, params=params))
    for row, turns in zip(cleaned.column("record_id").to_pylist(), cleaned.column("turns").to_pylist(), strict=True):
        if not turns:
            ledger.drop(row, "empty_after_cleaning")
    return ledger.close(tables.NORMALIZED_RECORDS.conform(_undecided(cleaned, ledger)), key="record_id")


def normalize_text(text: str, params: NormalizationParams, kind: str = "ticket") -> Draft:
    r"""Clean one text; the draft's `text` is the result, `removed()` says what went and where it stood.

    Cleaning twice equals cleaning once: the stages are repeated until none finds anything, so that mark-up
    which was escaped, or nested in what was removed, goes too (to a depth no honest text reaches).

    >>> params = NormalizationParams()
    >>> draft = normalize_text("<p>Hi&nbsp;there,<br/>donâ€™t worry.</p>\n> old\n--\nAnn", params)
    >>> print(draft.text)
    Hi there,
    don’t worry.
    >>> [(r.kind, r.start, r.end) for r in draft.removed()][-2:]
    [('quoted_reply', 41, 47), ('signature', 47, 53)]
    >>> normalize_text("And you <UNIN/> <UNSURE>feel</UNSURE> well?", params, "call").text
    'And you feel well?'
    """
    draft = Draft(text)
    for _ in range(_PASSES):
        before = draft.text
        _one_pass(draft, params, kind)
        if draft.text == before:
            break
    return draft


def apply(rows: Iterable[Mapping[str, Any]], params: NormalizationParams) -> Iterator[dict[str, Any]]:
    r"""Clean {id, text, kind?} to {id, text, spans}: what was removed or repaired, over the text that came in.

    A row without a kind is read as a ticket; an empty result is an empty text, never a missing row.

    >>> list(apply([{"id": 1, "text": "Help!\n\nSent from my iPhone"}], NormalizationParams()))[0]["spans"]
    [{'start': 7, 'end': 26, 'type': 'signature', 'score': 1.0}]
    """
    for row in rows:
        draft = normalize_text(row["text"] or "", params, row.get("kind") or "ticket")
        spans = [{"start": r.start, "end": r.end, "type": r.kind, "score": 1.0} for r in draft.removed()]
        yield {"id": row["id"], "text": draft.text, "spans": spans}


def _one_pass(draft: Draft, params: NormalizationParams, kind: str) -> None:
    """Run every stage once, in the order in which one stage's faults hide another's."""
    if params.repair_encoding:
        draft.apply(encoding.mojibake(draft.text))
    draft.apply(encoding.control(draft.text))
    if params.strip_templating and kind in _EDITED:
        for stage in _TEMPLATING:
            draft.apply(stage(draft.text))
    if params.strip_markup:
        draft.apply(markup.markup(draft.text, params.transcript_tags))
        draft.apply(markup.entities(draft.text))
    if kind == "call":
        draft.apply(_bracketed(draft.text, params.transcript_tags))
    draft.apply(whitespace.tidied(draft.text, keep_indents=kind in _EDITED))
    if kind in _WRITTEN:
        _strip_mail(draft, params)


def _strip_mail(draft: Draft, params: NormalizationParams) -> None:
    if params.macros:
        draft.apply(_macros(draft.text, params.macros))
    if params.boilerplate:
        draft.apply(_boilerplate(draft.text, params.boilerplate))
    if params.strip_quoted_replies:
        draft.apply(mail.quoted_replies(draft.text))
    if params.strip_signatures:
        draft.apply(mail.signature(draft.text, params.signature_lines))


def _bracketed(text: str, tags: tuple[str, ...]) -> Iterator[Edit]:
    """Transcribers' marks in a call: [inaudible], [crosstalk 00:12], [00:01:02]."""
    if "[" in text:
        yield from (Edit(*m.span(), " ", "markup") for m in _marks(tags).finditer(text))


@functools.cache
def _marks(tags: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(re.escape(t).replace("_", "[ _]") for t in tags) or "(?!)"
    return re.compile(rf"\[(?:(?:{names})(?: \d+(?::\d\d)*)?|\d+(?::\d\d)+(?:\.\d+)?)\]", re.I)


def _boilerplate(text: str, patterns: tuple[str, ...]) -> Iterator[Edit]:
    yield from (Edit(*m.span(), kind="macro") for m in _boilerplate_lines(patterns).finditer(text))


@functools.cache
def _boilerplate_lines(patterns: tuple[str, ...]) -> re.Pattern[str]:
    joined = "|".join(f"(?:{p})" for p in patterns)
    return re.compile(rf"^[ \t]*(?:{joined})[ \t]*(?:\n|\Z)", re.I | re.M)


def _macros(text: str, macros: tuple[str, ...]) -> Iterator[Edit]:
    yield from (Edit(*m.span(), kind="macro") for m in _macro_texts(macros).finditer(text))


@functools.cache
def _macro_texts(macros: tuple[str, ...]) -> re.Pattern[str]:
    ordered = sorted(macros, key=len, reverse=True)
    return re.compile("|".join(r"\s+".join(map(re.escape, macro.split())) for macro in ordered), re.I)


def _subject(text: str | None, params: NormalizationParams, kind: str) -> str | None:
    """A subject in one line, without 'Re:' and 'Fwd:'."""
    if text is None:
        return None
    line = " ".join(normalize_text(text, params, "subject").text.split())
    return _REPLY_PREFIX.sub("", line) or None


def _clean_rows(chunk: pa.Table, params: NormalizationParams) -> pa.Table:
    kinds = chunk.column("kind").to_pylist()
    subjects, turns = chunk.column("subject").to_pylist(), chunk.column("turns").to_pylist()
    columns = {
        "subject": [_subject(s, params, k) for s, k in zip(subjects, kinds, strict=True)],
        "turns": [_turns(t, params, k) for t, k in zip(turns, kinds, strict=True)],
    }
    for name, values in columns.items():
        field = chunk.schema.field(name)
        chunk = chunk.set_column(chunk.schema.get_field_index(name), field, pa.array(values, field.type))
    return chunk


def _turns(turns: list[dict[str, Any]] | None, params: NormalizationParams, kind: str) -> list[dict[str, Any]]:
    cleaned = ({**t, "text": normalize_text(t["text"] or "", params, kind).text} for t in turns or ())
    return [t for t in cleaned if t["text"]]


def _longest(records: pa.Table) -> Iterator[int]:
    """Characters of the longest text of every record."""
    for subject, turns in zip(records.column("subject").to_pylist(), records.column("turns").to_pylist(), strict=True):
        yield max(len(subject or ""), *(len(t["text"] or "") for t in turns or ()), 0)


def _undecided(records: pa.Table, ledger: Ledger) -> pa.Table:
    """The rows that have no outcome yet."""
    mask = [not ledger.decided(row) for row in records.column("record_id").to_pylist()]
    return records.filter(pa.array(mask, pa.bool_()))
