"""The measures themselves: each a function of how often every row counts.

A measure computed from multiplicities (all 1: the dataset; others: a bootstrap resample) is
written once and gives value and interval alike. NaN says: could not be measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.quality.agreement import OWN, answers_agree, labels_agree, well_formed
from assets.quality.frame import words
from assets.quality.params import QualityParams

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int64]
Compute = Callable[[Floats], float]

EVIDENCE = ("reviewed", "agrees_with_article", "customer_confirmed")
_OPENING_WORDS = 8
_FILLER = r"\s*(?:(?i:n/?a|none|null|nan|unknown|tbd)|[-?.]*|(?:\[[A-Z][A-Z_]*(?:_\d+)?\][\s.,]*)+)\s*"


class Measure(NamedTuple):
    """How to compute a measure, and the rows it is measured on."""

    compute: Compute
    n: int


def measures(frame: pd.DataFrame, params: QualityParams) -> dict[str, Measure]:
    """Return every measure that stands on rows (there is one at least); the scorecard combines them further."""
    train = (frame["split"] == "train").to_numpy(bool)
    weight = frame["weight"].to_numpy(float) * train
    category = _codes(frame["category"].fillna(""))
    scored = frame["origin"].isin(OWN) & bool(frame["relevance"].notna().any())
    return {
        **_completeness(frame, params),
        **_consistency(frame, params),
        **_bias(frame, train, weight, category),
        **_coverage(frame, train, category, params),
        "accuracy": _mean(frame["truth_evidence"].isin(EVIDENCE), where=bool(frame["truth_evidence"].notna().any())),
        "relevance": _mean(frame["relevance"].fillna(0.0), where=scored),
        "diversity": _diversity(frame, params),
        "distinct_answers": _distinct(_codes(frame["output"].fillna("").map(_folded))),
        "balance": Measure(_evenness(category, weight), int(train.sum())),
        "largest_source": Measure(_largest(_codes(frame["source"].fillna("")), weight), int(train.sum())),
        "complexity": _mean(frame["answer_tokens"]),
        "context": _mean(frame["tokens"] - frame["answer_tokens"]),
        "question_quality": _mean(frame["question_quality"], where=frame["question_quality"].notna()),
        "answer_quality": _mean(frame["answer_quality"], where=frame["answer_quality"].notna()),
    }


def _completeness(frame: pd.DataFrame, params: QualityParams) -> dict[str, Measure]:
    cells = frame[list(params.fields)]
    missing = cells.isna()
    texts = [name for name in cells if pd.api.types.is_string_dtype(cells[name])]
    empty = pd.DataFrame({name: cells[name].str.fullmatch(_FILLER, na=False) for name in texts}, index=cells.index)
    return {
        "missing_values": _mean(missing.mean(axis=1)),
        "empty_fields": _mean(empty.mean(axis=1), where=bool(texts)),
        "incomplete_records": _mean(missing.any(axis=1) | empty.any(axis=1)),
    }


def _consistency(frame: pd.DataFrame, params: QualityParams) -> dict[str, Measure]:
    own = frame["origin"].isin(OWN)
    return {
        "answer_agreement": _mean(answers_agree(frame, params.same_answer), where=own),
        "label_agreement": _mean(labels_agree(frame), where=own & frame["category"].notna()),
        "format_agreement": _mean(well_formed(frame)),
    }


def _bias(frame: pd.DataFrame, train: Bools, weight: Floats, category: Codes) -> dict[str, Measure]:
    month = frame["created_at"].dt.year * 12 + frame["created_at"].dt.month
    dated = frame["created_at"].groupby(frame["source"]).transform("nunique").gt(1) & month.notna()
    since_first = (month - month[dated].min()).where(dated, 0).to_numpy(int)
    opening = _codes(frame["output"].fillna("").map(lambda text: " ".join(words(_folded(text))[:_OPENING_WORDS])))
    evenness = _evenness(since_first, weight * dated.to_numpy(float))
    return {
        "temporal_bias": Measure(lambda times: 1 - evenness(times), int((dated & train).sum())),
        "selection_bias": Measure(_distance(category, weight, (~train).astype(float)), len(frame)),
        "confirmation_bias": Measure(_largest(opening, weight), int(train.sum())),
    }


def _coverage(frame: pd.DataFrame, train: Bools, category: Codes, params: QualityParams) -> dict[str, Measure]:
    per_category = np.bincount(category, train)
    covered = per_category[category] >= params.per_category
    questions, answers = (frame[name].fillna("").map(words) for name in ("question", "output"))
    known = {word for texts in (questions[train], answers[train]) for text in texts for word in text}
    found = questions.map(lambda text: sum(word in known for word in text)).to_numpy(float)
    total = questions.map(len).to_numpy(float)
    return {
        "coverage": _mean(covered, where=~train),
        "vocabulary_coverage": Measure(_ratio(found * ~train, total * ~train), int((~train).sum())),
    }


def _diversity(frame: pd.DataFrame, params: QualityParams) -> Measure:
    """Rarefaction (Hurlbert 1971): draw m word triples; how many different ones are to be expected?"""
    train = frame[frame["split"] == "train"].head(params.diversity_sample)  # example ids are hashes: a fair sample
    triples = pd.Series(
        {row: _triples(*texts) for row, *texts in train[["question", "output"]].itertuples()}, dtype=object
    )
    drawn = triples.explode().dropna()
    rows, codes, draws = drawn.index.to_numpy(), _codes(drawn), params.rarefaction

    def compute(times: Floats) -> float:
        shares = _shares(codes, times[rows])
        shares = shares[shares != 0]
        return (
            float(-np.expm1(draws * np.log1p(-np.minimum(shares, 1 - 1e-12))).sum() / draws) if len(shares) else np.nan
        )

    return Measure(compute, len(train))


def _triples(*texts: str | None) -> list[str]:
    """Return the word triples of each text, none across two of them."""
    split = [words(text) for text in texts if isinstance(text, str)]
    return [" ".join(triple) for said in split for triple in zip(said, said[1:], said[2:], strict=False)]


def _mean(values: pd.Series | Bools, *, where: pd.Series | Bools | bool = True) -> Measure:
    """Measure the mean of a column over the rows `where` holds; none of them: not measured."""
    asked = np.broadcast_to(np.asarray(where, bool), (len(values),)).astype(float)
    given = np.nan_to_num(np.asarray(values, float))
    return Measure(_ratio(given * asked, asked), int(asked.sum()))


def _ratio(above: Floats, below: Floats) -> Compute:
    return lambda times: _divide(float(times @ above), float(times @ below))


def _divide(above: float, below: float) -> float:
    return above / below if below else np.nan


def _shares(codes: Codes, counts: Floats) -> Floats:
    sums = np.bincount(codes, counts)
    total = sums.sum()
    return sums / total if total else np.full_like(sums, np.nan)


def _evenness(codes: Codes, weight: Floats) -> Compute:
    """Entropy over its maximum (Pielou); every code from 0 to the largest is a class, even if it has no weight."""
    classes = int(codes.max()) + 1

    def compute(times: Floats) -> float:
        shares = _shares(codes, times * weight)
        if classes < 2 or np.isnan(shares).any():
            return np.nan
        present = shares[shares > 0]
        return float(-(present * np.log(present)).sum() / np.log(classes))

    return compute


def _largest(codes: Codes, weight: Floats) -> Compute:
    return lambda times: float(_shares(codes, times * weight).max())


def _distance(codes: Codes, one: Floats, other: Floats) -> Compute:
    """Total variation distance between two parts' shares of the codes."""
    return lambda times: float(np.abs(_shares(codes, times * one) - _shares(codes, times * other)).sum() / 2)


def _distinct(codes: Codes) -> Measure:
    """Different codes per row; a resample repeats rows, so its own value says nothing: no interval."""
    whole = len(np.unique(codes)) / len(codes)
    return Measure(lambda times: whole if (times == 1).all() else np.nan, len(codes))


def _codes(column: pd.Series) -> Codes:
    return pd.factorize(column, sort=True)[0].astype(np.int64)


def _folded(text: str | None) -> str:
    """Return the text as a template: case, white space and digits do not tell it from another."""
    return " ".join("".join("0" if c.isdigit() else c for c in (text or "").lower()).split())
