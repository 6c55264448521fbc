"""What is asked of a training and what comes of it: one contract for every approach that is trained."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assets.base_model import identity
from assets.precision import MEANING, Precision, resolved

Approach = Literal["lora", "instruction", "multitask", "transfer", "full"]
Form = Literal["plain", "instruction"]
APPROACHES: dict[str, Approach] = {
    "lora_adapter": "lora",
    "instruction_adapter": "instruction",
    "multitask_adapter": "multitask",
    "transfer_adapter": "transfer",
    "full_model": "full",
}
"""By asset the approach it trains."""
Message = dict[str, str]

MODULE = "assets.tuning.train"
"""What trains: started as `python -m`, so that whoever asks need not know the room."""
RESULT, LEARNT, ADAPTER, MODEL = "training.json", "learnt.json", "adapter", "model"
"""What a training leaves in its folder: how it went, which pairs it learnt, and a PEFT adapter or a whole model."""
ANSWER, ARTICLES = "answer", "articles"
TASKS = (ANSWER, "classify_category", "triage_priority")
KNOWLEDGE = ("article", "external")
"""Kinds of examples that show what the desk knows rather than what it was asked."""


CODE = (
    "base_model",
    "canaries",
    "child",
    "precision",
    "released",
    "training",
    *(f"tuning/{n}" for n in ("checkpoints", "learnt", "plan", "sft", "train", "weights")),
)
LIBRARIES = ("accelerate", "peft", "torch", "transformers", "trl")


@cache
def made_with() -> str:
    """Return the hash of the code that trains and of its libraries' versions: another trainer's result is another."""
    digest = hashlib.sha256(" ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES).encode())
    for name in CODE:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()[:16]


class TrainingParams(BaseModel):
    """How a model is trained, whatever of it is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    learning_rate: float = Field(default=5e-4, gt=0, description="Highest learning rate.")
    schedule: str = Field(
        default="cosine", pattern="^(cosine|linear|constant)$", description="Course of the rate after the warm-up."
    )
    num_epochs: float = Field(default=1.0, gt=0, description="Passes over the training examples.")
    max_steps: int | None = Field(default=None, ge=1, description="Optimizer steps at most.")
    max_examples: int | None = Field(
        default=None, ge=1, description="Training examples at most, balanced by source and category; null takes all."
    )
    max_tokens: int | None = Field(
        default=None, ge=1, description="Tokens at most that training sees, prompts included: its time budget."
    )
    max_example_tokens: int | None = Field(
        default=None, ge=16, description="Longest example trained on, in tokens; longer ones stay in the release."
    )
    batch_size: int = Field(default=16, ge=1, description="Examples an optimizer step learns from.")
    micro_batch_tokens: int = Field(
        default=2048, ge=16, description="Tokens, padding included, in one forward pass; halved where memory runs out."
    )
    weight_decay: float = Field(default=0.0, ge=0, description="Decoupled weight decay (AdamW).")
    warmup_steps: int = Field(default=5, ge=0, description="Steps over which the learning rate rises.")
    max_grad_norm: float = Field(default=1.0, gt=0, description="Longest gradient; a longer one is cut to it.")
    eval_steps: int = Field(default=20, ge=1, description="Steps between validations, each with a checkpoint.")
    validation_examples: int = Field(default=64, ge=0, description="Validation examples scored each time.")
    patience: int = Field(default=3, ge=1, description="Validations without improvement before training stops.")
    seed: int = Field(default=7, description="Seed of initial weights, dropout and the order of examples.")
    dtype: Precision = Field(
        default="auto", description=f"Type of the frozen weights and the arithmetic: {MEANING} What was used is stated."
    )
    threads: int | None = Field(
        default=None, ge=1, description="CPU threads; null takes one a core. Equal bytes need equal threads."
    )


class LoraParams(TrainingParams):
    """How a LoRA adapter is trained (Hu et al. 2021, arXiv:2106.09685)."""

    r: int = Field(default=16, ge=1, description="Rank of the adapter.")
    lora_alpha: int = Field(default=32, ge=1, description="Scale of the adapter, times 1/r.")
    target_modules: str | tuple[str, ...] = Field(
        default="all-linear", description="Layers that are adapted: names, or all-linear."
    )
    lora_dropout: float = Field(default=0.0, ge=0, lt=1, description="Dropout on the adapter's input.")


class TransferParams(LoraParams):
    """How an adapter is trained in two stages, each within the bounds on steps, tokens and examples.

    Articles are cut into blocks, so that no bound on examples holds for them.

    Continued training on the domain's own texts before the task is Gururangan et al. 2020
    (arXiv:2004.10964); a related task before it, Phang et al. 2018 (arXiv:1811.01088).
    """

    first: Literal["articles", "classify_category", "triage_priority"] = Field(
        default="articles",
        description="What is learnt before the answers: to go on with the desk's articles, or a related task.",
    )
    first_epochs: float = Field(default=1.0, gt=0, description="Passes over what is learnt first.")
    block_tokens: int = Field(default=512, ge=16, description="Longest stretch of an article learnt at once.")


