"""The scorecard: every measure with its value, its interval, what it says and what pulls it down."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from assets import tables
from assets.errors import RefineryError
from assets.ledger import Published, summary
from assets.quality.catalog import CATALOG, RANGES, Entry
from assets.quality.combined import WEIGHT_STEP, combined, losses, sensitivity
from assets.quality.counting import Measure
from assets.quality.coverage import volume
from assets.quality.frame import Codes, Dataset, Floats, side_by_side
from assets.quality.measures import measures
from assets.quality.params import COMPOSITE, QualityParams

_CELLS = 4_000_000
"""Multiplicities held at a time: resamples x examples."""


def scorecard(
    examples: pa.Table,
    pairs: pa.Table,
    records: pa.Table,
    params: QualityParams,
    *,
    customers: pa.Table | None = None,
    findings: pa.Table | None = None,
    dataset_sha256: str = "",
    settings_sha256: str = "",
) -> Published:
    """Measure the dataset; what could not be measured is null, never a perfect score.

    The intervals are 95 % percentile intervals of a seeded bootstrap that draws whole groups (the
    pairs the splitting keeps together, threads among them), shifted by the bootstrap's own bias,
    which pushes entropies and distances to one side. Which answer is the commonest, which words are
    known and which records the source holds is held fixed.

    Args:
        examples: A table in the form of `tables.TRAINING_EXAMPLES`.
        pairs: A table in the form of `tables.BALANCED_PAIRS`, holding the examples' pairs.
        records: What the source gave, in the form of `tables.STANDARDIZED_RECORDS`; no text of it is read.
        params: The knobs of quality.
        customers: Who asked, in the form of `tables.CUSTOMER_FEATURES`; only the groups are read, each held by many.
        findings: What does not agree, in the form of `tables.CONSISTENCY_FINDINGS`.
        dataset_sha256: Hash of `examples`, for the verdict to be bound to; without one it will not pass.
        settings_sha256: Hash of the settings that `params` are.

    Raises:
        RefineryError: An example's pair is missing, or a setting names an unknown column.
    """
    data = side_by_side(examples, pairs, records, customers, findings)
    size = len(data.examples)
    if unknown := sorted(set(params.fields) - set(data.examples.columns)):
        raise RefineryError("quality.fields", f"no column {', '.join(unknown)}", "name columns of example or pair")
    found = measures(data, params) if size else {}
    once = _computed(found, np.ones((1, size)), params)
    values = {**{name: float(value.item()) for name, value in once.items()}, **volume(data, params)}
    intervals = _intervals(_groups(data.examples), found, values, params)
    culprits = _culprits(data, found, params)
    bound = {"dataset_sha256": dataset_sha256, "settings_sha256": settings_sha256}
    rows = [
        {
            **_line(entry, values, intervals.get(entry.measure, (math.nan, math.nan)), params),
            "n": _n(entry.measure, found, values, size),
            "pulled_down_by": culprits.get(entry.measure, []),
            **bound,
        }
        for entry in CATALOG
    ]
    parents = [
        "training_examples",
        "balanced_pairs",
        "standardized_records",
        "customer_features",
        "consistency_findings",
    ]
    return summary(tables.QUALITY_REPORT.of(rows), key="measure", parents=parents)


def _computed(found: Mapping[str, Measure], times: Floats, params: QualityParams) -> dict[str, Floats]:
    return combined({name: measure.compute(times) for name, measure in found.items()}, params)


def _groups(frame: pd.DataFrame) -> Codes:
    return pd.factorize(frame["group"], sort=True)[0].astype(np.int64)


def _intervals(
    group: Codes, found: Mapping[str, Measure], values: Mapping[str, float], params: QualityParams
) -> dict[str, tuple[float, float]]:
    """Return the bootstrap interval of every measure that has one; fewer than two groups: none."""
    if not len(group) or not group.max() or not params.resamples:
        return {}
    pieces = [_computed(found, times, params) for times in _resamples(group, params)]
    columns = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    return {name: _interval(column, values[name]) for name, column in columns.items() if not np.isnan(column).any()}


def _resamples(group: Codes, params: QualityParams) -> Iterator[Floats]:
    """Draw as many groups as there are, with replacement, again and again; yield how often each example is in."""
    groups = int(group.max()) + 1
    digest = hashlib.sha256(f"quality:{params.seed}".encode()).digest()
    chance = np.random.Generator(np.random.PCG64(int.from_bytes(digest)))
    step = max(1, _CELLS // len(group))
    for start in range(0, params.resamples, step):
        drawn = range(start, min(start + step, params.resamples))
        times = [np.bincount(chance.integers(groups, size=groups), minlength=groups) for _ in drawn]
        yield np.array(times, float)[:, group]


def _interval(resampled: Floats, value: float) -> tuple[float, float]:
    low, high = np.quantile(resampled, [0.025, 0.975]) - (resampled.mean() - value)
    return min(float(low), value), max(float(high), value)


def _culprits(data: Dataset, found: Mapping[str, Measure], params: QualityParams) -> dict[str, list[str]]:
    """Name by measure the examples that pull it down most, then by id; never more than asked for."""
    ids = data.examples["example_id"].to_numpy()
    by_loss = losses({name: measure.loss for name, measure in found.items()}, params) if found else {}
    named = {name: _worst(ids, loss, params.culprits) for name, loss in by_loss.items()}
    return {
        **named,
        **{n: list(m.culprits[: params.culprits]) for n, m in found.items() if m.culprits is not None},
    }


def _worst(ids: np.ndarray, loss: Floats, most: int) -> list[str]:
    order = np.argsort(-loss, kind="stable")[:most]  # the examples are sorted by id
    return ids[order[loss[order] > 0]].tolist()


def _line(
    entry: Entry, values: Mapping[str, float], interval: tuple[float, float], params: QualityParams
) -> dict[str, object]:
    value, weight = values.get(entry.measure, math.nan), COMPOSITE.get(entry.measure)
    gain = math.nan if weight is None else sensitivity(value, values.get("composite", math.nan), weight)
    settings = {**params.model_dump(), "step": WEIGHT_STEP}
    settings |= {name: ", ".join(getattr(params, name)) for name in ("fields", "bias", "demographics")}
    return {
        **entry._asdict(),
        "definition": entry.definition.format(**settings),
        "range": RANGES[entry.unit],
        "value": _stated(value, entry),
        "low": _stated(interval[0], entry),
        "high": _stated(interval[1], entry),
        "weight": weight,
        "sensitivity": None if math.isnan(gain) else round(gain, 4),
    }


def _n(measure: str, found: Mapping[str, Measure], values: Mapping[str, float], size: int) -> int:
    if measure in found:
        return found[measure].n
    return 0 if math.isnan(values.get(measure, math.nan)) else size


def _stated(value: float, entry: Entry) -> float | None:
    """Return the value as the report states it: null if not measured, a share within its bounds."""
    if math.isnan(value):
        return None
    return round(min(1.0, max(0.0, value)) if entry.unit == "share" else value, 4)
