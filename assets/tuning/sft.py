"""trl's SFTTrainer, made to fit a CPU. Imports torch and trl: import it where training starts.

Four changes, none of which alters what is learned: the vocabulary's logits are computed at the
answer's tokens only (four of five tokens of a support example are prompt), a batch is cut into
passes by tokens instead of rows, shorter ones where memory runs out, and the validation loss is the
exact mean over tokens.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from trl import SFTTrainer

from assets import child
from assets.base_model import logits_at
from assets.errors import RefineryError
from assets.tuning import checkpoints

IGNORED = -100
HALVED, HOPELESS = 1, 2
"""What becomes of a batch that the memory does not hold."""
Passes = list[dict[str, Tensor]]
Done = TypeVar("Done")


def collate(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Hand a batch over as it is; it is cut into passes when it is known what fits."""
    return {"rows": rows}


def cut(rows: list[dict[str, Any]], *, pad: int, most_tokens: int) -> list[dict[str, Tensor]]:
    """Cut a batch into passes of at most `most_tokens`, padding included; a longer example goes alone."""
    passes: list[list[dict[str, Any]]] = [[]]
    for row in sorted(rows, key=lambda r: len(r["input_ids"])):
        if passes[-1] and (len(passes[-1]) + 1) * len(row["input_ids"]) > most_tokens:
            passes.append([])
        passes[-1].append(row)
    return [_padded(rows, pad) for rows in passes]


def _padded(rows: list[dict[str, Any]], pad: int) -> dict[str, Tensor]:
    longest = max(len(r["input_ids"]) for r in rows)
    ids = torch.full((len(rows), longest), pad)
    labels = torch.full((len(rows), longest), IGNORED)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for i, row in enumerate(rows):
        tokens, start = torch.tensor(row["input_ids"]), row["answer_start"]
        ids[i, : len(tokens)] = tokens
        mask[i, : len(tokens)] = 1
        labels[i, start : len(tokens)] = tokens[start:]
    weights = torch.tensor([r["weight"] for r in rows], dtype=torch.float32)
    return {"input_ids": ids, "attention_mask": mask, "labels": labels, "weights": weights}


