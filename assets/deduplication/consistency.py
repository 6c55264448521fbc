"""Do the pairs agree with one another, with the articles, and with their categories? What does not goes to review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from assets import tables
from assets.deduplication.compare import measures
from assets.deduplication.deduplicate import matched, ranked
from assets.deduplication.labels import label_errors
from assets.deduplication.params import DeduplicationParams
from assets.deduplication.signed import Signed
from assets.ledger import Ledger, Published

_READ = (
    *("pair_id", "kind", "customer_id", "truth_evidence", "created_at"),
    *("category", "thread_id", "cluster_id", "contradicts"),
)
_ARTICLE = "agrees_with_article"

Finding = dict[str, Any]
Measures = dict[int, set[int]]
Rows = Sequence[Mapping[str, Any]]


def consistency_findings(pairs: pa.Table, signatures: pa.Table, params: DeduplicationParams) -> Published:
    """Return every contradiction, outdated answer and doubtful category among the pairs; each derives from its pairs.

    Args:
        pairs: `tables.UNIQUE_PAIRS`; of their texts nothing is read.
        signatures: `tables.PAIR_SIGNATURES`.
        params: What is alike enough.
    """
    pairs = pairs.sort_by("pair_id")
    rows = pairs.select(list(_READ)).to_pylist()
    signed = Signed(matched(signatures, pairs, "consistency_findings"))
    ledger, found = Ledger([]), []
    for finding in (
        *contradictions(signed, rows),
        *outdated(signed, rows, params),
        *label_errors(signed, rows, params),
    ):
        ids = [i for i in (finding["pair_id"], finding.get("other_id")) if i]
        finding["finding_id"] = tables.content_hash(finding["kind"], *ids)
        ledger.derive(finding["finding_id"], ids)
        found.append(finding)
    table = tables.CONSISTENCY_FINDINGS.of(sorted(found, key=lambda f: (f["kind"], -f["score"], f["finding_id"])))
    return ledger.close(table, key="finding_id")


def contradictions(signed: Signed, rows: Rows) -> Iterator[Finding]:
    """Yield the pairs that contradict one another, as merging found before it merged, with what they state differently.

    Sought among the pairs that are left, one in three is lost with the wording that gave it away. Which of the two is
    in doubt is decided as in merging: evidence of truth, then length, then age.
    """
    at = {row["pair_id"]: i for i, row in enumerate(rows)}
    named = [(i, at[other]) for i, row in enumerate(rows) for other in row["contradicts"] or () if other in at]
    otherwise = np.array([(i, j) for i, j in named if i < j], dtype=np.int64).reshape(-1, 2)
    asked, answered = signed.cosines("question", otherwise).tolist(), signed.cosines("answer", otherwise).tolist()
    lengths = signed.lengths.tolist()
    for (i, j), ask, answer in zip(otherwise.tolist(), asked, answered, strict=True):
        better, doubtful = sorted((i, j), key=lambda k: ranked(rows[k], lengths[k]))
        conflicts = _conflicts(measures(signed.answer[doubtful]), measures(signed.answer[better]))
        yield _finding(
            "contradiction",
            rows[doubtful],
            rows[better],
            ask * (1 if conflicts else 1 - max(answer, 0)),
            ask,
            answer,
            conflicts,
        )


def outdated(signed: Signed, rows: Rows, params: DeduplicationParams) -> Iterator[Finding]:
    """Yield the answers that state a quantity otherwise than the article about the same thing does now.

    The article's section is the one whose words are nearest; of sections with the same question the newest speaks.
    """
    articles = _current(signed, rows)
    others = [i for i, row in enumerate(rows) if row["truth_evidence"] not in (_ARTICLE, "reviewed")]
    if not articles or not others:
        return
    vectors, told = signed.embeddings["answer"], {i: measures(signed.answer[i]) for i in articles}
    sections = np.array(articles)
    for start in range(0, len(others), 4096):
        some = others[start : start + 4096]
        cosines = vectors[some] @ vectors[sections].T
        for i, nearest in zip(some, cosines.argmax(axis=1).tolist(), strict=True):
            j, near = articles[nearest], float(cosines[some.index(i), nearest])
            conflicts = _conflicts(measures(signed.answer[i]), told[j]) if near >= params.min_article_cosine else 0
            if conflicts:
                asked = float(signed.cosines("question", np.array([[i, j]]))[0])
                yield _finding("outdated", rows[i], rows[j], near, asked, near, conflicts)


def _current(signed: Signed, rows: Rows) -> list[int]:
    """Return the articles' rows, of those with one question the newest."""
    newest: dict[int, int] = {}
    asked = signed.hashes("question_hash").tolist()
    for i, row in enumerate(rows):
        if row["truth_evidence"] == _ARTICLE and row["kind"] == "article":
            rival = newest.setdefault(asked[i], i)
            if row["created_at"] and rows[rival]["created_at"] and row["created_at"] > rows[rival]["created_at"]:
                newest[asked[i]] = i
    return sorted(newest.values())


def _conflicts(said: Measures, told: Measures) -> int:
    """Count the quantities that both texts state, where the first gives a number the second has for nothing at all."""
    known = set().union(*told.values())
    return sum(not said[unit] & told[unit] and bool(said[unit] - known) for unit in said.keys() & told.keys())


def _finding(
    kind: str,
    row: Mapping[str, Any],
    other: Mapping[str, Any],
    score: float,
    question_cosine: float,
    answer_cosine: float,
    conflicts: int,
) -> Finding:
    return {
        "kind": kind,
        "pair_id": row["pair_id"],
        "other_id": other["pair_id"],
        "score": round(min(max(score, 0.0), 1.0), 4),
        "question_cosine": round(question_cosine, 4),
        "answer_cosine": round(answer_cosine, 4),
        "conflicts": conflicts,
    }
