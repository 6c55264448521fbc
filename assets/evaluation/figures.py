"""The pictures of the comparison; each shows numbers of whole test sets, never an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from assets.drawing import BLUE, INK, LINE, MUTED, ORANGE, RED, TEAL, canvas, short, style, thousands
from assets.evaluation.compared import PROMPTS, Compared, Score
from assets.evaluation.knowledge import FACTORS, Knowledge
from assets.evaluation.scores import ALL, ANSWER_ONCE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = (BLUE, ORANGE, TEAL, RED, INK)
Row = Mapping[str, Any]


def figures(
    scores: pa.Table, costs: Sequence[Row], learnt: Sequence[Row], knowledge: Knowledge
) -> Iterator[tuple[str, Figure]]:
    """Yield caption and figure; what was not measured has none.

    Args:
        scores: A table in the form of `tables.APPROACH_SCORES`.
        costs: The rows of the costs.
        learnt: The rows of what was trained.
        knowledge: What the approaches are called.
    """
    compared = Compared.of(scores)
    own = [compared.overall[key] for name in knowledge.kinds if (key := (name, None, ALL)) in compared.overall]
    paired = [
        score
        for name in knowledge.kinds
        for rival in PROMPTS
        for subset in (ALL, ANSWER_ONCE)
        if (score := compared.overall.get((name, rival, subset)))
    ]
    with style():
        if own:
            yield "How likely the true answers are, nats a token (less is better)", _likelihoods(own, knowledge)
        if paired:
            yield "Differences to prompts, nats a token (left of the line is better)", _differences(paired, knowledge)
        if learnt:
            yield "How the loss fell, nats a token (dotted: on the training part)", _losses(learnt, knowledge)
        yield f"What each costs over {costs[0]['months']} months, {costs[0]['currency']}", _costs(costs)


def _likelihoods(own: Sequence[Score], knowledge: Knowledge) -> Figure:
    figure, axes = canvas(5.4, 0.8 + 0.42 * len(own))
    for at, score in enumerate(own):
        _interval(axes, score, at, BLUE)
        axes.annotate(f"{score['value']:.3f}", (score["value"], at), (0, 6), textcoords="offset points", ha="center")
    _named(axes, [knowledge.names[score["approach"]] for score in own])
    axes.margins(x=0.12)
    return figure


def _differences(paired: Sequence[Score], knowledge: Knowledge) -> Figure:
    names = list(dict.fromkeys((score["approach"], score["baseline"]) for score in paired))
    figure, axes = canvas(5.4, 1.0 + 0.42 * len(names))
    axes.axvline(0, color=MUTED, lw=1)
    for score in paired:
        once = score["subset"] == ANSWER_ONCE
        at = names.index((score["approach"], score["baseline"])) + (0.18 if once else -0.18)
        _interval(axes, score, at, ORANGE if once else BLUE)
    _named(axes, [f"{ours} – {theirs}".replace("_", "-") for ours, theirs in names])
    handles = [axes.plot([], [], "o", color=colour, ms=5)[0] for colour in (BLUE, ORANGE)]
    axes.legend(handles, ["all pairs", "answers that occur once"], loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure


def _losses(learnt: Sequence[Row], knowledge: Knowledge) -> Figure:
    figure, axes = canvas(5.4, 3.2)
    for row, colour in zip(learnt, _COLOURS, strict=False):
        for split, look in (("validation", "-"), ("train", ":")):
            points = [point for point in row["losses"] if point["split"] == split]
            if points:
                said = knowledge.names[row["approach"]].removeprefix("the ") if split == "validation" else None
                marked = "o" if split == "validation" else None
                x, y = [p["step"] for p in points], [p["loss"] for p in points]
                axes.plot(x, y, look, color=colour, lw=1.4, marker=marked, ms=3, label=said)
    axes.set_xlabel("optimizer steps; 0 is the base model")
    axes.legend(loc="upper right")
    return figure


def _costs(costs: Sequence[Row]) -> Figure:
    figure, axes = canvas(5.4, 1.1 + 0.36 * len(costs))
    left = [0.0] * len(costs)
    for factor, colour in zip(FACTORS, (BLUE, RED, TEAL, ORANGE), strict=True):
        wide = [row[f"{factor}_cost"] for row in costs]
        axes.barh(range(len(costs)), wide, left=left, color=colour, height=0.62, label=factor.replace("_", " "))
        left = [a + b for a, b in zip(left, wide, strict=True)]
    _named(axes, [row["title"] for row in costs])
    axes.xaxis.set_major_formatter(thousands())
    axes.xaxis.set_major_locator(_few_ticks())
    axes.legend(loc="lower left", bbox_to_anchor=(-0.5, 1), ncols=2, fontsize=8)
    return figure


def _interval(axes: Any, score: Score, at: float, colour: str) -> None:
    if score["low"] is not None:
        axes.plot([score["low"], score["high"]], [at, at], color=colour, lw=2, solid_capstyle="butt")
    axes.plot([score["value"]], [at], "o", color=colour, ms=5)


def _named(axes: Any, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [short(name.removeprefix("the ")) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.7)
    axes.grid(axis="x", color=LINE, lw=0.6)
    axes.set_axisbelow(True)


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(5)