def answer_nll(model: nn.Module, inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return the negative log-likelihood of every answer token, in fp32, and its example's weight."""
    answers = inputs["labels"] != IGNORED
    before = nn.functional.pad(answers[:, 1:], (0, 1))  # the logits behind a token speak of the next one
    reading = {"input_ids": inputs["input_ids"], "attention_mask": inputs["attention_mask"], "use_cache": False}
    logits = logits_at(model, before, **reading)
    weights = inputs["weights"][:, None].expand_as(answers)[answers]
    return cross_entropy(logits.float(), inputs["labels"][answers], reduction="none"), weights


class AnswerTrainer(SFTTrainer):
    """Learns answers: a step's loss is the weighted mean over its answer tokens, in nats."""

    def __init__(self, *args: Any, pad: int, most_tokens: int, **kwargs: Any) -> None:
        self._pad = pad
        self.most_tokens = most_tokens
        """Tokens of one pass, padding included; halved whenever memory runs out."""
        super().__init__(*args, **kwargs)

    @property
    def _whole(self) -> nn.Module:
        model: Any = self.model  # trl allows for none
        return model

    def training_step(self, model: nn.Module, inputs: dict[str, Any], *_: Any, **__: Any) -> Tensor:
        """Add up the gradients of a batch's passes, and take the mean of all processes': that is the batch's."""
        loss = self._in_passes(inputs["rows"], partial(self._learn, model))
        if self.accelerator.num_processes > 1:
            for weight in filter(lambda w: w.requires_grad, model.parameters()):
                weight.grad = self.accelerator.reduce(weight.grad, "mean")
        return loss

    def _learn(self, model: nn.Module, passes: Passes) -> Tensor:
        counts = [((p["labels"][:, 1:] != IGNORED).sum(1) * p["weights"]).sum() for p in passes]
        total = self.accelerator.reduce(torch.stack(counts).sum().to(self.args.device), "mean").clamp(min=1e-6)
        with self.accelerator.no_sync(model):
            # Nobody waits within a pass: another process may have fewer of them, or one that its memory does not hold.
            return torch.stack([super(AnswerTrainer, self).training_step(model, p, total) for p in passes]).sum()

    def _in_passes(self, rows: list[dict[str, Any]], do: Callable[[Passes], Done]) -> Done:
        """Do something with a batch; where memory runs out, do it from the start in passes of half the tokens.

        Several processes agree on it: where one lacks memory, all begin the batch anew.

        Raises:
            RefineryError: A single example does not fit.
        """
        while True:
            passes, done, lacking = cut(rows, pad=self._pad, most_tokens=self.most_tokens), None, 0
            try:
                done = do(passes)
            except (MemoryError, RuntimeError) as fault:
                if not _out_of_memory(fault):
                    raise
                lacking = HALVED if any(len(p["input_ids"]) > 1 for p in passes) else HOPELESS
            lacking = int(self.accelerator.reduce(torch.tensor(lacking, device=self.args.device), "max"))
            if done is not None and not lacking:
                return done
            if lacking == HOPELESS:
                longest = max(len(r["input_ids"]) for r in rows)
                do_ = "lower max_example_tokens, or train on a larger machine"
                raise RefineryError("training", f"one example of {longest} tokens does not fit the memory", do_)
            del done
            self._whole.zero_grad()  # what a pass that failed left behind would count twice
            clear_device_cache(garbage_collection=True)
            self.most_tokens //= 2
            if self.is_world_process_zero():
                print(f"out of memory: from here on passes of {self.most_tokens} tokens", flush=True)  # noqa: T201

    def compute_loss(
        self, model: nn.Module, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return this pass's share of the batch's loss."""
        nll, weights = answer_nll(model, inputs)
        return (nll * weights).sum() / num_items_in_batch

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Measure the validation loss, nats a token."""
        metrics = {"eval_loss": self.validation_loss()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def validation_loss(self) -> float:
        """Return the mean over all answer tokens of the validation examples, each counted once.

        Of several processes each computes it whole: they are few, and an exact mean needs no agreement.
        """
        model, size = self._whole, self.args.per_device_eval_batch_size
        held_out: Any = self.eval_dataset
        batches: Any = DataLoader(held_out, batch_size=size, collate_fn=self.data_collator)
        training, total, tokens = model.training, 0.0, 0
        model.eval()
        with torch.inference_mode(), torch.autocast(self.args.device.type, torch.bfloat16, enabled=self.args.bf16):
            for batch in batches:
                for nll in self._in_passes(batch["rows"], self._read):
                    total, tokens = total + nll.sum().item(), tokens + len(nll)
        model.train(training)
        return total / tokens

    def _read(self, passes: Passes) -> list[Tensor]:
        return [answer_nll(self._whole, self._prepare_inputs(p))[0] for p in passes]

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Write none: our card is the release's and the adapter's row."""


def _out_of_memory(fault: Exception) -> bool:
    """Tell whether memory ran out, on any device: torch says so by a RuntimeError of many wordings."""
    return isinstance(fault, MemoryError) or should_reduce_batch_size(fault) or "not enough memory" in str(fault)


class Progress(TrainerCallback):
    """Prints step and loss, and marks a checkpoint as whole once every file of it is written."""

    trainer: AnswerTrainer

    def __init__(self, seconds_before: float, peak_before: int, *, marker: str) -> None:
        self._marker, self._peak_before = marker, peak_before
        self._started = time.monotonic() - seconds_before

    @property
    def seconds(self) -> float:
        """Wall time of the training, that before a kill included."""
        return time.monotonic() - self._started

    @property
    def peak_bytes(self) -> int:
        """Most memory at once, this process's and its GPU's, that before a kill included."""
        on_gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
        return max(self._peak_before, child.peak_bytes() + on_gpu)

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Print a line of numbers."""
        logs = kwargs["logs"] if state.is_world_process_zero else {}
        for split, name in (("train", "loss"), ("validation", "eval_loss")):
            if name in logs:
                print(f"step {state.global_step}/{state.max_steps} {split} {logs[name]:.4f}", flush=True)  # noqa: T201

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Mark the checkpoint; a kill before this line leaves one that is not trusted."""
        folder = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
        if not state.is_world_process_zero:
            return
        said = {"seconds": self.seconds, "most_tokens": self.trainer.most_tokens, "peak_bytes": self.peak_bytes}
        checkpoints.write(folder / self._marker, json.dumps(said))
