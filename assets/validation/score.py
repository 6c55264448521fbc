"""Scores: statistics of each pair, computed without knowing any threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from assets import tables
from assets.validation.machine_mail import KINDS, likenesses
from assets.validation.non_answers import essence, substance
from assets.validation.params import ScoringParams
from assets.validation.relevance import asked, relevance, vectors
from assets.validation.wording import clarity, completeness, grammar, readability, specificity

SCORE_SCHEMA = pa.schema(
    [("pair_id", pa.string()), ("kind", pa.string()), *((c.name, c.type) for c in (*tables.SCORES, *tables.STATISTICS))]
)

_LETTERS = ("ticket", None)
"""Kinds of record that a machine may have written; who talks or publishes is somebody."""
_READS = ("pair_id", "kind", "question", "answer", "history")


def score(pairs: pa.Table, params: ScoringParams) -> pa.Table:
    """Return the scores of each pair, in the order of the pairs; every score rounded to 4 decimals.

    Question and answer are embedded without their courtesies. An answer without substance has no relevance to measure:
    its `similarity`, `relevance`, likenesses to machine mail and vectors are null.
    """
    rows = [_wording(row) for row in pairs.select(_READS).to_pylist()]
    said = [row for row in rows if row["substance"] > 0]
    how: dict[str, Any] = {
        "model": params.embedding_model,
        "tokens": params.embedding_tokens,
        "precision": params.precision,
    }
    questions, answers = vectors([row["asked"] for row in said], [row["told"] for row in said], **how)
    cosines = np.einsum("ij,ij->i", questions, answers).round(4)
    shares = relevance(cosines, params.mismatched_cosines)
    stored = (side.astype(np.float16) for side in (questions, answers))
    for row, cosine, share, q, a in zip(said, cosines.tolist(), shares.tolist(), *stored, strict=True):
        row |= {"similarity": round(cosine, 4), "relevance": round(share, 4), "question_vector": q, "answer_vector": a}
    letters = [n for n, row in enumerate(said) if row["kind"] in _LETTERS]
    likely = likenesses([said[n]["letter"] for n in letters], questions[letters], **how)
    for n, found in zip(letters, likely.astype(float).round(4).tolist(), strict=True):
        said[n] |= dict(zip(KINDS, found, strict=True))
    return pa.Table.from_pylist([{k: row.get(k) for k in SCORE_SCHEMA.names} for row in rows], schema=SCORE_SCHEMA)


def _wording(pair: Mapping[str, Any]) -> dict[str, Any]:
    """Return the statistics of one pair that need no model."""
    question, answer = (pair["question"] or "").strip(), (pair["answer"] or "").strip()
    asks = {"clarity": clarity(question), "specificity": specificity(question), "grammar": grammar(question)}
    verdict = substance(answer)
    says = {
        "substance": verdict.substance,
        "completeness": completeness(answer),
        "readability": readability(answer),
    }
    return {
        "pair_id": pair["pair_id"],
        "kind": pair["kind"],
        "letter": question,
        "asked": asked(essence(question), pair["history"]),
        "told": essence(answer),
        "question_chars": len(question),
        "answer_chars": len(answer),
        "question_quality": round(sum(asks.values()) / len(asks), 4),
        "answer_quality": round(sum(says.values()) / len(says), 4),
        "non_answer": None if verdict.substance else verdict.act or "empty",
        **asks,
        **says,
    }
