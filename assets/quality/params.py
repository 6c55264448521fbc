"""The knobs of the scorecard and of the gate."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

COMPOSITE = {
    "accuracy": 0.25,
    "completeness": 0.20,
    "consistency": 0.20,
    "relevance": 0.15,
    "diversity": 0.10,
    "bias_score": 0.10,
}
"""The framework's weights of the composite (QualityMetrics.calculate_composite_score)."""

Bias = Literal["demographic", "temporal", "selection", "confirmation"]


class QualityParams(BaseModel):
    """What is measured, and what the gate asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fields: tuple[str, ...] = Field(
        default=("input", "output", "category", "language", "licence", "source", "thread_id", "created_at"),
        min_length=1,
        description="Columns of example or pair that a complete record fills.",
    )
    same_answer: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of words (Jaccard) two answers to nearly the same question share if they say the same.",
    )
    rarefaction: int = Field(
        default=1000, ge=2, description="Word triples drawn when diversity counts the distinct ones."
    )
    diversity_sample: int = Field(
        default=5000, ge=1, description="Most examples whose words diversity looks at, picked by the hash in their id."
    )
    bias: tuple[Bias, ...] = Field(
        default=("demographic", "temporal", "selection", "confirmation"),
        min_length=1,
        description="Kinds of bias that make up the bias; each is required, so leave out what a desk cannot tell.",
    )
    demographics: tuple[Literal["language", "channel", "source", "priority"], ...] = Field(
        default=("language", "channel"),
        min_length=1,
        description="What tells groups of customers apart, beside those of customer_features; columns of the records.",
    )
    per_category: int = Field(
        default=20, ge=1, description="Training examples from which on a category counts as covered."
    )
    minimum_viable: int = Field(default=1000, ge=1, description="Examples a task needs at least (framework).")
    production: int = Field(default=10_000, ge=1, description="Examples a task needs in production (framework).")
    arrival_days: int = Field(default=90, ge=1, description="Latest days of the source that give the arrival rate.")
    weight_tolerance: float = Field(
        default=0.5, ge=0, lt=1, description="How far, as a share of itself, each weight of the composite is moved."
    )
    culprits: int = Field(default=10, ge=0, description="Ids a measure names as those that pull it down most.")
    resamples: int = Field(
        default=400, ge=0, le=10_000, description="Bootstrap resamples behind the intervals; 0 leaves them out."
    )
    seed: int = Field(default=0, description="Seed of the bootstrap.")

    required: tuple[str, ...] = Field(
        default=(*COMPOSITE, "composite", "size"),
        description="Measures without which nothing is trained; composite and size are always among them.",
    )
    min_examples: int = Field(default=1000, ge=1, description="Fewest examples that may be trained on.")
    minimum_composite: float = Field(default=0.6, ge=0, le=1, description="Lowest composite that may be trained on.")
    minimums: dict[str, float] = Field(
        default={"completeness": 0.9, "consistency": 0.7, "relevance": 0.5},
        description="Lowest value of further measures; each is thereby required.",
    )
    maximums: dict[str, float] = Field(
        default={}, description="Highest value of further measures; each is thereby required."
    )
