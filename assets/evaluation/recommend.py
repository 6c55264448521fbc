"""Which approach to take: the hybrid strategy first, then what was measured, and the rules beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from assets import tables
from assets.errors import RefineryError
from assets.evaluation.compared import PROMPTS, SUBSETS, Compared, Score, choose
from assets.evaluation.knowledge import Facts, Fired, Knowledge, lacking, unknown
from assets.evaluation.params import RecommendationParams
from assets.evaluation.scores import ALL, PRIMARY
from assets.ledger import Published, summary

DO_NOT = "do_not_fine_tune"
ENDPOINT, ENDPOINT_METRIC = "few_shot_endpoint", "chrf"
"""An endpoint tells no likelihood; its answers are held against others' by their letters."""
Row = Mapping[str, Any]


def recommendation(
    scores: pa.Table, costs: pa.Table, facts: Facts, knowledge: Knowledge, params: RecommendationParams
) -> Published:
    """Recommend an approach by the paired differences of the true answers' likelihood.

    A trained approach is recommended only if its interval lies wholly below zero against both prompt
    approaches, on all pairs and on those whose answer occurs once (else it may have learned stock
    answers by heart); of several, the likeliest, unless it cannot be told from a cheaper one. Few-shot
    prompts are recommended only if theirs does against zero-shot. Otherwise the answer is not to
    fine-tune: what cannot be shown to pay is not bought. The rules explain and never overrule this.

    Args:
        scores: A table in the form of `tables.APPROACH_SCORES`.
        costs: A table in the form of `tables.APPROACH_COSTS`.
        facts: What is the case here.
        knowledge: The rules and the road map.
        params: The knobs.

    Raises:
        RefineryError: A need is stated that no rule knows.
    """
    if strange := unknown(params.needs, knowledge):
        where, words = "evaluation.recommendation.needs", ", ".join(sorted(knowledge.needs))
        raise RefineryError(where, f"no rule knows {', '.join(strange)}", f"use some of {words}")
    advice = Advice(scores, costs, facts, knowledge, params)
    row: dict[str, Any] = {
        "approach": advice.approach,
        "phase": advice.phase.name,
        "strategy": knowledge.strategy,
        "reasons": [*advice.reasons()],
        "rules": [{"kind": f.kind, "verdict": f.verdict, "rule": f.text, "because": f.because} for f in advice.fired],
        "would_flip": [*advice.flips()],
        "lacking": [*advice.lacking()],
        "gates": [*advice.gates()],
        "facts": [{"name": name, "value": value} for name, value in advice.facts.items()],
    }
    row["recommendation_id"] = tables.content_hash(*(str(value) for value in row.values()))
    table = tables.RECOMMENDATION.of([row])
    return summary(table, key="recommendation_id", parents=["approach_scores", "approach_costs"])


