"""CrossValidator: k adapters, each asked the fold of the training part that it did not learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from assets import released, tables
from assets.errors import RefineryError
from assets.evaluation.params import ScoreParams
from assets.evaluation.resampling import measured
from assets.ledger import Published, summary
from assets.metrics import Metric, ratio
from assets.training import LoraParams, TrainingRequest, TrainingResult

PER_TOKEN = Metric("nll_per_token", ("nll", "answer_tokens"), ratio, better="lower")
QUALITY = ("question_quality", "answer_quality", "relevance", "completeness")
"""What validate_qa_pair scores a pair by."""
_SETTING = "evaluation.cross_validation.folds"
Row = dict[str, Any]


class Fold(NamedTuple):
    """What came of one fold: the training without it, and what it was asked."""

    trained: TrainingResult
    learnt: set[str]
    """Ids of the pairs it met."""
    predictions: pa.Table


def requests(release: Path, adapter: pa.Table, base_model: Path, folds: int) -> list[TrainingRequest]:
    """Return a training for each of the release's first `folds` folds, by the knobs of the adapter there is.

    Raises:
        RefineryError: There is no adapter whose knobs could be validated, or the release has fewer folds.
    """
    if not folds:
        return []
    if not len(adapter):
        raise RefineryError(_SETTING, "finds no LoRA adapter to validate", "add lora to tuning.approaches, or set 0")
    found = sorted({r["fold"] for r in released.open_release(release).examples("train")} - {None})
    if len(found) < folds:
        raise RefineryError(_SETTING, f"asks for {folds} folds of {len(found)}", "lower it, or raise splitting.folds")
    params = LoraParams.model_validate_json(adapter.column("params")[0].as_py())
    asked = TrainingRequest(release=release, base_model=base_model, params=params)
    return [asked.model_copy(update={"fold": fold}) for fold in found[:folds]]


def cross_validation(folds: Sequence[Fold], pairs: pa.Table, params: ScoreParams) -> Published:
    """Return a row a fold, and one of all together.

    Folds are dealt by group and stratified by category (see splitting.folds). Training stops early by the
    release's validation part, so that a fold is asked once and decides nothing. The folds' trainings share most
    of their examples: their spread is no estimate of variance, for which there is no unbiased one
    (Bengio and Grandvalet 2004, jmlr.org/papers/v5/grandvalet04a).

    Args:
        folds: What came of every fold.
        pairs: `pair_id` and the scores of `QUALITY` of the pairs that could be learnt.
        params: The knobs of the bootstrap over threads.
    """
    quality = _quality(pairs)
    rows = [_row(fold, quality, params) for fold in folds]
    if rows:
        rows.append(_together(rows, folds, params))
    table = tables.CROSS_VALIDATION.of(rows)
    return summary(table, key="row_id", parents=["dataset_release", "lora_adapter", "balanced_pairs"])


def _row(fold: Fold, quality: pd.Series[float], params: ScoreParams) -> Row:
    return {
        "row_id": tables.content_hash(fold.trained.release, fold.trained.artifact, str(fold.trained.fold)),
        "fold": fold.trained.fold,
        "release": fold.trained.release,
        "params": fold.trained.params.model_dump_json(),
        "train_size": fold.trained.examples,
        "data_quality": round(float(quality[quality.index.isin(fold.learnt)].mean()), 6),
        "seconds": fold.trained.seconds,
        **_performance(fold.predictions, params, str(fold.trained.fold)),
    }


def _together(rows: Sequence[Row], folds: Sequence[Fold], params: ScoreParams) -> Row:
    """Return all folds as one: their answers pooled, sizes and quality on average, and how far they lie apart."""
    frame = pd.DataFrame(rows)
    return {
        "row_id": tables.content_hash(*frame["row_id"]),
        "fold": None,
        "release": rows[0]["release"],
        "params": rows[0]["params"],
        "train_size": round(frame["train_size"].mean()),
        "data_quality": round(float(frame["data_quality"].mean()), 6),
        "seconds": round(float(frame["seconds"].sum()), 3),
        "spread": round(float(frame["performance"].std()), 6) if len(rows) > 1 else None,
        **_performance(pa.concat_tables([fold.predictions for fold in folds]), params, "all"),
    }


def _performance(predictions: pa.Table, params: ScoreParams, where: str) -> Row:
    """Return the nats a token of the adapter and of the zero-shot prompt, and their paired difference."""
    columns = ["approach", "example_id", "thread_id", *PER_TOKEN.parts]
    by_approach = predictions.select(columns).to_pandas().sort_values("example_id").groupby("approach")
    ours, theirs = (by_approach.get_group(approach) for approach in ("lora", "zero_shot"))
    of: Mapping[str, list[pd.DataFrame]] = {"performance": [ours], "zero_shot": [theirs], "difference": [ours, theirs]}
    row: Row = {"val_size": len(ours), "threads": ours["thread_id"].nunique()}
    for name, frames in of.items():
        found = measured(PER_TOKEN, frames, ("cross_validation", where), params)
        row |= {name: found["value"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
    return row


def _quality(pairs: pa.Table) -> pd.Series[float]:
    """Return of every pair the mean of its scores."""
    return pairs.select(["pair_id", *QUALITY]).to_pandas().set_index("pair_id").mean(axis=1)
