"""Signatures: what comparing pairs needs of each, computed once in the record line and kept beside it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa

from assets import tables
from assets.analysis.params import AnalysisParams
from assets.analysis.text_views import view
from assets.embedding import embed
from assets.ledger import Ledger, Published
from assets.signature import BANDS, ROWS, bands, coded, gist, text_hash, words_of
from assets.tables import MapRows, serially

_SIDES = ("question", "answer")


def sign(pairs: pa.Table, params: AnalysisParams, *, map_rows: MapRows = serially) -> Published:
    """Return the signature of each pair: word codes, MinHash bands and embeddings, and not a word of its texts.

    A pair's signature depends on the pair alone, so a night signs only what is new or changed.
    """
    rows = pairs.select(["pair_id", "partition", "language", *_SIDES])
    return Ledger.of(pairs, key="pair_id").close(map_rows(rows, partial(signed, params=params)), key="pair_id")


def signed(rows: pa.Table, params: AnalysisParams) -> pa.Table:
    """Sign rows {pair_id, partition, language, question, answer}, each by itself."""
    telling, none = frozenset(params.telling_words), frozenset[str]()
    texts = {side: [text or "" for text in rows.column(side).to_pylist()] for side in _SIDES}
    words = {side: words_of(texts[side]) for side in _SIDES}
    spoken = rows.column("language").to_pylist()
    terms = [view(text, code, params) for text, code in zip(texts["question"], spoken, strict=True)]
    joined = [f"{q} {a}" for q, a in zip(words["question"], words["answer"], strict=True)]
    made = {
        "bands": _listed(bands(joined, size=3, bands=BANDS, rows=ROWS)),
        "question_bands": _listed(bands(words["question"], size=3, bands=BANDS, rows=ROWS)),
        "answer_bands": _listed(bands(words["answer"], size=1, bands=32, rows=4)),
        "question_terms": pa.array([coded(text, none) for text in terms], pa.list_(pa.int64())),
    }
    distinct = sorted({gist(text) for side in _SIDES for text in texts[side]})
    vectors = embed(
        distinct, model=params.embedding_model, tokens=params.embedding_tokens, precision=params.precision
    ).astype(np.float16)
    at = {text: i for i, text in enumerate(distinct)}
    for side in _SIDES:
        made[f"{side}_hash"] = pa.array([text_hash(text) for text in texts[side]], pa.int64())
        made[f"{side}_words"] = pa.array([coded(gist(t), telling) for t in texts[side]], pa.list_(pa.int64()))
        made[f"{side}_embedding"] = _listed(vectors[[at[gist(text)] for text in texts[side]]])
    for name, column in made.items():
        rows = rows.append_column(name, column)
    return tables.PAIR_SIGNATURES.conform(rows)


def _listed(matrix: np.ndarray) -> pa.Array:
    """Return a matrix as a column of lists, one a row."""
    offsets = np.arange(len(matrix) + 1, dtype=np.int32) * (matrix.shape[1] if matrix.ndim > 1 else 0)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(matrix.ravel()))
