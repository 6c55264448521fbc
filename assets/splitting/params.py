"""The knobs of splitting."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class DecontaminationParams(BaseModel):
    """What must not be learnt from, and from when on a training pair counts as a copy of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    benchmarks: tuple[Path, ...] = Field(
        default=(),
        description="Files the model will be measured on: JSONL or Parquet (every text of a row), or plain text "
        "(paragraphs). Nothing like them is trained on, as nothing like the test is.",
    )
    n: int = Field(default=8, ge=3, le=50, description="Words of an n-gram; GPT-3 took 8 to 13, Llama 3 took 8.")
    max_overlap: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of the n-grams of the shorter of two texts from which what both say is a copy.",
    )
    max_similarity: float = Field(
        default=0.8, ge=0.5, le=1, description="Jaccard similarity of word 3-grams from which two texts are the same."
    )
    specific_words: int = Field(
        default=15,
        ge=1,
        description="Words from which a question says by itself what it is about; one that asks what a shorter test "
        "question asks is a copy only if the answers agree too, as in deduplication.",
    )
    common: int = Field(
        default=10,
        ge=1,
        description="An n-gram in more training pairs than so many is a phrase of the house and betrays nothing.",
    )


class SplittingParams(BaseModel):
    """How large the splits are, and what must stay on one side."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train: float = Field(default=0.8, gt=0, lt=1, description="Share of the groups for training.")
    validation: float = Field(default=0.1, gt=0, lt=1, description="Share of the groups for validation.")
    test: float = Field(default=0.1, gt=0, lt=1, description="Share of the groups for the test.")
    test_from: date | None = Field(
        default=None,
        description="Split forward in time: pairs created on this day (UTC) or later are the test, and nothing of that "
        "time is trained on. A fixed day, for one that moved along would turn test pairs into training pairs.",
    )
    folds: int = Field(default=5, ge=2, description="Folds of cross-validation over train and validation.")
    max_group_share: float = Field(
        default=0.05, gt=0, le=1, description="Largest share of the pairs that one group may hold."
    )
    small_group: int = Field(
        default=20,
        ge=1,
        description="A group of at most so many pairs is never too large, however few pairs there are.",
    )
    large_groups: Literal["refuse", "train", "cap"] = Field(
        default="refuse",
        description="What becomes of a group that is too large: refuse to split; put it into train as a whole; or cap "
        "it: the pairs that would make it too large leave, the newest first.",
    )
    seed: str = Field(
        default="1",
        description="Change it and groups that were never assigned are dealt by another hash; what was assigned stays.",
    )
    decontamination: DecontaminationParams = Field(default_factory=DecontaminationParams)

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> Self:
        if abs(self.train + self.validation + self.test - 1) > 1e-9:
            raise ValueError("train, validation and test must sum to 1")
        return self
