"""What is asked of a LoRA training, what comes of it, and its row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import accumulate
from math import ceil
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from assets import released, tables
from assets.ledger import Published, summary
from assets.tuning.params import LoraParams


class TrainingRequest(BaseModel):
    """Train an adapter for this base model on this release."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    release: Path
    base_model: Path
    params: LoraParams = LoraParams()


class Loss(BaseModel):
    """One point of the loss curve, nats a token; step 0 is the base model."""

    model_config = ConfigDict(frozen=True)
    step: int
    split: str
    loss: float


class TrainingResult(BaseModel):
    """How an adapter came about; rests beside it as `training.json`."""

    model_config = ConfigDict(frozen=True)
    adapter: str
    release: str
    verdict_id: str
    base_model: str
    template_sha256: str
    params: LoraParams
    examples: int
    distinct_examples: int
    steps: int
    tokens: int
    answer_tokens: int
    best_step: int
    train_loss: float
    validation_loss: float | None
    base_validation_loss: float | None
    losses: tuple[Loss, ...]
    trainable_parameters: int
    seconds: float
    peak_bytes: int


def plan(lengths: Sequence[int], params: LoraParams) -> list[int]:
    """Return the order in which examples are met: consecutive runs of `batch_size` are the steps.

    Each epoch is a new order by lot. Within some batches the examples are sorted by length, so that
    a batch needs little padding, and the batches are shuffled again, so that no step trains on the
    long ones first.

    >>> sorted(plan([5, 9, 7], LoraParams(num_epochs=1, batch_size=2)))
    [0, 1, 2]
    >>> len(plan([5, 9, 7], LoraParams(num_epochs=3, max_steps=2, batch_size=2)))
    4
    """
    n, size = len(lengths), params.batch_size
    stream = [
        i
        for epoch in range(ceil(params.num_epochs))
        for i in sorted(range(n), key=lambda i: released.lot(params.seed, "order", epoch, i))
    ]
    stream = stream[: max(1, round(n * params.num_epochs))]
    pool = size * 8
    batches: list[list[int]] = []
    for start in range(0, len(stream), pool):
        near = sorted(stream[start : start + pool], key=lambda i: (lengths[i], i))
        batches += [near[b : b + size] for b in range(0, len(near), size)]
    whole = [b for b in batches if len(b) == size]
    partial = [b for b in batches if len(b) < size]  # at most the stream's last batch; it comes last
    order = sorted(range(len(whole)), key=lambda b: (b * size // pool, released.lot(params.seed, "batch", b)))
    steps = [whole[b] for b in order] + partial
    spent = accumulate(sum(lengths[i] for i in batch) for batch in steps)
    afford = len(steps) if params.max_tokens is None else max(1, sum(total <= params.max_tokens for total in spent))
    return [i for batch in steps[:afford][: params.max_steps] for i in batch]


def version_of(weights: Path) -> str:
    """Return the adapter's version: the hash of its weights."""
    return hashlib.sha256(weights.read_bytes()).hexdigest()[:16]


def lora_adapter_row(result: TrainingResult, *, folder: str) -> Published:
    """Return the adapter's row; `folder` is where its files rest, below REFINERY_HOME."""
    row: dict[str, Any] = result.model_dump(exclude={"params", "template_sha256"})
    row |= {"folder": folder, "params": result.params.model_dump_json()}
    return summary(tables.LORA_ADAPTER.of([row]), key="adapter", parents=["dataset_release"])
