"""The scorecard as a page people read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

FAMILIES = {
    "composite": "What the dataset is worth",
    "completeness": "Completeness in parts",
    "consistency": "Consistency in parts",
    "bias": "Bias in parts",
    "coverage": "Coverage",
    "volume": "Volume against the plan",
    "intrinsic": "Diversity, balance, complexity",
}
_ARROWS = {"higher": "↑", "lower": "↓", "neither": ""}
_HEAD = (
    "| measure | value | 95 % interval | weight | n | what was computed |",
    "|---|---:|---|---:|---:|---|",
)


def as_markdown(report: pa.Table, reasons: Sequence[str] = (), pictures: Mapping[str, str] | None = None) -> str:
    """Return the report as Markdown: one table a family, and no text of any example.

    Args:
        report: A table in the form of `tables.QUALITY_REPORT`.
        reasons: Why the gate would not let the dataset through; none: it would.
        pictures: By caption the data URI of a picture.
    """
    rows = report.to_pylist()
    parts = ["# Quality of the dataset", summed_up({row["measure"]: row for row in rows}, reasons)]
    parts += [f"## {caption}\n\n![{caption}]({uri})" for caption, uri in (pictures or {}).items()]
    for family, heading in FAMILIES.items():
        lines = [_line(row) for row in rows if row["family"] == family]
        if lines:
            parts.append("\n".join([f"## {heading}", "", *_HEAD, *lines]))
    parts.append("↑ higher is better, ↓ lower is better. The interval is a bootstrap over groups of pairs.")
    return "\n\n".join(parts) + "\n"


def summed_up(by_name: Mapping[str, Mapping[str, Any]], reasons: Sequence[str]) -> str:
    """Return one paragraph: how good, may it be trained on, what holds it back, and is it enough.

    Where a part of the composite was not measured, the weighted mean of the others is shown, and
    said to be no composite; the gate does not read it.
    """
    size = by_name.get("size", {}).get("value") or 0
    said = [f"{_headline(by_name)}; {size:,.0f} examples."]
    said.append(f"The gate stops it: {'; '.join(reasons)}." if reasons else "The gate lets it through.")
    weighed = [row for row in by_name.values() if row["weight"] is not None and row["value"] is not None]
    if weighed:
        held = max(weighed, key=lambda row: (row["weight"] * (1 - row["value"]), row["measure"]))
        lost = held["weight"] * (1 - held["value"])
        name = held["measure"].replace("_", " ")
        if lost > 0:
            said.append(f"What costs it most is {name} ({held['value']:.2f}), {lost:.2f} of the composite.")
    return " ".join([*said, *_pace(by_name)])


def _headline(by_name: Mapping[str, Mapping[str, Any]]) -> str:
    whole = by_name.get("composite", {})
    if whole.get("value") is not None:
        return f"Composite {whole['value']:.3f}{_interval(whole, of=' (95 % interval {})')}"
    weighed = [row for row in by_name.values() if row["weight"] is not None]
    measured = [row for row in weighed if row["value"] is not None]
    missing = ", ".join(row["measure"] for row in weighed if row["value"] is None) or "everything"
    score = f"No composite: {missing} not measured"
    if measured:
        mean = math.fsum(r["weight"] * r["value"] for r in measured) / math.fsum(r["weight"] for r in measured)
        score += f"; the measured parts alone come to {mean:.3f}"
    return score


def _pace(by_name: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    rate, months, share = (
        by_name.get(name, {}).get("value") for name in ("monthly_arrival", "months_to_production", "size_to_minimum")
    )
    if share is not None and share < 1:
        yield f"The smallest task has {share:.0%} of its minimum viable volume."
    if months == 0:
        yield "It has its production volume."
    elif rate and months is not None:
        yield f"At {rate:,.0f} new examples a month it reaches production volume in {months:,.0f} months."


def _line(row: Mapping[str, Any]) -> str:
    weight = "" if row["weight"] is None else f"{row['weight']:.2f}"
    name = f"{row['measure']} {_ARROWS[row['better']]}".rstrip()
    cells = (name, stated(row["value"], row), _interval(row), weight, f"{row['n']:,}", row["definition"])
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _interval(row: Mapping[str, Any], of: str = "{}") -> str:
    if row["low"] is None or row["high"] is None:
        return ""
    return of.format(f"{stated(row['low'], row)} – {stated(row['high'], row)}")


def stated(value: float | None, row: Mapping[str, Any]) -> str:
    """Return a value of a measure with its unit, as people read it."""
    unit = row["unit"]
    if value is None:
        return "not measured"
    return f"{value:.3f}" if unit == "share" else f"{value:,.0f} rows" if unit == "rows" else f"{value:,.2f} {unit}"
