"""The scorecard: every measure with its value, its interval, and what it says."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from assets import tables
from assets.errors import RefineryError
from assets.ledger import Published, summary
from assets.quality.catalog import CATALOG, Entry
from assets.quality.frame import side_by_side
from assets.quality.measures import Floats, Measure, measures
from assets.quality.params import COMPOSITE, QualityParams

COMPLETENESS = {"missing_values": 0.4, "empty_fields": 0.3, "incomplete_records": 0.3}
CONSISTENCY = ("answer_agreement", "label_agreement", "format_agreement")
BIAS = ("demographic_bias", "temporal_bias", "selection_bias", "confirmation_bias")

Values = dict[str, float]


def scorecard(examples: pa.Table, pairs: pa.Table, params: QualityParams) -> Published:
    """Measure the dataset; what could not be measured is null, never a perfect score.

    The intervals are 95 % percentile intervals of a seeded bootstrap that draws whole groups (the
    pairs the splitting keeps together), shifted by the bootstrap's own bias, which pushes
    entropies and distances to one side. Word-level tables (which answer is the commonest, which
    words are known) are held fixed.

    Args:
        examples: A table in the form of `tables.TRAINING_EXAMPLES`.
        pairs: A table in the form of `tables.BALANCED_PAIRS`, holding the examples' pairs.
        params: The knobs of quality.

    Raises:
        RefineryError: An example's pair is missing, or a setting names an unknown column.
    """
    frame = side_by_side(examples, pairs)
    if unknown := sorted(set(params.fields) - set(frame.columns)):
        raise RefineryError("quality.fields", f"no column {', '.join(unknown)}", "name columns of example or pair")
    found = measures(frame, params) if len(frame) else {}
    values = _combined({name: measure.compute(np.ones(len(frame))) for name, measure in found.items()})
    values |= _volume(len(frame), params)
    intervals = _intervals(frame, found, values, params)
    rows = [_line(entry, values, intervals, found, len(frame), params) for entry in CATALOG]
    return summary(tables.QUALITY_REPORT.of(rows), key="measure", parents=["training_examples", "balanced_pairs"])


def composite(parts: Mapping[str, float]) -> float:
    """Return the framework's weighted composite in [0, 1]; NaN as long as a part is not measured.

    >>> composite(dict.fromkeys(COMPOSITE, 1.0))
    1.0
    """
    total = math.fsum(weight * parts.get(name, math.nan) for name, weight in COMPOSITE.items())
    return total if math.isnan(total) else min(1.0, max(0.0, total))


def _combined(values: Values) -> Values:
    """Add the measures that are made of other measures."""
    completeness = 1 - math.fsum(weight * values.get(name, math.nan) for name, weight in COMPLETENESS.items())
    bias = _mean_of_measured(values, BIAS)
    values = {
        **values,
        "completeness": completeness,
        "consistency": _mean_of_measured(values, CONSISTENCY),
        "bias": bias,
        "bias_score": 1 - bias,
    }
    return {**values, "composite": composite(values)}


def _mean_of_measured(values: Values, names: tuple[str, ...]) -> float:
    measured = [values[name] for name in names if not math.isnan(values.get(name, math.nan))]
    return math.fsum(measured) / len(measured) if measured else math.nan


def _volume(size: int, params: QualityParams) -> Values:
    return {
        "size": float(size),
        "size_to_minimum": size / params.minimum_viable,
        "size_to_production": size / params.production,
    }


def _intervals(
    frame: pd.DataFrame, found: dict[str, Measure], values: Values, params: QualityParams
) -> dict[str, tuple[float, float]]:
    """Return the bootstrap interval of every measure that has one; fewer than two groups: none."""
    group = pd.factorize(frame["group"], sort=True)[0]
    groups = int(group.max()) + 1 if len(group) else 0
    if groups < 2 or not params.resamples:
        return {}
    chance = _generator(params.seed)
    drawn = [chance.multinomial(groups, np.full(groups, 1 / groups)) for _ in range(params.resamples)]
    resampled = [_combined({n: m.compute(times[group].astype(float)) for n, m in found.items()}) for times in drawn]
    columns = {name: np.array([r[name] for r in resampled]) for name in resampled[0]}
    return {name: _interval(column, values[name]) for name, column in columns.items() if not np.isnan(column).any()}


def _interval(resampled: Floats, value: float) -> tuple[float, float]:
    low, high = np.quantile(resampled, [0.025, 0.975]) - (resampled.mean() - value)
    return min(float(low), value), max(float(high), value)


def _generator(seed: int) -> np.random.Generator:
    digest = hashlib.sha256(f"quality:{seed}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest)))


def _line(
    entry: Entry,
    values: Values,
    intervals: Mapping[str, tuple[float, float]],
    found: Mapping[str, Measure],
    size: int,
    params: QualityParams,
) -> dict[str, object]:
    value = values.get(entry.measure, math.nan)
    low, high = intervals.get(entry.measure, (math.nan, math.nan))
    rows = 0 if math.isnan(value) else size
    settings = {**params.model_dump(), "fields": ", ".join(params.fields)}
    return {
        **entry._asdict(),
        "value": _stated(value, entry),
        "low": _stated(low, entry),
        "high": _stated(high, entry),
        "weight": COMPOSITE.get(entry.measure),
        "n": found[entry.measure].n if entry.measure in found else rows,
        "definition": entry.definition.format(**settings),
    }


def _stated(value: float, entry: Entry) -> float | None:
    """Return the value as the report states it: null if not measured, a share within its bounds."""
    if math.isnan(value):
        return None
    return round(min(1.0, max(0.0, value)) if entry.unit == "share" else value, 4)
