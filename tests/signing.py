"""Signatures of test pairs, made by the real rooms; each pair is signed once, for it depends on nothing but itself."""

from typing import Any

import pyarrow as pa

from assets import tables
from assets.analysis.params import AnalysisParams
from assets.analysis.sign import sign
from assets.validation.params import ScoringParams
from assets.validation.validate import score_pairs

# An opening is enough to tell these pairs apart, and quickly embedded.
SCORING = ScoringParams(embedding_tokens=32)
_SEEN: dict[tuple[str | None, str | None, str | None], dict[str, Any]] = {}


def scored(pairs: pa.Table) -> pa.Table:
    """Return some pairs as validation scores them."""
    return score_pairs(tables.QA_PAIRS.conform(pairs), SCORING).table


def signatures(pairs: pa.Table) -> pa.Table:
    """Return the signatures of some pairs."""
    rows = pairs.select(["pair_id", "partition", "language", "question", "answer"]).to_pylist()
    said = [(row["language"], row["question"], row["answer"]) for row in rows]
    new = pairs.take(pa.array([i for i, key in enumerate(said) if key not in _SEEN], pa.int64()))
    made = sign(scored(new), AnalysisParams()).table.to_pylist()
    _SEEN.update(zip([key for key in said if key not in _SEEN], made, strict=True))
    return tables.PAIR_SIGNATURES.of(
        [
            {**_SEEN[key], "pair_id": row["pair_id"], "partition": row["partition"]}
            for key, row in zip(said, rows, strict=True)
        ]
    )
