"""Scores of every approach and paired differences between them, with bootstrap intervals over threads.

Likelihood and text metrics:
- `nll_per_token`: the mean negative log-likelihood of the true answers, nats a token; the primary metric.
- `perplexity`: its exponential.
- `bleu`: corpus BLEU of words, as sacrebleu defines it (Post, 2018), 0 to 100.
- `chrf`: mean over answers of sacrebleu's chrF2 (Popović, 2015), 0 to 100.
- `rouge_l`: mean F of the longest common subsequence of words (Lin, 2004), 0 to 1.
- `token_f1`: mean F1 of the bags of words, as SQuAD measures it (Rajpurkar et al., 2016), 0 to 1.
- `embedding_similarity`: mean cosine of sentence embeddings of answer and reference, -1 to 1.

Those are of the task 'answer'; the classification tasks have metrics of their own, see `labels`.
"""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from assets import released, tables
from assets.errors import RefineryError
from assets.evaluation import labels
from assets.evaluation.params import ScoreParams
from assets.ledger import Published, summary

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU
    from sentence_transformers import SentenceTransformer

ALL, ANSWER_ONCE = "all", "answer_once"
ANSWER = "answer"
PRIMARY = "nll_per_token"
COMPARED = (("lora", "zero_shot"), ("lora", "few_shot"), ("few_shot", "zero_shot"))

Row = dict[str, Any]
Embed = Callable[[Sequence[str]], np.ndarray]
"""Sentence embeddings of unit length, a row a text."""
Statistic = Callable[[np.ndarray], np.ndarray]
"""A metric of summed parts: (resamples, parts) to (resamples,)."""


@dataclass(frozen=True)
class Metric:
    """A metric as a function of parts that are summed over answers, so that a resample is a weighted sum."""

    name: str
    parts: tuple[str, ...]
    of: Statistic
    better: str = "higher"


