"""The knobs of splitting."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SplittingParams(BaseModel):
    """How large the splits are, and what must stay on one side."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train: float = Field(default=0.8, gt=0, lt=1, description="Share of the groups for training.")
    validation: float = Field(default=0.1, gt=0, lt=1, description="Share of the groups for validation.")
    test: float = Field(default=0.1, gt=0, lt=1, description="Share of the groups for the test.")
    folds: int = Field(default=5, ge=2, description="Folds of cross-validation over train and validation.")
    max_group_share: float = Field(
        default=0.05, gt=0, le=1, description="Largest share of the pairs that one group may hold."
    )
    small_group: int = Field(
        default=20,
        ge=1,
        description="A group of at most so many pairs is never too large, however few pairs there are.",
    )
    allow_large_groups: bool = Field(
        default=False, description="Put a group that is too large into train as a whole, instead of refusing."
    )
    seed: str = Field(
        default="1",
        description="Change it and every group is dealt anew; what was a test pair may then have been trained on.",
    )

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> Self:
        if abs(self.train + self.validation + self.test - 1) > 1e-9:
            raise ValueError("train, validation and test must sum to 1")
        return self
