"""The knobs of deduplication."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

TELLING_WORDS = (
    *("no", "not", "never", "none", "nothing", "nobody", "neither", "nor", "without", "except", "unless", "unable"),
    *("zero", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "million"),
    *("half", "double", "minute", "hour", "day", "week", "month", "year", "percent", "am", "pm"),
    *("daily", "weekly", "monthly", "quarterly", "yearly", "annual", "annually"),
    *("minimum", "maximum", "least", "most", "before", "after", "enable", "disable", "enabled", "disabled"),
    *("credit", "debit", "open", "close", "opened", "closed", "approved", "denied", "declined", "accepted", "rejected"),
    *("required", "optional", "allowed", "prohibited", "free", "paid", "increase", "decrease", "internal", "external"),
)
"""Words that turn an answer into another one: negations, numbers, units of time, opposites."""


class DeduplicationParams(BaseModel):
    """When two pairs say the same, and which questions belong together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_similarity: float = Field(
        default=0.8,
        ge=0.7,
        le=1,
        description="Jaccard similarity of the word 3-grams of question and answer joined, from which two pairs are "
        "near-duplicates (below 0.7 the search would miss too many).",
    )
    min_side_similarity: float = Field(
        default=0.75,
        ge=0,
        le=1,
        description="Jaccard similarity of the words that question and answer must each reach on their own, so that a "
        "long stock answer never merges two different questions.",
    )
    telling_words: tuple[str, ...] = Field(
        default=TELLING_WORDS,
        description="Words (lower case, singular) that keep two pairs apart where their sequence differs, as numbers "
        "and placeholders always do.",
    )
    min_question_similarity: float = Field(
        default=0.8,
        ge=0.7,
        le=1,
        description="Jaccard similarity of the word 3-grams from which two questions are near-duplicates.",
    )
    specific_words: int = Field(
        default=15,
        ge=1,
        description="Words from which a question says by itself what it is about; near-duplicates of a shorter one "
        "share a cluster only if their answers agree, for half the world asks whether there is parking.",
    )
    min_answer_agreement: float = Field(
        default=0.7,
        ge=0.5,
        le=1,
        description="Jaccard similarity of the words from which the answers to a short question agree.",
    )
    max_per_answer: int = Field(
        default=20, ge=1, description="Most pairs that may share one answer; the rest leaves as stock_answer."
    )
