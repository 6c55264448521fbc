"""Which of many pairs are worth comparing: found in a time that grows as their number does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

LEADERS = 32
"""Members of a bucket that all the others are compared with: work stays linear however many copies there are."""
WINDOW = 8
RARE = 12
MOST_IN_COMMON = 200

Link = tuple[int, int]
Keys = NDArray[np.int64]


def banded(keys: Keys, within: Keys | None = None) -> list[Link]:
    """Return the pairs (i < j) that share a band key, and `within`.

    Args:
        keys: Band keys, a row a text (n, bands).
        within: What two texts must agree in to be compared at all (n).
    """
    within = np.zeros(len(keys), dtype=np.int64) if within is None else within
    found: set[Link] = set()
    for band in keys.T:
        for members in _buckets(np.column_stack([within, band])):
            found.update(_pairs(members))
    return sorted(found)


def sharing(grams: Keys, rows: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pairs (k, 2) of rows that share one of their rarest grams and stand close to one another.

    The sorted-neighbourhood method (Hernandez and Stolfo 1995) in every bucket of an inverted index: who asks again
    does so before many others have. A row is sought by the 12 rarest of the grams it shares with up to 200 rows.

    Args:
        grams: The grams of all rows, one after the other.
        rows: The row of each gram.
        order: The place of each row in time.
    """
    _, gram, df = np.unique(grams, return_inverse=True, return_counts=True)
    some = (df[gram] > 1) & (df[gram] <= MOST_IN_COMMON)
    gram, rows = gram[some], rows[some]
    rarest = np.lexsort((gram, df[gram], rows))
    gram, rows = gram[rarest], rows[rarest]
    rank = np.arange(len(rows)) - np.searchsorted(rows, rows, side="left")
    gram, rows = gram[rank < RARE], rows[rank < RARE]
    near = np.lexsort((rows, order[rows], gram))
    gram, rows = gram[near], rows[near]
    found = [np.zeros((0, 2), dtype=np.int64)]
    for step in range(1, WINDOW + 1):
        same = gram[step:] == gram[:-step]
        found.append(np.sort(np.column_stack([rows[:-step][same], rows[step:][same]]), axis=1))
    pairs = np.concatenate(found)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def components(n: int, links: Iterable[Link]) -> list[int]:
    """Return for each of n things the number of the connected component it lies in.

    >>> components(4, [(0, 2), (2, 3)])
    [0, 1, 0, 0]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.asarray(list(links), dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(n, n))
    return list(map(int, connected_components(graph, directed=False)[1]))


def _buckets(keys: Keys) -> Iterator[list[int]]:
    """Yield the rows of equal keys, where there are two or more."""
    order = np.lexsort(keys.T[::-1])
    starts = np.flatnonzero((np.diff(keys[order], axis=0) != 0).any(axis=1)) + 1
    edges = np.concatenate([[0], starts, [len(keys)]])
    for i in np.flatnonzero(np.diff(edges) > 1):
        yield np.sort(order[edges[i] : edges[i + 1]]).tolist()


def _pairs(members: list[int]) -> Iterator[Link]:
    leaders = members[:LEADERS]
    yield from combinations(leaders, 2)
    yield from ((a, b) for b in members[LEADERS:] for a in leaders)
