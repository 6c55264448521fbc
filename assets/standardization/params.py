"""The knobs of standardization."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

_CANDIDATES = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "is", "it", "ja", "ko", "lt", "lv", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "sw", "ta",
    "th", "tl", "tr", "uk", "ur", "vi", "zh",
)  # fmt: skip


class StandardizationParams(BaseModel):
    """The house's words, the wanted languages, and what counts as text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    terminology: Path = Field(default=Path("domain/terminology.yaml"), description="One word for one thing.")
    special_cases: Path = Field(
        default=Path("domain/special_cases.yaml"), description="Named patterns and what stands for them."
    )
    wanted_languages: tuple[str, ...] = Field(
        default=("en",), description="ISO 639-1 codes; a record in another is dropped as wrong_language. Empty: all."
    )
    default_language: str = Field(
        default="en", description="What a record is taken for whose language nobody states and no detector is sure of."
    )
    candidate_languages: tuple[str, ...] = Field(
        default=_CANDIDATES, description="Languages the detector may answer; fewer make it surer on short texts."
    )
    min_language_confidence: float = Field(
        default=0.8, ge=0, le=1, description="A detection below it is a guess, and default_language stands."
    )
    min_language_bytes: int = Field(
        default=12, ge=0, description="Shortest text, in UTF-8 bytes, whose language is detected at all."
    )
    min_words: int = Field(default=3, ge=1, description="A record with fewer words is too_short.")
    min_word_share: float = Field(
        default=0.5, ge=0, le=1, description="Least share of letters and digits in the characters that are no space."
    )
    max_run: int = Field(
        default=30, ge=2, description="Longest run of one letter or digit; a longer one makes a record repeated."
    )
    max_top_word_share: float = Field(
        default=0.4, gt=0, le=1, description="Largest share one word may have, from 12 words on."
    )
    max_repeated_line_share: float = Field(
        default=0.5, gt=0, le=1, description="Largest share of the text in lines that stood before, from 6 lines on."
    )

    @field_validator("wanted_languages", "candidate_languages")
    @classmethod
    def _are_codes(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        for code in codes:
            if not (code.isascii() and code.isalpha() and code.islower() and len(code) in (2, 3)):
                raise ValueError(f"{code!r} is no ISO 639 code such as 'en'")
        return codes
