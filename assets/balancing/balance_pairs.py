"""Bringing categories, then complexity, then length of the training pairs closer together, within bounds.

`DataBalancer.balance_dataset`. The textbook cuts every category to the smallest one, which throws nearly everything
away as soon as one category is rare, and its branch that augments can never run. Here each category has a target: far
above the median it is cut, but never by more than `max_dropped`; below the median it is filled up with made pairs,
then counted more. Where a category is cut, its most frequent complexity gives way first, and within it the most
frequent length; what stays is chosen to cover what leaves. Where made pairs are added, the rarest complexity and
length take them first. Within a category the rarer complexities, lengths and customer segments count more, so that a
few who write often are not all the model hears. No category is one of its own. Validation and test pass unchanged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import pyarrow as pa

from assets import tables
from assets.balancing.labels import label_weights, openings
from assets.balancing.params import BalancingParams
from assets.balancing.strata import BANDS, bands, complexity, length, shares
from assets.balancing.thinning import Likeness, thin
from assets.ledger import Ledger, Published
from assets.licences import inherited

Row = dict[str, Any]
_READ = [
    *("pair_id", "record_id", "customer_id", "kind", "origin", "split", "category", "priority"),
    *("question", "answer", "history", "parent_ids"),
]


WEIGHED = ("complexity_band", "length_band", "customer_segment")
"""What the pairs of a category are weighed by."""


@dataclass(frozen=True)
class Target:
    """What becomes of one category: pairs kept, made pairs added, and how much each of them counts."""

    pairs: int
    variants: int
    weight: float


def balance_pairs(
    split_pairs: pa.Table,
    made: Sequence[pa.Table],
    signatures: pa.Table,
    customers: pa.Table,
    params: BalancingParams,
) -> Published:
    """Return the pairs to train on, balanced; see the module.

    Args:
        split_pairs: A table in the form of `tables.SPLIT_PAIRS`.
        made: Tables of made pairs with its columns, for training only.
        signatures: A table in the form of `tables.PAIR_SIGNATURES`: whose embeddings say what stands for what.
        customers: A table in the form of `tables.CUSTOMER_FEATURES`; of customers it does not hold no segment is known.
        params: How far, and at what cost.
    """
    ledger = Ledger.of(split_pairs, *made, key="pair_id")
    table = pa.concat_tables([t.select(split_pairs.column_names) for t in (split_pairs, *made)]).sort_by("pair_id")
    table = inherited(table)
    rows = _measured(table, segments(customers))
    train = _by_category([r for r in rows if r["split"] == "train" and r["origin"] == "human"], params.seed)
    extra = _by_category([r for r in rows if r["origin"] != "human"], params.seed)
    goals = targets({c: len(p) for c, p in train.items()}, {c: len(p) for c, p in extra.items()}, params)

    likeness, weight = Likeness(signatures), {r["pair_id"]: 1.0 for r in rows if r["split"] != "train"}
    for category, goal in goals.items():
        pairs, variants = train.get(category, []), extra.get(category, [])
        left = _cut(pairs, goal.pairs, likeness)
        stay = [p for p in pairs if p["pair_id"] not in left]
        added = _rarest_first(stay, variants)[: goal.variants]
        for pair_id in sorted(left):
            ledger.drop(pair_id, "over_represented")
        for pair_id in sorted({v["pair_id"] for v in variants} - {v["pair_id"] for v in added}):
            ledger.drop(pair_id, "variant_not_needed")
        weight |= _weights([*stay, *added], goal.weight, params.max_band_weight)

    there = [r for r in rows if r["pair_id"] in weight]
    taught = openings(there, [r for r in there if r["origin"] != "human"])
    asked = [r for r in there if r["pair_id"] in taught]
    added_columns = {
        **{name: {r["pair_id"]: r[name] for r in there} for name in ("complexity", *WEIGHED)},
        "weight": weight,
        **{
            f"{label}_weight": label_weights(asked, label, params.labels, lambda i: _lot(params.seed, i))
            for label in ("category", "priority")
        },
    }
    table = table.filter(pa.array([pair_id in weight for pair_id in table.column("pair_id").to_pylist()]))
    ids = table.column("pair_id").to_pylist()
    for name, values in added_columns.items():
        table = table.append_column(name, pa.array([values.get(i) for i in ids]))
    return ledger.close(tables.BALANCED_PAIRS.conform(table), key="pair_id")


def targets(
    pairs: Mapping[str | None, int], variants: Mapping[str | None, int], params: BalancingParams
) -> dict[str | None, Target]:
    """Return what becomes of each category, given its train pairs and the made pairs at hand.

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


