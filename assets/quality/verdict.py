"""May this dataset be trained on? The gate fails closed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping

import pyarrow as pa

from assets import tables
from assets.ledger import Published, summary
from assets.quality.params import QualityParams


def verdict(
    report: pa.Table, *, dataset_sha256: str, checks_sha256: str, settings_sha256: str, params: QualityParams
) -> Published:
    """Judge the scorecard: passed only if every required measure was measured and lies in bounds.

    The verdict speaks about exactly one dataset, one set of promises and one set of settings; an
    empty hash of any of them fails it, and so does a scorecard that measured another dataset or
    was drawn up under other settings.

    Args:
        report: A table in the form of `tables.QUALITY_REPORT`.
        dataset_sha256: Hash of the present `training_examples`.
        checks_sha256: Hash of the promises in force.
        settings_sha256: Hash of the quality settings in force.
        params: The knobs of quality.
    """
    bound = {"dataset_sha256": dataset_sha256, "checks_sha256": checks_sha256, "settings_sha256": settings_sha256}
    values = dict(zip(report.column("measure").to_pylist(), report.column("value").to_pylist(), strict=True))
    reasons = [
        *(f"{name} is missing" for name, sha256 in bound.items() if not sha256.strip()),
        *_strangers(report, dataset_sha256=dataset_sha256, settings_sha256=settings_sha256),
        *shortfalls(values, params),
    ]
    outcome = {"passed": not reasons, "composite": values.get("composite"), "reasons": reasons, **bound}
    row = {"verdict_id": tables.content_hash(json.dumps(outcome, sort_keys=True)), **outcome}
    return summary(tables.QUALITY_VERDICT.of([row]), key="verdict_id", parents=["quality_report"])


def _strangers(report: pa.Table, **present: str) -> Iterator[str]:
    """Say what the scorecard measured that is not what there is now."""
    for name, sha256 in present.items():
        if sha256.strip() and set(report.column(name).to_pylist()) - {sha256}:
            yield f"the scorecard is of another {name.removesuffix('_sha256')}"


def shortfalls(values: Mapping[str, float | None], params: QualityParams) -> Iterator[str]:
    """Say of each required measure that was not measured, or is out of bounds, what is wrong."""
    low = {**params.minimums, "composite": params.minimum_composite, "size": float(params.min_examples)}
    high = params.maximums
    for name in sorted({*params.required, *low, *high}):
        value = values.get(name)
        if value is None or not math.isfinite(value):
            kinds = [f"{kind}_bias" for kind in params.bias] if name == "bias_score" else []
            lacking = ", ".join(kind for kind in kinds if values.get(kind, 0.0) is None)
            yield f"{name} was not measured" + (f" (for lack of {lacking}, see quality.bias)" if lacking else "")
        elif name in low and value < low[name]:
            yield f"{name} {_plain(value)} is below {_plain(low[name])}"
        elif name in high and value > high[name]:
            yield f"{name} {_plain(value)} is above {_plain(high[name])}"


def _plain(value: float) -> str:
    """Write a number as people do.

    >>> _plain(12000.0), _plain(0.6), _plain(0.59996)
    ('12,000', '0.6', '0.6')
    """
    return f"{value:,.4f}".rstrip("0").rstrip(".")
