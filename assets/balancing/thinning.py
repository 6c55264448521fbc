"""Which pairs leave when there are too many: those that others stand for best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from assets.embedding import matrix

BLOCK = 2048
"""Pairs compared with each other at a time: 16 MB, and time stays linear in their number."""


class Likeness:
    """How alike pairs are: the mean of the cosines of their questions and of their answers."""

    def __init__(self, signatures: pa.Table) -> None:
        self._vectors = np.hstack(
            [matrix(signatures[f"{side}_embedding"]) / np.float32(np.sqrt(2)) for side in ("question", "answer")]
        )
        self._place = {pair_id: at for at, pair_id in enumerate(signatures.column("pair_id").to_pylist())}

    def vectors(self, pair_ids: Sequence[str]) -> NDArray[np.float32]:
        """Return a row a pair; a pair that was never signed is like none: its row is zero."""
        found = np.zeros((len(pair_ids), self._vectors.shape[1]), np.float32)
        for row, pair_id in enumerate(pair_ids):
            if (at := self._place.get(pair_id)) is not None:
                found[row] = self._vectors[at]
        return found

    def nearest(self, pair_ids: Sequence[str], others: Sequence[str]) -> NDArray[np.float32]:
        """Return for each pair its likeness to the nearest of the others, -1 to 1; of none it is -1."""
        if not len(others):
            return np.full(len(pair_ids), -1, np.float32)
        near, to = self.vectors(pair_ids), self.vectors(others).T
        parts = [near[at : at + BLOCK] @ to for at in range(0, len(near), BLOCK)]
        return np.concatenate([part.max(axis=1) for part in parts]) if parts else np.zeros(0, np.float32)


def thin(pair_ids: Sequence[str], drop: int, likeness: Likeness) -> list[str]:
    """Return the pairs that leave so that those that stay cover all: diverse, and representative of what was there.

    Again and again the pair leaves that has the nearest neighbour; the neighbour then stays, for it stands for both.
    So every pair that leaves is near one that stays (a greedy cover, as facility location does it), and no cluster
    crowds out what is rare. Pairs are compared within blocks of `BLOCK` in the order given; equal likeness is decided
    by that order too.
    """
    blocks = [pair_ids[at : at + BLOCK] for at in range(0, len(pair_ids), BLOCK)]
    gone: list[str] = []
    for at, block in enumerate(blocks):
        there = sum(map(len, blocks[at:]))
        share = round((drop - len(gone)) * len(block) / there)
        gone += [block[i] for i in _leave(likeness.vectors(block), share)]
    return gone


def _leave(vectors: NDArray[np.float32], drop: int) -> list[int]:
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -np.inf)
    nearest, free = alike.argmax(axis=1), np.ones(len(alike), bool)
    stays = ~free
    gone: list[int] = []
    while len(gone) < drop:
        if not (free & ~stays).any():  # more than half leave: those that stood for others must go too
            stays[:] = False
        near = np.where(free & ~stays, alike[np.arange(len(alike)), nearest], -np.inf)
        out = int(near.argmax()) if np.isfinite(near).any() else int(np.flatnonzero(free & ~stays)[0])
        gone.append(out)
        free[out], stays[nearest[out]] = False, True
        alike[:, out] = -np.inf
        left = np.flatnonzero(free & (nearest == out))
        nearest[left] = alike[left].argmax(axis=1)
    return gone
