"""Anonymized records in, records in the house's terms and worth reading out (TextPreprocessor, stages 2 and 3)."""

from __future__ import annotations

from typing import Any, NamedTuple

import pyarrow as pa

from assets import tables
from assets.ledger import Ledger, Published
from assets.standardization import domain, quality
from assets.standardization.language import language
from assets.standardization.params import StandardizationParams
from assets.standardization.wording import SpecialCases, Terminology

_MARKS = " .,;:!?…-–"


def standardize(records: pa.Table, params: StandardizationParams) -> Published:
    """Put the house's terms, handle special cases, settle the language, and drop what is not worth reading.

    Drops `only_placeholders`, `too_short`, `mostly_symbols`, `repeated` and `wrong_language`, in that order.
    """
    house = _House(domain.terminology(params.terminology), domain.special_cases(params.special_cases))
    ledger = Ledger.of(records, key="record_id")
    kept = []
    for row in records.to_pylist():
        row |= house.rewritten(row)
        texts = [turn["text"] for turn in row["turns"]]
        reason = quality.fault(texts, params)
        if not reason:
            row["language"], row["language_confidence"] = language("\n".join(texts), row["language"], params)
            if params.wanted_languages and row["language"] not in params.wanted_languages:
                reason = "wrong_language"
        if reason:
            ledger.drop(row["record_id"], reason)
        else:
            kept.append(row)
    return ledger.close(tables.STANDARDIZED_RECORDS.of(kept), key="record_id")


class _House(NamedTuple):
    """How this house writes."""

    terminology: Terminology
    special: SpecialCases

    def rewritten(self, row: dict[str, Any]) -> dict[str, Any]:
        """Subject and turns in the house's terms; a turn of which no more than marks is left goes."""
        changes, turns = 0, []
        for turn in row["turns"] or ():
            text, changed = self._rewrite(turn["text"] or "", row["kind"])
            changes += changed
            if text.strip(_MARKS):
                turns.append({**turn, "text": text})
        subject, changed = self._rewrite(row["subject"] or "", row["kind"])
        return {"subject": subject or None, "turns": turns, "terms_replaced": changes + changed}

    def _rewrite(self, text: str, kind: str) -> tuple[str, int]:
        text, changed = self.terminology.put(text)
        for case in self.special.cases:
            if not case.kinds or kind in case.kinds:
                text = case.handle(text)
        return text.strip(), changed
