"""Evaluation's doors: one frozen test set, every approach, one recommendation."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from assets import child, tables
from assets.evaluation import predict, recommend, scores
from checks.evaluation import APPROACH_SCORES, PREDICTIONS, RECOMMENDATION
from checks.expectations import audited
from checks.gate import released_folder
from dagster_project.failures import plainly
from dagster_project.metadata import card

KINDS = ("pytorch", "parquet")


@dg.asset(**card(tables.PREDICTIONS, "EvaluationFramework", PREDICTIONS, KINDS, needs=["base_model"]), pool="train")
@plainly
def predictions(
    context: dg.AssetExecutionContext,
    dataset_release: pa.Table,
    quality_verdict: pa.Table,
    few_shot_prompts: pa.Table,
    lora_adapter: pa.Table,
    instruction_adapter: pa.Table,
    multitask_adapter: pa.Table,
    transfer_adapter: pa.Table,
    full_model: pa.Table,
) -> Iterator[Any]:
    """What every approach answers on the frozen test set, and how likely it finds the true answer."""
    found = context.resources
    rows = pa.concat_tables([lora_adapter, instruction_adapter, multitask_adapter, transfer_adapter, full_model])
    with tempfile.TemporaryDirectory() as scratch:
        pq.write_table(few_shot_prompts, prompts := Path(scratch) / "prompts.parquet")
        asked = predict.PredictionRequest(
            release=released_folder(dataset_release, quality_verdict, found.lake, found.settings),
            base_model=found.base_model,
            prompts=prompts,
            trained={row["approach"]: found.settings.home / row["folder"] for row in rows.to_pylist()},
            params=found.settings.evaluation.predictions,
        )
        child.run("assets.evaluation.predict", asked, out := Path(scratch) / "out.parquet", on_line=context.log.info)
        yield from audited(context, predict.predictions(out), PREDICTIONS)


@dg.asset(**card(tables.APPROACH_SCORES, "EvaluationFramework", APPROACH_SCORES))
@plainly
def approach_scores(context: dg.AssetExecutionContext, predictions: pa.Table) -> Iterator[Any]:
    """Scores of every approach, and the paired differences between them, with intervals and p values over threads."""
    params = context.resources.settings.evaluation.scores
    scored = scores.approach_scores(predictions, params)
    few = dg.MetadataValue.json(scores.too_small(predictions, params))
    yield from audited(context, scored, APPROACH_SCORES, groups_without_a_score=few)


@dg.asset(**card(tables.RECOMMENDATION, "FineTuningFramework", RECOMMENDATION))
@plainly
def recommendation(
    context: dg.AssetExecutionContext, approach_scores: pa.Table, lora_adapter: pa.Table
) -> Iterator[Any]:
    """Which approach to take, why, and what would change it."""
    learned = next(iter(lora_adapter.column("distinct_examples").to_pylist()), None)
    params = context.resources.settings.evaluation.recommendation
    advice = recommend.recommendation(approach_scores, params, train_examples=learned)
    yield from audited(context, advice, RECOMMENDATION)
