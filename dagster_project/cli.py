"""`refinery`: what a person types. Exit codes: 0 done, 1 a check or gate said no, 2 the caller's mistake."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Grid

from assets.errors import RefineryError

os.environ.setdefault("DAGSTER_REDACT_USER_CODE_ERRORS", "1")
os.environ.setdefault("DO_NOT_TRACK", "true")

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Support data in, a dataset and a model you can prove out."
)
console = Console(highlight=False, soft_wrap=True)

Config = Annotated[Path | None, typer.Option(help="Settings file; by default refinery.yaml.", show_default=False)]


def _wide() -> Console:
    """Return a console for tables that must not be cut, and for texts that may hold brackets of their own."""
    return Console(highlight=False, soft_wrap=True, markup=False, width=max(console.width, 200))


@contextmanager
def _mistakes() -> Iterator[None]:
    """Say the caller's mistake in one line."""
    try:
        yield
    except RefineryError as error:
        console.print(f"[red]{error}[/red]", markup=True)
        raise typer.Exit(2) from None


@app.command()
def run(
    config: Config = None,
    from_: Annotated[str | None, typer.Option("--from", help="First partition, such as 2026-01-01.")] = None,
    to: Annotated[str | None, typer.Option(help="Last partition.")] = None,
    select: Annotated[str | None, typer.Option(help="Make these assets (comma-separated), stale or not.")] = None,
) -> None:
    """Make all that is stale: the record line, the dataset line, the tuning line."""
    with _mistakes():
        refinery = _open(config)
        if not refinery.settings.sources:
            raise RefineryError(
                "sources", "none is named in the settings", "name one; see examples/public_support.yaml"
            )
        only = _assets(refinery, select)
        refinery.end_the_orphaned()
        from dagster_project.memory import PeakMemory

        started = time.monotonic()
        with PeakMemory() as memory:
            done = sum(_make(refinery, line, only, from_, to) for line in refinery.lines)
        seconds = time.monotonic() - started
        peak = f"peak memory {memory.peak_bytes / 2**30:.1f} GiB over all processes"
        console.print(
            f"{done} assets made in {seconds:.0f} s, {peak}" if done else f"nothing was stale ({seconds:.0f} s)"
        )


def _make(refinery: "_Refinery", line: str, only: list[str], start: str | None, end: str | None) -> int:
    """Make what is stale of a line; return how many assets that were."""
    plan, done = refinery.plan(), 0
    for request in plan.requests(line, only=only, keys=plan.keys(start, end)):
        done += len(request.assets)
        span = f", {request.partitions[0]} to {request.partitions[-1]}" if request.partitions else ""
        console.print(f"[bold]{line}[/bold]: {len(request.assets)} assets{span}")
        if not refinery.launch(request, _narrator()):
            console.print(f"[red]{line} stopped; nothing after it was made[/red]")
            raise typer.Exit(1)
    return done


@app.command()
def status(config: Config = None) -> None:
    """Say what is published, and what is stale."""
    with _mistakes():
        refinery = _open(config)
        plan = refinery.plan()
        found = plan.stale(plan.order)
        grid = Grid(box=None)
        for title, width in {"asset": 24, "room": 15, "rows": 7, "parts": 5, "stale": 5, "published": 16}.items():
            grid.add_column(title, min_width=width, no_wrap=True, justify="right" if width < 10 else "left")
        for asset in plan.order:
            manifests = refinery.lake.manifests(asset)
            newest = max((m.published_at for m in manifests.values()), default=None)
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(newest)) if newest else "never"
            rows = f"{sum(m.rows for m in manifests.values()):,}"
            grid.add_row(asset, refinery.room(asset), rows, str(len(manifests)), str(len(found.get(asset, []))), when)
        console.print(grid)


