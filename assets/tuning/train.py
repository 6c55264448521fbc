"""Train a LoRA adapter on a release: `python -m assets.tuning.train REQUEST.json OUT_DIR`."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets import base_model, child, released
from assets.errors import RefineryError
from assets.tuning.lora import Loss, TrainingRequest, TrainingResult, plan, version_of
from assets.tuning.params import LoraParams

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedTokenizerBase, TrainerState

    from assets.tuning.sft import AnswerTrainer, Progress

ADAPTER, RESULT, CHECKPOINTS, WHOLE = "adapter", "training.json", "checkpoints", "whole.json"
Row = dict[str, Any]


def train(request: TrainingRequest, out: Path) -> TrainingResult:
    """Train an adapter into `out/adapter` and say how it went, also in `out/training.json`.

    Killed at any moment and asked again, it goes on from its last checkpoint and ends where it would
    have ended; asked for what is done, it trains nothing. Equal requests on equal machines give equal bytes.

    Raises:
        RefineryError: The release is not whole, not approved, or has nothing to train on.
    """
    release = released.open_release(request.release)  # refuses before anything else is looked at
    if (done := _done(request, release, out)) is not None:
        return done
    params, tokenizer = request.params, base_model.load_tokenizer(request.base_model)
    fitting = [r for r in release.examples("train") if r["tokens"] <= (params.max_example_tokens or r["tokens"])]
    rows = released.subset(fitting, params.max_examples, by=("source", "category"), seed=params.seed)
    held_out = released.subset(
        release.examples("validation"), params.validation_examples, by=("source",), seed=params.seed
    )
    if not rows:
        raise RefineryError(f"release {release.release}", "holds no training example", "release a dataset that does")
    examples = [_encoded(r, tokenizer) for r in rows]
    order = plan([len(e["input_ids"]) for e in examples], params)
    checkpoints = _checkpoints(request, release, out)
    model = _adapted(request.base_model, params)
    trainer, progress = _trainer(
        model, tokenizer, params, [examples[i] for i in order], [_encoded(r, tokenizer) for r in held_out], checkpoints
    )
    base_loss = None
    if held_out:
        with model.disable_adapter():
            base_loss = trainer.validation_loss()
    trainer.train(resume_from_checkpoint=_last_whole(checkpoints))
    weights = _save(model, base_model.identity(request.base_model), out)
    state, seen = trainer.state, order[: trainer.state.global_step * params.batch_size]
    result = TrainingResult(
        adapter=version_of(weights),
        release=release.release,
        verdict_id=release.verdict.verdict_id,
        base_model=base_model.identity(request.base_model),
        template_sha256=base_model.template_sha256(tokenizer),
        params=params,
        examples=len(set(seen)),
        distinct_examples=len({(str(rows[i]["input"]), str(rows[i]["output"])) for i in seen}),
        steps=state.global_step,
        tokens=sum(len(examples[i]["input_ids"]) for i in seen),
        answer_tokens=sum(len(examples[i]["input_ids"]) - examples[i]["answer_start"] for i in seen),
        trainable_parameters=model.get_nb_trainable_parameters()[0],
        seconds=round(progress.seconds, 3),
        peak_bytes=child.peak_bytes(),
        **_losses(state, base_loss),
    )
    _write(out / RESULT, result.model_dump_json(indent=2) + "\n")
    shutil.rmtree(checkpoints)
    return result


def _encoded(row: Row, tokenizer: PreTrainedTokenizerBase) -> Row:
    ids, start = base_model.encode(row["messages"], tokenizer)
    return {"input_ids": ids, "answer_start": start, "weight": 1.0 if row["weight"] is None else row["weight"]}


def _adapted(folder: Path, params: LoraParams) -> PeftModel:
    """Load the base model frozen, with fresh adapters in fp32 on top: they change nothing yet."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import set_seed

    if params.threads:
        torch.set_num_threads(params.threads)
    set_seed(params.seed)  # peft draws the first weights from the global generator
    modules = params.target_modules if isinstance(params.target_modules, str) else list(params.target_modules)
    lora = LoraConfig(
        r=params.r,
        lora_alpha=params.lora_alpha,
        lora_dropout=params.lora_dropout,
        target_modules=modules,
        task_type="CAUSAL_LM",
    )
    adapted: PeftModel = get_peft_model(base_model.load_model(folder, params.dtype), lora)
    return adapted


