"""The knobs of tuning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class RefineParams(BaseModel):
    """Which forms of the few-shot prompt are tried on validation examples, so that the best is kept.

    Every template is tried with every number of shots; with one of each, nothing is tried. A form costs the base model
    some two seconds an example on two cores.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    templates: tuple[str, ...] = Field(default=(), description="Names of templates to try; empty takes `template`.")
    k: tuple[Annotated[int, Field(ge=1, le=32)], ...] = Field(
        default=(), description="Numbers of shots to try; empty takes `k_shots`."
    )
    examples: int = Field(default=48, ge=1, description="Validation examples each form is scored on.")
    max_prompt_tokens: int = Field(
        default=1536, ge=64, description="Longest prompt scored; beyond it fewer shots are shown."
    )
    batch_tokens: int = Field(default=4096, ge=64, description="Tokens, padding included, in one forward pass.")
    dtype: str = Field(default="bfloat16", pattern="^(bfloat16|float32)$", description="Type of the weights.")
    threads: int | None = Field(default=None, ge=1, description="CPU threads; null takes one a core.")


class FewShotParams(BaseModel):
    """Which examples a few-shot prompt shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    k_shots: int = Field(default=5, ge=1, le=32, description="Shots per category.")
    diversity: float = Field(
        default=0.5, ge=0, le=1, description="0 takes the most typical questions, 1 those least like each other."
    )
    brevity: float = Field(default=0.1, ge=0, le=1, description="How much a longest shot loses against an empty one.")
    max_shot_tokens: int = Field(default=160, ge=8, description="Longest question and answer shown, in tokens.")
    max_candidates: int = Field(default=2000, ge=1, description="Training pairs weighed per category.")
    min_category: int = Field(
        default=5, ge=1, description="Training pairs a category needs for a prompt of its own; else '*' serves it."
    )
    seed: int = Field(default=7, description="Decides between pairs that are equally good.")
    prompts: Path = Field(default=Path("domain/prompts.yaml"), description="The prompts' words, by name.")
    template: str = Field(default="business_assistant", description="Name of the template used.")
    refine: RefineParams = RefineParams()


class LoraParams(BaseModel):
    """How a LoRA adapter is trained (Hu et al. 2021, arXiv:2106.09685)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    r: int = Field(default=16, ge=1, description="Rank of the adapter.")
    lora_alpha: int = Field(default=32, ge=1, description="Scale of the adapter, times 1/r.")
    target_modules: str | tuple[str, ...] = Field(
        default="all-linear", description="Layers that are adapted: names, or all-linear."
    )
    lora_dropout: float = Field(default=0.0, ge=0, lt=1, description="Dropout on the adapter's input.")
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
        default=2048, ge=16, description="Tokens, padding included, in one forward pass; bounds the memory."
    )
    weight_decay: float = Field(default=0.0, ge=0, description="Decoupled weight decay (AdamW).")
    warmup_steps: int = Field(default=5, ge=0, description="Steps over which the learning rate rises.")
    max_grad_norm: float = Field(default=1.0, gt=0, description="Longest gradient; a longer one is cut to it.")
    eval_steps: int = Field(default=20, ge=1, description="Steps between validations, each with a checkpoint.")
    validation_examples: int = Field(default=64, ge=0, description="Validation examples scored each time.")
    patience: int = Field(default=3, ge=1, description="Validations without improvement before training stops.")
    seed: int = Field(default=7, description="Seed of initial weights, dropout and the order of examples.")
    dtype: str = Field(
        default="bfloat16", pattern="^(bfloat16|float32)$", description="Type of the frozen weights and the arithmetic."
    )
    threads: int | None = Field(
        default=None, ge=1, description="CPU threads; null takes one a core. Equal bytes need equal threads."
    )


class TuningParams(BaseModel):
    """The knobs of tuning."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    few_shot: FewShotParams = FewShotParams()
    lora: LoraParams = LoraParams()
