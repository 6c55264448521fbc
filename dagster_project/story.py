"""What a refinery has come to: quality, scores, recommendation, sizes, and where everything lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.table import Table as Grid

from assets.tables import SPLITS
from assets.training import APPROACHES
from dagster_project.resources.lake import Lake

METRICS = {
    ("answer", "nll_per_token"): "nats a token (less is better)",
    ("answer", "question_gain"): "question gain (nats)",
    ("answer", "chrf"): "chrF",
    ("answer", "token_f1"): "token F1",
    ("answer", "bleu"): "BLEU",
    ("classify_category", "macro_f1"): "macro F1 of categories",
    ("triage_priority", "weighted_kappa"): "weighted kappa of priorities",
}
PARTS = ("composite", "accuracy", "completeness", "consistency", "relevance", "diversity", "bias_score")


def story(lake: Lake, home: Path) -> Iterator[RenderableType]:
    """Yield the page, part by part; what has not been made yet is left out.

    Args:
        lake: Where the manifests are.
        home: REFINERY_HOME, where artifacts and reports rest.
    """
    if lake.manifest("quality_verdict"):
        yield _quality(lake)
    if lake.manifest("approach_scores"):
        yield _scores(lake)
    if lake.manifest("approach_costs"):
        yield _costs(lake)
    if lake.manifest("recommendation"):
        yield from _recommendation(lake)
    yield "\n".join((*_sizes(lake, home), *_places(lake, home)))


def _quality(lake: Lake) -> Grid:
    rows = {row["measure"]: row for row in lake.read("quality_report").to_pylist()}
    passed = lake.read("quality_verdict")["passed"][0].as_py()
    title = f"Quality: the dataset {'may be trained on' if passed else 'did not pass'}"
    grid = Grid(title=title, title_justify="left", box=None)
    for title in ("measure", "value", "95 % interval", "weight"):
        grid.add_column(title, justify="left" if title == "measure" else "right")
    for name in PARTS:
        row = rows[name]
        grid.add_row(name, _number(row["value"]), _interval(row), _number(row["weight"], 2) if row["weight"] else "")
    return grid


def _scores(lake: Lake) -> Grid:
    rows = lake.read("approach_scores").to_pylist()
    grid = Grid(title="Approaches on the frozen test set", title_justify="left", box=None)
    for title in ("approach", "metric", "score", "95 % interval", "pairs", "threads"):
        grid.add_column(title, justify="left" if title in ("approach", "metric") else "right")
    names = _names(lake) if lake.manifest("approach_costs") else {row["approach"]: row["approach"] for row in rows}
    for name, metric in ((n, m) for n in names for m in METRICS):
        for row in rows:
            whole = row["baseline"] is None and row["source"] == "all" and row["subset"] == "all"
            if whole and (row["approach"], (row["task"], row["metric"])) == (name, metric):
                told = (_number(row["value"]), _interval(row), f"{row['n']:,}", f"{row['threads']:,}")
                grid.add_row(names[name], METRICS[metric], *told)
    return grid


def _names(lake: Lake) -> dict[str, str]:
    """Return what the approaches are called, prompts first."""
    return {row["approach"]: row["title"].removeprefix("the ") for row in lake.read("approach_costs").to_pylist()}


def _costs(lake: Lake) -> Grid:
    rows = lake.read("approach_costs").to_pylist()
    title = f"What the approaches cost over {rows[0]['months']} months, {rows[0]['currency']} (priors in brackets)"
    grid = Grid(title=title, title_justify="left", box=None)
    for title in ("approach", "training", "total", "by priors", "less than few-shot prompts"):
        grid.add_column(title, justify="right" if title in ("total", "by priors") else "left")
    for row in rows:
        trains = row["training_time"] if "training_time" in row["measured"] else f"({row['training_time']})"
        even = row["break_even"] if row["break_even"] != "not measured" else ""
        grid.add_row(_names(lake)[row["approach"]], trains, f"{row['total']:,.0f}", f"{row['prior_total']:,.0f}", even)
    return grid


def _recommendation(lake: Lake) -> Iterator[str]:
    row = lake.read("recommendation").to_pylist()[0]
    yield f"[bold]Recommendation[/bold]\n{row['strategy']}"
    yield f"Measured here: [bold]{row['approach']}[/bold]. {row['phase']}."
    rules = [
        f"{r['kind']}, {r['verdict']}: {r['rule']} ({r['because']})" for r in row["rules"] if r["because"] != "always"
    ]
    parts = {"Rule": rules, "Would flip it": row["would_flip"], "Lacking": row["lacking"]}
    said = [f"{part}: {line}" for part, lines in parts.items() for line in lines]
    yield "\n".join(f"  {line}" for line in (*row["reasons"], *said))


def _sizes(lake: Lake, home: Path) -> Iterator[str]:
    if lake.manifest("dataset_release"):
        files = lake.read("dataset_release").to_pylist()
        rows = {f["split"]: f["rows"] for f in files if f["format"] == "parquet"}
        told = ", ".join(f"{rows[s]:,} {s}" for s in SPLITS if s in rows)
        yield f"[bold]Released[/bold] {sum(rows.values()):,} examples: {told}"
    for row in (row for asset in APPROACHES if lake.manifest(asset) for row in lake.read(asset).to_pylist()):
        yield (
            f"[bold]Trained[/bold] {row['approach']} on {row['distinct_examples']:,} distinct examples in "
            f"{row['steps']:,} steps, {row['seconds']:.0f} s; {_megabytes(home / row['folder'])}"
        )
    yield f"[bold]On disk[/bold] {_megabytes(home)}"


def _places(lake: Lake, home: Path) -> Iterator[str]:
    found = {
        "tables": home / "lake",
        "raw text (yours alone)": home / "restricted",
        "what became of every row": home / "ledger",
        "reports": home / "reports",
    }
    for asset, title in {"dataset_release": "release", **APPROACHES}.items():
        if lake.manifest(asset) and len(row := lake.read(asset).slice(0, 1)):
            found[title] = home / row["folder"][0].as_py()
    yield from (f"{title:<26}{place}" for title, place in found.items() if place.exists())


def _number(value: float | None, digits: int = 3) -> str:
    return "not measured" if value is None else f"{value:.{digits}f}"


def _interval(row: Mapping[str, Any]) -> str:
    return "" if row["low"] is None else f"{row['low']:.3f} to {row['high']:.3f}"


def _megabytes(folder: Path) -> str:
    return f"{sum(f.stat().st_size for f in folder.rglob('*') if f.is_file()) / 1e6:,.0f} MB"
