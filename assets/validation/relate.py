"""The verb of validation on the whole dataset: does a pair belong together and to this desk, and is it true?

What is usual is learnt from all pairs, so it is asked after the record line: a new ticket makes its own slice anew and
this one table, which reads stored vectors and embeds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assets import tables
from assets.ledger import Ledger, Published
from assets.validation.domain import domains, fence
from assets.validation.evidence import agreeing
from assets.validation.matching import Said, relevances
from assets.validation.non_answers import essence
from assets.validation.params import DeskParams
from assets.validation.stock import put_offs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_DOCUMENTS = ("article", "external")
_READ = ("pair_id", "record_id", "kind", "source", "category", "question", "answer", "relevance", "truth_evidence")


class Relation(NamedTuple):
    """How a pair stands to its desk, all reasons against it, the deciding one first.

    `domain` is None where the desk is too small to have one.
    """

    relevance: float
    domain: float | None
    reasons: tuple[str, ...]
    truth_evidence: str


def relate(pairs: pa.Table, scored: pa.Table, params: DeskParams) -> Published:
    """Judge valid pairs against their desk: drop put-offs, strays and mismatches, say what speaks for the others.

    Args:
        pairs: `validated_pairs`.
        scored: `scored_pairs`, for the vectors of the same pairs.
        params: How a pair must fit.
    """
    pairs = pairs.sort_by("pair_id")
    at = pc.index_in(pairs.column("pair_id"), value_set=scored.column("pair_id").combine_chunks())
    found = scored.select(["question_vector", "answer_vector"]).take(at)
    rows = pairs.select(list(_READ)).to_pylist()
    for name in found.column_names:
        for row, vector in zip(rows, _matrix(found.column(name)), strict=True):
            row[name] = vector
    relations = related(rows, params)
    ledger = Ledger.of(pairs, key="pair_id")
    for row, relation in zip(rows, relations, strict=True):
        if relation.reasons:
            ledger.drop(row["pair_id"], relation.reasons[0])
    judged = {
        "relevance": pa.array([r.relevance for r in relations], pa.float64()),
        "truth_evidence": pa.array([r.truth_evidence for r in relations], pa.string()),
    }
    for name, values in judged.items():
        pairs = pairs.set_column(pairs.schema.get_field_index(name), name, values)
    pairs = pairs.append_column("domain", pa.array([r.domain for r in relations], pa.float64()))
    kept = pairs.filter(pa.array([not r.reasons for r in relations], pa.bool_()))
    return ledger.close(tables.RELEVANT_PAIRS.conform(kept), key="pair_id")


def related(rows: Sequence[Mapping[str, Any]], params: DeskParams) -> list[Relation]:
    """Judge pairs with their vectors against each other, in any order of rows with the same result.

    A document is judged by its own limits in the record line; here it says what the desk is about, and what is true.
    """
    if not rows:
        return []
    questions, answers = ([essence(row[side]) for row in rows] for side in ("question", "answer"))
    documents = [row.get("kind") in _DOCUMENTS for row in rows]
    categories = [row.get("category") or row.get("source") or "" for row in rows]
    asked, told = (np.asarray([row[f"{side}_vector"] for row in rows], np.float32) for side in ("question", "answer"))
    ids = [row["pair_id"] for row in rows]
    said = Said(ids, [row["record_id"] for row in rows], categories, questions, answers, asked, told)
    known = len(rows) >= params.least_pairs
    learnt = relevances(said, reference=params.reference_pairs, least=params.least_pairs) if known else None
    near = domains(asked, told, categories, documents, least=params.least_category) if known else None
    border = _border(near, documents, params)
    put_off = np.zeros(len(rows), dtype=bool)
    if known:
        put_off = put_offs(
            ids,
            questions,
            answers,
            longest=params.put_off_words,
            fewest=params.put_off_repeats,
            spread=params.put_off_spread,
            reference=params.reference_pairs,
        )
    articles = [n for n, row in enumerate(rows) if row.get("kind") == "article"]
    matters = [row.get("category") or "" for row in rows]
    agrees = agreeing(
        answers,
        [f"{rows[n]['question']}\n{rows[n]['answer']}" for n in articles],
        matters,
        [matters[n] for n in articles],
        mistaken=params.mistaken_agreement,
        least=params.least_pairs,
        least_covered=params.min_covered,
    )
    limit = params.min_relevance_unlearnt if learnt is None else params.min_relevance
    relations = []
    for n, row in enumerate(rows):
        relevance = row["relevance"] if learnt is None else round(float(learnt[n]), 4)
        signs = {
            "non_answer": bool(put_off[n]),
            "off_topic": near is not None and float(near[n]) < border,
            "irrelevant_answer": relevance < limit,
        }
        reasons = () if documents[n] else tuple(reason for reason, holds in signs.items() if holds)
        domain = None if near is None else round(float(near[n]), 4)
        relations.append(Relation(relevance, domain, reasons, _evidence(row, bool(agrees[n]))))
    return relations


def _border(near: Floats | None, documents: Sequence[bool], params: DeskParams) -> float:
    """Return how near a pair must come; documents are near by definition and do not count."""
    if near is None or all(documents):
        return -1.0
    return fence(near[~np.asarray(documents)], params.off_topic_fence)


def _evidence(row: Mapping[str, Any], agrees: bool) -> str:
    """Return the best evidence there is: people before articles, articles before the customer."""
    said = row.get("truth_evidence") or "none"
    return "agrees_with_article" if agrees and said in ("none", "customer_confirmed") else str(said)


def _matrix(column: pa.ChunkedArray) -> Floats:
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.asarray(flat, dtype=np.float32).reshape(len(column), -1) if len(column) else np.zeros((0, 1), np.float32)