def _ratio(sums: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return sums[:, 0] / sums[:, 1]


def _bleu(sums: np.ndarray) -> np.ndarray:
    scores = (
        _sacrebleu().compute_bleu(
            correct=list(row[:4]), total=list(row[4:8]), sys_len=row[8], ref_len=row[9], smooth_method="exp"
        )
        for row in sums.round().astype(int).tolist()
    )
    return np.array([score.score for score in scores])


_COUNTS = (*(f"correct_{n}" for n in range(1, 5)), *(f"total_{n}" for n in range(1, 5)), "sys_len", "ref_len")
LIKELIHOOD = (
    Metric(PRIMARY, ("nll", "answer_tokens"), _ratio, better="lower"),
    Metric("perplexity", ("nll", "answer_tokens"), lambda sums: np.exp(_ratio(sums)), better="lower"),
)
TEXT = (
    Metric("bleu", _COUNTS, _bleu),
    Metric("chrf", ("chrf", "one"), _ratio),
    Metric("rouge_l", ("rouge_l", "one"), _ratio),
    Metric("token_f1", ("token_f1", "one"), _ratio),
    Metric("embedding_similarity", ("embedding_similarity", "one"), _ratio),
)
LABELLED = (
    Metric("accuracy", (), labels.accuracy),
    Metric("macro_precision", (), labels.macro_precision),
    Metric("macro_recall", (), labels.macro_recall),
    Metric("macro_f1", (), labels.macro_f1),
)
ORDERED = Metric("weighted_kappa", (), labels.weighted_kappa)


def approach_scores(predictions: pa.Table, params: ScoreParams, embed: Embed | None = None) -> Published:
    """Score every approach, and compare them in pairs.

    Threads are resampled whole, for answers of one thread are alike: a bootstrap over single answers
    would give intervals that are too narrow. Two approaches are compared on the same resamples of the
    answers that both were asked for. An interval is null where one thread is all there is.

    Args:
        predictions: A table in the form of `tables.PREDICTIONS`.
        params: The knobs.
        embed: How texts become vectors; the packaged model if not given.
    """
    frame = predictions.to_pandas()
    answers = frame[frame["task"] == ANSWER]
    spoken = _in_words(answers[answers["answer"].notna()], embed or embedder(params.embedder))
    measured = [(ANSWER, LIKELIHOOD, answers), (ANSWER, TEXT, spoken), *_labelled(frame, params)]
    rows: list[Row] = []
    for task, metrics, asked in measured:
        for source, subset, part in _slices(asked):
            where = {"task": task, "source": source, "subset": subset}
            rows += [{**where, **score} for metric in metrics for score in _scores(metric, part, where, params)]
    for row in rows:
        names = ("task", "approach", "baseline", "source", "subset", "metric")
        row["score_id"] = tables.content_hash(*(row[name] or "" for name in names))
    return summary(tables.APPROACH_SCORES.of(rows), key="score_id", parents=["predictions"])


def _labelled(frame: pd.DataFrame, params: ScoreParams) -> Iterator[tuple[str, list[Metric], pd.DataFrame]]:
    """Yield each classification task with its metrics over its own labels; priorities in their order."""
    for task, part in frame[(frame["task"] != ANSWER) & frame["answer"].notna()].groupby("task", sort=True):
        there = set(part["reference"])
        ordered = [name for name in params.priorities if name in there]
        names = ordered if len(ordered) == len(there) else sorted(there)
        counted = labels.cells(part, names)
        metrics = [*LABELLED, *([ORDERED] if names is ordered else [])]
        parts = tuple(counted.columns)
        yield str(task), [replace(metric, parts=parts) for metric in metrics], pd.concat([part, counted], axis=1)


def _slices(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield all and per source, each whole and without the answers that other pairs share."""
    sources = [(ALL, frame), *frame.groupby("source", sort=True)]
    for source, part in sources:
        once = part[(part["answer_occurs"] == 1) & (part["task"] == ANSWER)]  # labels are meant to occur often
        for subset, rows in ((ALL, part), (ANSWER_ONCE, once)):
            if len(rows):
                yield source, subset, rows


def _scores(metric: Metric, part: pd.DataFrame, where: Mapping[str, str], params: ScoreParams) -> Iterator[Row]:
    """Yield the metric for every approach, then the paired differences of approaches."""
    answers = {approach: rows.set_index("example_id") for approach, rows in part.groupby("approach", sort=True)}
    for approach, rows in answers.items():
        yield {"approach": approach, "baseline": None, **_bootstrapped(metric, [rows], where, params)}
    for approach, baseline in COMPARED:
        if metric.name != "perplexity" and approach in answers and baseline in answers:
            both = answers[approach].index.intersection(answers[baseline].index).sort_values()
            if len(both):
                pair = [answers[approach].loc[both], answers[baseline].loc[both]]
                yield {"approach": approach, "baseline": baseline, **_bootstrapped(metric, pair, where, params)}


def _bootstrapped(metric: Metric, of: list[pd.DataFrame], where: Mapping[str, str], params: ScoreParams) -> Row:
    """Return the metric of one approach, or of the first less the second, with its interval."""
    sums = [rows.groupby("thread_id", sort=True)[list(metric.parts)].sum().to_numpy(float) for rows in of]
    threads = len(sums[0])

    def value(weights: np.ndarray) -> np.ndarray:
        each = [metric.of(weights @ by_thread) for by_thread in sums]
        return each[0] - each[1] if len(each) == 2 else each[0]

    low = high = None
    if threads > 1:
        seed = int.from_bytes(released.lot(params.seed, where["source"], where["subset"])[:8])
        drawn = np.random.default_rng(seed).multinomial(threads, np.full(threads, 1 / threads), params.resamples)
        tail = (1 - params.confidence) / 2
        low, high = (round(float(q), 6) for q in np.quantile(value(drawn), (tail, 1 - tail)))
    return {
        "metric": metric.name,
        "value": round(float(value(np.ones((1, threads)))[0]), 6),
        "low": low,
        "high": high,
        "n": len(of[0]),
        "threads": threads,
        "better": metric.better,
    }


def _in_words(frame: pd.DataFrame, embed: Embed) -> pd.DataFrame:
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
    columns = [*_COUNTS, "chrf", "rouge_l", "token_f1", "one"]
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


def token_f1(answer: str, reference: str) -> float:
    """Return the F1 of two bags of words.

    >>> token_f1("Yes, dogs are allowed.", "Dogs are not allowed")
    0.75
    """
    said, wanted = (Counter(re.findall(r"\w+", text.casefold())) for text in (answer, reference))
    common = (said & wanted).total()
    return 2 * common / (said.total() + wanted.total()) if common else float(not said and not wanted)


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