def segments(customers: pa.Table) -> dict[str, str]:
    """Return by every pseudonym of a customer, those of rows merged into one person included, the segment."""
    rows = customers.select(["customer_id", "merged_ids", "segment"]).to_pylist()
    return {id_: row["segment"] for row in rows for id_ in (row["customer_id"], *(row["merged_ids"] or ()))}


def _measured(table: pa.Table, segment: Mapping[str, str]) -> list[Row]:
    """Return what balancing looks at of every row, with its complexity and length in bands of the train pairs."""
    rows: list[Row] = table.select(_READ).to_pylist()
    for row in rows:
        row["customer_segment"] = segment.get(row["customer_id"])
    for name, measure in (("complexity", complexity), ("length", length)):
        values = [float(measure(row)) for row in rows]
        own = [v for v, r in zip(values, rows, strict=True) if r["split"] == "train" and r["origin"] == "human"]
        for row, value, band in zip(rows, values, bands(values, own, BANDS[name]), strict=True):
            row |= {name: value, f"{name}_band": band}
    return rows


def _by_category(rows: Iterable[Row], seed: str) -> dict[str | None, list[Row]]:
    """Return the rows of each category, in hash order."""
    groups: defaultdict[str | None, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: _lot(seed, r["pair_id"])):
        groups[row["category"]].append(row)
    return dict(groups)


def _cut(pairs: Sequence[Row], keep: int, likeness: Likeness) -> set[str]:
    """Return the pairs that leave a category: of its most frequent complexity and length, and well covered."""
    if keep >= len(pairs):
        return set()
    gone: list[str] = []
    by_complexity = _grouped(pairs, "complexity_band")
    for band, places in shares({b: len(p) for b, p in by_complexity.items()}, keep).items():
        by_length = _grouped(by_complexity[band], "length_band")
        for name, left in shares({b: len(p) for b, p in by_length.items()}, places).items():
            ids = [pair["pair_id"] for pair in by_length[name]]
            gone += thin(ids, len(ids) - left, likeness)
    return set(gone)


def _rarest_first(there: Sequence[Row], variants: Sequence[Row]) -> list[Row]:
    """Order made pairs so that each next one goes to the cell of complexity and length that has fewest by then."""
    counts, waiting = Counter(map(_cell, there)), defaultdict(list)
    for variant in reversed(variants):
        waiting[_cell(variant)].append(variant)
    ordered: list[Row] = []
    while waiting:
        cell = min(waiting, key=lambda c: (counts[c], c))
        ordered.append(waiting[cell].pop())
        counts[cell] += 1
        if not waiting[cell]:
            del waiting[cell]
    return ordered


def _weights(rows: Sequence[Row], weight: float, most: float) -> dict[str, float]:
    """Weigh a category's pairs: what is rarer in it more, its mean staying what `weight` says.

    What is not known of a pair (articles have no customer) leaves it as it is.
    """
    factors = [1.0] * len(rows)
    for name in WEIGHED:
        counts = Counter(row[name] for row in rows if row[name] is not None)
        even = counts.total() / max(1, len(counts))
        rarity = {value: min(most, max(1 / most, even / n)) for value, n in counts.items()}
        factors = [f * rarity.get(r[name], 1.0) for f, r in zip(factors, rows, strict=True)]
    factors = [min(most**2, max(most**-2, f)) for f in factors]
    mean = sum(factors) / max(1, len(factors))
    return {r["pair_id"]: round(weight * f / mean, 4) for f, r in zip(factors, rows, strict=True)}


def _grouped(rows: Iterable[Row], by: str) -> dict[str, list[Row]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[by]].append(row)
    return dict(groups)


def _cell(row: Row) -> tuple[str, str]:
    return row["complexity_band"], row["length_band"]


def _lot(seed: str, pair_id: str) -> str:
    return tables.content_hash("balance", seed, pair_id)
