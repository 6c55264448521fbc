"""The measures that are made of other measures, up to the composite; and what its weights do to it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assets.quality.frame import Floats
from assets.quality.params import COMPOSITE, QualityParams

COMPLETENESS = {"missing_values": 0.4, "empty_fields": 0.3, "incomplete_records": 0.3}
CONSISTENCY = ("answer_agreement", "label_agreement", "format_agreement")
WEIGHT_STEP = 0.05
"""By how much a weight rises when the sensitivity to it is stated."""

Values = Mapping[str, Floats]


def combined(values: Values, params: QualityParams) -> dict[str, Floats]:
    """Add completeness, consistency, bias and the composite, each NaN as long as a part it needs is.

    Consistency is the mean of those of its three parts that the dataset can have: where no source
    names categories, there is no label to agree on.
    """
    bias = _weighted(values, {f"{kind}_bias": 1 / len(params.bias) for kind in params.bias})
    had = [name for name in CONSISTENCY if name in values]
    parts = {
        **values,
        "completeness": 1 - _weighted(values, COMPLETENESS),
        "consistency": _weighted(values, dict.fromkeys(had, 1 / len(had))) if had else np.array(np.nan),
        "bias": bias,
        "bias_score": 1 - bias,
    }
    worst, best = extremes(parts, params.weight_tolerance)
    return {**parts, "composite": composite(parts), "composite_at_worst": worst, "composite_at_best": best}


def composite(parts: Mapping[str, Floats | float]) -> Floats:
    """Return the framework's weighted composite in [0, 1]; NaN as long as a part is not measured.

    >>> float(composite(dict.fromkeys(COMPOSITE, 1.0)))
    1.0
    """
    return np.clip(np.round(_weighted(parts, COMPOSITE), 12), 0.0, 1.0)


def extremes(parts: Values, tolerance: float) -> tuple[Floats, Floats]:
    """Return the lowest and the highest composite that other weights could give.

    Each weight may lie within `tolerance` (a share of itself) of the framework's, then all are
    normalised. The extreme has one threshold: the parts above it have their greatest weight, those
    below it their least (a linear-fractional programme over a box), so trying each place is exact.

    >>> low, high = extremes({**dict.fromkeys(COMPOSITE, np.array([0.0])), "accuracy": np.array([1.0])}, 0.0)
    >>> float(low[0]), float(high[0])
    (0.25, 0.25)
    """
    found = np.stack(np.broadcast_arrays(*(np.atleast_1d(_of(parts, name)) for name in COMPOSITE)))
    order = np.argsort(found, axis=0)
    value, weight = np.take_along_axis(found, order, 0), np.array(list(COMPOSITE.values()))[order]
    tried = []
    for place in range(len(COMPOSITE) + 1):
        for below, above in ((1 - tolerance, 1 + tolerance), (1 + tolerance, 1 - tolerance)):
            moved = weight * np.where(np.arange(len(COMPOSITE)) < place, below, above)[:, None]
            tried.append((moved * value).sum(axis=0) / moved.sum(axis=0))
    return np.min(tried, axis=0), np.max(tried, axis=0)


def sensitivity(part: float, whole: float, weight: float) -> float:
    """Return what the composite gains if a part's weight rises by `WEIGHT_STEP`, the others shrinking in proportion.

    >>> round(sensitivity(1.0, 0.8, 0.2), 4)
    0.0125
    """
    return WEIGHT_STEP * (part - whole) / (1 - weight)


def losses(found: Mapping[str, Floats], params: QualityParams) -> dict[str, Floats]:
    """Add to each example's loss in every measure that in the combined ones."""

    def of(weights: Mapping[str, float]) -> Floats:
        there = [weight * found[name] for name, weight in weights.items() if name in found]
        return np.sum(there, axis=0) if there else np.zeros(0)

    bias = of({f"{kind}_bias": 1 / len(params.bias) for kind in params.bias})
    found = {
        **found,
        "completeness": of(COMPLETENESS),
        "consistency": of(dict.fromkeys(CONSISTENCY, 1 / len(CONSISTENCY))),
        "bias": bias,
        "bias_score": bias,
    }
    whole = of({name: weight for name, weight in COMPOSITE.items() if len(found.get(name, ()))})
    return {**found, "composite": whole}


def _weighted(values: Mapping[str, Floats | float], weights: Mapping[str, float]) -> Floats:
    return np.asarray(sum(weight * _of(values, name) for name, weight in weights.items()))


def _of(values: Mapping[str, Floats | float], name: str) -> Floats:
    return np.asarray(values.get(name, np.nan), float)
