"""Tuning's doors; nothing passes them without a verdict on exactly the dataset that is trained on."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import child, tables
from assets.base_model import load_tokenizer
from assets.tuning import few_shot, lora, refine
from assets.tuning.params import LoraParams
from checks.expectations import audited
from checks.gate import released_folder
from checks.tuning import FEW_SHOT_PROMPTS, LORA_ADAPTER
from dagster_project.failures import plainly
from dagster_project.metadata import card
from dagster_project.resources.knobs import knobs, turned

LoraKnobs = knobs(LoraParams)


@dg.asset(**card(tables.FEW_SHOT_PROMPTS, "PromptBasedTuner", FEW_SHOT_PROMPTS, needs=["base_model"]), pool="train")
@plainly
def few_shot_prompts(
    context: dg.AssetExecutionContext, dataset_release: pa.Table, quality_verdict: pa.Table
) -> Iterator[Any]:
    """Per category the examples a few-shot prompt shows, chosen by similarity and diversity."""
    found = context.resources
    folder = released_folder(dataset_release, quality_verdict, found.lake, found.settings)
    params = found.settings.tuning.few_shot
    tried = refine.tried(folder, found.base_model, params, on_line=context.log.info)
    prompts = few_shot.few_shot_prompts(folder, params, load_tokenizer(found.base_model), tried)
    yield from audited(context, prompts, FEW_SHOT_PROMPTS)


@dg.asset(
    **card(tables.LORA_ADAPTER, "LoRAFineTuner", LORA_ADAPTER, ("pytorch", "parquet"), needs=["base_model"]),
    pool="train",
)
@plainly
def lora_adapter(
    context: dg.AssetExecutionContext,
    config: LoraKnobs,  # type: ignore[valid-type] # made from LoraParams when this module is loaded
    dataset_release: pa.Table,
    quality_verdict: pa.Table,
) -> Iterator[Any]:
    """The LoRA adapter trained on the released dataset, in a process of its own that can be resumed."""
    found = context.resources
    folder = released_folder(dataset_release, quality_verdict, found.lake, found.settings)
    params, chosen = turned(config, found.settings.tuning.lora)
    asked = lora.TrainingRequest(release=folder, base_model=found.base_model, params=params)
    version = tables.content_hash(folder.name, found.base_model.name, params.model_dump_json())
    place = f"artifacts/lora_adapter/{version}"
    child.run("assets.tuning.train", asked, out := found.settings.home / place, on_line=context.log.info)
    result = lora.TrainingResult.model_validate_json((out / "training.json").read_bytes())
    curve = dg.MetadataValue.json([point.model_dump() for point in result.losses])
    row = lora.lora_adapter_row(result, folder=place)
    yield from audited(context, row, LORA_ADAPTER, knobs=chosen, loss_curve=curve)
