"""Folds of cross-validation: grouped, stratified by category, and stable from night to night."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assets.splitting.groups import Row


def deal_folds(
    rows: Sequence[Row],
    groups: Sequence[str | None],
    stays: Sequence[bool],
    remembered: Mapping[str, int],
    *,
    k: int,
    seed: str,
) -> dict[str, int]:
    """Return the fold (0 to k-1) of every group with a row that stays.

    A group keeps the fold that most of its pairs had. The others, largest first, take the fold that
    holds the smallest share of their categories so far, weighed so that a rare category counts as
    much as a large one: the greedy rule of scikit-learn's StratifiedGroupKFold, with memory. Of fewer
    than k groups each has a fold of its own, and the other folds stay empty.

    Args:
        rows: Pairs with `pair_id` and `category`; no category is one of its own.
        groups: The group of each.
        stays: Whether each counts.
        remembered: By pair the fold it was dealt before.
        k: Folds.
        seed: Decides between folds that are equally good.
    """
    holds: defaultdict[str, Counter[Any]] = defaultdict(Counter)
    votes: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for row, group, stay in zip(rows, groups, stays, strict=True):
        if stay and group is not None:
            holds[group][row["category"]] += 1
            if (fold := remembered.get(row["pair_id"])) is not None:
                votes[group][fold] += 1
    filled = _Filled(holds.values(), k)
    dealt = {g: min(v, key=lambda fold: (-v[fold], fold)) for g, v in votes.items()}
    for group, fold in dealt.items():
        filled.add(fold, holds[group])
    for group in sorted(holds.keys() - dealt.keys(), key=lambda g: (-holds[g].total(), _hash(seed, g))):
        costs = filled.costs(holds[group])
        dealt[group] = min(range(k), key=lambda fold: (costs[fold], _hash(seed, group, str(fold))))
        filled.add(dealt[group], holds[group])
    return dealt


class _Filled:
    """What stands in each fold already."""

    def __init__(self, holds: Iterable[Counter[Any]], k: int) -> None:
        self._total: Counter[Any] = Counter()
        for counts in holds:
            self._total.update(counts)
        self._all = self._total.total()
        self._in: list[Counter[Any]] = [Counter() for _ in range(k)]
        self._size = [0] * k

    def add(self, fold: int, counts: Counter[Any]) -> None:
        """Put a group into a fold."""
        self._in[fold].update(counts)
        self._size[fold] += counts.total()

    def costs(self, counts: Counter[Any]) -> list[float]:
        """Return how much each fold already holds of what a group would bring."""
        return [
            sum(held[c] * n / self._total[c] ** 2 for c, n in counts.items()) + size * counts.total() / self._all**2
            for held, size in zip(self._in, self._size, strict=True)
        ]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(("fold", *parts)).encode()).hexdigest()
