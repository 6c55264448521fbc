"""Which categories training lacks: what synthetic pairs are written about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

_DOCUMENTS = ("article", "external")


def gaps(rows: Iterable[Mapping[str, Any]], least: int) -> dict[str, int]:
    """Return how many train pairs each category lacks, largest lack first; of those that lack none, nothing.

    A category lacks what brings it to its share of all that customers ask, and to `least` pairs. Documents count for
    neither: they are what the lack is written from.

    >>> asked = [{"category": c, "split": s, "kind": "ticket"} for c, s in (("a", "train"),) * 6 + (("b", "test"),) * 2]
    >>> gaps(asked, least=4), gaps(asked, least=0)
    ({'b': 4}, {'b': 2})
    """
    population: Counter[str] = Counter()
    trained: Counter[str] = Counter()
    for row in rows:
        category = row["category"]
        if category is None:
            continue
        asked = row["kind"] not in _DOCUMENTS
        trained[category] += asked and row["split"] == "train"
        population[category] += asked
    scale = trained.total() / population.total() if population.total() else 0.0
    lack = {c: max(round(population[c] * scale), least) - trained[c] for c in population}
    return {c: n for c, n in sorted(lack.items(), key=lambda item: (-item[1], item[0])) if n > 0}
