"""What chance alone would do to a score, or to the difference of two: threads are drawn, never single answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from assets import released
from assets.evaluation.params import ScoreParams
from assets.metrics import Metric

TAIL = 0.025
"""Share of the resamples on either side of a 95 % interval."""
_EQUAL = 1e-9
"""Differences of chance that are as large as the measured one but for rounding count as such."""


def measured(metric: Metric, of: Sequence[pd.DataFrame], where: Sequence[str], params: ScoreParams) -> dict[str, Any]:
    """Return the metric of one approach, or of the first less the second, with what chance would do to it.

    The interval is a bootstrap of threads (Efron, 1979). The p value is two-sided, of an approximate randomisation test
    (Noreen, 1989): were both approaches alike, either could have given a thread's answers, so that these are swapped
    thread by thread at random; p is the share of swaps that part the two at least as far, the measured one among them.

    Args:
        metric: The metric.
        of: A row an answer with `thread_id` and the metric's parts; of two approaches, the same answers in order.
        where: What is measured, which seeds the draws.
        params: The knobs.
    """
    grouped = [rows.groupby("thread_id", sort=True)[list(metric.parts)].sum().to_numpy(float) for rows in of]
    threads = len(grouped[0])

    def value(weights: np.ndarray) -> np.ndarray:
        each = [metric.of(weights @ by_thread) for by_thread in grouped]
        return each[0] - each[1] if len(each) == 2 else each[0]

    found, low, high, p = float(value(np.ones((1, threads)))[0]), None, None, None
    if threads > 1:
        seed = int.from_bytes(released.lot(params.seed, *where)[:8])
        drawn = np.random.default_rng(seed).multinomial(threads, np.full(threads, 1 / threads), params.resamples)
        low, high = (round(float(q), 6) for q in np.quantile(value(drawn), (TAIL, 1 - TAIL)))
        if len(grouped) == 2:
            p = round(_swapped(metric, grouped[0], grouped[1], abs(found), seed, params.resamples), 6)
    return {"value": round(found, 6), "low": low, "high": high, "p_value": p, "n": len(of[0]), "threads": threads}


def _swapped(metric: Metric, ours: np.ndarray, theirs: np.ndarray, found: float, seed: int, resamples: int) -> float:
    swaps = np.random.default_rng([seed, 1]).integers(0, 2, (resamples, len(ours))).astype(float)
    moved = swaps @ (theirs - ours)
    parted = np.abs(metric.of(ours.sum(0) + moved) - metric.of(theirs.sum(0) - moved))
    return float(1 + (parted >= found - _EQUAL).sum()) / (1 + resamples)