class Advice:
    """The choice, and all that is to be said of it."""

    def __init__(
        self, scores: pa.Table, costs: pa.Table, facts: Facts, knowledge: Knowledge, params: RecommendationParams
    ) -> None:
        self.known, self.params = knowledge, params
        self.compared = Compared.of(scores, params.min_threads)
        self.costs = {row["approach"]: row for row in costs.to_pylist()}
        self.at_endpoint = [
            row
            for row in scores.to_pylist()
            if (row["approach"], row["metric"], row["source"], row["subset"]) == (ENDPOINT, ENDPOINT_METRIC, ALL, ALL)
            and row["baseline"]
        ]
        self.trained = [n for n in self.compared.measured if knowledge.kinds[n] != "prompt_based"]
        self.passed = [n for n in self.trained if self.compared.passes(n)]
        self.approach = self._chosen()
        self.kind = knowledge.kinds.get(self.approach, "prompt_based")
        self.phase = knowledge.phase_of(self.kind)
        self.facts: Facts = {**facts, "better_than_prompts": float(len(self.passed))}
        self.fired: list[Fired] = [*knowledge.fired(self.facts, params.needs)]

    def _chosen(self) -> str:
        if self.passed:
            return choose(self.passed, self.compared, {name: self.costs[name]["total"] for name in self.passed})
        few = self.compared.overall.get(("few_shot", "zero_shot", ALL))
        return "few_shot" if self.compared.wins(few) else DO_NOT

    def reasons(self) -> Iterator[str]:
        """Yield the measurements: the choice among several, each comparison, and what it costs."""
        if len(self.passed) > 1:
            yield self._of_several()
        paired = [score for score in self.compared.overall.values() if score["baseline"]]
        if not paired:
            yield "No two approaches were compared."
        for score in (*sorted(filter(self._tells, paired), key=self._rank), *self.at_endpoint):
            yield self._said(score)
        if self.approach in self.trained:
            yield self._priced()

    def _of_several(self) -> str:
        likeliest = min(self.passed, key=self.compared.value)
        among = ", ".join(self.known.names[name] for name in self.passed)
        how = f"{self.known.names[self.approach]} finds the true answers likeliest"
        if self.approach != likeliest:
            other = self.known.names[likeliest]
            how = f"{self.known.names[self.approach]} is cheaper than {other}, which cannot be shown to be better"
        return f"Better than both prompt approaches: {among}; of them {how}."

    def _tells(self, score: Score) -> bool:
        """Whether a comparison bears on the choice: the chosen one's, what others failed at, how near they came."""
        if score["approach"] == self.approach or not self.compared.wins(score):
            return True
        beaten = score["approach"] in self.trained and self.approach in self.trained
        return score["subset"] == ALL and not (beaten and score["baseline"] in PROMPTS)

    def _rank(self, score: Score) -> tuple[bool, bool, int, str]:
        order = list(self.known.kinds)
        return (
            score["approach"] != self.approach,
            score["subset"] != ALL,
            order.index(score["approach"]),
            score["baseline"],
        )

    def _said(self, score: Score) -> str:
        """Say a comparison in one sentence."""
        ours, theirs = self.known.names[score["approach"]], self.known.names[score["baseline"]]
        is_ = "is" if ours.startswith("the ") else "are"
        if not self.compared.relied_on(score):
            verdict = f"{ours} cannot be told from {theirs}, for want of threads"
        elif score["high"] < 0 or score["low"] > 0:
            better = (score["high"] < 0) == (score["better"] == "lower")
            verdict = f"{ours} {is_} {'better' if better else 'worse'} than {theirs}"
        else:
            verdict = f"{ours} cannot be told from {theirs}"
        unit = "nats a token" if score["metric"] == PRIMARY else "chrF"
        interval = "" if score["low"] is None else f" [{score['low']:+.3f}, {score['high']:+.3f}]"
        about = "" if score["subset"] == ALL else " whose answer occurs once"
        figures = f"{score['value']:+.3f} {unit}{interval}, {score['n']} pairs of {score['threads']} threads{about}"
        return f"{verdict[0].upper()}{verdict[1:]}: {figures}."

    def _priced(self) -> str:
        ours, prompts = self.costs[self.approach], self.costs["few_shot"]
        return (
            f"Over {ours['months']} months {self.known.names[self.approach]} costs {ours['total']:,.2f} "
            f"{ours['currency']}, {self.known.names['few_shot']} {prompts['total']:,.2f}; against them it pays "
            f"{ours['break_even'] or 'at no number of requests'}."
        )

    def flips(self) -> Iterator[str]:
        """Yield what would change the recommendation."""
        names = self.known.names
        if self.approach in self.trained:
            rivals = [self.compared.overall[self.approach, prompts, s] for prompts in PROMPTS for s in SUBSETS]
            near = max(rivals, key=lambda score: float(score["high"]))
            lead = f"{-near['high']:.3f} nats a token"
            yield f"A test on which its lead over {names[near['baseline']]} shrinks by {lead}."
            yield "A larger base model whose prompts close the gap, or needs that change faster than it is trained."
        else:
            missing = [p for p in PROMPTS if not any((n, p, ALL) in self.compared.overall for n in self.trained)]
            if missing:
                yield f"A trained approach compared with {' and '.join(names[p] for p in missing)}."
            yield "A trained approach whose interval lies wholly below zero against both prompt approaches."
        if self.approach == DO_NOT:
            yield "Few-shot prompts whose interval lies wholly below zero against zero-shot prompts."
        for other in self.passed:
            if other != self.approach and self.costs[other]["total"] > self.costs[self.approach]["total"]:
                yield f"An interval that puts {names[other]} wholly below {names[self.approach]}."
        against = [f for f in self.fired if (f.kind, f.verdict) == (self.kind, "against")]
        for line in against:
            yield f"More weight on what speaks against it: it is not for {line.text} ({line.because})."
        yield from self._untried()

    def _untried(self) -> Iterator[str]:
        """Yield the approaches that rules speak for and nothing measured."""
        tried = {self.known.kinds[name] for name in self.compared.measured}
        for kind, known in self.known.approaches.items():
            speaks = [f for f in self.fired if (f.kind, f.verdict) == (kind, "for") and f.because != "always"]
            if speaks and kind not in tried:
                said = "; ".join(f"{f.text} ({f.because})" for f in speaks)
                yield f"{known.title}, which was not measured, found better: {said}."

    def gates(self) -> Iterator[dict[str, Any]]:
        """Yield every gate of the road map, and whether it is passed."""
        for phase in self.known.phases:
            for gate in phase.gate:
                because = gate.because(self.facts, self.params.done)
                passed = because is not None
                said = because or gate.measured(self.facts)
                yield {"phase": phase.name, "gate": gate.text, "passed": passed, "because": said}

    def lacking(self) -> Iterator[str]:
        """Yield what the phase's exit still lacks: its gates, and comparisons that cannot be relied on."""
        for gate in self.phase.gate:
            if lack := lacking(gate, self.facts, self.params.done):
                yield f"{lack[0].upper()}{lack[1:]}."
        names = self.known.names
        for ours in [self.approach] if self.approach in self.trained else self.trained or ["lora"]:
            rivals = [(self.compared.overall.get((ours, p, subset)), p) for p in PROMPTS for subset in SUBSETS]
            missing = dict.fromkeys(names[prompts] for score, prompts in rivals if score is None)
            if missing:
                yield f"A comparison of {names[ours]} with {' and '.join(missing)}, on answers that occur once too."
            fewest = min((score["threads"] for score, _ in rivals if score), default=self.params.min_threads)
            if fewest < self.params.min_threads:
                yield f"Threads to compare {names[ours]} with prompts: {fewest} of {self.params.min_threads}."
        for score in self.compared.scores:
            whole = score["source"] != ALL and score["subset"] == ALL and score["approach"] == self.approach
            if whole and score["baseline"] in PROMPTS and not self.compared.wins(score):
                counts = f"{score['n']} pairs of {score['threads']} threads"
                yield f"Source {score['source']}: not shown to be better than {names[score['baseline']]} ({counts})."
