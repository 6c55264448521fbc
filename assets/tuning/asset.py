"""Tuning's doors; nothing passes them without a verdict on exactly the dataset that is trained on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import child, tables
from assets.base_model import load_tokenizer
from assets.training import (
    APPROACHES,
    MODULE,
    Approach,
    FullParams,
    LoraParams,
    TrainingParams,
    TrainingRequest,
    TrainingResult,
    TransferParams,
    read_result,
)
from assets.tuning import few_shot, refine, trained, trials
from checks.expectations import audited
from checks.gate import released_folder
from checks.tuning import FEW_SHOT_PROMPTS, TRAINED, TUNING_TRIALS
from dagster_project.failures import plainly
from dagster_project.metadata import card
from dagster_project.resources.knobs import TRAIN, knobs, turned

LoraKnobs, TransferKnobs, FullKnobs = (knobs(p, trained=True) for p in (LoraParams, TransferParams, FullParams))
KINDS = ("pytorch", "parquet")
NOT_CHOSEN = "Not among tuning.approaches, and this run did not ask for it: nothing was trained."


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


@dg.asset(**card(tables.TUNING_TRIALS, "LoRAFineTuner", TUNING_TRIALS, KINDS, needs=["base_model"]), pool="train")
@plainly
def tuning_trials(
    context: dg.AssetExecutionContext, dataset_release: pa.Table, quality_verdict: pa.Table
) -> Iterator[Any]:
    """Knobs of LoRA drawn at random and tried, judged on the validation part alone; none unless asked for."""
    folder = released_folder(dataset_release, quality_verdict, context.resources.lake, context.resources.settings)
    tuning = context.resources.settings.tuning
    results = [_result(context, "lora", params, folder) for params in trials.drawn(tuning.trials, tuning.lora)]
    yield from audited(context, trials.tuning_trials(results), TUNING_TRIALS)


@dg.asset(**card(tables.LORA_ADAPTER, "LoRAFineTuner", TRAINED, KINDS, needs=["base_model"]), pool="train")
@plainly
def lora_adapter(
    context: dg.AssetExecutionContext,
    config: LoraKnobs,  # type: ignore[valid-type] # made from LoraParams when this module is loaded
    dataset_release: pa.Table,
    quality_verdict: pa.Table,
    tuning_trials: pa.Table,
) -> Iterator[Any]:
    """The LoRA adapter that learnt the task alone, from plain question to answer; its knobs are the best trial's."""
    yield from _train(context, "lora", config, dataset_release, quality_verdict, trials.chosen(tuning_trials))


@dg.asset(
    **card(tables.INSTRUCTION_ADAPTER, "InstructionTuner", TRAINED, KINDS, needs=["base_model"]),
    pool="train",
)
@plainly
def instruction_adapter(
    context: dg.AssetExecutionContext,
    config: LoraKnobs,  # type: ignore[valid-type]
    dataset_release: pa.Table,
    quality_verdict: pa.Table,
) -> Iterator[Any]:
    """The adapter that learnt the same pairs under their instructions: answer, explain the policy, give the steps."""
    yield from _train(context, "instruction", config, dataset_release, quality_verdict)


@dg.asset(
    **card(tables.MULTITASK_ADAPTER, "FineTuningFramework", TRAINED, KINDS, needs=["base_model"]),
    pool="train",
)
@plainly
def multitask_adapter(
    context: dg.AssetExecutionContext,
    config: LoraKnobs,  # type: ignore[valid-type]
    dataset_release: pa.Table,
    quality_verdict: pa.Table,
) -> Iterator[Any]:
    """The adapter that learnt to answer, to tell categories and to tell priorities at once."""
    yield from _train(context, "multitask", config, dataset_release, quality_verdict)


@dg.asset(
    **card(tables.TRANSFER_ADAPTER, "FineTuningFramework", TRAINED, KINDS, needs=["base_model"]),
    pool="train",
)
@plainly
def transfer_adapter(
    context: dg.AssetExecutionContext,
    config: TransferKnobs,  # type: ignore[valid-type]
    dataset_release: pa.Table,
    quality_verdict: pa.Table,
) -> Iterator[Any]:
    """The adapter that first learnt the desk's own articles, or a related task, and then to answer."""
    yield from _train(context, "transfer", config, dataset_release, quality_verdict)


@dg.asset(**card(tables.FULL_MODEL, "FullFineTuner", TRAINED, KINDS, needs=["base_model"]), pool="train")
@plainly
def full_model(
    context: dg.AssetExecutionContext,
    config: FullKnobs,  # type: ignore[valid-type]
    dataset_release: pa.Table,
    quality_verdict: pa.Table,
) -> Iterator[Any]:
    """The model of which all weights were trained, or named layers on the categories that are worth it."""
    yield from _train(context, "full", config, dataset_release, quality_verdict)


def _train(
    context: dg.AssetExecutionContext,
    approach: Approach,
    config: dg.Config,
    release: pa.Table,
    verdict: pa.Table,
    trial: dict[str, Any] | None = None,
) -> Iterator[Any]:
    """Train an approach that the settings, or this run, choose; of another publish no row, and say so."""
    found, table = context.resources, tables.TABLES[context.asset_key.path[-1]]
    folder, tuning = released_folder(release, verdict, found.lake, found.settings), found.settings.tuning
    own = getattr(tuning, approach)
    params, chosen = turned(config, type(own)(**trial) if trial else own)
    if approach not in tuning.approaches and not getattr(config, TRAIN):
        yield from audited(context, trained.trained(table, [], folder=""), TRAINED, not_trained=NOT_CHOSEN)
        return
    result, place = _result(context, approach, params, folder)
    facts = {"loss_curve": [point.model_dump() for point in result.losses], "chosen_trial": trial}
    said = {name: dg.MetadataValue.json(fact) for name, fact in facts.items() if fact}
    yield from audited(context, trained.trained(table, [result], folder=place), TRAINED, knobs=chosen, **said)


def _result(
    context: dg.AssetExecutionContext, approach: Approach, params: TrainingParams, release: Path
) -> tuple[TrainingResult, str]:
    """Train in a process of its own that can be resumed; return how it went, and where it rests."""
    found = context.resources
    asked = TrainingRequest(release=release, base_model=found.base_model, approach=approach, params=params)
    asset = next(name for name, trains in APPROACHES.items() if trains == approach)
    place = f"artifacts/{asset}/{asked.version}"
    child.run(MODULE, asked, out := found.settings.home / place, on_line=context.log.info)
    return read_result(out), place
