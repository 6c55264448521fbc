"""Bringing the categories of the training pairs closer together, within bounds (DataBalancer.balance_dataset)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from assets import tables
from assets.balancing.params import BalancingParams
from assets.ledger import Ledger, Published


@dataclass(frozen=True)
class Target:
    """What becomes of one category: pairs kept, variants added, and how much each of them counts."""

    pairs: int
    variants: int
    weight: float


def balance_pairs(split_pairs: pa.Table, rule_variants: pa.Table, params: BalancingParams) -> Published:
    """Return the pairs to train on, balanced by category; validation and test pass unchanged.

    The textbook cuts every category to the smallest one, which throws nearly everything away as
    soon as one category is rare, and its branch that augments can never run. Here each category
    has a target: far above the median it is cut, but never by more than `max_dropped`; below the
    median it is filled up with variants, then counted more, up to `max_weight`. No category is one
    of its own. Which pairs stay is decided by hash.
    """
    ledger = Ledger.of(split_pairs, rule_variants, key="pair_id")
    train = split_pairs.filter(pc.equal(split_pairs.column("split"), "train"))
    pairs, variants = _by_category(train, params.seed), _by_category(rule_variants, params.seed)
    goals = targets({c: len(ids) for c, ids in pairs.items()}, {c: len(ids) for c, ids in variants.items()}, params)

    weight: dict[str, float] = {}
    for category, goal in goals.items():
        kept = [*pairs.get(category, [])[: goal.pairs], *variants.get(category, [])[: goal.variants]]
        weight.update(dict.fromkeys(kept, goal.weight))
        for pair_id in pairs.get(category, [])[goal.pairs :]:
            ledger.drop(pair_id, "over_represented")
        for pair_id in variants.get(category, [])[goal.variants :]:
            ledger.drop(pair_id, "variant_not_needed")

    rows = pa.concat_tables([split_pairs, rule_variants.select(split_pairs.column_names)]).sort_by("pair_id")
    stays = [
        weight.get(pair_id) if split == "train" else 1.0
        for pair_id, split in zip(rows.column("pair_id").to_pylist(), rows.column("split").to_pylist(), strict=True)
    ]
    table = rows.append_column("weight", pa.array(stays, pa.float64()))
    table = table.filter(pc.is_valid(table.column("weight")))
    return ledger.close(tables.BALANCED_PAIRS.conform(table), key="pair_id")


def targets(
    pairs: Mapping[str | None, int], variants: Mapping[str | None, int], params: BalancingParams
) -> dict[str | None, Target]:
    """Return what becomes of each category, given its train pairs and the variants at hand.

    >>> goals = targets({"big": 4000, "usual": 100, "small": 40}, {"small": 10, "big": 9}, BalancingParams())
    >>> goals["big"], goals["small"]
    (Target(pairs=3000, variants=0, weight=1.0), Target(pairs=40, variants=10, weight=2.0))
    """
    typical = _typical(list(pairs.values()), params.min_category)
    goals = {}
    for category in {**pairs, **variants}:
        n = pairs.get(category, 0)
        kept = min(n, max(int(params.max_ratio * typical), n - int(params.max_dropped * n)))
        lacking = max(0, round(typical) - n)
        added = min(variants.get(category, 0), lacking, int(params.max_variants * n))
        there = kept + added
        weight = min(params.max_weight, typical / there) if lacking and there else 1.0
        goals[category] = Target(kept, added, round(max(1.0, weight), 4))
    return goals


def _typical(sizes: Sequence[int], min_category: int) -> float:
    """Return the median size of the categories that are large enough to count, or of all if none is."""
    counted = [n for n in sizes if n >= min_category] or list(sizes)
    return float(median(counted)) if counted else 0.0


def _by_category(table: pa.Table, seed: str) -> dict[str | None, list[str]]:
    """Return the pair ids of each category, in hash order."""
    ids: defaultdict[Any, list[str]] = defaultdict(list)
    for pair_id, category in zip(
        table.column("pair_id").to_pylist(), table.column("category").to_pylist(), strict=True
    ):
        ids[category].append(pair_id)
    return {c: sorted(members, key=lambda i: tables.content_hash("balance", seed, i)) for c, members in ids.items()}
