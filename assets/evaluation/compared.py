"""The paired differences between approaches, what is shown by them, and which approach that speaks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from assets.evaluation.params import RecommendationParams
from assets.evaluation.scores import ALL, ANSWER_ONCE, GAIN, PRIMARY

PROMPTS = ("zero_shot", "few_shot")
"""What a trained approach is to beat."""
ENDPOINT, LETTERS = "few_shot_endpoint", "chrf"
"""An endpoint tells no likelihood; its answers are held against others' by their letters, on the answers of both."""
DO_NOT = "do_not_fine_tune"
SUBSETS = (ALL, ANSWER_ONCE)
"""On all pairs, and on those whose answer occurs once: else it may have learned stock answers by heart."""
Score = Mapping[str, Any]


@dataclass(frozen=True)
class Compared:
    """The scores that decide, by likelihood or, of the endpoint, by letters; and what a comparison must show."""

    scores: tuple[Score, ...]
    letters: tuple[Score, ...] = ()
    gains: tuple[Score, ...] = ()
    """By how much their own question makes answers likelier, of trained approaches less that of zero-shot prompts."""
    params: RecommendationParams = field(default_factory=RecommendationParams)

    @classmethod
    def of(cls, scores: pa.Table, params: RecommendationParams | None = None) -> Compared:
        """Take the likelihoods on the answers, whole and by source, and the endpoint's comparisons."""
        rows = scores.to_pylist()
        likelihoods = tuple(r for r in rows if r["metric"] == PRIMARY and r["subset"] in SUBSETS)
        where = (LETTERS, ALL, ALL)
        letters = tuple(
            r
            for r in rows
            if ENDPOINT in (r["approach"], r["baseline"])
            and r["baseline"]
            and (r["metric"], r["source"], r["subset"]) == where
        )
        gains = tuple(
            r
            for r in rows
            if (r["metric"], r["baseline"], r["source"], r["subset"]) == (GAIN.name, PROMPTS[0], ALL, ALL)
        )
        return cls(likelihoods, letters, gains, params or RecommendationParams())

    @cached_property
    def overall(self) -> dict[tuple[str, str | None, str], Score]:
        """The likelihoods over all sources, by approach, baseline and subset."""
        return {(r["approach"], r["baseline"], r["subset"]): r for r in self.scores if r["source"] == ALL}

    @cached_property
    def measured(self) -> list[str]:
        """The approaches whose likelihood was measured."""
        return sorted({approach for approach, _, _ in self.overall})

    @cached_property
    def trained(self) -> list[str]:
        """Those of them that were trained."""
        return [name for name in self.measured if name not in PROMPTS]

    @property
    def pairs(self) -> int:
        """Test pairs of the evaluation."""
        return max((r["n"] for r in self.overall.values()), default=0)

    @property
    def threads(self) -> int:
        """Threads they come from."""
        return max((r["threads"] for r in self.overall.values()), default=0)

    def value(self, approach: str) -> float:
        """Return an approach's likelihood on all pairs, nats a token; less is better."""
        return float(self.overall[approach, None, ALL]["value"])

    def between(self, one: str, other: str, subset: str = ALL, source: str = ALL) -> Score | None:
        """Return the comparison of two, whichever was the baseline; None where they share no answer."""
        return self._paired.get((frozenset((one, other)), source, subset))

    def relied_on(self, score: Score) -> bool:
        """Whether a comparison has an interval over enough threads."""
        return score["high"] is not None and score["threads"] >= self.params.min_threads

    def p(self, score: Score) -> float:
        """Return the p value that what leads does so by chance.

        A trained approach is one of several that were tried, the luckiest of which leads further than it is better.
        So its p value is Holm's, over all trained approaches held against the same rival on the same answers.
        """
        leads, rival = self._order(score)
        if leads not in self.trained:
            return float(score["p_value"])
        tried = [n for n in self.trained if n != rival]
        found = {n: s for n in tried if (s := self.between(n, rival, score["subset"], score["source"]))}
        return holm({n: float(s["p_value"]) for n, s in found.items() if s["p_value"] is not None})[leads]

    def better(self, score: Score | None) -> str | None:
        """Return which of the two is shown to be better: by an interval wholly on its side, and by its p value."""
        if score is None or not self.relied_on(score):
            return None
        apart = score["high"] < 0 if score["value"] < 0 else score["low"] > 0
        return self._order(score)[0] if apart and self.p(score) <= self.params.alpha else None

    def beats(self, approach: str, other: str) -> bool:
        """Whether an approach is shown to be better than another: on both subsets, or at an endpoint by letters."""
        subsets = (ALL,) if ENDPOINT in (approach, other) else SUBSETS
        return all(self.better(self.between(approach, other, subset)) == approach for subset in subsets)

    @cached_property
    def unheeding(self) -> dict[str, Score]:
        """The trained approaches shown to go by the question less than zero-shot prompts: they learnt style alone."""
        of_trained = {r["approach"]: r for r in self.gains if r["approach"] in self.trained}
        return {name: score for name, score in of_trained.items() if score["value"] < 0 and self.better(score)}

    @cached_property
    def likelier(self) -> list[str]:
        """The trained approaches shown to find the answers likelier than both prompt approaches on both subsets."""
        return [name for name in self.trained if all(self.beats(name, prompts) for prompts in PROMPTS)]

    @property
    def passed(self) -> list[str]:
        """Those of them that heed the question: they are better than both prompt approaches."""
        return [name for name in self.likelier if name not in self.unheeding]

    @cached_property
    def endpoint_passed(self) -> bool:
        """Whether the endpoint is shown to be better than both prompt approaches."""
        return all(self.beats(ENDPOINT, prompts) for prompts in PROMPTS)

    @cached_property
    def outdone(self) -> list[str]:
        """Those of them that are shown to be worse than an endpoint that may itself be recommended."""
        return [name for name in self.passed if self.endpoint_passed and self.beats(ENDPOINT, name)]

    @property
    def fit(self) -> list[str]:
        """Those of them that are not: one of them is recommended."""
        return [name for name in self.passed if name not in self.outdone]

    def ahead(self, one: str, other: str) -> bool:
        """Whether one is to be preferred to another; of two that share no answer, each one's own likelihood tells."""
        if self.between(one, other) is None:
            return self.value(one) < self.value(other)
        return self.beats(one, other)

    def _order(self, score: Score) -> tuple[str, str]:
        """Return who leads, and over whom."""
        first = (score["value"] < 0) == (score["better"] == "lower")
        ours, theirs = score["approach"], score["baseline"]
        return (ours, theirs) if first else (theirs, ours)

    @cached_property
    def _paired(self) -> dict[tuple[frozenset[str], str, str], Score]:
        rows = (r for r in (*self.scores, *self.letters) if r["baseline"])
        return {(frozenset((r["approach"], r["baseline"])), r["source"], r["subset"]): r for r in rows}


