"""The knobs of augmentation."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class AugmentationParams(BaseModel):
    """How many variants are made, from which words, and how far they may go."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wording: Path = Field(
        default=Path("domain/synonyms.yaml"),
        description="File of synonyms, formal and informal words, paraphrase templates and protected names.",
    )
    per_pair: int = Field(default=1, ge=1, le=4, description="Most variants of one pair, each by another rule.")
    share: float = Field(
        default=0.1, ge=0, le=1, description="Most variants, as a share of the train pairs; small categories first."
    )
    min_similarity: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="A variant less alike its parent is too far from it (2M/T over words, Ratcliff and Obershelp).",
    )
    max_similarity: float = Field(
        default=0.97, ge=0, le=1, description="A variant more alike its parent teaches nothing new."
    )
    seed: str = Field(default="1", description="Change it and other pairs, rules and words are chosen.")
