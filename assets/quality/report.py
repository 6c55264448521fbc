"""The scorecard as a page people read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

_FAMILIES = {
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


def as_markdown(report: pa.Table) -> str:
    """Return the report as Markdown: one table a family, and no text of any example.

    Where a part of the composite was not measured, the weighted mean of the others is shown, and
    said to be no composite; the gate does not read it.
    """
    rows = report.to_pylist()
    parts = [_headline(rows)]
    for family, title in _FAMILIES.items():
        lines = [_line(row) for row in rows if row["family"] == family]
        if lines:
            parts.append("\n".join([f"## {title}", "", *_HEAD, *lines]))
    parts.append("↑ higher is better, ↓ lower is better. The interval is a bootstrap over groups of pairs.")
    return "\n\n".join(parts) + "\n"


def _headline(rows: Iterable[Mapping[str, Any]]) -> str:
    by_name = {row["measure"]: row for row in rows}
    whole, size = by_name.get("composite", {}), by_name.get("size", {})
    if whole.get("value") is not None:
        score = f"Composite **{whole['value']:.3f}**{_interval(whole, of=' (95 % interval {})')}"
    else:
        weighed = [row for row in by_name.values() if row["weight"] is not None]
        measured = [row for row in weighed if row["value"] is not None]
        missing = ", ".join(row["measure"] for row in weighed if row["value"] is None) or "everything"
        score = f"No composite: {missing} not measured"
        if measured:
            mean = math.fsum(r["weight"] * r["value"] for r in measured) / math.fsum(r["weight"] for r in measured)
            score += f"; the measured parts alone come to {mean:.3f}"
    return f"# Quality of the dataset\n\n{score}; {size.get('value') or 0:,.0f} examples."


def _line(row: Mapping[str, Any]) -> str:
    weight = "" if row["weight"] is None else f"{row['weight']:.2f}"
    name = f"{row['measure']} {_ARROWS[row['better']]}".rstrip()
    cells = (name, _value(row["value"], row["unit"]), _interval(row), weight, f"{row['n']:,}", row["definition"])
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _interval(row: Mapping[str, Any], of: str = "{}") -> str:
    if row["low"] is None or row["high"] is None:
        return ""
    return of.format(f"{_value(row['low'], row['unit'])} – {_value(row['high'], row['unit'])}")


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "not measured"
    return f"{value:.3f}" if unit == "share" else f"{value:,.0f} rows" if unit == "rows" else f"{value:,.2f} {unit}"