@app.command()
def trace(
    id: Annotated[str, typer.Argument(metavar="ID", help="Any id, or a source's own one (4711, or desk:4711).")],
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
    config: Config = None,
) -> None:
    """Follow an example back to its source row, or a source row to its fate and why."""
    with _mistakes():
        from dagster_project import places
        from dagster_project.resources.lake import Lake
        from dagster_project.trace import as_json as told
        from dagster_project.trace import grids, trace

        values = places.read_config(places.config_file(config)).values
        lake = Lake(places.lake_root(values))
        found = trace(lake, id, sources=places.record_sources(values), key=places.installation_key)
        if as_json:
            print(told(found))  # noqa: T201 - nothing of rich's may touch it
        else:
            _wide().print(*grids(found), sep="\n")


@app.command()
def report(
    run_id: Annotated[str | None, typer.Option("--run", help="Only what this Dagster run made.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    config: Config = None,
) -> None:
    """Say what came of it: where the rows went and why, quality, scores, recommendation, and where all lies."""
    with _mistakes():
        from dagster_project import places
        from dagster_project.accounts import HEAD, accounts, cells
        from dagster_project.resources.lake import Lake
        from dagster_project.story import story

        values = places.read_config(places.config_file(config)).values
        lake = Lake(places.lake_root(values))
        found = accounts(lake, run_id)
        if as_json:
            print(json.dumps([asdict(one) for one in found], indent=2))  # noqa: T201 - rich would wrap it
            return
        if not found:
            run = f"run {run_id}" if run_id else lake.root
            raise RefineryError(run, "nothing is published", "see `refinery status`; make it with `refinery run`")
        grid = Grid(box=None)
        for title in HEAD:
            grid.add_column(title, no_wrap=True, justify="left" if title == HEAD[0] else "right")
        for row in cells(found):
            grid.add_row(*row)
        _wide().print(grid)
        if run_id:
            return
        for part in story(lake, places.home(values)):
            console.print("", part, sep="\n")
        console.print(f"{'web UI':<26}refinery ui{f' --config {config}' if config else ''}")


@app.command()
def apply(
    room: Annotated[str, typer.Argument(help="normalization, anonymization, deduplication or validation")],
    source: Annotated[Path, typer.Argument(metavar="IN", help="JSONL, CSV or Parquet file of rows.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="JSONL or Parquet file to write.")],
    config: Config = None,
) -> None:
    """Run one room's pure function over a file, without Dagster."""
    with _mistakes():
        from dagster_project.rows import apply_room, read_rows, write_rows
        from dagster_project.settings import load

        rows = write_rows(out, apply_room(room, read_rows(source), load(config)))
        console.print(f"{rows:,} rows written to {out}")


@app.command()
def sample(
    out: Annotated[Path, typer.Option(help="Folder for desk.sqlite and truth.parquet.")],
    tickets: Annotated[int, typer.Option(min=1, help="Tickets; chats, calls and customers in proportion.")] = 2000,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal bytes.")] = 7,
    until: Annotated[str, typer.Option(help="Last day of the desk.")] = "2026-01-31",
    holdout: Annotated[bool, typer.Option(help="Problems and wordings that nothing was tuned on.")] = False,
) -> None:
    """Make a sample help desk: an SQLite database, and beside it the truth of all that was planted in it."""
    from sample.desk import make_desk

    with _mistakes():
        try:
            last = date.fromisoformat(until)
        except ValueError:
            raise RefineryError("--until", "is not a date", "write it as 2026-01-31") from None
    made = make_desk(out, tickets=tickets, seed=seed, until=last, holdout=holdout)
    rows = ", ".join(f"{n:,} {table}" for table, n in made.rows.items())
    console.print(f"{made.desk}: {rows}\n{made.truth}: {sum(made.planted.values()):,} planted facts")


@app.command(name="rotate-key")
def rotate_key(config: Config = None) -> None:
    """Take a new installation key into use: the memory of the test set is carried over, all else becomes stale."""
    with _mistakes():
        if config is not None:
            os.environ["REFINERY_CONFIG"] = str(config)
        from dagster_project import rotation
        from dagster_project.settings import load

        for name, carried, lost in rotation.rotate_key(load()):
            console.print(f"{name}: {carried:,} ids carried over, {lost:,} kept as tombstones")
        said = "set REFINERY_KEY to the new key, then " if os.environ.get("REFINERY_KEY") else ""
        console.print(f"{said}`refinery run` makes everything else again")


@app.command()
def scan(
    path: Annotated[Path | None, typer.Argument(help="File or folder; by default all of REFINERY_HOME.")] = None,
    known: Annotated[Path | None, typer.Option(help="Whose data to look for: a file of {type, value} rows.")] = None,
    detect: Annotated[bool, typer.Option(help="Let detectors look at a sample of the rest.")] = True,
    config: Config = None,
) -> None:
    """Prove that nobody's data is in any file: tables, statistics, ledgers, reports, databases, logs, models."""
    with _mistakes():
        from dagster_project import reporting
        from dagster_project.settings import load

        if config is not None:
            os.environ["REFINERY_CONFIG"] = str(config)
        if not reporting.scanned(load(), path, known, detect, console):
            raise typer.Exit(1)


@app.command()
def purge(config: Config = None) -> None:
    """Remove raw text that has rested in the restricted zone longer than the settings allow."""
    with _mistakes():
        from dagster_project import retention
        from dagster_project.resources.lake import Lake
        from dagster_project.settings import load

        settings = load(config)
        done = retention.purge(Lake(settings.lake_root), settings)
        console.print(f"{done.partitions:,} partitions and {done.files:,} files were purged")


@app.command()
def ui(
    config: Config = None,
    host: Annotated[str, typer.Option(help="Beyond the loopback REFINERY_UI_TOKEN must be set.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the web server.")] = 3000,
) -> None:
    """Open the web UI and its daemon, guarded."""
    with _mistakes():
        if config is not None:
            os.environ["REFINERY_CONFIG"] = str(config.absolute())
        from dagster_project import web
        from dagster_project.resources.lake import Lake
        from dagster_project.runs import dagster_home, end_the_orphaned, open_instance
        from dagster_project.settings import load

        home = dagster_home(settings := load())
        with open_instance(settings) as instance:
            end_the_orphaned(instance, Lake(settings.lake_root))
        console.print(f"http://{host}:{port} (stop with Ctrl-C)")
        raise typer.Exit(web.run(home, host, port))


@app.command()
def package(
    appoint: Annotated[str | None, typer.Option(help="Make this package champion, whatever the test said.")] = None,
    config: Config = None,
) -> None:
    """Say which package is champion, and how it came to be; or appoint one by hand."""
    with _mistakes():
        from dagster_project import serving
        from dagster_project.settings import load

        if appoint:
            console.print(f"{serving.appoint(load(config), appoint)} is champion; restart what serves it")
        else:
            _wide().print(*serving.history(load(config)), sep="\n")


@app.command()
def rollback(
    version: Annotated[str | None, typer.Argument(help="An earlier champion; by default the one before.")] = None,
    config: Config = None,
) -> None:
    """Make an earlier champion champion again; recorded in the history."""
    with _mistakes():
        from dagster_project import serving
        from dagster_project.settings import load

        console.print(f"{serving.rollback(load(config), version)} is champion again; restart what serves it")


@app.command()
def serve(
    config: Config = None,
    host: Annotated[str, typer.Option(help="Beyond the loopback REFINERY_SERVE_TOKEN must be set.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the API.")] = 8000,
    version: Annotated[str | None, typer.Option(help="Another package than the champion.")] = None,
) -> None:
    """Serve the champion through an API like OpenAI's, guarded."""
    with _mistakes():
        from dagster_project import serving
        from dagster_project.settings import load

        serving.serve(load(config), host, port, version, tell=console.print)


class _Refinery:
    """What the commands share: settings, lake, definitions and instance, opened once."""

    def __init__(self) -> None:
        from dagster_project import definitions, runs
        from dagster_project.jobs import LINES
        from dagster_project.resources.lake import Lake
        from dagster_project.settings import load

        self.settings = load()
        self.definitions, self._runs = definitions.build(self.settings), runs
        self.lake = Lake(self.settings.lake_root)
        self.instance = runs.open_instance(self.settings)
        self.lines = tuple(LINES)

    def plan(self) -> Any:
        """Look at the sources and the lake as they are now."""
        from dagster_project.resources.staleness import Desk

        graph = self.definitions.resolve_asset_graph()
        return self._runs.Plan(graph, self.settings, self.lake, Desk(self.settings))

    def end_the_orphaned(self) -> None:
        """Say of runs that were killed that they are over."""
        self._runs.end_the_orphaned(self.instance, self.lake)

    def launch(self, request: Any, watch: Callable[[Any], None]) -> bool:
        """Run a request and tell whether it succeeded."""
        return bool(self._runs.launch(self.definitions, self.instance, request, watch))

    def room(self, asset: str) -> str:
        """Return the room an asset belongs to."""
        from assets.tables import TABLES

        return TABLES[asset].room


def _open(config: Path | None) -> _Refinery:
    if config is not None:
        os.environ["REFINERY_CONFIG"] = str(config)
    return _Refinery()


def _assets(refinery: _Refinery, select: str | None) -> list[str]:
    from assets.tables import TABLES

    chosen = [s.strip() for s in (select or "").split(",") if s.strip()]
    unknown = [s for s in chosen if s not in TABLES]
    if unknown:
        raise RefineryError("--select", f"no asset is called {unknown[0]}", "see `refinery status` for the names")
    return chosen


def _narrator() -> Callable[[Any], None]:
    """Return a listener that prints a line when an asset is done, and why a step failed."""
    import dagster as dg

    started: dict[str, float] = {}
    counted: dict[str, Mapping[str, Any]] = {}
    broken: set[tuple[str, str]] = set()

    def tell(entry: Any) -> None:
        event = entry.dagster_event
        if event is None or event.step_key is None:
            return
        kind, step = event.event_type, event.step_key
        if kind == dg.DagsterEventType.STEP_START:
            started[step] = time.monotonic()
        elif kind == dg.DagsterEventType.ASSET_MATERIALIZATION:
            counted[step] = event.step_materialization_data.materialization.metadata
        elif kind == dg.DagsterEventType.ASSET_CHECK_EVALUATION and not event.asset_check_evaluation_data.passed:
            found = event.asset_check_evaluation_data
            if (step, found.check_name) not in broken:  # a range run says it once more for every partition
                broken.add((step, found.check_name))
                console.print(f"  [yellow]broken promise[/yellow] {step}: {found.check_name} ({found.severity.value})")
        elif kind == dg.DagsterEventType.STEP_SUCCESS and step in counted:
            seconds = time.monotonic() - started[step]
            console.print(f"  {step:<24} {_story(counted[step])}  [dim]{seconds:.1f} s[/dim]")
        elif kind == dg.DagsterEventType.STEP_FAILURE:
            data = event.step_failure_data
            said = data.user_failure_data.description if data.user_failure_data else None
            console.print(f"  [red]{step}[/red]: {said or data.error_display_string}")

    return tell


def _story(metadata: Mapping[str, Any]) -> str:
    """Say in words what a step did to its rows."""
    value = {k: m.value for k, m in metadata.items()}
    story = f"{value.get('rows_out', 0):>7,} rows"
    left = value.get("left_out_by_reason") or {}
    if left:
        story += "  (" + ", ".join(f"{reason} {n:,}" for reason, n in list(left.items())[:6]) + ")"
    return story


if __name__ == "__main__":
    app()
