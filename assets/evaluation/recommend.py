"""Which approach to take: the hybrid strategy first, then what was measured, and the rules beside it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from assets import tables
from assets.errors import RefineryError
from assets.evaluation.advice import Advice
from assets.evaluation.knowledge import Facts, Knowledge, unknown
from assets.evaluation.params import RecommendationParams
from assets.ledger import Published, summary


def recommendation(
    scores: pa.Table, costs: pa.Table, facts: Facts, knowledge: Knowledge, params: RecommendationParams
) -> Published:
    """Recommend an approach by paired differences, of the true answers' likelihood or at an endpoint of chrF.

    One is shown to be better than another if the 95 % interval lies wholly on its side and its p value is at most
    `alpha`, after Holm's correction where several trained approaches are held against one rival. A trained approach
    is recommended only if it is shown to be better than both prompt approaches, on all pairs and on those whose answer
    occurs once (else it may have learned stock answers by heart), and is shown neither to go by the question less than
    the base model does (else it learnt style alone) nor to be worse, on the answers of both, than an endpoint that is
    better than both prompt approaches, too; of several, the cheapest of those that none is ahead of. Without one it is
    the endpoint, if that is shown to be better than both prompt approaches; else few-shot prompts, if they are than
    zero-shot; else the answer is not to fine-tune: what cannot be shown to pay is not bought. Costs are told and decide
    only among equals; the rules explain and never overrule this.

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
