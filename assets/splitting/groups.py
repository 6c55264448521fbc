"""Which pairs belong together: what customers, threads, clusters and parents join stays on one side."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from assets.errors import RefineryError
from assets.splitting.params import SplittingParams

LINKS = ("customer_id", "thread_id", "cluster_id")
"""What may not be torn apart: equal values join two pairs, a null joins nothing."""
READ = ("pair_id", "created_at", "category", "origin", "parent_ids", *LINKS)
"""What grouping and dealing look at; no text."""

_LAST = datetime.max.replace(tzinfo=UTC)
Row = Mapping[str, Any]


class Grouped(NamedTuple):
    """The group of every row, None for one that had to leave; and the groups that are too large."""

    groups: list[str | None]
    large: frozenset[str]


def grouped(rows: Sequence[Row], params: SplittingParams) -> Grouped:
    """Return the groups of rows, none of them larger than the settings allow.

    Cutting a link would leave a customer, or two questions that are nearly one, on both sides. So a
    group is capped at its rows: in the order of age, a row that would join too many leaves. What is
    left shares nothing across groups, whatever the link that made the group grow.

    Raises:
        RefineryError: A group is too large, and the settings say to refuse it.
    """
    groups = group_ids(rows)
    limit = max(params.max_group_share * len(rows), params.small_group)
    sizes = Counter(groups)
    large = sorted((g for g, size in sizes.items() if size > limit), key=lambda g: (-sizes[g], g))
    if not large or params.large_groups == "train":
        return Grouped(list(groups), frozenset(large))
    if params.large_groups == "refuse":
        raise RefineryError("splitting", *_refusal(rows, groups, large[0], params))
    beyond = _beyond(rows, [i for i, g in enumerate(groups) if g in set(large)], limit)
    inside = [i for i in range(len(rows)) if i not in beyond]
    named = dict(zip(inside, group_ids([rows[i] for i in inside]), strict=True))
    return Grouped([named.get(i) for i in range(len(rows))], frozenset())


def group_ids(rows: Sequence[Row]) -> list[str]:
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


def _links(row: Row) -> Iterator[tuple[str, str]]:
    """Yield all that joins a row to others; a pair made from others is joined to them."""
    for link in LINKS:
        if row[link] is not None:
            yield link, row[link]
    yield "pair_id", row["pair_id"]
    for parent in row.get("parent_ids") or ():
        yield "pair_id", parent


def _joined(rows: Sequence[Row]) -> list[int]:
    """Return the connected component of each row under the links."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    seen: dict[tuple[str, str], int] = {}
    ends = [(i, seen.setdefault(link, i)) for i, row in enumerate(rows) for link in _links(row)]
    edges = np.asarray(ends, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])), shape=(len(rows), len(rows)))
    return list(map(int, connected_components(graph, directed=False)[1]))


def _beyond(rows: Sequence[Row], members: Iterable[int], limit: float) -> set[int]:
    """Return the rows that have to leave, so that no component of the others holds more than `limit`."""
    root: dict[tuple[str, str], tuple[str, str]] = {}
    size: dict[tuple[str, str], int] = defaultdict(int)

    def find(link: tuple[str, str]) -> tuple[str, str]:
        while root.setdefault(link, link) != link:
            root[link] = root[root[link]]  # path halving
            link = root[link]
        return link

    beyond = set()
    for i in sorted(members, key=lambda i: (rows[i]["created_at"] or _LAST, rows[i]["pair_id"])):
        joined = {find(link) for link in _links(rows[i])}
        if sum(size[r] for r in joined) + 1 > limit:
            beyond.add(i)
            continue
        into = max(joined, key=lambda r: (size[r], r))
        size[into] = sum(size[r] for r in joined) + 1
        root.update(dict.fromkeys(joined, into))
    return beyond


def _refusal(rows: Sequence[Row], groups: Sequence[str], large: str, params: SplittingParams) -> tuple[str, str]:
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
        "correct what is mapped onto that column, collect more, or set splitting.large_groups: "
        "train puts such a group into train as a whole, cap lets the pairs leave that make it too large",
    )
