"""Scores: statistics of each pair, computed without knowing any threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from assets.validation.non_answers import substance
from assets.validation.params import ScoringParams
from assets.validation.relevance import asked, relevance, similarity
from assets.validation.wording import clarity, completeness, grammar, readability, specificity

_F, _I, _S = pa.float64(), pa.int64(), pa.string()
SCORE_SCHEMA = pa.schema(
    [
        ("pair_id", _S),
        ("kind", _S),
        ("question_chars", _I),
        ("answer_chars", _I),
        ("question_quality", _F),
        ("clarity", _F),
        ("specificity", _F),
        ("grammar", _F),
        ("answer_quality", _F),
        ("substance", _F),
        ("non_answer", _S),
        ("completeness", _F),
        ("readability", _F),
        ("similarity", _F),
        ("relevance", _F),
    ]
)
"""`substance`: share of the answer's words that say something; `non_answer`: what the rest is, if nothing does."""

_READS = ("pair_id", "kind", "question", "answer", "history")


def score(pairs: pa.Table, params: ScoringParams) -> pa.Table:
    """Return the scores of each pair, in the order of the pairs; every score rounded to 4 decimals.

    An answer without substance has no relevance to measure: its `similarity` and `relevance` are null.
    """
    rows = [_wording(row) for row in pairs.select(_READS).to_pylist()]
    said = [row for row in rows if row["substance"] > 0]
    cosines = similarity(
        [row["asked"] for row in said],
        [row["answer"] for row in said],
        model=params.embedding_model,
        tokens=params.embedding_tokens,
        precision=params.precision,
    ).round(4)
    shares = relevance(cosines, params.mismatched_cosines)
    for row, cosine, share in zip(said, cosines.tolist(), shares.tolist(), strict=True):
        row |= {"similarity": round(cosine, 4), "relevance": round(share, 4)}
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
        "asked": asked(question, pair["history"]),
        "answer": answer,
        "question_chars": len(question),
        "answer_chars": len(answer),
        "question_quality": round(sum(asks.values()) / len(asks), 4),
        "answer_quality": round(sum(says.values()) / len(says), 4),
        "non_answer": None if verdict.substance else verdict.act or "empty",
        **asks,
        **says,
    }
