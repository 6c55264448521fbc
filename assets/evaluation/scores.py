"""Scores of every approach and paired differences between them, with intervals and p values over threads.

Likelihood and text metrics:
- `nll_per_token`: the mean negative log-likelihood of the true answers, nats a token; the primary metric.
- `perplexity`: its exponential.
- `question_gain`: by how much their own question makes the true answers likelier than another test example's question
  does, nats a token. An adapter that learnt the style alone finds them likely whatever was asked.
- `bleu`: corpus BLEU of words, as sacrebleu defines it (Post, 2018), 0 to 100.
- `chrf`: mean over answers of sacrebleu's chrF2 (Popović, 2015), 0 to 100.
- `rouge_l`: mean F of the longest common subsequence of words (Lin, 2004), 0 to 1.
- `token_f1`: mean F1 of the bags of words, as SQuAD measures it (Rajpurkar et al., 2016), 0 to 1.
- `embedding_similarity`: mean cosine of sentence embeddings of answer and reference, -1 to 1.

Those are of the task 'answer'; the classification tasks have metrics of their own, see `assets.metrics`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple, get_args

import numpy as np
import pandas as pd
import pyarrow as pa

from assets import tables
from assets.evaluation.knowledge import Approach
from assets.evaluation.params import ScoreParams
from assets.evaluation.resampling import measured
from assets.evaluation.words import COUNTS, Embed, bleu, embedder, in_words
from assets.ledger import Published, summary
from assets.metrics import (
    Metric,
    accuracy,
    cells,
    macro_f1,
    macro_precision,
    macro_recall,
    of_one,
    ratio,
    weighted_kappa,
)
from assets.training import ANSWER

ALL, ANSWER_ONCE, LABEL = "all", "answer_once", "label"
GROUPED = ("category", "kind")
"""What answers are also scored by, each on its own."""
PRIMARY = "nll_per_token"
ORDER: tuple[str, ...] = get_args(Approach)
Row = dict[str, Any]

LIKELIHOOD = (
    Metric(PRIMARY, ("nll", "answer_tokens"), ratio, better="lower"),
    Metric("perplexity", ("nll", "answer_tokens"), lambda sums: np.exp(ratio(sums)), better="lower"),
)
GAIN = Metric("question_gain", ("question_gain", "answer_tokens"), ratio)
TEXT = (
    Metric("bleu", COUNTS, bleu),
    Metric("chrf", ("chrf", "one"), ratio),
    Metric("rouge_l", ("rouge_l", "one"), ratio),
    Metric("token_f1", ("token_f1", "one"), ratio),
    Metric("embedding_similarity", ("embedding_similarity", "one"), ratio),
)
LABELLED = (
    Metric("accuracy", (), accuracy),
    Metric("macro_precision", (), macro_precision),
    Metric("macro_recall", (), macro_recall),
    Metric("macro_f1", (), macro_f1),
)
ORDERED = Metric("weighted_kappa", (), weighted_kappa)
OF_GROUPS = (PRIMARY, "chrf", "token_f1")
"""The metrics of a category or kind; all of them would be a table nobody reads."""


class Slice(NamedTuple):
    """A part of the test set that is scored on its own."""

    source: str
    subset: str
    group: str | None
    rows: pd.DataFrame


def baselines(approach: str) -> tuple[str, ...]:
    """Return what an approach is compared with: all that stand before it, prompts first, the dearest training last.

    >>> baselines("few_shot"), baselines("lora")
    (('zero_shot',), ('zero_shot', 'few_shot', 'few_shot_endpoint'))
    """
    return ORDER[: ORDER.index(approach)]


def approach_scores(predictions: pa.Table, params: ScoreParams, embed: Embed | None = None) -> Published:
    """Score every approach, and compare them in pairs.

    Threads are resampled whole, for answers of one thread are alike: a bootstrap over single answers
    would give intervals that are too narrow. Two approaches are compared on the same resamples of the
    answers that both were asked for. Interval and p value are null where one thread is all there is.

    Args:
        predictions: A table in the form of `tables.PREDICTIONS`.
        params: The knobs.
        embed: How texts become vectors; the packaged model if not given.
    """
    frame = predictions.to_pandas()
    answers = frame[frame["task"] == ANSWER]
    spoken = in_words(answers[answers["answer"].notna()], embed or embedder(params.embedder))
    known = answers[answers["nll"].notna()]  # an endpoint tells no likelihood
    crossed = known[known["nll_crossed"].notna()]
    crossed = crossed.assign(question_gain=crossed["nll_crossed"] - crossed["nll"])
    found = [
        (ANSWER, LIKELIHOOD, known),
        (ANSWER, (GAIN,), crossed),
        (ANSWER, TEXT, spoken),
        *_labelled(frame, params),
    ]
    rows = [
        {"task": task, **score}
        for task, metrics, asked in found
        for part in (*_slices(asked), *(_groups(asked, params) if task == ANSWER else ()))
        for metric in metrics
        if part.group is None or metric.name in OF_GROUPS
        for score in _scores(metric, part, params)
    ]
    rows += [score for task, _, asked in found[3:] for score in _by_label(str(task), asked, params)]
    for row in rows:
        names = ("task", "approach", "baseline", "source", "subset", "group", "metric")
        row["score_id"] = tables.content_hash(*(row[name] or "" for name in names))
    return summary(tables.APPROACH_SCORES.of(rows), key="score_id", parents=["predictions"])


def too_small(predictions: pa.Table, params: ScoreParams) -> dict[str, int]:
    """Count the categories, kinds and labels with too few test pairs for a score of their own."""
    frame = predictions.to_pandas()
    answers, labelled = frame[frame["task"] == ANSWER], frame[frame["task"] != ANSWER]
    sizes = {name: answers.groupby(name)["example_id"].nunique() for name in GROUPED}
    sizes[LABEL] = labelled.groupby(["task", "reference"])["example_id"].nunique()
    return {name: n for name, by in sizes.items() if (n := int((by < params.min_group).sum()))}


def _labelled(frame: pd.DataFrame, params: ScoreParams) -> Iterator[tuple[str, list[Metric], pd.DataFrame]]:
    """Yield each classification task with its metrics over its own labels; priorities in their order."""
    for task, part in frame[(frame["task"] != ANSWER) & frame["answer"].notna()].groupby("task", sort=True):
        names = _names(part, params)
        counted = cells(part, names)
        ordered = len(names) == sum(name in params.priorities for name in names)
        metrics = [*LABELLED, *([ORDERED] if ordered else [])]
        parts = tuple(counted.columns)
        yield str(task), [replace(metric, parts=parts) for metric in metrics], pd.concat([part, counted], axis=1)


def _names(part: pd.DataFrame, params: ScoreParams) -> list[str]:
    there = set(part["reference"])
    ordered = [name for name in params.priorities if name in there]
    return ordered if len(ordered) == len(there) else sorted(there)


def _by_label(task: str, part: pd.DataFrame, params: ScoreParams) -> Iterator[Row]:
    """Yield precision, recall and F1 of every label with enough examples."""
    names = _names(part, params)
    parts = tuple(f"cell_{i}" for i in range(len(names) * (len(names) + 1)))
    for at, name in enumerate(names):
        if part[part["reference"] == name]["example_id"].nunique() >= params.min_group:
            for metric in of_one(at):
                for score in _scores(replace(metric, parts=parts), Slice(ALL, LABEL, name, part), params):
                    yield {"task": task, **score}


def _slices(frame: pd.DataFrame) -> Iterator[Slice]:
    """Yield all and per source, each whole and without the answers that other pairs share."""
    sources = [(ALL, frame), *frame.groupby("source", sort=True)]
    for source, part in sources:
        once = part[(part["answer_occurs"] == 1) & (part["task"] == ANSWER)]  # labels are meant to occur often
        for subset, rows in ((ALL, part), (ANSWER_ONCE, once)):
            if len(rows):
                yield Slice(source, subset, None, rows)


def _groups(frame: pd.DataFrame, params: ScoreParams) -> Iterator[Slice]:
    """Yield per category and per kind what has enough pairs."""
    for name in GROUPED:
        for value, part in frame.groupby(name, sort=True):
            if part["example_id"].nunique() >= params.min_group:
                yield Slice(ALL, name, str(value), part)


def _scores(metric: Metric, part: Slice, params: ScoreParams) -> Iterator[Row]:
    """Yield the metric for every approach, then the paired differences of approaches."""
    answers = {str(name): rows.set_index("example_id") for name, rows in part.rows.groupby("approach", sort=True)}
    told = {"source": part.source, "subset": part.subset, "group": part.group}
    told |= {"metric": metric.name, "better": metric.better}
    where = (part.source, part.subset, *filter(None, [part.group]))
    for approach, rows in answers.items():
        yield {"approach": approach, "baseline": None, **told, **measured(metric, [rows], where, params)}
    for approach, baseline in _compared(answers):
        both = answers[approach].index.intersection(answers[baseline].index).sort_values()
        if metric.name != "perplexity" and len(both):
            pair = [answers[approach].loc[both], answers[baseline].loc[both]]
            yield {"approach": approach, "baseline": baseline, **told, **measured(metric, pair, where, params)}


def _compared(there: Iterable[str]) -> Iterator[tuple[str, str]]:
    names = list(there)
    yield from ((approach, baseline) for approach in names for baseline in baselines(approach) if baseline in names)
