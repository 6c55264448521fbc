"""What is to be said of a recommendation: why, what would change it, what is lacking, and the road map's gates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pyarrow as pa

from assets.evaluation.compared import DO_NOT, ENDPOINT, PROMPTS, SUBSETS, Compared, Score, choose
from assets.evaluation.costs import pays
from assets.evaluation.knowledge import Facts, Fired, Knowledge, lacking
from assets.evaluation.params import RecommendationParams
from assets.evaluation.scores import ALL, PRIMARY


class Advice:
    """The choice, and all that is to be said of it."""

    def __init__(
        self, scores: pa.Table, costs: pa.Table, facts: Facts, knowledge: Knowledge, params: RecommendationParams
    ) -> None:
        self.known, self.params = knowledge, params
        self.compared = Compared.of(scores, params)
        self.costs = {row["approach"]: row for row in costs.to_pylist()}
        self.trained, self.passed = self.compared.trained, self.compared.passed
        self.approach = choose(self.compared, {name: row["total"] for name, row in self.costs.items()})
        self.kind = knowledge.kinds.get(self.approach, "prompt_based")
        self.phase = knowledge.phase_of(self.kind)
        self.facts: Facts = {**facts, "better_than_prompts": float(len(self.passed))}
        self.fired: list[Fired] = [*knowledge.fired(self.facts, params.needs)]

    def reasons(self) -> Iterator[str]:
        """Yield the measurements: the choice among several, each comparison, and what it costs."""
        names = self.known.names
        if self.approach in self.trained and len(self.compared.fit) > 1:
            yield self._of_several()
        for name in self.compared.outdone:
            yield f"Better than both prompt approaches, and worse than {names[ENDPOINT]} by chrF: {names[name]}."
        paired = [score for score in self.compared.overall.values() if score["baseline"]]
        if not paired:
            yield "No two approaches were compared."
        for score in (*sorted(filter(self._tells, paired), key=self._rank), *self.compared.letters):
            yield self._said(score)
        chosen = {self.approach} & {*self.trained}
        yield from (self._heeds(s) for s in self.compared.gains if s["approach"] in {*chosen, *self.compared.unheeding})
        if self.approach in self.trained:
            yield self._priced()

    def _of_several(self) -> str:
        likeliest = min(self.compared.fit, key=self.compared.value)
        among = ", ".join(self.known.names[name] for name in self.compared.fit)
        how = f"{self.known.names[self.approach]} finds the true answers likeliest"
        if self.approach != likeliest:
            other = self.known.names[likeliest]
            how = f"{self.known.names[self.approach]} is cheaper than {other}, which cannot be shown to be better"
        return f"Better than both prompt approaches: {among}; of them {how}."

    def _heeds(self, score: Score) -> str:
        """Say whether an approach was shown to find the true answers as likely whatever is asked."""
        ours, prompts = self.known.names[score["approach"]], self.known.names[score["baseline"]]
        interval = "" if score["low"] is None else f" [{score['low']:+.3f}, {score['high']:+.3f}]"
        gain = f"question gain {score['value']:+.3f} nats a token{interval} against {prompts}, {score['n']} pairs"
        if score["approach"] in self.compared.unheeding:
            return f"It learnt style rather than answers, so that it is not recommended: {ours}, {gain}."
        return f"{ours[0].upper()}{ours[1:]} is not shown to heed the question less: {gain}."

    def _tells(self, score: Score) -> bool:
        """Whether a comparison bears on the choice: the chosen one's, what others failed at, how near they came."""
        ours, theirs = score["approach"], score["baseline"]
        if self.approach != ours and theirs not in (self.approach, *PROMPTS):
            return False
        beaten = ours in self.trained and self.approach in self.trained and theirs in PROMPTS
        return ours == self.approach or self.compared.better(score) != ours or (score["subset"] == ALL and not beaten)

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
        better, relied_on = self.compared.better(score), self.compared.relied_on(score)
        if better:
            verdict = f"{ours} {is_} {'better' if better == score['approach'] else 'worse'} than {theirs}"
        else:
            verdict = f"{ours} cannot be told from {theirs}{'' if relied_on else ', for want of threads'}"
        unit = "nats a token" if score["metric"] == PRIMARY else "chrF"
        interval = "" if score["low"] is None else f" [{score['low']:+.3f}, {score['high']:+.3f}]"
        chance = f", p {self.compared.p(score):.3f}" if relied_on else ""
        about = "" if score["subset"] == ALL else " whose answer occurs once"
        figures = f"{score['value']:+.3f} {unit}{interval}{chance}"
        return f"{verdict[0].upper()}{verdict[1:]}: {figures}, {score['n']} pairs of {score['threads']} threads{about}."

    def _priced(self) -> str:
        ours, prompts = self.costs[self.approach], self.costs["few_shot"]
        names = self.known.names
        costs = (
            f"Over {ours['months']} months {names[self.approach]} costs {ours['total']:,.2f} {ours['currency']}, "
            f"{names['few_shot']} {prompts['total']:,.2f}"
        )
        return f"{costs}. {self.dearer}" if self.dearer else f"{costs}; against them {pays(ours)}."

    @cached_property
    def dearer(self) -> str:
        """That what was chosen costs more than few-shot prompts, if it does at the requests a month that are stated."""
        ours = self.costs[self.approach] if self.approach in self.trained else {"pays": None}
        if ours["pays"] is not False:
            return ""
        requests = f"{ours['requests_a_month']:,.0f} requests a month"  # stated, as it is known not to pay
        names = self.known.names
        return f"At {requests} {names[self.approach]} costs more than {names['few_shot']}: {pays(ours)}."

    def flips(self) -> Iterator[str]:
        """Yield what would change the recommendation."""
        names, shown = self.known.names, f"(interval wholly on its side, p at most {self.params.alpha:g})"
        if self.approach in self.trained:
            rivals = [self.compared.between(self.approach, prompts, s) for prompts in PROMPTS for s in SUBSETS]
            near = min((score for score in rivals if score), key=_lead)
            rival = next(n for n in (near["baseline"], near["approach"]) if n != self.approach)
            yield f"A test on which its lead over {names[rival]} shrinks by {_lead(near):.3f} nats a token."
            yield "A larger base model whose prompts close the gap, or needs that change faster than it is trained."
            yield from self._volume()
        else:
            missing = [p for p in PROMPTS if not any(self.compared.between(n, p) for n in self.trained)]
            if missing:
                yield f"A trained approach compared with {' and '.join(names[p] for p in missing)}."
            if not self.compared.likelier:
                yield f"A trained approach shown to be better than both prompt approaches {shown}."
        for name in self.compared.unheeding:
            yield f"A training after which {names[name]} goes by the question as much as {names['zero_shot']} do."
        if self.approach == DO_NOT:
            yield f"Few-shot prompts shown to be better than zero-shot prompts {shown}."
        yield from self._at_endpoint()
        for other in self.compared.fit:
            if other != self.approach and self.costs[other]["total"] > self.costs[self.approach]["total"]:
                yield f"A test that shows {names[other]} to be better than {names[self.approach]} {shown}."
        against = [f for f in self.fired if (f.kind, f.verdict) == (self.kind, "against")]
        for line in against:
            yield f"More weight on what speaks against it: it is not for {line.text} ({line.because})."
        yield from self._untried()

    def _volume(self) -> Iterator[str]:
        """Yield where costs would speak against what was chosen, if they decided."""
        ours, few = self.costs[self.approach], self.known.names["few_shot"]
        if self.dearer or ours["break_even"].startswith("never"):
            yield f"Costs, if they decided: {few} cost less ({pays(ours)})."
        elif ours["break_even_requests"]:
            less = "fewer" if ours["break_even"].startswith("from") else "more"
            at = f"{less} than {ours['break_even_requests']:,.0f} requests a month"
            yield f"Costs, if they decided, and {at}: then {few} cost less."

    def _at_endpoint(self) -> Iterator[str]:
        """Yield what comparisons with the endpoint would have to show, where it was asked."""
        names, by_letters = self.known.names, "by chrF"
        if self.compared.letters and self.approach in self.trained:
            beaten = "" if self.compared.endpoint_passed else ", and that better than both prompt approaches,"
            yield f"A test that shows {names[self.approach]} to be worse than {names[ENDPOINT]}{beaten} {by_letters}."
        elif self.compared.letters and self.approach != ENDPOINT:
            yield f"A test that shows {names[ENDPOINT]} to be better than both prompt approaches {by_letters}."
        for name in self.compared.outdone:
            yield f"A test that does not show {names[name]} to be worse than {names[ENDPOINT]} {by_letters}."

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
        if self.dearer:
            yield self.dearer
        names = self.known.names
        for ours in [self.approach] if self.approach in self.trained else self.trained or ["lora"]:
            rivals = [(self.compared.between(ours, p, subset), p) for p in PROMPTS for subset in SUBSETS]
            missing = dict.fromkeys(names[prompts] for score, prompts in rivals if score is None)
            if missing:
                yield f"A comparison of {names[ours]} with {' and '.join(missing)}, on answers that occur once too."
            fewest = min((score["threads"] for score, _ in rivals if score), default=self.params.min_threads)
            if fewest < self.params.min_threads:
                yield f"Threads to compare {names[ours]} with prompts: {fewest} of {self.params.min_threads}."
        few = min((score["threads"] for score in self.compared.letters), default=self.params.min_threads)
        if few < self.params.min_threads:
            yield f"Threads to compare others with {names[ENDPOINT]}: {few} of {self.params.min_threads}."
        for score in self.compared.scores:
            whole = score["source"] != ALL and score["subset"] == ALL and score["approach"] == self.approach
            if whole and score["baseline"] in PROMPTS and self.compared.better(score) != self.approach:
                counts = f"{score['n']} pairs of {score['threads']} threads"
                yield f"Source {score['source']}: not shown to be better than {names[score['baseline']]} ({counts})."


def _lead(score: Score) -> float:
    """Return how much the nearer end of an interval is away from zero."""
    return float(-score["high"] if score["value"] < 0 else score["low"])
