"""The knobs of balancing."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class BalancingParams(BaseModel):
    """How far categories are brought together, and what that may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_category: int = Field(
        default=20,
        ge=1,
        description="Train pairs a category needs to count for the median, so that tiny ones do not set it.",
    )
    max_ratio: float = Field(
        default=8.0, ge=1, description="A category with more than so many times the median is cut towards that."
    )
    max_dropped: float = Field(default=0.25, ge=0, le=1, description="Largest share of a category that may be cut.")
    max_variants: float = Field(
        default=1.0, ge=0, description="Most variants in a category, as a multiple of its own train pairs."
    )
    max_weight: float = Field(
        default=2.0, ge=1, le=5, description="Most that a pair of a small category counts in training."
    )
    seed: str = Field(default="1", description="Change it and another subset is kept.")
