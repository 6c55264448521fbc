"""The knobs of operation."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class PromotionParams(BaseModel):
    """What a package must show to become champion."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    guarded: tuple[Literal["question_gain", "chrf", "token_f1", "macro_f1"], ...] = Field(
        default=("question_gain", "chrf", "token_f1", "macro_f1"),
        description="Metrics that must not be significantly worse.",
    )
    tolerance: float = Field(
        default=0.0, ge=0, lt=1, description="Share of the champion's value that a guarded metric may lose."
    )
    alpha: float = Field(default=0.05, gt=0, lt=0.5, description="Highest p-value that counts as shown.")
    min_examples: int = Field(default=30, ge=2, description="Test examples common to both, below which nothing is.")
    min_threads: int = Field(default=10, ge=2, description="Threads they come from; holds for each metric.")
    resamples: int = Field(default=2000, ge=100, description="Bootstrap resamples of threads.")
    seed: int = Field(default=7, description="Seed of the bootstrap.")


class ServingParams(BaseModel):
    """How the champion is served."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    base_gguf: Path | None = Field(
        default=None, description="The base model as GGUF; the packaged one needs none stated."
    )
    context: int = Field(default=4096, ge=256, description="Tokens of a conversation, with its answer.")
    max_prompt_tokens: int | None = Field(
        default=None,
        ge=64,
        description="Longest few-shot prompt, beyond which fewer shots are shown; null: as it was measured.",
    )
    max_tokens: int = Field(default=512, ge=1, description="Longest answer where the client states none.")
    timeout_seconds: float = Field(default=300.0, gt=0, description="Longest wait for the model's next words.")
    parallel: int = Field(default=2, ge=1, le=64, description="Conversations answered side by side.")


class OperationParams(BaseModel):
    """The knobs of operation."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    promotion: PromotionParams = PromotionParams()
    serving: ServingParams = ServingParams()

    def told(self, asset: str) -> BaseModel:
        """Return the knobs that decide one of the room's tables; how a model is served decides none.

        >>> OperationParams(promotion=PromotionParams(alpha=0.1)).told("model_package") == ModelPackageParams()
        True
        """
        if asset == "champions":
            return self.promotion
        return ModelPackageParams(base_gguf=str(self.serving.base_gguf or ""))


class ModelPackageParams(BaseModel):
    """What is packed was chosen by the recommendation; a full model's GGUF is made after its base model's."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    base_gguf: str = ""
    """Its path; the file may be too large to be read at every look at what is stale."""
