"""Which approach to take: the hybrid strategy first, then what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from assets import tables
from assets.evaluation.params import RecommendationParams
from assets.evaluation.scores import ALL, ANSWER_ONCE, PRIMARY
from assets.ledger import Published, summary

PHASES = (
    "Phase 1: Rapid Prototyping (Prompt-Based)",
    "Phase 2: Enhanced Performance (LoRA Fine-Tuning)",
    "Phase 3: Optimization (Selective Full Fine-Tuning)",
)
STRATEGY = (
    f"Hybrid strategy: {PHASES[0]} proves the case cheaply, {PHASES[1]} serves production, "
    f"{PHASES[2]} is kept for critical components whose requirements are stable and whose impact is high."
)
DO_NOT = "do_not_fine_tune"
NAMES = {"zero_shot": "zero-shot prompts", "few_shot": "few-shot prompts", "lora": "the LoRA adapter"}
Score = Mapping[str, Any]


def recommendation(scores: pa.Table, params: RecommendationParams, *, train_examples: int | None = None) -> Published:
    """Recommend an approach by the paired differences of the true answers' likelihood.

    LoRA is recommended only if its interval lies wholly below zero against both prompt approaches, on
    all pairs and on those whose answer occurs once (else it may have learned stock answers by heart);
    few-shot prompts only if theirs does against zero-shot. Otherwise the answer is not to fine-tune:
    what cannot be shown to pay is not bought.

    Args:
        scores: A table in the form of `tables.APPROACH_SCORES`.
        params: The knobs.
        train_examples: Distinct examples the adapter learned from, where one was trained.
    """
    rows = [row for row in scores.to_pylist() if row["metric"] == PRIMARY and row["group"] is None]
    overall = {(r["approach"], r["baseline"], r["subset"]): r for r in rows if r["source"] == ALL}
    rivals = [(overall.get(("lora", b, s)), b, s) for b in ("zero_shot", "few_shot") for s in (ALL, ANSWER_ONCE)]
    prompts = overall.get(("few_shot", "zero_shot", ALL))
    if all(_wins(score, params) for score, _, _ in rivals):
        approach, phase = "lora", PHASES[1]
    else:
        approach, phase = ("few_shot" if _wins(prompts, params) else DO_NOT), PHASES[0]
    compared = [score for score in (*overall.values(),) if score["baseline"]]
    row: dict[str, Any] = {
        "approach": approach,
        "phase": phase,
        "strategy": STRATEGY,
        "reasons": [_said(score, params) for score in sorted(compared, key=_rank)]
        or ["No two approaches were compared."],
        "would_flip": _flips(approach, rivals, prompts),
        "lacking": [*_lacking(approach, rows, overall, rivals, train_examples, params)],
    }
    texts = [row["approach"], row["phase"], *row["reasons"], *row["would_flip"], *row["lacking"]]
    row["recommendation_id"] = tables.content_hash(*texts)
    table = tables.RECOMMENDATION.of([row])
    return summary(table, key="recommendation_id", parents=["approach_scores"])


def _wins(score: Score | None, params: RecommendationParams) -> bool:
    """Whether the interval lies wholly below zero, and can be relied on."""
    return bool(score and score["high"] is not None and score["high"] < 0 and score["threads"] >= params.min_threads)


def _rank(score: Score) -> tuple[bool, str, str]:
    return (score["subset"] != ALL, score["approach"], score["baseline"])


def _said(score: Score, params: RecommendationParams) -> str:
    """Say a comparison in one clause.

    >>> _said({"approach": "lora", "baseline": "zero_shot", "value": -0.5, "low": -0.6, "high": -0.4, "n": 150,
    ...        "threads": 40, "subset": "all"}, RecommendationParams())
    'The LoRA adapter is better than zero-shot prompts: -0.500 nats a token [-0.600, -0.400], 150 pairs of 40 threads.'
    """
    ours, theirs = NAMES[score["approach"]], NAMES[score["baseline"]]
    if score["low"] is None or score["threads"] < params.min_threads:
        verdict = f"{ours} cannot be told from {theirs}, for want of threads"
    elif score["high"] < 0:
        verdict = f"{ours} {_is(score)} better than {theirs}"
    elif score["low"] > 0:
        verdict = f"{ours} {_is(score)} worse than {theirs}"
    else:
        verdict = f"{ours} cannot be told from {theirs}"
    interval = "" if score["low"] is None else f" [{score['low']:+.3f}, {score['high']:+.3f}]"
    about = "" if score["subset"] == ALL else " whose answer occurs once"
    figures = f"{score['value']:+.3f} nats a token{interval}, {score['n']} pairs of {score['threads']} threads{about}"
    return f"{verdict[0].upper()}{verdict[1:]}: {figures}."


def _is(score: Score) -> str:
    return "is" if score["approach"] == "lora" else "are"


def _flips(approach: str, rivals: Sequence[tuple[Score | None, str, str]], prompts: Score | None) -> list[str]:
    """Say what would change the recommendation."""
    if approach == "lora":
        near = max((score for score, _, _ in rivals if score), key=lambda score: float(score["high"]))
        return [
            f"A test on which its lead over {NAMES[near['baseline']]} shrinks by {-near['high']:.3f} nats a token.",
            "A larger base model whose prompts close the gap, or requirements that change faster than it is retrained.",
        ]
    missing = sorted({NAMES[baseline] for score, baseline, _ in rivals if score is None})
    flips = [f"An adapter compared with {' and '.join(missing)}."] if missing else []
    flips.append("A LoRA adapter whose interval lies wholly below zero against both prompt approaches.")
    if approach == DO_NOT:
        flips.append("Few-shot prompts whose interval lies wholly below zero against zero-shot prompts.")
    return flips


def _lacking(
    approach: str,
    rows: Sequence[Score],
    overall: Mapping[tuple[str, str | None, str], Score],
    rivals: Sequence[tuple[Score | None, str, str]],
    train_examples: int | None,
    params: RecommendationParams,
) -> Iterator[str]:
    """Yield what the phase's exit still lacks."""
    pairs = max((score["n"] for score in overall.values()), default=0)
    if pairs < params.min_test_pairs:
        yield f"Test pairs: {pairs} of {params.min_test_pairs}."
    if train_examples is not None and train_examples < params.min_train_examples:
        yield f"Training examples: {train_examples} of {params.min_train_examples}, the minimum viable volume."
    for score, baseline, subset in rivals:
        about = "all pairs" if subset == ALL else "pairs whose answer occurs once"
        if score is None:
            yield f"A comparison of the LoRA adapter with {NAMES[baseline]} on {about}."
        elif score["threads"] < params.min_threads:
            yield f"Threads to compare with {NAMES[baseline]} on {about}: {score['threads']} of {params.min_threads}."
    leader = approach if approach in NAMES else None
    for score in rows:
        whole = score["source"] != ALL and score["subset"] == ALL and score["approach"] == leader
        if whole and score["baseline"] and not _wins(score, params):
            counts = f"{score['n']} pairs of {score['threads']} threads"
            yield f"Source {score['source']}: not shown to be better than {NAMES[score['baseline']]} ({counts})."
