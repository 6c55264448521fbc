"""The verbs of validation on a slice of the record line: pairs scored, then those worth learning from kept."""

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
from assets.validation.relate import Relation, related
from assets.validation.score import score

CONTRACT = ("question_quality", "answer_quality", "relevance", "completeness")
"""What DataValidator.validate_qa_pair tells of a pair."""

_SCORES = tuple(column.name for column in tables.SCORES)
_AT_ONCE = 512


def score_pairs(pairs: pa.Table, params: ScoringParams, *, map_rows: MapRows = serially) -> Published:
    """Give every pair the statistics it is judged by; none is dropped."""
    scores = map_rows(pairs, partial(score, params=params))
    scored = pairs
    for column in (*tables.SCORES, *tables.STATISTICS):
        scored = scored.append_column(column.name, scores.column(column.name))
    return Ledger.of(pairs, key="pair_id").close(tables.SCORED_PAIRS.conform(scored), key="pair_id")


def validate(scored: pa.Table, params: ValidationParams) -> Published:
    """Keep the scored pairs within all limits, drop each other one for the first limit it misses."""
    reasons = decide(scored.drop_columns(["question_vector", "answer_vector"]), params)
    ledger = Ledger.of(scored, key="pair_id")
    for pair_id, reason in zip(scored.column("pair_id").to_pylist(), reasons, strict=True):
        if reason is not None:
            ledger.drop(pair_id, reason)
    kept = scored.filter(pa.array([reason is None for reason in reasons], pa.bool_()))
    return ledger.close(tables.VALIDATED_PAIRS.conform(kept), key="pair_id")


def validate_qa_pair(question: str, answer: str, params: ValidationParams) -> tuple[bool, dict[str, float | None]]:
    """Judge one pair by itself: whether it passes, and the four scores of the framework's DataValidator.

    A score that an empty or purely polite answer has nothing for is None.

    >>> validate_qa_pair("Is parking free?", "Closed.", ValidationParams())[0]
    False
    """
    (found,) = apply([{"id": 0, "question": question, "answer": answer}], params)
    return found["keep"], {name: found["scores"][name] for name in CONTRACT}


def apply(rows: Iterable[Mapping[str, Any]], params: ValidationParams) -> Iterator[dict[str, Any]]:
    """Judge plain rows {id, question, answer, category?}: give {id, keep, reasons, scores} for each, in order.

    The rows are taken for one desk: those within the limits are judged against each other, if there are enough. All
    reasons are given, the deciding one first; a missing text is an empty one.

    Raises:
        RefineryError: A row without `id`; names its number.
    """
    limits = params.limits_for()
    numbered = enumerate(rows, start=1)
    pairs: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    while batch := [_pair(number, row) for number, row in islice(numbered, _AT_ONCE)]:
        pairs += batch
        scores += score(tables.QA_PAIRS.of(batch), params).to_pylist()
    reasons = [failures(found, limits) for found in scores]
    fit = [at for at, found in enumerate(reasons) if not found]
    # Ids may repeat in a file; its rows do not.
    told = [pairs[at] | scores[at] | {"pair_id": str(at), "record_id": str(at)} for at in fit]
    relations: dict[int, Relation] = dict(zip(fit, related(told, params.desk), strict=True))
    for at, found in enumerate(scores):
        relation = relations.get(at)
        if relation:
            found["relevance"] = relation.relevance
            reasons[at] = list(relation.reasons)
        yield {
            "id": pairs[at]["pair_id"],
            "keep": not reasons[at],
            "reasons": reasons[at],
            "scores": {name: found[name] for name in (*_SCORES, "substance")},
        }


def _pair(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    if row.get("id") is None:
        raise RefineryError(f"row {number}", "no id", "give every row an id")
    return {
        "pair_id": str(row["id"]),
        "question": row.get("question") or "",
        "answer": row.get("answer") or "",
        "category": row.get("category"),
    }
