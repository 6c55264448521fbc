"""The knobs of the proof that nothing leaked, and of how long raw text is kept."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PrivacyParams(BaseModel):
    """How long raw text is kept, and how much a detector may still suspect in what leaves the restricted zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    retention_days: int | None = Field(
        default=90, ge=0, description="Days raw text rests in the restricted zone after collection; null for ever."
    )
    suspected: float = Field(
        default=0.001, ge=0, le=1, description="Share of records in which a detector may still suspect something."
    )
    sample: int = Field(
        default=5000, ge=0, description="Distinct texts of a scan that detectors look at; 3,000 can prove 1 in 1,000."
    )
