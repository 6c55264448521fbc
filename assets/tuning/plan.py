"""The order in which a training meets its examples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import ceil

from assets import released
from assets.training import TrainingParams


def plan(lengths: Sequence[int], params: TrainingParams) -> list[int]:
    """Return the order in which examples are met: consecutive runs of `batch_size` are the steps.

    Each epoch is a new order by lot. Within some batches the examples are sorted by length, so that
    a batch needs little padding, and the batches are shuffled again, so that no step trains on the
    long ones first.

    >>> sorted(plan([5, 9, 7], TrainingParams(num_epochs=1, batch_size=2)))
    [0, 1, 2]
    >>> len(plan([5, 9, 7], TrainingParams(num_epochs=3, max_steps=2, batch_size=2)))
    4
    """
    n, size = len(lengths), params.batch_size
    stream = [
        i
        for epoch in range(ceil(params.num_epochs))
        for i in sorted(range(n), key=lambda i: released.lot(params.seed, "order", epoch, i))
    ]
    stream = stream[: max(1, round(n * params.num_epochs))]
    pool = size * 8
    batches: list[list[int]] = []
    for start in range(0, len(stream), pool):
        near = sorted(stream[start : start + pool], key=lambda i: (lengths[i], i))
        batches += [near[b : b + size] for b in range(0, len(near), size)]
    whole = [b for b in batches if len(b) == size]
    partial = [b for b in batches if len(b) < size]  # at most the stream's last batch; it comes last
    order = sorted(range(len(whole)), key=lambda b: (b * size // pool, released.lot(params.seed, "batch", b)))
    steps = [whole[b] for b in order] + partial
    spent = accumulate(sum(lengths[i] for i in batch) for batch in steps)
    afford = len(steps) if params.max_tokens is None else max(1, sum(total <= params.max_tokens for total in spent))
    return [i for batch in steps[:afford][: params.max_steps] for i in batch]