def choose(compared: Compared, costs: Mapping[str, float]) -> str:
    """Choose by what was shown.

    - Of the trained approaches that beat both prompt approaches, heed the question no less than zero-shot prompts do,
      and are not shown to be worse than an endpoint that beats both, too: those that none of the others is ahead of,
      and of these the cheapest.
    - Without such a one, the endpoint, if it is shown to be better than both prompt approaches;
    - else few-shot prompts, if they are shown to be better than zero-shot prompts; else not to fine-tune.

    Args:
        compared: The comparisons.
        costs: By approach its total.
    """
    if fit := compared.fit:
        first = [name for name in fit if not any(compared.ahead(other, name) for other in fit if other != name)]
        return min(first or fit, key=lambda name: (costs[name], compared.value(name), name))
    if compared.endpoint_passed:
        return ENDPOINT
    return "few_shot" if compared.better(compared.between("few_shot", "zero_shot")) == "few_shot" else DO_NOT


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return the p values of several claims tried at once, so that any false one stays as unlikely as p (Holm, 1979).

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    found, most = {}, 0.0
    for at, name in enumerate(sorted(p_values, key=lambda n: p_values[n])):
        most = max(most, min(1.0, round(p_values[name] * (len(p_values) - at), 6)))
        found[name] = most
    return found
