"""The knobs of balancing."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LabelParams(BaseModel):
    """How far the labels of the classification tasks are brought together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_label: int = Field(default=10, ge=2, description="Train records below which a label is not asked for.")
    max_labels: int = Field(default=30, ge=2, description="Labels asked for at most: the most frequent ones.")
    max_ratio: float = Field(
        default=4.0, ge=1, description="A label with more than so many times the median of train records is cut."
    )
    max_weight: float = Field(default=3.0, ge=1, le=5, description="Most, and one over least, that an example counts.")


class BalancingParams(BaseModel):
    """How far categories, then complexity, then length are brought together, and what that may cost."""

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
        default=1.0, ge=0, description="Most made pairs in a category, as a multiple of its own train pairs."
    )
    max_weight: float = Field(
        default=2.0, ge=1, le=4, description="Most that a pair of a small category counts in training."
    )
    max_band_weight: float = Field(
        default=1.25,
        ge=1,
        le=1.5,
        description="Most, and one over least, that complexity, length or customer segment each add to that within a "
        "category; together its square.",
    )
    labels: LabelParams = LabelParams()
    seed: str = Field(default="1", description="Change it and another subset is kept.")
