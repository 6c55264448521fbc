"""Who is trained on, who is validated on, who is tested on: decided by group, for good."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from assets import tables
from assets.errors import RefineryError
from assets.ledger import Ledger, Published
from assets.splitting.params import SplittingParams

LINKS = ("customer_id", "thread_id", "cluster_id")
"""What may not be torn apart: equal values join two pairs, a null joins nothing."""

_LAST = datetime.max.replace(tzinfo=UTC)


def split(pairs: pa.Table, params: SplittingParams) -> Published:
    """Assign every pair's group to train, validation or test, and to a fold.

    A group is what customers, threads and question clusters join. It is named by the thread of its
    oldest pair, so that later pairs neither rename nor move it; where two groups merge, the older
    one's side is taken. Side and fold are hashes of that name and the seed.

    Raises:
        RefineryError: There are fewer than three groups, or one is too large to be fair.
    """
    pairs = pairs.sort_by("pair_id")
    rows = pairs.select(["pair_id", "created_at", *LINKS]).to_pylist()
    groups = group_ids(rows)
    large = _too_large(groups, params)
    if large and not params.allow_large_groups:
        raise RefineryError("splitting", *_refusal(rows, groups, large[0], params))
    side = assign(sorted(set(groups)), params, to_train=frozenset(large))
    fold = {g: int(_roll(params.seed, "fold", g) * params.folds) for g in side if side[g] != "test"}
    table = (
        pairs.append_column("group_id", pa.array(groups, pa.string()))
        .append_column("split", pa.array([side[g] for g in groups], pa.string()))
        .append_column("fold", pa.array([fold.get(g) for g in groups], pa.int64()))
    )
    return Ledger.of(pairs, key="pair_id").close(tables.SPLIT_PAIRS.conform(table), key="pair_id")


def group_ids(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return each row's group, named by the thread (without one, the pair) of the group's oldest row.

    >>> group_ids([
    ...     {"pair_id": "a", "thread_id": "t2", "customer_id": "c", "cluster_id": "a", "created_at": None},
    ...     {"pair_id": "b", "thread_id": "t1", "customer_id": "c", "cluster_id": "b", "created_at": None},
    ...     {"pair_id": "d", "thread_id": "t3", "customer_id": None, "cluster_id": "d", "created_at": None},
    ... ])
    ['t1', 't1', 't3']
    """
    component = _joined(rows)
    anchor: dict[int, tuple[datetime, str]] = {}
    for row, group in zip(rows, component, strict=True):
        age = (row["created_at"] or _LAST, row["thread_id"] or row["pair_id"])
        anchor[group] = min(anchor.get(group, age), age)
    return [anchor[group][1] for group in component]


def assign(groups: Sequence[str], params: SplittingParams, *, to_train: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return each group's split: the lowest hashes are tested on, the next validated on.

    Each group's hash alone decides, however many others there are. Only where a split would stay
    empty does it take the group whose hash comes next, so that three groups suffice.

    >>> sorted(assign(["g1", "g2", "g3"], SplittingParams()).values())
    ['test', 'train', 'validation']
    """
    if len(groups) < 3:
        raise RefineryError(
            "splitting",
            f"{len(groups)} group(s) of pairs cannot make a train, a validation and a test set",
            "collect more customers and threads, or see what joins them (customer, thread, near-duplicate questions)",
        )
    rolls = {g: 1.0 if g in to_train else _roll(params.seed, "split", g) for g in groups}
    order = sorted(groups, key=lambda g: (rolls[g], g))
    tested = sum(r < params.test for r in rolls.values())
    held_out = sum(r < params.test + params.validation for r in rolls.values())
    tested = min(max(tested, 1), len(order) - 2)
    held_out = min(max(held_out, tested + 1), len(order) - 1)
    sides = ["test"] * tested + ["validation"] * (held_out - tested) + ["train"] * (len(order) - held_out)
    return dict(zip(order, sides, strict=True))


def _roll(*parts: str) -> float:
    """Return a number in [0, 1) that these words alone decide."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return (int.from_bytes(digest[:8]) >> 11) / 2**53  # 53 bits: a float holds them exactly and never rounds to 1


def _joined(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the connected component of each row under the links."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    seen: dict[tuple[str, str], int] = {}
    ends = [
        (i, seen.setdefault((link, row[link]), i))  # a row to the first that holds the same value
        for link in LINKS
        for i, row in enumerate(rows)
        if row[link] is not None
    ]
    edges = np.asarray(ends, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])), shape=(len(rows), len(rows)))
    return list(map(int, connected_components(graph, directed=False)[1]))


def _too_large(groups: Sequence[str], params: SplittingParams) -> list[str]:
    """Return the groups that are too large, the largest first."""
    limit = max(params.max_group_share * len(groups), params.small_group)
    return [g for g, size in sorted(Counter(groups).items(), key=lambda item: (-item[1], item[0])) if size > limit]


def _refusal(
    rows: Sequence[Mapping[str, Any]], groups: Sequence[str], large: str, params: SplittingParams
) -> tuple[str, str]:
    """Say in counts what joins the group that is too large, and what to do."""
    values: defaultdict[str, Counter[str]] = defaultdict(Counter)
    members = [row for row, group in zip(rows, groups, strict=True) if group == large]
    for row in members:
        for link in LINKS:
            if row[link] is not None:
                values[link][row[link]] += 1
    widest = max(LINKS, key=lambda link: max(values[link].values(), default=0))
    most, share = max(values[widest].values(), default=0), len(members) / len(rows)
    held = ", ".join(f"{len(values[link])} {link}s" for link in LINKS)
    return (
        f"one group holds {len(members)} of {len(rows)} pairs ({share:.1%}, at most {params.max_group_share:.1%}): "
        f"it joins {held}, and one {widest} alone holds {most} pairs",
        "correct what is mapped onto that column, collect more, or set splitting.allow_large_groups "
        "to put such groups into train as a whole",
    )
