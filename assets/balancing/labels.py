"""Which pairs teach to classify, and how much each counts: positive and negative examples of every label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from assets.balancing.params import LabelParams

CUSTOMERS_WROTE = ("ticket", "chat", "call")
Row = Mapping[str, Any]
Lot = Callable[[str], str]


def openings(pairs: Iterable[Row], made: Iterable[Row]) -> set[str]:
    """Return the pairs in which a customer first says what the record is about, and what was made of them.

    A record is classified once, by its pair with the least history; what only repeats it would count it twice.
    """
    first: dict[str, Row] = {}
    for pair in pairs:
        if pair["kind"] in CUSTOMERS_WROTE and pair["origin"] == "human":
            known = first.setdefault(pair["record_id"], pair)
            if _place(pair) < _place(known):
                first[pair["record_id"]] = pair
    ids = {pair["pair_id"] for pair in first.values()}
    return ids | {m["pair_id"] for m in made if len(m["parent_ids"] or ()) == 1 and m["parent_ids"][0] in ids}


def label_weights(rows: Sequence[Row], label: str, params: LabelParams, lot: Lot) -> dict[str, float]:
    """Return how much each row counts in learning a label; a row that is left out has no weight.

    Every label's own examples are its positives, all others its negatives. Labels with fewer than `min_label` train
    rows cannot be learnt and are not asked for, nor are any beyond the `max_labels` most frequent. A label far above
    the median is cut, by `lot`, to `max_ratio` times it; the rest is weighed by n / (k n_label) (the
    'balanced' weight of King and Zeng, 2001), within `max_weight` either way. Validation and test count as they are.

    Args:
        rows: Opening pairs, made ones among them.
        label: The column that holds the label.
        params: How far labels are brought together.
        lot: A draw by identity.

    Returns:
        Weights by pair id; empty where fewer than two labels can be learnt.
    """
    known = [row for row in rows if row[label]]
    counts = Counter(row[label] for row in known if row["split"] == "train")
    learnt = sorted((n for n in counts if counts[n] >= params.min_label), key=lambda n: (-counts[n], n))
    learnt = learnt[: params.max_labels]
    if len(learnt) < 2:
        return {}
    most = int(params.max_ratio * sorted(counts[n] for n in learnt)[len(learnt) // 2])
    weights = {row["pair_id"]: 1.0 for row in known if row["split"] != "train" and row[label] in learnt}
    kept = {
        name: sorted((r["pair_id"] for r in known if r["split"] == "train" and r[label] == name), key=lot)[:most]
        for name in learnt
    }
    n = sum(map(len, kept.values()))
    for ids in kept.values():
        balanced = n / (len(kept) * len(ids))
        weight = min(params.max_weight, max(1 / params.max_weight, balanced))
        weights.update(dict.fromkeys(ids, round(weight, 4)))
    return weights


def _place(pair: Row) -> tuple[int, str]:
    return len(pair["history"] or ()), pair["pair_id"]
