"""The report as one HTML file that asks for nothing else: no script, no font, no picture from elsewhere.

It counts and never quotes: of an example only its opaque id is shown, of the desk its own names of
categories, stages and reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from string import Template
from typing import Any

from assets.drawing import as_svg
from assets.quality.figures import title
from assets.quality.report import FAMILIES, stated, summed_up

_WIDE = ("funnel", "months")

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Quality of the dataset</title>
<style>
:root { --ink: #1b2430; --muted: #5b6775; --line: #d5dbe1; --ground: #f5f7f9; --blue: #1f5fa8; --pale: #b9d0ea;
  --good: #17693f; --bad: #a3241c; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 27px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.01em; }
h2 { font-size: 17px; margin: 36px 0 10px; }
p { margin: 0 0 8px; max-width: 76ch; }
small, .muted { color: var(--muted); font-size: 13px; }
code { font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.verdict { background: #fff; border: 1px solid var(--line); border-left: 5px solid var(--tone); border-radius: 6px;
  padding: 18px 22px; margin: 20px 0 8px; display: flex; gap: 26px; align-items: center; }
.verdict b.score { font-size: 42px; line-height: 1; color: var(--tone); font-variant-numeric: tabular-nums; }
.verdict p { margin: 0; font-size: 16px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(400px, 1fr)); gap: 16px; margin-top: 16px; }
figure { background: #fff; border: 1px solid var(--line); border-radius: 6px; margin: 0; padding: 14px 16px 10px; }
figure.wide { grid-column: 1 / -1; }
figcaption { font-weight: 600; margin-bottom: 8px; }
figure svg { display: block; width: 100%; max-height: 520px; }
figure svg text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif !important; }
.table { background: #fff; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-size: 12px; font-weight: 600; color: var(--muted); padding: 9px 12px;
  border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: 8px 12px; border-bottom: 1px solid #eceff2; vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th.number, td.number { text-align: right; white-space: nowrap; }
td.name { font-weight: 600; white-space: nowrap; }
td.said { color: var(--muted); font-size: 13px; min-width: 300px; }
.none { color: var(--bad); font-weight: 600; }
.track { position: relative; display: block; width: 190px; height: 14px; margin-top: 4px; background: #e9edf1;
  border-radius: 3px; }
.track i { position: absolute; top: 0; bottom: 0; border-radius: 3px; }
.track .value { left: 0; background: var(--pale); }
.track .interval { top: 5px; bottom: 5px; background: var(--blue); min-width: 2px; }
.track .point { width: 3px; margin-left: -1px; background: var(--ink); }
details summary { cursor: pointer; color: var(--blue); }
details code { display: block; overflow-wrap: anywhere; }
footer { margin-top: 40px; }
@media (max-width: 640px) { .verdict { flex-direction: column; align-items: flex-start; gap: 10px; }
  .cards { grid-template-columns: 1fr; } }
@media print { body { background: #fff; } figure, .table, .verdict { break-inside: avoid; } }
</style>
</head>
<body>
<main>
<h1>Quality of the dataset</h1>
<p class="muted">$about</p>
<section class="verdict" style="--tone: var(--$tone)"><b class="score">$score</b><p>$verdict</p></section>
<div class="cards">
$figures
</div>
$tables
$stages
<footer>
<p><small>The bar of a share shows its value; the dark line is its 95 % interval (bootstrap over groups of pairs that
belong together). ↑ higher is better, ↓ lower is better. The gain is what the composite would rise by if the measure's
weight rose by 0.05 at the others' expense.</small></p>
<p><small>$bound</small></p>
</footer>
</main>
</body>
</html>
""")


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
    return _PAGE.substitute(
        about=f"{by_name['size']['value']:,.0f} examples in train, validation and test",
        tone="bad" if reasons else "good",
        score="–" if value is None else f"{value:.2f}",
        verdict=escape(summed_up(by_name, reasons)),
        figures="\n".join(_figure(name, drawn[name]) for name in shown),
        tables="\n".join(
            _table(heading, [row for row in report if row["family"] == family]) for family, heading in FAMILIES.items()
        ),
        stages=_stages(stages),
        bound="<br>".join(f"{name} <code>{escape(sha256 or 'not stated')}</code>" for name, sha256 in bound.items()),
    )


def _figure(name: str, figure: Any) -> str:
    wide = ' class="wide"' if name in _WIDE else ""
    caption = escape(title(name))
    return f'<figure{wide} aria-label="{caption}"><figcaption>{caption}</figcaption>\n{as_svg(figure)}</figure>'


def _table(heading: str, rows: Sequence[Mapping[str, Any]]) -> str:
    weighed = any(row["weight"] is not None for row in rows)
    more = '<th class="number">weight</th><th class="number">gain</th>' if weighed else ""
    head = f'<th>measure</th><th class="number">value</th><th>0 to 1</th>{more}<th class="number">n</th><th></th>'
    body = "\n".join(_line(row, weighed) for row in rows)
    return f'<h2>{escape(heading)}</h2>\n<div class="table"><table><tr>{head}</tr>\n{body}\n</table></div>'


def _line(row: Mapping[str, Any], weighed: bool) -> str:
    weight = "" if row["weight"] is None else f"{row['weight']:.2f}"
    gain = "" if row["sensitivity"] is None else f"{row['sensitivity']:+.4f}"
    more = f'<td class="number">{weight}</td><td class="number">{gain}</td>' if weighed else ""
    name = f"{row['measure'].replace('_', ' ')} {'↑' * (row['better'] == 'higher')}{'↓' * (row['better'] == 'lower')}"
    value = '<span class="none">not measured</span>' if row["value"] is None else _value(row)
    return (
        f'<tr><td class="name">{escape(name)}</td><td class="number">{value}</td><td>{_bar(row)}</td>{more}'
        f'<td class="number">{row["n"]:,}</td><td class="said">{escape(row["definition"])}{_culprits(row)}</td></tr>'
    )


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
    lines = [_stage(stage) for stage in stages if stage.rows_in]
    if not lines:
        return ""
    names = ("stage", "in", "kept", "dropped", "merged", "quarantined")
    head = "".join(f'<th class="number">{n}</th>' if n in ("in", "kept") else f"<th>{n}</th>" for n in names)
    rows = "\n".join(lines)
    return f'<h2>Where did my rows go</h2>\n<div class="table"><table><tr>{head}</tr>\n{rows}\n</table></div>'


def _stage(stage: Any) -> str:
    lost = "".join(f"<td>{_reasons(getattr(stage, outcome))}</td>" for outcome in ("dropped", "merged", "quarantined"))
    counts = f'<td class="number">{stage.rows_in:,}</td><td class="number">{stage.kept:,}</td>'
    return f'<tr><td class="name">{escape(stage.stage.replace("_", " "))}</td>{counts}{lost}</tr>'


def _reasons(reasons: Mapping[str, int]) -> str:
    if not reasons:
        return ""
    listed = ", ".join(f"{escape(reason.replace('_', ' '))} {n:,}" for reason, n in reasons.items())
    return f"{sum(reasons.values()):,}<br><small>{listed}</small>"
