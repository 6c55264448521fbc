"""The knobs of formatting."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


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