def _trainer(
    model: PeftModel,
    tokenizer: PreTrainedTokenizerBase,
    params: LoraParams,
    planned: list[Row],
    held_out: list[Row],
    checkpoints: Path,
) -> tuple[AnswerTrainer, Progress]:
    """Set trl up to meet the planned examples in their order, one batch a step."""
    import torch
    from datasets import Dataset
    from transformers import EarlyStoppingCallback, PrinterCallback
    from trl import SFTConfig

    from assets.tuning.sft import AnswerTrainer, Progress, collate

    config = SFTConfig(
        output_dir=str(checkpoints),
        per_device_train_batch_size=params.batch_size,
        per_device_eval_batch_size=params.batch_size,
        max_steps=-(-len(planned) // params.batch_size),
        learning_rate=params.learning_rate,
        lr_scheduler_type=params.schedule if params.schedule != "constant" else "constant_with_warmup",
        warmup_steps=params.warmup_steps,
        weight_decay=params.weight_decay,
        max_grad_norm=params.max_grad_norm,
        optim="adamw_torch",
        seed=params.seed,
        use_cpu=not torch.cuda.is_available(),
        bf16=params.dtype == "bfloat16",
        gradient_checkpointing=False,
        train_sampling_strategy="sequential",  # the plan is the order
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
        logging_steps=1,
        eval_strategy="steps" if held_out else "no",
        eval_steps=params.eval_steps,
        save_steps=params.eval_steps,
        save_total_limit=2,
        load_best_model_at_end=bool(held_out),
        metric_for_best_model="loss" if held_out else None,
        greater_is_better=False if held_out else None,
        dataloader_pin_memory=False,
        disable_tqdm=True,
        restore_callback_states_from_checkpoint=True,  # else a resumed run would forget its lost patience
        report_to="none",
    )
    progress = Progress(_seconds_before(checkpoints), marker=WHOLE)
    trainer = AnswerTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list(planned),
        eval_dataset=Dataset.from_list(sorted(held_out, key=lambda e: len(e["input_ids"]))) if held_out else None,
        processing_class=tokenizer,
        data_collator=partial(collate, pad=tokenizer.pad_token_id, most_tokens=params.micro_batch_tokens),
        callbacks=[progress, *([EarlyStoppingCallback(params.patience)] if held_out else [])],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer, progress


def _losses(state: TrainerState, base_loss: float | None) -> dict[str, Any]:
    """Read the loss curve from the trainer's history; step 0 is the base model."""
    curve = [] if base_loss is None else [Loss(step=0, split="validation", loss=round(base_loss, 6))]
    for entry in state.log_history:
        for split, name in (("train", "loss"), ("validation", "eval_loss")):
            if name in entry:
                curve.append(Loss(step=entry["step"], split=split, loss=round(entry[name], 6)))
    trained = [point.loss for point in curve if point.split == "train"]
    validated = [point for point in curve if point.split == "validation" and point.step]
    best = min(validated, key=lambda point: (point.loss, point.step), default=None)
    return {
        "losses": tuple(curve),
        "train_loss": round(sum(trained[-10:]) / len(trained[-10:]), 6),
        "validation_loss": best.loss if best else None,
        "base_validation_loss": None if base_loss is None else round(base_loss, 6),
        "best_step": best.step if best else state.global_step,
    }


def _save(model: PeftModel, base: str, out: Path) -> Path:
    """Write the adapter whole or not at all; nothing in it tells where it was made."""
    making, target = out / f".{ADAPTER}", out / ADAPTER
    shutil.rmtree(making, ignore_errors=True)
    shutil.rmtree(target, ignore_errors=True)
    model.peft_config["default"].base_model_name_or_path = base
    model.save_pretrained(str(making), save_embedding_layers=False)
    (making / "README.md").unlink(missing_ok=True)  # peft's empty card
    making.replace(target)
    return target / "adapter_model.safetensors"


def _fingerprint(request: TrainingRequest, release: released.Release) -> str:
    files = {name: file.sha256 for name, file in sorted(release.files.items())}
    base = base_model.identity(request.base_model)
    return json.dumps([release.release, files, base, request.params.model_dump(mode="json")], sort_keys=True)


def _checkpoints(request: TrainingRequest, release: released.Release, out: Path) -> Path:
    """Return the folder of checkpoints, emptied of those that another request or a kill left behind."""
    folder, asked = out / CHECKPOINTS, _fingerprint(request, release)
    stated = folder / "request.json"
    if not stated.is_file() or stated.read_text(encoding="utf-8") != asked:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _write(stated, asked)
    for torn in folder.glob("checkpoint-*"):
        if not (torn / WHOLE).is_file():
            shutil.rmtree(torn)
    return folder


def _last_whole(checkpoints: Path) -> str | None:
    steps = {int(f.name.rpartition("-")[2]): f for f in checkpoints.glob("checkpoint-*")}
    return str(steps[max(steps)]) if steps else None


def _seconds_before(checkpoints: Path) -> float:
    last = _last_whole(checkpoints)
    return float(json.loads((Path(last) / WHOLE).read_text(encoding="utf-8"))["seconds"]) if last else 0.0


def _done(request: TrainingRequest, release: released.Release, out: Path) -> TrainingResult | None:
    """Return the result that rests in `out` if it answers this very request."""
    if not (out / RESULT).is_file():
        return None
    result = TrainingResult.model_validate_json((out / RESULT).read_text(encoding="utf-8"))
    stated = (result.release, result.verdict_id, result.base_model, result.params)
    base = base_model.identity(request.base_model)
    asked = (release.release, release.verdict.verdict_id, base, request.params)
    return result if stated == asked else None


def _write(file: Path, text: str) -> None:
    making = file.with_name(f".{file.name}")
    making.write_text(text, encoding="utf-8")
    making.replace(file)


if __name__ == "__main__":
    child.main(train, TrainingRequest)
