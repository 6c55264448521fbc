"""The pictures of the report: equal data gives equal bytes, and none holds a text of an example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assets.drawing import BLUE, INK, LINE, MUTED, ORANGE, RED, TEAL, canvas, short, style, thousands
from assets.quality.funnel import Account
from assets.quality.params import COMPOSITE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OUTCOMES = (("kept", BLUE), ("merged", TEAL), ("dropped", ORANGE), ("quarantined", RED))
MOST_CATEGORIES = 12
MOST_MONTHS = 24
_BUCKETS = (("1", 1, 1), ("2", 2, 2), ("3-5", 3, 5), ("6-10", 6, 10), ("11 and more", 11, 10**9))
_TITLES = {
    "radar": "The six parts of the composite",
    "funnel": "Where the rows went",
    "months": "Examples by category and month",
    "lengths": "Words of questions and answers",
    "tokens": "Tokens of an example",
    "clusters": "Duplicates: how many pairs say the same",
}


def figures(
    report: Sequence[Mapping[str, Any]], examples: pd.DataFrame, stages: Sequence[Account], merged: Sequence[int]
) -> dict[str, Figure]:
    """Draw what there is to be drawn, by name; `title` says what each shows.

    Args:
        report: The rows of the scorecard.
        examples: The examples side by side with their pairs, see `frame.Dataset`.
        stages: What each stage did with its rows, in the order of the flow.
        merged: Of each unique pair how many pairs it stands for, itself included.
    """
    drawn: dict[str, Figure] = {}
    with style():
        drawn["radar"] = _radar({row["measure"]: row for row in report})
        if any(stage.rows_in for stage in stages):
            drawn["funnel"] = _funnel([stage for stage in stages if stage.rows_in])
        if len(examples):
            if examples["created_at"].notna().any():
                drawn["months"] = _months(examples)
            drawn["lengths"] = _lengths(examples)
            drawn["tokens"] = _tokens(examples)
            drawn["clusters"] = _clusters(examples, merged)
    return drawn


def title(name: str) -> str:
    """Return what a figure shows."""
    return _TITLES[name]


def _radar(report: Mapping[str, Mapping[str, Any]]) -> Figure:
    figure, axes = canvas(4.2, 2.6, subplot_kw={"projection": "polar"})
    names = list(COMPOSITE)
    angles = np.linspace(0, 2 * np.pi, len(names), endpoint=False)

    def around(field: str) -> np.ndarray:
        found = [report.get(name, {}).get(field) for name in names]
        return np.array([np.nan if value is None else value for value in [*found, found[0]]], float)

    closed, value = np.append(angles, angles[0]), around("value")
    polar: Any = axes
    polar.set_theta_offset(np.pi / 2)
    polar.set_theta_direction(-1)
    polar.fill_between(
        closed, np.nan_to_num(around("low")), np.nan_to_num(around("high")), color=BLUE, alpha=0.25, lw=0
    )
    polar.plot(closed, np.nan_to_num(value), color=BLUE, lw=1.8)
    polar.scatter(angles, np.nan_to_num(value)[:-1], color=[MUTED if v else BLUE for v in np.isnan(value)[:-1]], s=16)
    stated = ["not measured" if np.isnan(v) else f"{v:.2f}" for v in value[:-1]]
    labels = [f"{name.replace('_', ' ')}\n{text}" for name, text in zip(names, stated, strict=True)]
    polar.set_xticks(angles, labels)
    polar.tick_params(axis="x", pad=2)
    for angle, label in zip(angles, polar.get_xticklabels(), strict=True):  # to the right half leftwards, and back
        label.set_horizontalalignment(
            "center" if np.isclose(np.sin(angle), 0) else "left" if np.sin(angle) > 0 else "right"
        )
    polar.set_ylim(0, 1)
    polar.set_yticks([0.25, 0.5, 0.75, 1], ["", "0.5", "", "1"], color=MUTED, fontsize=7)
    polar.grid(color=LINE)
    polar.spines["polar"].set_color(LINE)
    return figure


def _funnel(stages: Sequence[Account]) -> Figure:
    figure, axes = canvas(8.6, 0.9 + 0.28 * len(stages))
    most = max(stage.rows_in for stage in stages)
    left = np.zeros(len(stages))
    for outcome, colour in OUTCOMES:
        found = [getattr(stage, outcome) for stage in stages]
        wide = np.array([n if isinstance(n, int) else sum(n.values()) for n in found], float)
        axes.barh(range(len(stages)), wide, left=left, color=colour, height=0.66, label=outcome)
        left += wide
    for place, stage in enumerate(stages):
        lost = stage.rows_in - stage.kept
        said = f"{stage.kept:,}" if not lost else f"{stage.kept:,} of {stage.rows_in:,}"
        axes.text(stage.rows_in + most * 0.01, place, said, va="center", fontsize=8, color=MUTED)
    axes.set_yticks(range(len(stages)), [stage.stage.replace("_", " ") for stage in stages])
    axes.invert_yaxis()
    axes.set_xlim(0, most * 1.18)
    axes.xaxis.set_major_formatter(thousands())
    axes.set_xlabel("rows that came in")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, fontsize=8)
    return figure


def _months(examples: pd.DataFrame) -> Figure:
    month = examples["created_at"].dt.strftime("%Y-%m")
    category = examples["topic"].fillna("(none)")
    shown = category.value_counts().sort_index().sort_values(ascending=False, kind="stable").index[:MOST_CATEGORIES]
    counts = pd.crosstab(category.where(category.isin(shown), "(others)"), month)
    order = [*shown, *(["(others)"] if "(others)" in counts.index else [])]
    counts = counts.loc[order].iloc[:, -MOST_MONTHS:]
    figure, axes = canvas(8.6, 0.9 + 0.28 * len(counts))
    most = int(counts.loc[list(shown)].to_numpy().max())
    axes.pcolormesh(counts.to_numpy(), cmap="Blues", vmin=0, vmax=max(1, most), edgecolors="white", linewidth=0.6)
    axes.invert_yaxis()
    axes.set_yticks(np.arange(len(counts)) + 0.5, [short(str(name)) for name in counts.index])
    step = -(-len(counts.columns) // 12)
    axes.set_xticks(np.arange(0, len(counts.columns), step) + 0.5, list(counts.columns[::step]), fontsize=8)
    for (row, column), n in np.ndenumerate(counts.to_numpy()):
        said = f"{n:,}" if n else ""
        colour = "white" if n > most * 0.55 else INK
        axes.text(column + 0.5, row + 0.5, said, ha="center", va="center", fontsize=7, color=colour)
    axes.spines[:].set_visible(False)
    return figure


def _lengths(examples: pd.DataFrame) -> Figure:
    figure, axes = canvas(4.2, 2.6)
    sides = {"questions": ("asked", ORANGE), "answers": ("said", BLUE)}
    counted = {name: examples[side].map(lambda text: max(1, len(text.split()))) for name, (side, _) in sides.items()}
    top = max(2.0, *(float(words.max()) for words in counted.values()))
    bins = np.unique(np.round(np.geomspace(1, top + 1, 32)))
    for name, words in counted.items():
        colour = sides[name][1]
        axes.hist(words, bins=bins.tolist(), color=colour, alpha=0.55, label=f"{name}, median {words.median():,.0f}")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(thousands())
    axes.set_xlabel("words (logarithmic)")
    axes.set_ylabel("examples")
    axes.legend(fontsize=8)
    return figure


def _tokens(examples: pd.DataFrame) -> Figure:
    figure, axes = canvas(4.2, 2.6)
    tokens = examples["tokens"].fillna(0)
    axes.hist(tokens, bins=40, color=BLUE, alpha=0.85)
    for share, place, dashes in ((0.5, "median", (0, (1, 1))), (0.95, "95 % have at most", (0, (4, 2)))):
        at = float(tokens.quantile(share))
        axes.axvline(at, color=INK, lw=1, ls=dashes, label=f"{place} {at:,.0f}")
    axes.legend(fontsize=8)
    axes.xaxis.set_major_formatter(thousands())
    axes.set_xlabel("tokens under the chat template")
    axes.set_ylabel("examples")
    return figure


def _clusters(examples: pd.DataFrame, merged: Sequence[int]) -> Figure:
    figure, axes = canvas(4.2, 2.6)
    asked = examples.drop_duplicates("pair_id")["cluster_id"].dropna().value_counts()
    kinds = [("pairs merged into one", np.array(merged), TEAL), ("pairs that ask the same", asked.to_numpy(), BLUE)]
    kinds = [kind for kind in kinds if len(kind[1])]
    for place, (name, sizes, colour) in enumerate(kinds):
        counts = [int(((sizes >= low) & (sizes <= high)).sum()) for _, low, high in _BUCKETS]
        bars = axes.bar(np.arange(len(_BUCKETS)) + 0.4 * place, counts, width=0.38, color=colour, label=name)
        axes.bar_label(bars, [f"{n:,}" if n else "" for n in counts], fontsize=7, color=MUTED)
    axes.set_yscale("symlog", linthresh=1)
    axes.yaxis.set_major_formatter(thousands())
    axes.set_xticks(np.arange(len(_BUCKETS)) + 0.2 * (len(kinds) - 1), [name for name, _, _ in _BUCKETS])
    axes.set_xlabel("pairs in the cluster")
    axes.set_ylabel("clusters (logarithmic)")
    axes.legend(fontsize=8)
    return figure
