"""Whose data the refinery holds: read from the restricted zone, kept in memory, written nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain

from assets.anonymization.domain import agents, pii_domain
from assets.anonymization.leaks import Search, Watchlist, thread_names
from assets.tables import TABLES
from dagster_project.resources.lake import Lake
from dagster_project.settings import Settings

HOLDERS = tuple(name for name, table in TABLES.items() if "known" in table.schema.names)
"""The tables that say who is known; all of them rest in the restricted zone."""


def search_of(lake: Lake, settings: Settings, partitions: Iterable[str] | None = None) -> Search:
    """Return the search for everybody the lake knows: of these partitions, or of all there are.

    What was purged is known no more. The desk's own people count as known in every thread.
    """
    keys = None if partitions is None else tuple(sorted(partitions))
    held = tuple(
        (asset, partition, manifest.table_sha256)
        for asset in HOLDERS
        for partition, manifest in lake.manifests(asset, keys).items()
        if manifest.purged_at is None and manifest.rows
    )
    params = settings.anonymization
    people = agents(params.agents).names
    return _search(lake.root, held, people, pii_domain(params.patterns).ordinary_words)


@lru_cache(maxsize=2)  # of the run's own partitions, and of all
def _search(
    root: str, held: Sequence[tuple[str, str, str]], people: tuple[str, ...], ordinary: tuple[str, ...]
) -> Search:
    lake = Lake(root)
    known: set[tuple[str, str]] = {("name", name) for name in people}
    threads: dict[str, set[str]] = defaultdict(set)
    for asset in HOLDERS:
        partitions = [partition for holder, partition, _ in held if holder == asset]
        keyed = "thread_id" if "thread_id" in TABLES[asset].schema.names else TABLES[asset].key
        table = lake.select(asset, [keyed, "known"], partitions)
        for thread, entries in zip(table.column(keyed).to_pylist(), table.column("known").to_pylist(), strict=True):
            pairs = [(e["type"] or "other", e["value"]) for e in entries or () if e["value"]]
            known.update(pairs)
            threads[thread] |= thread_names(pairs)
    return Search(Watchlist(known, ordinary), {t: frozenset(names) for t, names in threads.items() if names})


def rows_purged(lake: Lake) -> int:
    """Return how many rows of the restricted zone are gone, their people with them."""
    manifests = chain.from_iterable(lake.manifests(asset).values() for asset in HOLDERS)
    return sum(m.rows for m in manifests if m.purged_at is not None)
