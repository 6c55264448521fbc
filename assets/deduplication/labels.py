"""Categories that the words of their pairs do not speak for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.deduplication.candidates import components
from assets.deduplication.params import DeduplicationParams
from assets.deduplication.signed import Signed


def label_errors(
    signed: Signed, rows: Sequence[Mapping[str, Any]], params: DeduplicationParams
) -> Iterator[dict[str, Any]]:
    """Yield the pairs whose category is likely wrong, with the one that is likely right.

    Confident learning (Northcutt, Jiang and Chuang 2021, by cleanlab) over probabilities that a logistic regression
    on the embeddings gives to pairs of folds it has not seen; customers, threads and clusters are never cut in two.
    A category is judged where it occurs in as many groups as there are folds; one seen once is nobody's error.
    """
    groups = _groups(rows)
    seen: defaultdict[str, set[int]] = defaultdict(set)
    for row, group in zip(rows, groups, strict=True):
        if row["category"] is not None:
            seen[row["category"]].add(group)
    names = sorted(name for name, among in seen.items() if len(among) >= params.label_folds)
    if len(names) < 2:
        return
    judged = [i for i, row in enumerate(rows) if row["category"] in names]
    labels = np.array([names.index(rows[i]["category"]) for i in judged])
    sides = [signed.embeddings[side][judged] for side in ("question", "answer")]
    probability = _out_of_fold(np.hstack(sides), labels, np.array(groups)[judged], params.label_folds)

    from cleanlab.filter import find_label_issues

    for k in find_label_issues(labels, probability, return_indices_ranked_by="self_confidence", n_jobs=1):
        yield {
            "kind": "label_error",
            "pair_id": rows[judged[k]]["pair_id"],
            "score": round(1 - float(probability[k, labels[k]]), 4),
            "suggested": names[int(probability[k].argmax())],
        }


def _out_of_fold(
    features: NDArray[np.float32], labels: NDArray[np.int64], groups: NDArray[np.int64], folds: int
) -> NDArray[np.float64]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold

    probability = np.full((len(labels), labels.max() + 1), 1e-6)
    for train, test in StratifiedGroupKFold(folds).split(features, labels, groups):
        model = LogisticRegression(C=10.0, max_iter=200).fit(features[train], labels[train])
        probability[np.ix_(test, model.classes_)] = model.predict_proba(features[test])
    return probability / probability.sum(axis=1, keepdims=True)


def _groups(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    first: dict[tuple[str, str], int] = {}
    links = [
        (i, first.setdefault((name, row[name]), i))
        for i, row in enumerate(rows)
        for name in ("customer_id", "thread_id", "cluster_id")
        if row[name] is not None
    ]
    return components(len(rows), links)
