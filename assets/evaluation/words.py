"""How much an answer in words is like the true one: what the text metrics are summed from, an answer a row."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assets.errors import RefineryError
from assets.metrics import token_f1

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU
    from sentence_transformers import SentenceTransformer

Embed = Callable[[Sequence[str]], np.ndarray]
"""Sentence embeddings of unit length, a row a text."""
COUNTS = (*(f"correct_{n}" for n in range(1, 5)), *(f"total_{n}" for n in range(1, 5)), "sys_len", "ref_len")
"""What corpus BLEU sums up: matching and all n-grams, and both lengths, in words."""


def in_words(frame: pd.DataFrame, embed: Embed) -> pd.DataFrame:
    """Measure the answers that were written out."""
    from rouge_score.rouge_scorer import RougeScorer
    from sacrebleu.metrics.chrf import CHRF

    chrf, rouge = CHRF(), RougeScorer(["rougeL"])
    rows = [
        [
            *_ngrams(answer, reference),
            chrf.sentence_score(answer, [reference]).score,
            rouge.score(reference, answer)["rougeL"].fmeasure,
            token_f1(answer, reference),
            1.0,
        ]
        for answer, reference in zip(frame["answer"], frame["reference"], strict=True)
    ]
    columns = [*COUNTS, "chrf", "rouge_l", "token_f1", "one"]
    measured = frame.assign(**pd.DataFrame(rows, columns=columns, index=frame.index, dtype=float))
    texts = sorted({*frame["answer"], *frame["reference"]})
    if not texts:
        return measured.assign(embedding_similarity=0.0)
    vectors, at = embed(texts), {text: i for i, text in enumerate(texts)}
    pairs = vectors[frame["answer"].map(at)] * vectors[frame["reference"].map(at)]
    return measured.assign(embedding_similarity=pairs.sum(axis=1).round(6))


def _ngrams(answer: str, reference: str) -> list[float]:
    """Return what corpus BLEU sums up: matching and all n-grams, and both lengths, in words."""
    score = _sacrebleu().sentence_score(answer, [reference])
    return [*score.counts, *score.totals, score.sys_len, score.ref_len]


@cache
def _sacrebleu() -> BLEU:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(effective_order=True)  # for single sentences; it does not touch the counts


def embedder(model: str) -> Embed:
    """Return sentence embeddings of unit length by `package:NAME` or a sentence-transformers folder."""

    def embed(texts: Sequence[str]) -> np.ndarray:
        return np.asarray(_sentence_model(model).encode(list(texts), normalize_embeddings=True, batch_size=64))

    return embed


@cache
def _sentence_model(model: str) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    name = model.removeprefix("package:")
    if name != model:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            raise RefineryError("evaluation.scores.embedder", f"the package {name} is not installed", "run make setup")
        model = str(Path(spec.submodule_search_locations[0]) / "model")
    return SentenceTransformer(model, device="cpu", local_files_only=True)


def bleu(sums: np.ndarray) -> np.ndarray:
    """Return corpus BLEU; `sums` are the `COUNTS`, of shape (resamples, parts)."""
    scores = (
        _sacrebleu().compute_bleu(
            correct=list(row[:4]), total=list(row[4:8]), sys_len=row[8], ref_len=row[9], smooth_method="exp"
        )
        for row in sums.round().astype(int).tolist()
    )
    return np.array([score.score for score in scores])
