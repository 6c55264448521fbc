"""What the reports look like: one HTML file each that asks for nothing else, read on a desk or on a phone.

No script, no font, no picture from elsewhere. Whoever fills a page escapes what is not HTML.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from assets.drawing import as_svg

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { --ink: #1b2430; --muted: #5b6775; --line: #d5dbe1; --ground: #f5f7f9; --blue: #1f5fa8; --pale: #b9d0ea;
  --good: #17693f; --bad: #a3241c; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 27px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.01em; }
h2 { font-size: 17px; margin: 36px 0 10px; }
p, ul { margin: 0 0 8px; max-width: 76ch; }
ul { padding-left: 20px; max-width: 96ch; }
td ul { padding-left: 16px; margin: 0; }
small, .muted { color: var(--muted); font-size: 13px; }
code { font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.verdict { background: #fff; border: 1px solid var(--line); border-left: 5px solid var(--tone); border-radius: 6px;
  padding: 18px 22px; margin: 20px 0 8px; display: flex; gap: 26px; align-items: center; }
.verdict b.score { font-size: 42px; line-height: 1; color: var(--tone); font-variant-numeric: tabular-nums; }
.verdict p { margin: 0; font-size: 16px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(400px, 100%), 1fr)); gap: 16px;
  margin-top: 16px; }
figure, .card { background: #fff; border: 1px solid var(--line); border-radius: 6px; margin: 0;
  padding: 14px 16px 10px; }
figure.wide { grid-column: 1 / -1; }
figcaption, .card h3 { font-size: 15px; font-weight: 600; margin: 0 0 8px; }
figure svg { display: block; width: 100%; max-height: 520px; }
figure svg text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif !important; }
.table { background: #fff; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-size: 12px; font-weight: 600; color: var(--muted); padding: 9px 12px;
  border-bottom: 1px solid var(--line); vertical-align: bottom; }
td { padding: 8px 12px; border-bottom: 1px solid #eceff2; vertical-align: top; overflow-wrap: break-word; }
tr:last-child td { border-bottom: 0; }
th.number, td.number { text-align: right; }
td.number { white-space: nowrap; }
td.name { font-weight: 600; min-width: 15ch; }
td.said { color: var(--muted); font-size: 13px; min-width: 30ch; width: 50%; }
.none { color: var(--bad); font-weight: 600; }
.good { color: var(--good); font-weight: 600; }
.chosen td { background: #eef5ee; }
.track { position: relative; display: block; width: 190px; height: 14px; margin-top: 4px; background: #e9edf1;
  border-radius: 3px; }
.track i { position: absolute; top: 0; bottom: 0; border-radius: 3px; }
.track .value { left: 0; background: var(--pale); }
.track .interval { top: 5px; bottom: 5px; background: var(--blue); min-width: 2px; }
.track .point { width: 3px; margin-left: -1px; background: var(--ink); }
details summary { cursor: pointer; color: var(--blue); }
details code { display: block; overflow-wrap: anywhere; }
footer { margin-top: 40px; }
@media (max-width: 1140px) { .track { width: 110px; } }
@media (max-width: 720px) { main { padding: 24px 14px 40px; }
  .verdict { flex-direction: column; align-items: flex-start; gap: 10px; }
  .cards { grid-template-columns: 1fr; }
  th, th.number { display: none; } tr, td, td.number { display: block; }
  tr { padding: 10px 0; border-bottom: 1px solid var(--line); } table tr:last-child { border-bottom: 0; }
  td, td.number, td.said { border: 0; padding: 2px 14px; width: auto; min-width: 0; text-align: left;
    white-space: normal; }
  td:empty { display: none; }
  td[data-of]::before { content: attr(data-of); display: block; color: var(--muted); font-size: 12px;
    font-weight: 600; } }
@media print { body { background: #fff; } figure, .card, .table, .verdict { break-inside: avoid; } }
</style>
</head>
<body>
<main>
<h1>$title</h1>
<p class="muted">$about</p>
$body
<footer>
$footer
</footer>
</main>
</body>
</html>
""")


class Column(NamedTuple):
    """A column of a table: its heading, and whether it is read as a name, a number or a sentence."""

    heading: str
    kind: str = ""


def html(title: str, about: str, body: Iterable[str], footer: Iterable[str]) -> str:
    """Return a page; empty parts are left out, each line of the footer is a paragraph in small print."""
    small = "\n".join(f"<p><small>{line}</small></p>" for line in footer)
    return _PAGE.substitute(title=escape(title), about=about, body="\n".join(filter(None, body)), footer=small)


def verdict(tone: str, score: str, said: str) -> str:
    """Return the box on top: good or bad, a figure or word, and what is to be said of it."""
    return (
        f'<section class="verdict" style="--tone: var(--{tone})"><b class="score">{escape(score)}</b>{said}</section>'
    )


def figure(caption: str, drawn: Any, *, wide: bool = False) -> str:
    """Return a figure of matplotlib within the page."""
    about = escape(caption)
    kind = ' class="wide"' if wide else ""
    return f'<figure{kind} aria-label="{about}"><figcaption>{about}</figcaption>\n{as_svg(drawn)}</figure>'


def table(heading: str, columns: Sequence[Column], rows: Iterable[Sequence[str]], chosen: Iterable[int] = ()) -> str:
    """Return a table of HTML cells under a heading; on a phone each row is a card. No rows: nothing.

    >>> table("Sizes", [Column("part", "name"), Column("rows", "number")], [("train", "7")]).count("<td")
    2
    """
    marked = set(chosen)
    lines = [
        f"<tr{' class=chosen' if n in marked else ''}>"
        + "".join(_cell(column, cell) for column, cell in zip(columns, row, strict=True))
        + "</tr>"
        for n, row in enumerate(rows)
    ]
    if not lines:
        return ""
    head = "".join(f"<th{_kind(column)}>{escape(column.heading)}</th>" for column in columns)
    body = "\n".join(lines)
    return f'<h2>{escape(heading)}</h2>\n<div class="table"><table><tr>{head}</tr>\n{body}\n</table></div>'


def listed(lines: Iterable[str]) -> str:
    """Return plain lines as a list; none: nothing.

    >>> listed(["a < b"])
    '<ul><li>a &lt; b</li></ul>'
    """
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def write(page: str, place: Path) -> None:
    """Put a page in its place, so that it is there whole or as it was."""
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f".{place.name}.{uuid.uuid4().hex}.tmp")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(place)


def _cell(column: Column, cell: str) -> str:
    named = "" if column.kind == "name" or not column.heading else f' data-of="{escape(column.heading)}"'
    return f"<td{_kind(column)}{named}>{cell}</td>"


def _kind(column: Column) -> str:
    return f' class="{column.kind}"' if column.kind else ""