class FullParams(TrainingParams):
    """How all weights are trained, or some layers, on all categories, or those worth a model of their own."""

    learning_rate: float = Field(default=5e-5, gt=0, description="Highest learning rate.")
    weight_decay: float = Field(default=0.01, ge=0, description="Decoupled weight decay (AdamW).")
    layers: tuple[str, ...] | None = Field(
        default=None,
        description="Patterns of the parameters that are trained, such as model.layers.2[0-9].*; null trains all.",
    )
    categories: tuple[str, ...] | None = Field(
        default=None, description="Categories learnt: those of high impact and stable requirements; null takes all."
    )


Params = LoraParams | TransferParams | FullParams
"""In this order: what is stated for LoRA alone would be a transfer, too, with its other knobs left out."""


class Lesson(NamedTuple):
    """What an approach learns: how its questions are put, which tasks, and by which knobs."""

    form: Form
    tasks: tuple[str, ...]
    params: type[TrainingParams]


LESSONS: Mapping[Approach, Lesson] = {
    "lora": Lesson("plain", (ANSWER,), LoraParams),
    "instruction": Lesson("instruction", (ANSWER,), LoraParams),
    "multitask": Lesson("instruction", TASKS, LoraParams),
    "transfer": Lesson("plain", (ANSWER,), TransferParams),
    "full": Lesson("plain", (ANSWER,), FullParams),
}


class TrainingRequest(BaseModel):
    """Train this approach of this base model on this release."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    release: Path
    base_model: Path
    approach: Approach = "lora"
    params: Params = LoraParams()
    fold: int | None = Field(
        default=None, ge=0, description="Cross-validation: this fold of the training part is not learnt."
    )
    canaries: tuple[int, ...] = Field(
        default=(), description="How often each canary is learnt among the answers; what learns any is never deployed."
    )

    @model_validator(mode="after")
    def _is_told_its_own_knobs(self) -> Self:
        if type(self.params) is not LESSONS[self.approach].params:
            raise ValueError(f"{self.approach} is trained by {LESSONS[self.approach].params.__name__}")
        return self

    def here(self) -> Self:
        """Return the request as this machine carries it out: in a type of numbers rather than `auto`."""
        return self.model_copy(update={"params": self.params.model_copy(update={"dtype": resolved(self.params.dtype)})})

    @property
    def lesson(self) -> Lesson:
        """What the approach learns."""
        return LESSONS[self.approach]

    @property
    def version(self) -> str:
        """All that decides the outcome, as 16 hex digits: what was asked of which model, and what trains it."""
        asked = self.model_dump_json(include={"approach", "params", "fold", "canaries"})
        stated = "\n".join((self.release.name, identity(self.base_model), asked, made_with()))
        return hashlib.sha256(stated.encode()).hexdigest()[:16]


class Loss(BaseModel):
    """One point of the loss curve, nats a token; step 0 is the base model."""

    model_config = ConfigDict(frozen=True)
    step: int
    split: str
    loss: float


class Stage(BaseModel):
    """One stage of a training: what it learnt, how much, and the validation loss of the answers around it."""

    model_config = ConfigDict(frozen=True)
    learnt: str
    examples: int
    steps: int
    tokens: int
    seconds: float
    loss_before: float | None
    loss_after: float | None


class TrainingResult(BaseModel):
    """How a trained artifact came about; rests beside it as `training.json`."""

    model_config = ConfigDict(frozen=True)
    artifact: str
    approach: Approach
    form: Form
    release: str
    verdict_id: str
    made_with: str
    base_model: str
    template_sha256: str
    params: Params
    fold: int | None
    canaries: tuple[int, ...]
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
    stages: tuple[Stage, ...]
    trainable_parameters: int
    micro_batch_tokens: int
    seconds: float
    peak_bytes: int
    """Of this process's memory and, where it had one, its GPU's."""


def read_result(folder: Path) -> TrainingResult:
    """Read how the training that wrote this folder went."""
    return TrainingResult.model_validate_json((folder / RESULT).read_bytes())


def read_learnt(folder: Path) -> set[str]:
    """Read the ids of the pairs that the training that wrote this folder met."""
    return set(json.loads((folder / LEARNT).read_bytes()))


def version_of(folder: Path) -> str:
    """Return the version of what was trained: the hash of its weights."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def put(row: Mapping[str, Any], form: Form) -> list[Message]:
    """Return an example's messages in the form its approach is trained and asked in.

    Plain is the conversation alone, without the instruction; what the assistant opened it with, which
    follows the instruction in the system message, stays. A label is always asked for by its instruction.

    >>> said = [{"role": "system", "content": "Answer."}, {"role": "user", "content": "Q"}]
    >>> put({"task": "answer", "instruction": "Answer.", "messages": said}, "plain")
    [{'role': 'user', 'content': 'Q'}]
    """
    messages: Iterable[Message] = row["messages"]
    if form == "instruction" or row["task"] != ANSWER:
        return list(messages)
    return [m for m in (_without(m, row["instruction"]) for m in messages) if m["content"]]


def _without(message: Message, instruction: str) -> Message:
    if message["role"] != "system":
        return message
    return {"role": "system", "content": message["content"].removeprefix(instruction).strip()}
