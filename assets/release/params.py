"""The knobs of the release."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ReleaseParams(BaseModel):
    """What the dataset is called, and what may not be in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(default="Support dataset", min_length=1, description="Title of the dataset card.")
    languages: tuple[str, ...] = Field(default=("en",), description="ISO 639-1 codes of the texts, for the card.")
    attributions: dict[str, str] = Field(
        default={}, description="Source -> how its authors are to be named; printed in the dataset card."
    )
    commercial: bool = Field(
        default=False,
        description="Whether the release is for commercial use: then every licence must be known, and allow it.",
    )
    deny_licences: tuple[str, ...] = Field(
        default=(),
        description="Licences that must not be in a release ('unknown' for texts without one); case does not matter.",
    )
