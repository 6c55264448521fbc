"""The paired differences of the true answers' likelihood, and what can be relied on of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from assets.evaluation.scores import ALL, ANSWER_ONCE, PRIMARY

PROMPTS = ("zero_shot", "few_shot")
"""What a trained approach is to beat."""
SUBSETS = (ALL, ANSWER_ONCE)
"""On all pairs, and on those whose answer occurs once: else it may have learned stock answers by heart."""
Score = Mapping[str, Any]


@dataclass(frozen=True)
class Compared:
    """The scores by the primary metric, and how many threads an interval needs."""

    scores: tuple[Score, ...]
    min_threads: int = 2

    @classmethod
    def of(cls, scores: pa.Table, min_threads: int = 2) -> Compared:
        """Take the likelihoods on the answers, whole and by source."""
        rows = [r for r in scores.to_pylist() if r["metric"] == PRIMARY and r["subset"] in SUBSETS]
        return cls(tuple(rows), min_threads)

    @cached_property
    def overall(self) -> dict[tuple[str, str | None, str], Score]:
        """The scores over all sources, by approach, baseline and subset."""
        return {(r["approach"], r["baseline"], r["subset"]): r for r in self.scores if r["source"] == ALL}

    @cached_property
    def measured(self) -> list[str]:
        """The approaches whose likelihood was measured."""
        return sorted({approach for approach, _, _ in self.overall})

    @property
    def pairs(self) -> int:
        """Test pairs of the evaluation."""
        return max((r["n"] for r in self.overall.values()), default=0)

    @property
    def threads(self) -> int:
        """Threads they come from."""
        return max((r["threads"] for r in self.overall.values()), default=0)

    def relied_on(self, score: Score | None) -> bool:
        """Whether a comparison has an interval over enough threads."""
        return bool(score and score["high"] is not None and score["threads"] >= self.min_threads)

    def wins(self, score: Score | None) -> bool:
        """Whether the interval lies wholly below zero, and can be relied on."""
        return bool(score and self.relied_on(score) and score["high"] < 0)

    def beats(self, approach: str, other: str) -> bool:
        """Whether an approach is better than another on both subsets, whichever of the two was the baseline."""
        return all(
            self.wins(self.overall.get((approach, other, subset)))
            or self._loses(self.overall.get((other, approach, subset)))
            for subset in SUBSETS
        )

    def passes(self, approach: str) -> bool:
        """Whether a trained approach is better than both prompt approaches on both subsets."""
        return all(self.beats(approach, prompts) for prompts in PROMPTS)

    def value(self, approach: str) -> float:
        """Return an approach's likelihood on all pairs, nats a token; less is better."""
        return float(self.overall[approach, None, ALL]["value"])

    def _loses(self, score: Score | None) -> bool:
        return bool(score and self.relied_on(score) and score["low"] > 0)


def choose(passed: list[str], compared: Compared, costs: Mapping[str, float]) -> str:
    """Choose among approaches that all pay: the likeliest, unless it cannot be told from a cheaper one."""
    chosen = min(passed, key=lambda name: (compared.value(name), costs[name]))
    while cheaper := [n for n in passed if costs[n] < costs[chosen] and not compared.beats(chosen, n)]:
        chosen = min(cheaper, key=lambda name: (costs[name], name))
    return chosen
