"""The verb of validation: pairs in, pairs worth learning from out, with their scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

import pyarrow as pa

from assets import tables
from assets.errors import RefineryError
from assets.ledger import Ledger, Published
from assets.tables import MapRows, serially
from assets.validation.decide import decide, failures
from assets.validation.params import ScoringParams, ValidationParams
from assets.validation.score import score

_SCORES = tuple(column.name for column in tables.SCORES)
_AT_ONCE = 512


def validate(pairs: pa.Table, params: ValidationParams, *, map_rows: MapRows = serially) -> Published:
    """Score every pair, keep those within all limits, drop each other one for the first limit it misses."""
    scoring = ScoringParams(**{name: getattr(params, name) for name in ScoringParams.model_fields})
    scores = map_rows(pairs, partial(score, params=scoring))
    reasons = decide(scores, params)
    ledger = Ledger.of(pairs, key="pair_id")
    for pair_id, reason in zip(pairs.column("pair_id").to_pylist(), reasons, strict=True):
        if reason is not None:
            ledger.drop(pair_id, reason)
    scored = pairs
    for name in _SCORES:
        scored = scored.append_column(name, scores.column(name))
    kept = scored.filter(pa.array([reason is None for reason in reasons], pa.bool_()))
    return ledger.close(tables.VALIDATED_PAIRS.conform(kept), key="pair_id")


def apply(rows: Iterable[Mapping[str, Any]], params: ValidationParams) -> Iterator[dict[str, Any]]:
    """Judge plain rows {id, question, answer, category?}: give {id, keep, reasons, scores} for each, in order.

    All reasons are given, the deciding one first; a missing text is an empty one.

    Raises:
        RefineryError: A row without `id`; names its number.
    """
    limits = params.limits_for()
    numbered = enumerate(rows, start=1)
    while batch := [_pair(number, row) for number, row in islice(numbered, _AT_ONCE)]:
        scores = score(tables.QA_PAIRS.of(batch), params).to_pylist()
        for found in scores:
            against = failures(found, limits)
            yield {
                "id": found["pair_id"],
                "keep": not against,
                "reasons": against,
                "scores": {name: found[name] for name in (*_SCORES, "substance")},
            }


def _pair(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    if row.get("id") is None:
        raise RefineryError(f"row {number}", "no id", "give every row an id")
    return {"pair_id": str(row["id"]), "question": row.get("question") or "", "answer": row.get("answer") or ""}
