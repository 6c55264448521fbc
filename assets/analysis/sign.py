"""Signatures: what comparing pairs needs of each, computed once in the record line and kept beside it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa

from assets import tables
from assets.analysis.params import AnalysisParams
from assets.analysis.text_views import terms
from assets.ledger import Ledger, Published
from assets.signature import BANDS, ROWS, bands, coded, codes_of, gist, text_hash, words_of
from assets.tables import MapRows, serially

_SIDES = ("question", "answer")


def sign(pairs: pa.Table, params: AnalysisParams, *, map_rows: MapRows = serially) -> Published:
    """Return the signature of each pair: word codes, MinHash bands and embeddings, and not a word of its texts.

    A pair's signature depends on the pair alone, so a night signs only what is new or changed, and a changed limit
    nothing. The embeddings are those that validation has made; a pair whose answer says nothing has none.

    Args:
        pairs: `tables.SCORED_PAIRS`.
        params: What signatures are made with.
        map_rows: How to go over the rows.
    """
    rows = pairs.select(["pair_id", "partition", "language", *_SIDES, *(f"{side}_vector" for side in _SIDES)])
    return Ledger.of(pairs, key="pair_id").close(map_rows(rows, partial(signed, params=params)), key="pair_id")


def signed(rows: pa.Table, params: AnalysisParams) -> pa.Table:
    """Sign rows {pair_id, partition, language, question, answer, question_vector, answer_vector}, each by itself."""
    telling = frozenset(params.telling_words)
    texts = {side: [text or "" for text in rows.column(side).to_pylist()] for side in _SIDES}
    words = {side: words_of(texts[side]) for side in _SIDES}
    spoken = rows.column("language").to_pylist()
    joined = [f"{q} {a}" for q, a in zip(words["question"], words["answer"], strict=True)]
    made = {
        "bands": _listed(bands(joined, size=3, bands=BANDS, rows=ROWS)),
        "question_bands": _listed(bands(words["question"], size=3, bands=BANDS, rows=ROWS)),
        "answer_bands": _listed(bands(words["answer"], size=1, bands=32, rows=4)),
    }
    for side in _SIDES:
        viewed = [codes_of(terms(text, code, params)) for text, code in zip(texts[side], spoken, strict=True)]
        made[f"{side}_hash"] = pa.array([text_hash(text) for text in texts[side]], pa.int64())
        made[f"{side}_words"] = pa.array([coded(gist(t), telling) for t in texts[side]], pa.list_(pa.int64()))
        made[f"{side}_terms"] = pa.array(viewed, pa.list_(pa.int64()))
        made[f"{side}_embedding"] = rows.column(f"{side}_vector")
    for name, column in made.items():
        rows = rows.append_column(name, column)
    return tables.PAIR_SIGNATURES.conform(rows)


def _listed(matrix: np.ndarray) -> pa.Array:
    """Return a matrix as a column of lists, one a row."""
    offsets = np.arange(len(matrix) + 1, dtype=np.int32) * (matrix.shape[1] if matrix.ndim > 1 else 0)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(matrix.ravel()))
