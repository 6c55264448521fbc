"""What is known of the approaches before anything is measured: `domain/approaches.yaml`, read and checked."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from assets.errors import RefineryError
from assets.evaluation.params import Step

Approach = Literal["zero_shot", "few_shot", "few_shot_endpoint", "lora", "instruction", "multitask", "transfer", "full"]
Kind = Literal["prompt_based", "lora", "instruction", "multitask", "transfer", "full"]
Fact = Literal[
    "training_examples",
    "fewest_labels",
    "tasks",
    "requests_a_month",
    "test_pairs",
    "test_threads",
    "prompts_measured",
    "trained_measured",
    "trials",
    "better_than_prompts",
]
Facts = Mapping[Fact, float]
"""What is the case here; a fact that is not known is left out."""

FACTORS = ("development_time", "computational_resources", "data_preparation", "maintenance")


class _Stated(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Stated):
    """When a line fires: its need is stated, or its fact lies on its side of a number."""

    text: str = Field(min_length=1)
    need: str | None = None
    step: Step | None = None
    fact: Fact | None = None
    below: float | None = None
    at_least: float | None = None
    always: bool = False

    @model_validator(mode="after")
    def _can_fire(self) -> Condition:
        bounds = [bound for bound in (self.below, self.at_least) if bound is not None]
        if len(bounds) != (self.fact is not None):
            raise ValueError("a fact is held against one number, below or at_least")
        if not (self.need or self.step or self.fact or self.always):
            raise ValueError("states nothing that makes it fire")
        return self

    def because(self, facts: Facts, stated: Collection[str]) -> str | None:
        """Say why it fires, or nothing if it does not.

        >>> Condition(text="little data", fact="training_examples", below=1000).because({"training_examples": 640}, ())
        'training examples 640, below 1,000'
        """
        if self.fact is not None and self.fact in facts and self._holds(facts[self.fact]):
            return f"{self.measured(facts)}, {self._bound}"
        named = self.need or self.step
        if named in stated:
            return f"stated: {_words(str(named))}"
        return "always" if self.always else None

    def measured(self, facts: Facts) -> str:
        """Say how its fact stands, or that its step was not stated."""
        if self.fact is None:
            return "not stated"
        return f"{_words(self.fact)} {facts[self.fact]:,.0f}" if self.fact in facts else "not measured"

    def _holds(self, value: float) -> bool:
        return value < self.below if self.below is not None else value >= (self.at_least or 0)

    @property
    def _bound(self) -> str:
        return f"below {self.below:,.0f}" if self.below is not None else f"at least {self.at_least:,.0f}"


class Ratings(_Stated):
    """The framework's comparison of approaches."""

    training_time: str
    computational_cost: str
    performance: str
    flexibility: str
    maintenance: str


class Priors(_Stated):
    """What an approach costs by experience, before anything is measured (CostAnalyzer)."""

    development_hours: float = Field(ge=0)
    compute_usd: float = Field(ge=0)
    data_preparation_hours: float = Field(ge=0)
    maintenance_hours_a_month: float = Field(ge=0)


class Known(_Stated):
    """One kind of approach."""

    title: str
    said_by: Literal["framework", "us"]
    measured_as: dict[Approach, str] = Field(min_length=1)
    ratings: Ratings
    priors: Priors
    advantages: tuple[str, ...] = Field(min_length=1)
    disadvantages: tuple[str, ...] = Field(min_length=1)
    best_for: tuple[Condition, ...] = Field(min_length=1)
    not_for: tuple[Condition, ...] = Field(min_length=1)


class Preference(Condition):
    """A line that speaks for several kinds of approach."""

    favours: tuple[Kind, ...] = Field(min_length=1)


class Phase(_Stated):
    """A phase of the road map, and what must be there before it is left."""

    name: str
    role: str
    weeks: str
    does: tuple[str, ...]
    approaches: tuple[Kind, ...] = Field(min_length=1)
    gate: tuple[Condition, ...] = Field(min_length=1)


class Fired(NamedTuple):
    """A rule that fired: for which kind, for or against it, and why."""

    kind: Kind
    verdict: Literal["for", "against"]
    text: str
    because: str


class Knowledge(_Stated):
    """The content of `domain/approaches.yaml`."""

    approaches: dict[Kind, Known]
    preferences: tuple[Preference, ...]
    weights: dict[Literal["development_time", "computational_resources", "data_preparation", "maintenance"], float]
    phases: tuple[Phase, Phase, Phase]

    @model_validator(mode="after")
    def _is_whole(self) -> Knowledge:
        measured = [name for known in self.approaches.values() for name in known.measured_as]
        in_phases = [kind for phase in self.phases for kind in phase.approaches]
        if len(set(measured)) != len(measured) or set(measured) != set(Approach.__args__):  # type: ignore[attr-defined]
            raise ValueError("each approach is measured_as one kind")
        if sorted(in_phases) != sorted(self.approaches):
            raise ValueError("each kind of approach stands in one phase")
        if set(self.weights) != set(FACTORS) or not math.isclose(sum(self.weights.values()), 1):
            raise ValueError("the weights of the four factors sum to one")
        return self

    @classmethod
    def load(cls, path: Path) -> Knowledge:
        """Read the domain file.

        Raises:
            RefineryError: The file is missing, is not YAML, or lacks or misspells a key; names file and key.
        """
        try:
            return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except OSError:
            raise RefineryError(str(path), "cannot be read", "correct evaluation.approaches") from None
        except yaml.YAMLError:
            raise RefineryError(str(path), "is not valid YAML", "correct the file") from None
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            key = ".".join(map(str, first["loc"])) or "the file"
            raise RefineryError(f"{path}: {key}", first["msg"].lower(), "correct the file") from None

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """The kind of every approach, prompts first and the dearest last."""
        return {name: kind for kind, known in self.approaches.items() for name in known.measured_as}

    @cached_property
    def names(self) -> dict[str, str]:
        """What every approach is called within a sentence."""
        return {name: said for known in self.approaches.values() for name, said in known.measured_as.items()}

    @property
    def needs(self) -> set[str]:
        """Every need that makes a rule fire."""
        lines = [line for known in self.approaches.values() for line in (*known.best_for, *known.not_for)]
        return {line.need for line in lines if line.need}

    @property
    def strategy(self) -> str:
        """The hybrid strategy in one sentence."""
        return f"Hybrid strategy: {', '.join(f'{phase.name} {phase.role}' for phase in self.phases)}."

    def phase_of(self, kind: Kind) -> Phase:
        """Return the phase an approach is of."""
        return next(phase for phase in self.phases if kind in phase.approaches)

    def fired(self, facts: Facts, needs: Collection[str]) -> Iterator[Fired]:
        """Yield every rule that fires, by kind of approach: those for it first."""
        for kind, known in self.approaches.items():
            liked = [line for line in self.preferences if kind in line.favours]
            for verdict, lines in (("for", (*known.best_for, *liked)), ("against", known.not_for)):
                for line in lines:
                    because = line.because(facts, needs)
                    if because:
                        yield Fired(kind, verdict, line.text, because)  # type: ignore[arg-type] # one of the two


def lacking(gate: Condition, facts: Facts, done: Collection[str]) -> str | None:
    """Say what a gate still lacks, or nothing if it is passed."""
    return None if gate.because(facts, done) else f"{gate.text} ({gate.measured(facts)})"


def _words(name: str) -> str:
    return name.replace("_", " ")


def unknown(needs: Collection[Any], knowledge: Knowledge) -> list[str]:
    """Return the needs no rule knows."""
    return sorted(set(needs) - knowledge.needs)
