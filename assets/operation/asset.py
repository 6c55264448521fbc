"""Operation's doors: what was recommended becomes a package, and a package that is better becomes champion."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.instructions import Instructions
from assets.operation import champions as history
from assets.operation import package
from assets.operation.packaged import FOLDER, open_package
from assets.training import APPROACHES
from checks.expectations import audited
from checks.gate import released_folder
from checks.operation import CHAMPIONS, MODEL_PACKAGE
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(
    **card(tables.MODEL_PACKAGE, "FineTuningFramework", MODEL_PACKAGE, needs=["base_model"]),
    ins={asset: dg.AssetIn() for asset in APPROACHES},
)
@plainly
def model_package(
    context: dg.AssetExecutionContext,
    dataset_release: pa.Table,
    quality_verdict: pa.Table,
    few_shot_prompts: pa.Table,
    predictions: pa.Table,
    approach_scores: pa.Table,
    recommendation: pa.Table,
    **trained: pa.Table,
) -> Iterator[Any]:
    """The recommended approach, ready to be deployed: a folder with all that serving it takes, and its model card."""
    found = context.resources
    release = released_folder(dataset_release, quality_verdict, found.lake, found.settings)
    chosen = package.Chosen(recommendation, predictions, approach_scores, few_shot_prompts, [*trained.values()])
    words = Instructions.load(found.settings.formatting.instructions)
    most = found.settings.evaluation.predictions.max_prompt_tokens
    place = {"release": release, "base": found.base_model, "home": found.settings.home}
    place["gguf"] = found.settings.operation.serving.base_gguf
    made = package.model_package(chosen, **place, words=words, max_prompt_tokens=most)
    yield from audited(context, made, MODEL_PACKAGE)


@dg.asset(**card(tables.CHAMPIONS, "FineTuningFramework", CHAMPIONS))
@plainly
def champions(context: dg.AssetExecutionContext, model_package: pa.Table) -> Iterator[Any]:
    """Who was served, who is, and why; it reads its own last version, and adds the decision on the new package."""
    found = context.resources
    before, folder = found.lake.read("champions"), found.settings.home / FOLDER
    params = found.settings.operation.promotion
    made = history.champions(model_package, before, lambda version: open_package(folder / version).marks(), params)
    yield from audited(context, made, CHAMPIONS, champion=history.champion(made.table))
