"""Coarse enough that a value, or a combination of them, is shared by many."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise

import numpy as np

from assets.customers.params import ColumnPolicy

OTHER = "other"
UNKNOWN = "unknown"
_YEAR = 365.25


def anonymous(columns: Mapping[str, Sequence[str]], k: int) -> dict[str, list[str]]:
    """Recode columns until every combination of their values is held by at least `k` rows.

    Column by column, within each group of rows that are alike so far: values held by fewer than `k` of
    them become 'other', and if those are too few the next rarest join them. So each step leaves groups
    of at least `k`, and the first columns keep most.

    >>> found = anonymous({"land": ["x"] * 5 + ["y"] * 2, "sex": ["f", "f", "f", "m", "m", "f", "m"]}, 2)
    >>> found["land"][-1], found["sex"]
    ('y', ['f', 'f', 'f', 'm', 'm', 'other', 'other'])
    """
    recoded: dict[str, list[str]] = {}
    groups: dict[tuple[str, ...], list[int]] = {(): list(range(max(map(len, columns.values()), default=0)))}
    for name, column in columns.items():
        recoded[name], finer = list(column), defaultdict(list)
        for so_far, members in groups.items():
            words = common([column[n] for n in members], k)
            for n, word in zip(members, words, strict=True):
                recoded[name][n] = word
                finer[(*so_far, word)].append(n)
        groups = dict(finer)
    return recoded


def common(column: Sequence[str], k: int) -> list[str]:
    """Recode the values that fewer than `k` rows hold as 'other', with as many of the next rarest as that needs.

    >>> common(["a", "a", "a", "b", "b", "c"], 2)
    ['a', 'a', 'a', 'other', 'other', 'other']
    """
    counts = Counter(column)
    rare, held = {OTHER}, counts[OTHER]
    for word, count in sorted(counts.items(), key=lambda item: (item[1], item[0])):
        if word != OTHER and (count < k or 0 < held < k):
            rare.add(word)
            held += count
    return [OTHER if word in rare else word for word in column]


def bands(
    values: Sequence[str | float | None], policy: ColumnPolicy, as_of: datetime | None, *, k: int
) -> tuple[list[str], dict[str, int]]:
    """Put numbers, or the ages of dates in years, into bands; return the band of each, and the bands' ranks.

    The edges that quantiles give are rounded to two digits, so that they state nobody's own value.

    >>> policy = ColumnPolicy(type="number", use="feature", bands=(30, 60))
    >>> bands([18.0, 30.0, 75.0, None], policy, None, k=2)
    (['under 30', '30 to 60', '60 and more', 'unknown'], {'under 30': 0, '30 to 60': 1, '60 and more': 2})
    """
    numbers = [_age(value, as_of) if isinstance(value, str) else value for value in values]
    wanted = policy.bands
    edges = _quantiles(numbers, min(wanted, len(values) // k)) if isinstance(wanted, int) else wanted
    names = _named([f"{edge:g}" for edge in edges])
    placed = [UNKNOWN if n is None else names[int(np.searchsorted(edges, n, side="right"))] for n in numbers]
    return placed, {name: rank for rank, name in enumerate(names)}


def _named(edges: Sequence[str]) -> list[str]:
    if not edges:
        return ["any"]
    return [f"under {edges[0]}", *(f"{low} to {high}" for low, high in pairwise(edges)), f"{edges[-1]} and more"]


def _quantiles(numbers: Sequence[float | None], count: int) -> list[float]:
    known = [n for n in numbers if n is not None]
    if not known or count < 2:
        return []
    found = np.quantile(known, np.arange(1, count) / count)
    return sorted({float(f"{edge:.2g}") for edge in found})


def _age(born: str, as_of: datetime | None) -> float | None:
    return None if as_of is None else (as_of.date() - date.fromisoformat(born)).days // _YEAR
