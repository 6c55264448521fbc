"""What balancing changed, and whether what stayed still stands for what was there: a table and a plot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from assets.balancing.strata import BANDS, bands, complexity, length
from assets.balancing.thinning import Likeness
from assets.drawing import BLUE, MUTED, as_png, canvas, short, style, thousands

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 15
"""Categories shown; the others are one bar."""


def picture(before: pa.Table, after: pa.Table, signatures: pa.Table) -> str:
    """Return Markdown: the training pairs' distributions before and after, and how well the rest covers what left.

    Args:
        before: A table in the form of `tables.SPLIT_PAIRS`.
        after: The table in the form of `tables.BALANCED_PAIRS` that was made of it.
        signatures: A table in the form of `tables.PAIR_SIGNATURES`.
    """
    before, after = (table.filter(pc.equal(table.column("split"), "train")) for table in (before, after))
    was, is_ = before.to_pandas(), after.to_pandas()
    counts = dict(_distributions(was, is_, before.select(["question", "answer", "history"]).to_pylist()))
    figure = _drawn(counts)
    lines = ["| training pairs | before | after | counted by weight |", "|---|---|---|---|"]
    lines.append(f"| all | {len(was):,} | {len(is_):,} | {is_['weight'].sum():,.0f} |")
    for name, table in counts.items():
        spread = (f"{_spread(table[number]):.1f}" for number in ("before", "after", "weighed"))
        lines.append(f"| {name}: largest over smallest | {' | '.join(spread)} |")
    return "\n".join(
        [*lines, "", *_representative(was, is_, signatures), "", f"![before and after balancing]({as_png(figure)})"]
    )


def _distributions(
    was: pd.DataFrame, is_: pd.DataFrame, texts: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield by what is balanced the train pairs of every value before, after, and after with their weights."""

    def counted(before: pd.Series, after: pd.Series, weight: str = "weight") -> pd.DataFrame:
        weighed = is_[weight].groupby(after).sum()
        columns = {"before": before.value_counts(), "after": after.value_counts(), "weighed": weighed}
        return pd.DataFrame(columns).fillna(0).sort_index().sort_values("before", ascending=False, kind="stable")

    yield "category", counted(was["category"].fillna("(none)"), is_["category"].fillna("(none)"))
    for name, measure in (("complexity", complexity), ("length", length)):
        values = [float(measure(row)) for row in texts]
        named = pd.Series(bands(values, values, BANDS[name]), dtype="str")
        yield name, counted(named, is_[f"{name}_band"]).reindex(list(BANDS[name]), fill_value=0)
    known = is_.dropna(subset="customer_segment").drop_duplicates("customer_id")
    if len(known):
        segment = known.set_index("customer_id")["customer_segment"]
        yield "customer segment", counted(was["customer_id"].map(segment), is_["customer_segment"])
    for label in ("category", "priority"):
        taught = is_[is_[f"{label}_weight"].notna()]
        if len(taught):
            ids = set(taught["record_id"])
            asked = was[was["record_id"].isin(ids)].drop_duplicates("record_id")
            yield f"label {label}", counted(asked[label], taught[label], f"{label}_weight")


def _spread(counts: pd.Series) -> float:
    there = counts[counts > 0]
    return float(there.max() / there.min()) if len(there) else 1.0


def _representative(was: pd.DataFrame, is_: pd.DataFrame, signatures: pa.Table) -> Iterator[str]:
    """Say how near the pairs that left are to one that stayed, and how far the distributions moved."""
    cut = was[~was["pair_id"].isin(is_["pair_id"])]
    if not len(cut):
        yield "No pair left, so nothing needs to stand for it."
        return
    likeness = Likeness(signatures)
    near = [
        likeness.nearest(list(gone["pair_id"]), list(is_["pair_id"][is_["category"] == category]))
        for category, gone in cut.groupby("category", dropna=False)
    ]
    alike = np.concatenate(near)
    yield (
        f"{len(cut):,} pairs left. Their likeness to the nearest pair of their category that stayed (mean cosine of "
        f"questions and of answers) is {alike.mean():.2f} on average, {np.quantile(alike, 0.05):.2f} at the "
        f"5 % quantile."
    )


def _drawn(counts: Mapping[str, pd.DataFrame]) -> Figure:
    with style():
        shown = {name: _at_most(table) for name, table in counts.items()}
        figure, axes = canvas(
            8.6,
            sum(0.7 + 0.24 * len(table) for table in shown.values()),
            nrows=len(shown),
            squeeze=False,
            height_ratios=[2 + len(table) for table in shown.values()],
        )
        for place, (name, table) in zip(axes[:, 0], shown.items(), strict=True):
            rows = np.arange(len(table))
            place.barh(rows - 0.2, table["before"], height=0.36, color=MUTED, label="before")
            place.barh(rows + 0.2, table["weighed"], height=0.36, color=BLUE, label="after, weights counted")
            place.set_yticks(rows, [short(str(value)) for value in table.index])
            place.invert_yaxis()
            place.set_title(f"by {name}", fontsize=9)
            place.xaxis.set_major_formatter(thousands())
        axes[0, 0].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=8)
    return figure


def _at_most(table: pd.DataFrame) -> pd.DataFrame:
    if len(table) <= MOST:
        return table
    return pd.concat([table.iloc[:MOST], table.iloc[MOST:].sum().to_frame("(others)").T])
