"""EvaluationFramework.evaluate_dataset: the dataset and the models trained on it, in four families of metrics.

- `intrinsic_metrics`: size, diversity, coverage, balance and complexity of the dataset.
- `extrinsic_metrics`: what the approaches make of it on the test set, whole and by source, category, kind and label,
  and the paired tests between them. Free text has no accuracy, precision, recall or F1: those are of the classification
  tasks, macro-averaged, and answers have likelihood and text metrics. In how many of its answers the second detector
  suspects personal data is one of them, too, and how well an adapter knows canaries by heart.
- `quality_metrics`: the composite and its parts.
- `bias_metrics`: the four kinds of the dataset's bias, and how unequally each approach serves sources and categories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from assets import tables
from assets.errors import RefineryError
from assets.evaluation.params import ScoreParams
from assets.evaluation.resampling import measured
from assets.ledger import Published, summary
from assets.metrics import Metric
from assets.training import ANSWER

INTRINSIC, EXTRINSIC, QUALITY, BIAS = FAMILIES = (
    "intrinsic_metrics",
    "extrinsic_metrics",
    "quality_metrics",
    "bias_metrics",
)
_INTRINSIC = ("size", "diversity", "coverage", "balance", "complexity")
_NAMES = {
    "nll_per_token": "nll",
    "bleu": "bleu_score",
    "macro_precision": "precision",
    "macro_recall": "recall",
    "macro_f1": "f1_score",
}
"""What the framework calls a metric, where the literature says it otherwise."""
_UNITS = {
    "nll": "nats a token",
    "question_gain": "nats a token",
    "perplexity": "tokens",
    "bleu_score": "of 100",
    "chrf": "of 100",
}
_SHARE, _COEFFICIENT = "share", "of 1"
_COEFFICIENTS = ("weighted_kappa", "embedding_similarity")
Row = dict[str, Any]


def evaluation_results(
    quality_report: pa.Table,
    approach_scores: pa.Table,
    predictions: pa.Table,
    params: ScoreParams,
    more: Sequence[Row] = (),
) -> Published:
    """Gather the four families, and what a judge, detector and canaries found; what was not measured is null.

    Raises:
        RefineryError: Nothing of a family was measured.
    """
    measures = quality_report.to_pylist()
    rows = [*_dataset(measures), *_extrinsic(approach_scores), *_gaps(predictions, params), *more]
    for family in FAMILIES:
        if not any(row["family"] == family and row["value"] is not None for row in rows):
            raise RefineryError("evaluation_results", f"nothing of {family} was measured", "see what it is made from")
    rows = [dict(row) for row in rows]
    for row in rows:
        names = ("family", "metric", "task", "approach", "baseline", "source", "subset", "group")
        row["result_id"] = tables.content_hash(*(row.get(name) or "" for name in names))
    parents = ["quality_report", "approach_scores", "predictions", "lora_adapter"]
    return summary(tables.EVALUATION_RESULTS.of(rows), key="result_id", parents=parents)


def _dataset(measures: list[Row]) -> Iterator[Row]:
    for row in measures:
        told = {name: row[name] for name in ("value", "low", "high", "n", "unit")} | {"metric": row["measure"]}
        if row["measure"] in _INTRINSIC:
            yield {"family": INTRINSIC, **told}
        if row["weight"] is not None or row["measure"] == "composite":
            yield {"family": QUALITY, **told}
        if row["family"] == "bias":
            yield {"family": BIAS, **told}


def _extrinsic(scores: pa.Table) -> Iterator[Row]:
    """Yield every score under the framework's name, the paired differences among them."""
    same = ("task", "approach", "baseline", "source", "subset", "group", "value", "low", "high", "p_value", "n")
    for row in scores.to_pylist():
        metric = _NAMES.get(row["metric"], row["metric"])
        unit = _UNITS.get(metric, _COEFFICIENT if metric in _COEFFICIENTS else _SHARE)
        yield {"family": EXTRINSIC, "metric": metric, "unit": unit, **{name: row[name] for name in same}}


def suspected(predictions: pa.Table, look: Callable[[Sequence[str]], Sequence[int]], most: float) -> Iterator[Row]:
    """Yield by approach the share of the answers written in which the second detector suspects personal data.

    One that was withheld counts as well: somebody known was found in it.

    Args:
        predictions: A table in the form of `tables.PREDICTIONS`.
        look: The second detector: how much it sees, text by text.
        most: The greatest share that is tolerated.
    """
    by_approach: dict[str, list[str | None]] = {}
    for row in predictions.to_pylist():
        if row["task"] == ANSWER and (row["answer"] or row["generated_tokens"]):
            by_approach.setdefault(row["approach"], []).append(row["answer"])
    for approach, texts in sorted(by_approach.items()):
        seen = sum(n > 0 for n in look([text for text in texts if text])) + texts.count(None)
        where = {"family": EXTRINSIC, "metric": "suspected_personal_data", "task": ANSWER, "approach": approach}
        yield {**where, "value": seen / len(texts), "most": most, "n": len(texts), "unit": _SHARE}


def _gaps(predictions: pa.Table, params: ScoreParams) -> Iterator[Row]:
    """Yield per approach how far the best served source or category is from the worst, in nats a token.

    Only groups of `min_group` pairs count, and two of them at the least. Chance parts even equals, so that a gap is
    always above zero; its interval says by how much.
    """
    frame = predictions.to_pandas()
    known = frame[(frame["task"] == ANSWER) & frame["nll"].notna()]
    for by in ("source", "category"):
        for approach, rows in known.groupby("approach", sort=True):
            sizes = rows.groupby(by).size()
            large = sorted(sizes.index[sizes >= params.min_group])
            if len(large) > 1:
                part = rows[rows[by].isin(large)]
                apart = pd.get_dummies(part[by])[large].to_numpy(float)
                sums = np.hstack([apart * part[[name]].to_numpy(float) for name in ("nll", "answer_tokens")])
                names = tuple(f"part_{i}" for i in range(sums.shape[1]))
                counted = pd.DataFrame(sums, index=part.index, columns=names).assign(thread_id=part["thread_id"])
                found = measured(Metric("nll_gap", names, _gap, better="lower"), [counted], (by,), params)
                told = {name: found[name] for name in ("value", "low", "high", "n")}
                where = {"family": BIAS, "metric": f"nll_gap_by_{by}", "task": ANSWER, "approach": str(approach)}
                yield {**where, **told, "unit": _UNITS["nll"]}


def _gap(sums: np.ndarray) -> np.ndarray:
    """Return the greatest less the least likelihood a token of the groups that a resample holds."""
    nll, tokens = np.hsplit(sums, 2)
    each = np.divide(nll, tokens, out=np.full_like(nll, np.nan), where=tokens > 0)
    return np.nanmax(each, axis=1) - np.nanmin(each, axis=1)
