"""The knobs of deduplication."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class DeduplicationParams(BaseModel):
    """When two pairs say the same, and which questions belong together; a change here signs no pair anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_similarity: float = Field(
        default=0.8,
        ge=0.7,
        le=1,
        description="Jaccard similarity of the word 3-grams of question and answer joined, from which two pairs are "
        "near-duplicates (below 0.7 the search would miss too many).",
    )
    min_side_similarity: Share = Field(
        default=0.75,
        description="Jaccard similarity of the words that question and answer must each reach on their own, so that a "
        "long stock answer never merges two different questions.",
    )
    semantic: bool = Field(
        default=True, description="Whether pairs that say the same in other words (semantic duplicates) are merged too."
    )
    min_question_overlap: Share = Field(
        default=0.55,
        description="Share of what two questions say, each word weighing as much as it is rare and said about one "
        "thing, from which they ask the same.",
    )
    min_overlap_if_linked: Share = Field(
        default=0.45, description="The same where one customer asks twice, or where both are linked with a third."
    )
    min_shared_weight: float = Field(
        default=10.0,
        ge=0,
        description="Weight, in nats, of what two questions must share, and of what their answers must share.",
    )
    min_evidence: float = Field(
        default=60.0,
        ge=0,
        description="Weight of both together from which saying the same is no coincidence; half the world asks "
        "whether there is parking, and means different car parks. Lower finds more, and takes FAQ entries for one.",
    )
    part_if_linked: Share = Field(
        default=0.5,
        description="Part of shared weight and evidence that is enough where one customer asks twice, or "
        "where both are linked with a third.",
    )
    min_question_cosine: float = Field(
        default=0.4, ge=-1, le=1, description="Cosine of the embeddings from which two questions may ask the same."
    )
    min_answer_cosine: float = Field(
        default=0.3, ge=-1, le=1, description="Cosine of the embeddings from which two answers may say the same."
    )
    min_weight_asked_again: float = Field(
        default=20.0,
        ge=0,
        description="Weight of what two questions share from which another answer is a contradiction.",
    )
    min_overlap_asked_again: Share = Field(default=0.55, description="The same of their overlap.")
    min_cosine_asked_again: float = Field(default=0.6, ge=-1, le=1, description="The same of their embeddings' cosine.")
    min_overlap_together: Share = Field(
        default=0.8,
        description="Overlap of two questions from which they stay in one split. Lower joins them by chains until one "
        "group holds much of the desk.",
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
    min_article_cosine: float = Field(
        default=0.6,
        ge=-1,
        le=1,
        description="Cosine from which an answer and a section of an article are about one thing, so that a number "
        "the article has otherwise makes the answer outdated.",
    )
    label_folds: int = Field(
        default=5, ge=2, description="Folds in which categories are predicted for pairs that were not learned from."
    )
