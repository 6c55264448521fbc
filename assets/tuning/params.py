"""The knobs of tuning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, SerializeAsAny

from assets.precision import MEANING, Precision
from assets.training import APPROACHES, Approach, FullParams, LoraParams, TransferParams


def _in_order(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise ValueError("the least comes first")
    return bounds


Bound = TypeVar("Bound")
Share = Annotated[float, Field(ge=0, lt=1)]
Range = Annotated[tuple[Bound, Bound], AfterValidator(_in_order)]
"""The least and the most of what is drawn from."""


class RefineParams(BaseModel):
    """Which forms of the few-shot prompt are tried on validation examples, so that the best is kept.

    Every template is tried with every number of shots; with one of each, nothing is tried. An example in a form costs
    the packaged model some 0.6 s of one core.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    templates: tuple[str, ...] = Field(default=(), description="Names of templates to try; empty takes `template`.")
    k: tuple[Annotated[int, Field(ge=1, le=32)], ...] = Field(
        default=(), description="Numbers of shots to try; empty takes `k_shots`."
    )
    examples: int = Field(default=48, ge=1, description="Validation examples each form is scored on.")
    max_prompt_tokens: int = Field(
        default=1536, ge=64, description="Longest prompt scored; beyond it fewer shots are shown."
    )
    batch_tokens: int = Field(default=4096, ge=64, description="Tokens, padding included, in one forward pass.")
    dtype: Precision = Field(default="auto", description=f"Type of the weights: {MEANING}")
    threads: int | None = Field(default=None, ge=1, description="CPU threads; null takes one a core.")


class FewShotParams(BaseModel):
    """Which examples a few-shot prompt shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    category_known: bool = Field(
        default=False,
        description="Whether whoever asks states the category, as a form does: then its shots are shown, in trying "
        "forms and in evaluation. Else those of all categories ('*').",
    )
    k_shots: int = Field(default=5, ge=1, le=32, description="Shots per category.")
    diversity: float = Field(
        default=0.5, ge=0, le=1, description="0 takes the most typical questions, 1 those least like each other."
    )
    brevity: float = Field(default=0.1, ge=0, le=1, description="How much a longest shot loses against an empty one.")
    max_shot_tokens: int = Field(default=160, ge=8, description="Longest question and answer shown, in tokens.")
    max_candidates: int = Field(default=2000, ge=1, description="Training pairs weighed per category.")
    min_category: int = Field(
        default=5, ge=1, description="Training pairs a category needs for a prompt of its own; else '*' serves it."
    )
    seed: int = Field(default=7, description="Decides between pairs that are equally good.")
    prompts: Path = Field(default=Path("domain/prompts.yaml"), description="The prompts' words, by name.")
    template: str = Field(default="business_assistant", description="Name of the template used.")
    refine: RefineParams = RefineParams()


class TrialParams(BaseModel):
    """A search over the knobs of LoRA by random draws (Bergstra and Bengio 2012), judged on the validation part."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    count: int = Field(
        default=0, ge=0, le=64, description="Trials; the first is tuning.lora as it stands. 0 searches nothing."
    )
    r: tuple[PositiveInt, ...] = Field(default=(8, 16, 32, 64), min_length=1, description="Ranks to draw from.")
    lora_alpha: tuple[PositiveInt, ...] = Field(default=(16, 32, 64), min_length=1, description="Scales to draw from.")
    lora_dropout: Range[Share] = Field(default=(0.0, 0.1), description="Least and most dropout.")
    learning_rate: Range[PositiveFloat] = Field(
        default=(1e-4, 2e-3), description="Least and highest learning rate, drawn on a logarithmic scale."
    )
    num_epochs: Range[PositiveFloat] = Field(default=(0.5, 3.0), description="Fewest and most epochs.")
    seed: int = Field(default=7, description="Draws the trials. Trial n is the same, however many there are.")


class Told(BaseModel):
    """What decides one trained approach: whether it is trained, and how."""

    model_config = ConfigDict(frozen=True)
    chosen: bool
    how: SerializeAsAny[BaseModel]


class TrialsOf(BaseModel):
    """What the trials try, and what they depart from."""

    model_config = ConfigDict(frozen=True)
    trials: TrialParams
    lora: LoraParams


class TuningParams(BaseModel):
    """The knobs of tuning."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    approaches: tuple[Approach, ...] = Field(
        default=("lora",),
        description="What a run of the tuning line trains; few-shot prompts are always made, as they cost no training.",
    )
    few_shot: FewShotParams = FewShotParams()
    lora: LoraParams = LoraParams()
    instruction: LoraParams = LoraParams()
    multitask: LoraParams = LoraParams()
    transfer: TransferParams = TransferParams()
    full: FullParams = FullParams()
    trials: TrialParams = TrialParams()

    def told(self, asset: str) -> BaseModel:
        """Return the knobs that decide one of the room's tables; a change of others leaves it as it is.

        >>> dearer = TuningParams(full=FullParams(num_epochs=3))
        >>> dearer.told("lora_adapter") == TuningParams().told("lora_adapter")
        True
        """
        if asset == "tuning_trials":
            return Told(chosen=self.trials.count > 0, how=TrialsOf(trials=self.trials, lora=self.lora))
        if asset not in APPROACHES:
            return self.few_shot
        approach = APPROACHES[asset]
        return Told(chosen=approach in self.approaches, how=getattr(self, approach))
