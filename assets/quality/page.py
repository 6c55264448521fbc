"""The report as one HTML file that asks for nothing else: no script, no font, no picture from elsewhere.

It counts and never quotes: of an example only its opaque id is shown, of the desk its own names of
categories, stages and reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from assets import page
from assets.page import Column
from assets.quality.figures import title
from assets.quality.report import FAMILIES, stated, summed_up

_WIDE = ("funnel", "months")
_LEGEND = (
    "The bar of a share shows its value; the dark line is its 95 % interval (bootstrap over groups of pairs that "
    "belong together). ↑ higher is better, ↓ lower is better. The gain is what the composite would rise by if the "
    "measure's weight rose by 0.05 at the others' expense."
)


def as_html(
    report: Sequence[Mapping[str, Any]], reasons: Sequence[str], drawn: Mapping[str, Any], stages: Iterable[Any]
) -> str:
    """Return the page.

    Args:
        report: The rows of the scorecard.
        reasons: Why the gate would not let the dataset through; none: it would.
        drawn: The figures by name.
        stages: What each stage did with its rows.
    """
    by_name = {row["measure"]: row for row in report}
    value = by_name["composite"]["value"]
    shown = sorted(drawn, key=lambda name: name in _WIDE)
    bound = {name: by_name["composite"][f"{name}_sha256"] for name in ("dataset", "settings")}
    said = f"<p>{escape(summed_up(by_name, reasons))}</p>"
    figures = "\n".join(page.figure(title(name), drawn[name], wide=name in _WIDE) for name in shown)
    tables = (
        _table(heading, [row for row in report if row["family"] == family]) for family, heading in FAMILIES.items()
    )
    return page.html(
        "Quality of the dataset",
        f"{by_name['size']['value']:,.0f} examples in train, validation and test",
        [
            page.verdict("bad" if reasons else "good", "–" if value is None else f"{value:.2f}", said),
            f'<div class="cards">\n{figures}\n</div>',
            *tables,
            _stages(stages),
        ],
        [
            _LEGEND,
            "<br>".join(f"{name} <code>{escape(sha256 or 'not stated')}</code>" for name, sha256 in bound.items()),
        ],
    )


def _table(heading: str, rows: Sequence[Mapping[str, Any]]) -> str:
    weighed = any(row["weight"] is not None for row in rows)
    more = [Column("weight", "number"), Column("gain", "number")] if weighed else []
    columns = [Column("measure", "name"), Column("value", "number"), Column("0 to 1"), *more, Column("n", "number")]
    return page.table(heading, [*columns, Column("", "said")], [_line(row, weighed) for row in rows])


def _line(row: Mapping[str, Any], weighed: bool) -> list[str]:
    weight = "" if row["weight"] is None else f"{row['weight']:.2f}"
    gain = "" if row["sensitivity"] is None else f"{row['sensitivity']:+.4f}"
    name = f"{row['measure'].replace('_', ' ')} {'↑' * (row['better'] == 'higher')}{'↓' * (row['better'] == 'lower')}"
    value = '<span class="none">not measured</span>' if row["value"] is None else _value(row)
    said = escape(row["definition"]) + _culprits(row)
    return [escape(name), value, _bar(row), *([weight, gain] if weighed else []), f"{row['n']:,}", said]


def _value(row: Mapping[str, Any]) -> str:
    interval = "" if row["low"] is None else f"<br><small>{row['low']:,.3g} – {row['high']:,.3g}</small>"
    return escape(stated(row["value"], row)) + interval


def _bar(row: Mapping[str, Any]) -> str:
    if row["value"] is None or row["unit"] != "share":
        return ""
    at = 100 * row["value"]
    interval, said = "", f"{row['value']:.3f}"
    if row["low"] is not None:
        wide = 100 * (row["high"] - row["low"])
        interval = f'<i class="interval" style="left:{100 * row["low"]:.1f}%;width:{wide:.1f}%"></i>'
        said += f", 95 % interval {row['low']:.3f} to {row['high']:.3f}"
    bar = f'<i class="value" style="width:{at:.1f}%"></i>{interval}<i class="point" style="left:{at:.1f}%"></i>'
    return f'<span class="track" role="img" aria-label="{said}" title="{said}">{bar}</span>'


def _culprits(row: Mapping[str, Any]) -> str:
    ids = row["pulled_down_by"] or []
    if not ids:
        return ""
    listed = "".join(f"<code>{escape(i)}</code>" for i in ids)
    return f"<details><summary>pulled down most by {len(ids)} id(s)</summary>{listed}</details>"


def _stages(stages: Iterable[Any]) -> str:
    columns = [Column("stage", "name"), Column("in", "number"), Column("kept", "number")]
    columns += [Column(name) for name in ("dropped", "merged", "quarantined")]
    lines = [_stage(stage) for stage in stages if stage.rows_in]
    return page.table("Where did my rows go", columns, lines)


def _stage(stage: Any) -> list[str]:
    lost = (_reasons(getattr(stage, outcome)) for outcome in ("dropped", "merged", "quarantined"))
    return [escape(stage.stage.replace("_", " ")), f"{stage.rows_in:,}", f"{stage.kept:,}", *lost]


def _reasons(reasons: Mapping[str, int]) -> str:
    if not reasons:
        return ""
    listed = ", ".join(f"{escape(reason.replace('_', ' '))} {n:,}" for reason, n in reasons.items())
    return f"{sum(reasons.values()):,}<br><small>{listed}</small>"
