"""Train an approach on a release: `python -m assets.tuning.train REQUEST.json OUT_DIR`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from assets import base_model, child, released
from assets.errors import RefineryError
from assets.training import (
    LEARNT,
    RESULT,
    Loss,
    Params,
    Stage,
    TrainingRequest,
    TrainingResult,
    made_with,
    read_result,
)
from assets.tuning import checkpoints
from assets.tuning.learnt import Course, Example, courses
from assets.tuning.weights import learnt_state, save, trainable, trained_parameters

if TYPE_CHECKING:
    from accelerate import PartialState
    from transformers import PreTrainedTokenizerBase, TrainerState

    from assets.tuning.sft import AnswerTrainer, Progress

TAUGHT, WEIGHTS = "taught.json", "learnt.safetensors"


class Taught(BaseModel):
    """How one stage went."""

    stage: Stage
    curve: tuple[Loss, ...]
    best_step: int
    most_tokens: int
    peak_bytes: int


def train(request: TrainingRequest, out: Path) -> TrainingResult:
    """Train into `out/adapter`, or `out/model`, and say how it went, also in `out/training.json`.

    Killed at any moment and asked again, it goes on from its last checkpoint and ends where it would
    have ended; asked for what is done, it trains nothing. Equal requests on equal machines give equal bytes.
    Several processes, as `accelerate launch` starts them, share every batch; the first of them writes.

    Raises:
        RefineryError: The release is not whole, not approved, or has nothing to train on.
    """
    release = released.open_release(request.release)  # refuses before anything else is looked at
    request = request.here()
    if (done := _done(request, release, out)) is not None:
        return done
    processes = _processes()
    params, tokenizer = request.params, base_model.load_tokenizer(request.base_model)
    stages, held_out = courses(request, release, tokenizer)
    with processes.main_process_first():
        kept = checkpoints.opened(request, release, out)
    model = trainable(request.base_model, params)
    count = trained_parameters(model)
    taught: list[Taught] = []
    for course in stages:
        most = taught[-1].most_tokens if taught else params.micro_batch_tokens
        taught.append(_teach(model, course, held_out, tokenizer, params, kept / course.learnt, most))
        processes.wait_for_everyone()
    seen = [course.examples[i] for course, told in zip(stages, taught, strict=True) for i in _met(course, told, params)]
    if not processes.is_main_process:
        processes.wait_for_everyone()
        return read_result(out)
    result = TrainingResult(
        artifact=save(model, params, request.base_model, out),
        approach=request.approach,
        form=request.lesson.form,
        release=release.release,
        verdict_id=release.verdict.verdict_id,
        made_with=made_with(),
        base_model=base_model.identity(request.base_model),
        template_sha256=base_model.template_sha256(tokenizer),
        params=params,
        fold=request.fold,
        canaries=request.canaries,
        examples=sum(told.stage.examples for told in taught),
        distinct_examples=len({e["said"] for e in seen}),
        tokens=sum(told.stage.tokens for told in taught),
        answer_tokens=sum(len(e["input_ids"]) - e["answer_start"] for e in seen),
        trainable_parameters=count,
        micro_batch_tokens=taught[-1].most_tokens,
        seconds=round(sum(told.stage.seconds for told in taught), 3),
        peak_bytes=max(told.peak_bytes for told in taught),
        stages=tuple(told.stage for told in taught),
        **_losses(taught),
    )
    checkpoints.write(out / LEARNT, json.dumps(sorted({e["pair_id"] for e in seen} - {None})) + "\n")
    checkpoints.write(out / RESULT, result.model_dump_json(indent=2) + "\n")
    shutil.rmtree(kept)
    processes.wait_for_everyone()
    return result


def _met(course: Course, told: Taught, params: Params) -> list[int]:
    """Return which examples a stage met, one after the other, until it stopped."""
    return course.order[: told.stage.steps * params.batch_size]


def _teach(
    model: Any,
    course: Course,
    held_out: list[Example],
    tokenizer: PreTrainedTokenizerBase,
    params: Params,
    folder: Path,
    most_tokens: int,
) -> Taught:
    """Teach the model one stage, or take over what a run before a kill finished of it."""
    import torch
    from safetensors.torch import load_file, save_file

    if (folder / TAUGHT).is_file():
        with torch.no_grad():
            weights = dict(model.named_parameters())
            for name, learnt in load_file(folder / WEIGHTS).items():
                weights[name].copy_(learnt)
        return Taught.model_validate_json((folder / TAUGHT).read_bytes())
    planned = [course.examples[i] for i in course.order]
    trainer, progress = _trainer(model, tokenizer, params, planned, held_out, folder, most_tokens)
    before = round(trainer.validation_loss(), 6) if held_out else None
    trainer.train(resume_from_checkpoint=checkpoints.last_whole(folder))
    curve, best_step, after = _curve(trainer.state, before)
    met = course.order[: trainer.state.global_step * params.batch_size]
    told = Taught(
        stage=Stage(
            learnt=course.learnt,
            examples=len(set(met)),
            steps=trainer.state.global_step,
            tokens=sum(len(course.examples[i]["input_ids"]) for i in met),
            seconds=round(progress.seconds, 3),
            loss_before=before,
            loss_after=after,
        ),
        curve=curve,
        best_step=best_step,
        most_tokens=trainer.most_tokens,
        peak_bytes=progress.peak_bytes,
    )
    if trainer.is_world_process_zero():
        save_file(learnt_state(model), folder / WEIGHTS)
        checkpoints.write(folder / TAUGHT, told.model_dump_json())
    return told


def _trainer(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    params: Params,
    planned: list[Example],
    held_out: list[Example],
    folder: Path,
    most_tokens: int,
) -> tuple[AnswerTrainer, Progress]:
    """Set trl up to meet the planned examples in their order, one batch a step."""
    import torch
    from datasets import Dataset
    from transformers import EarlyStoppingCallback, PrinterCallback
    from trl import SFTConfig

    from assets.tuning.sft import AnswerTrainer, Progress, collate

    config = SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=_share(params.batch_size),
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
    before = checkpoints.before(folder)
    progress = Progress(before.get("seconds", 0.0), before.get("peak_bytes", 0), marker=checkpoints.WHOLE)
    trainer = AnswerTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list([_fed(e) for e in planned]),
        eval_dataset=Dataset.from_list([_fed(e) for e in sorted(held_out, key=_length)]) if held_out else None,
        processing_class=tokenizer,
        data_collator=collate,
        callbacks=[progress, *([EarlyStoppingCallback(params.patience)] if held_out else [])],
        pad=tokenizer.pad_token_id,
        most_tokens=before.get("most_tokens", most_tokens),
    )
    progress.trainer = trainer
    trainer.remove_callback(PrinterCallback)
    return trainer, progress


def _processes() -> PartialState:
    """Return the processes that share this training: one, or as many as a launcher started."""
    import torch
    from accelerate import PartialState

    return PartialState(cpu=not torch.cuda.is_available())


def _share(batch_size: int) -> int:
    """Return how much of a batch one process learns.

    Raises:
        RefineryError: The processes cannot share it evenly.
    """
    processes = _processes().num_processes
    if batch_size % processes:
        raise RefineryError("batch_size", f"{batch_size} is not shared evenly by {processes} GPUs", "take a multiple")
    return batch_size // processes


def _length(example: Example) -> int:
    return len(example["input_ids"])


def _fed(example: Example) -> Example:
    """Return what the trainer reads of an example: numbers only."""
    return {name: example[name] for name in ("input_ids", "answer_start", "weight")}


def _curve(state: TrainerState, before: float | None) -> tuple[tuple[Loss, ...], int, float | None]:
    """Read a stage's losses from the trainer's history: the curve, the best step, and the loss there."""
    curve = [] if before is None else [Loss(step=0, split="validation", loss=before)]
    for entry in state.log_history:
        for split, name in (("train", "loss"), ("validation", "eval_loss")):
            if name in entry:
                curve.append(Loss(step=entry["step"], split=split, loss=round(entry[name], 6)))
    validated = [point for point in curve if point.split == "validation" and point.step]
    best = min(validated, key=lambda point: (point.loss, point.step), default=None)
    return tuple(curve), best.step if best else state.global_step, best.loss if best else None


def _losses(taught: list[Taught]) -> dict[str, Any]:
    """Join the stages' curves, their steps counted on; step 0 is the base model."""
    curve: list[Loss] = []
    before = 0
    for told in taught:
        kept = (point for point in told.curve if point.step or not curve)  # a stage begins where one ended
        curve += [point.model_copy(update={"step": point.step + before}) for point in kept]
        before += told.stage.steps
    trained = [point.loss for point in taught[-1].curve if point.split == "train"]
    return {
        "steps": before,
        "best_step": before - taught[-1].stage.steps + taught[-1].best_step,
        "losses": tuple(curve),
        "train_loss": round(sum(trained[-10:]) / len(trained[-10:]), 6),
        "validation_loss": taught[-1].stage.loss_after,
        "base_validation_loss": taught[0].stage.loss_before,
    }


def _done(request: TrainingRequest, release: released.Release, out: Path) -> TrainingResult | None:
    """Return the result that rests in `out` if it answers this very request."""
    if not (out / RESULT).is_file():
        return None
    result = read_result(out)
    asked = {
        "release": release.release,
        "verdict_id": release.verdict.verdict_id,
        "made_with": made_with(),
        "base_model": base_model.identity(request.base_model),
        "approach": request.approach,
        "params": request.params,
        "fold": request.fold,
        "canaries": request.canaries,
    }
    return result if all(getattr(result, name) == value for name, value in asked.items()) else None


if __name__ == "__main__":
    child.main(train, TrainingRequest, spread=True)
