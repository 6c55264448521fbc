"""What of the source the training part reaches: categories, records, articles, words; and the volume plan."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from assets.quality.bias import months_of
from assets.quality.counting import Compute, Measure, mean
from assets.quality.frame import Dataset, Floats, words
from assets.quality.params import QualityParams

DAYS_A_MONTH = 365.25 / 12


def coverage(data: Dataset, params: QualityParams) -> dict[str, Measure]:
    """Return what is covered; where no source names categories, only articles and words."""
    found = {**_articles(data), "vocabulary_coverage": _vocabulary(data)}
    if data.labelled.any():
        found |= _categories(data, params)
    return found


def _categories(data: Dataset, params: QualityParams) -> dict[str, Measure]:
    named = data.records["category"].dropna()
    known, codes = np.unique(named, return_inverse=True)
    codes_of = pd.Index(known).get_indexer(data.examples["topic"]).astype(np.int64)
    trained = _onto(np.where(data.train, codes_of, -1), len(known))
    per_category = trained(np.ones((1, len(codes_of))))[0]
    covered = (codes_of >= 0) & (per_category[codes_of] >= params.per_category)
    population = np.bincount(codes, minlength=len(known)) / max(1, len(codes))
    lacking = tuple(data.records.loc[named.index[per_category[codes] < params.per_category], "record_id"])
    nothing = np.zeros(len(codes_of))

    def share_of(weights: Floats) -> Compute:
        return lambda times: (trained(times) >= params.per_category) @ weights

    return {
        "coverage": mean(covered, where=~data.train & data.labelled),
        "category_coverage": Measure(share_of(np.full(len(known), 1 / len(known))), len(known), nothing, lacking),
        "population_coverage": Measure(share_of(population), len(named), nothing, lacking),
    }


def _articles(data: Dataset) -> dict[str, Measure]:
    articles = np.flatnonzero(data.records["kind"] == "article")
    if not len(articles):
        return {}
    held = _onto(pd.Index(articles).get_indexer(pd.Index(data.place)).astype(np.int64), len(articles))
    there = held(np.ones((1, len(data.place))))[0] > 0
    lacking = tuple(data.records["record_id"].iloc[articles[~there]])
    nothing = np.zeros(len(data.place))
    return {"article_coverage": Measure(lambda times: (held(times) > 0).mean(axis=1), len(articles), nothing, lacking)}


def _onto(codes: np.ndarray, classes: int) -> Compute:
    """Count the examples of each class: resamples x classes; -1 is none."""
    rows = np.flatnonzero(codes >= 0)
    return lambda times: np.array([np.bincount(codes[rows], line, classes) for line in times[:, rows]])


def _vocabulary(data: Dataset) -> Measure:
    questions, answers = (data.examples[name].map(words) for name in ("asked", "said"))
    known = {word for texts in (questions[data.train], answers[data.train]) for text in texts for word in text}
    return mean(questions.map(lambda text: sum(word in known for word in text) / max(1, len(text))), where=~data.train)


def volume(data: Dataset, params: QualityParams) -> Mapping[str, float]:
    """Hold the size against the framework's plan: per task at least `minimum_viable`, in production `production`.

    The rate is that of the smallest task over the latest `arrival_days` of the desk (of all its
    days if they are fewer), in examples people wrote; there is no clock in it.
    """
    tasks = data.tasks["task"].value_counts()
    smallest = int(tasks.min()) if len(tasks) else 0
    rate = _arrival(data, params, str(tasks.sort_index().idxmin())) if len(tasks) else np.nan
    lacking = max(0, params.production - smallest)
    return {
        "size": float(len(data.tasks)),
        "smallest_task": float(smallest),
        "size_to_minimum": smallest / params.minimum_viable,
        "size_to_production": smallest / params.production,
        "monthly_arrival": rate,
        "months_to_production": 0.0 if not lacking else lacking / rate if rate else np.nan,
    }


def _arrival(data: Dataset, params: QualityParams, task: str) -> float:
    _, month = months_of(data)
    dates = data.records["created_at"].where(pd.Series(month >= 0, data.records.index))
    if dates.notna().sum() < 2:
        return np.nan
    days = min(float(params.arrival_days), max(1.0, (dates.max() - dates.min()).total_seconds() / 86400))
    recent = data.records["record_id"][dates > dates.max() - pd.Timedelta(days=days)]
    of_task = (data.tasks["task"] == task) & (data.tasks["origin"] == "human")
    counted = of_task & data.tasks["record_id"].isin(recent)
    return float(counted.sum()) / days * DAYS_A_MONTH
