"""The knobs of formatting."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Task = Literal["answer", "classify_category", "triage_priority"]
Importance = Annotated[float, Field(ge=0)]
_IMPORTANCE: dict[Task, Importance] = {"answer": 1.0, "classify_category": 0.25, "triage_priority": 0.25}


class FormattingParams(BaseModel):
    """How pairs are put to the model, and how long an example may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instructions: Path = Field(
        default=Path("domain/instructions.yaml"),
        description="File with the instruction of every task and item type, and the words around them.",
    )
    max_tokens: int = Field(
        default=1024,
        ge=16,
        description="Longest example, in tokens under the chat template; a longer one is quarantined, never cut.",
    )
    max_answer_tokens: int = Field(
        default=512,
        ge=2,
        description="Longest answer, end of turn included, in tokens; a longer one is quarantined, never cut.",
    )
    importance: dict[Task, Importance] = Field(
        default=_IMPORTANCE,
        description="How much each task matters in the mixture of all; no examples are made of one left out or 0.",
    )
    temperature: float = Field(
        default=2.0, ge=1, description="1 mixes the tasks by their sizes; the higher, the more evenly (Raffel, 2020)."
    )
    customer_segment: bool = Field(
        default=False,
        description="Tell the classification tasks whether the customer is new, frequent, occasional or silent, where "
        "that is known. Whoever asks the model later must be able to tell it too.",
    )

    @field_validator("importance")
    @classmethod
    def _answers_matter(cls, importance: dict[Task, Importance]) -> dict[Task, Importance]:
        if not importance.get("answer"):
            raise ValueError("every dataset teaches to answer: state answer with more than 0")
        return importance
