"""Who, when, what and whose voice: the four kinds of bias, each a share in which 0 is none."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.quality.counting import Measure, coded, distance, evenness, largest, over_represented, shares
from assets.quality.frame import Codes, Dataset, Floats, words
from assets.quality.params import QualityParams

_OPENING_WORDS = 8
_CONVERSATIONS = ("ticket", "chat", "call")


def bias(data: Dataset, params: QualityParams) -> dict[str, Measure]:
    """Return the kinds that can be told from the records at hand."""
    kinds = {
        "demographic_bias": _demographic(data, params),
        "temporal_bias": _temporal(data),
        "selection_bias": _selection(data),
        "confirmation_bias": _confirmation(data),
    }
    return {name: measure for name, measure in kinds.items() if measure is not None}


def folded(text: object) -> str:
    """Return the text as a template: case, white space and digits do not tell it from another.

    >>> folded("Ticket  4711 is Closed.")
    'ticket 0000 is closed.'
    """
    said = text.lower() if isinstance(text, str) else ""
    return " ".join("".join("0" if c.isdigit() else c for c in said).split())


def _demographic(data: Dataset, params: QualityParams) -> Measure | None:
    """The attribute by which the groups of customers are shifted most."""
    stated = [name for name in params.demographics if data.records[name].notna().any()]
    shifts = [_shift(data, data.records[name].fillna("")) for name in stated]
    shifts += [_shift(data, data.groups[name]) for name in data.groups]
    if not shifts:
        return None
    return Measure(
        lambda times: np.max([shift.compute(times) for shift in shifts], axis=0),
        shifts[0].n,
        np.max([shift.loss for shift in shifts], axis=0),
    )


def _selection(data: Dataset) -> Measure | None:
    """Topics as the sources name them, each source's own."""
    topic = data.records["source"].fillna("") + "\0" + data.records["category"].fillna("")
    return _shift(data, topic) if len(topic) else None


def _shift(data: Dataset, group: pd.Series) -> Measure:
    """How far the training weight is from the records, over groups of records."""
    of_records = coded(group)
    population = np.bincount(of_records) / len(of_records)
    codes = np.where(data.place >= 0, of_records[data.place], -1)
    loss = over_represented(codes, data.weight, population)
    return Measure(distance(codes, data.weight, population), int((data.train & (codes >= 0)).sum()), loss)


def _temporal(data: Dataset) -> Measure | None:
    months, since_first = months_of(data)
    if not months:
        return None
    codes = np.where(data.place >= 0, since_first[data.place], -1)
    weight = data.weight * (codes >= 0)
    even = evenness(codes, weight, months)
    loss = over_represented(codes, weight, np.full(months, 1 / months))
    return Measure(lambda times: 1 - even(times), int((data.train & (codes >= 0)).sum()), loss)


def months_of(data: Dataset) -> tuple[int, Codes]:
    """Return the months from the first to the last, and of each record which of them it is of; -1: of none.

    Conversations only, if the desk has any: an article is older than what is asked about it. A
    source that gives all its records one date has no dates.
    """
    records = data.records
    talks = records["kind"].isin(_CONVERSATIONS)
    wanted = talks if talks.any() else np.ones(len(records), bool)
    dated = wanted & records["created_at"].notna() & records.groupby("source")["created_at"].transform("nunique").gt(1)
    month = records["created_at"].dt.year * 12 + records["created_at"].dt.month
    if not dated.any():
        return 0, np.full(len(records), -1)
    codes = np.where(dated, month.fillna(0) - month[dated].min(), -1).astype(np.int64)
    return int(codes.max()) + 1, codes


def _confirmation(data: Dataset) -> Measure:
    opening = data.examples["said"].map(lambda text: " ".join(words(folded(text))[:_OPENING_WORDS]) or None)
    codes, weight = coded(opening), data.weight
    return Measure(largest(codes, weight), int(data.train.sum()), _of_the_commonest(codes, weight))


def _of_the_commonest(codes: Codes, weight: Floats) -> Floats:
    """Mark the examples of the class that weighs most; one that has no other like it is nobody's habit."""
    found, _ = shares(codes, weight, np.ones((1, len(codes))), int(codes.max(initial=0)) + 1)
    commonest = codes == int(np.argmax(np.nan_to_num(found[0])))
    return (commonest & (weight > 0) & (commonest.sum() > 1)).astype(float)
