"""Run examples/public_support.yaml from nothing, then again; print times, rows, memory and scores as Markdown.

python benchmarks/public_support.py > benchmarks/results/$(date +%F)-public-support.md
python benchmarks/public_support.py .refinery   # only the tables, of a refinery that has run
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from assets.ledger import reasons
from assets.tables import TABLES
from assets.tuning.params import APPROACHES
from dagster_project.resources.lake import Lake

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "dagster_project.cli", "run", "--config", "examples/public_support.yaml"]


def main() -> None:
    """Print the report."""
    if len(sys.argv) > 1:
        lake = Lake(sys.argv[1])
        _tables(lake)
        _scores(lake)
        return
    with tempfile.TemporaryDirectory() as home:
        first, second = _timed(home), _timed(home)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        print(f"# Public support data, first run {first:.0f} s, second run {second:.0f} s\n")
        print(f"Largest process {peak:.1f} GiB; {os.cpu_count()} cores.\n")
        _tables(Lake(home))
        _scores(Lake(home))


def _timed(home: str) -> float:
    started = time.monotonic()
    environment = {**os.environ, "REFINERY_HOME": home}
    environment.pop("DAGSTER_HOME", None)
    subprocess.run(COMMAND, cwd=ROOT, env=environment, check=True, stdout=sys.stderr)
    return time.monotonic() - started


def _tables(lake: Lake) -> None:
    print("| table | rows | left out, by reason |\n|---|---|---|")
    for name in TABLES:
        left = ", ".join(f"{reason} {n:,}" for reason, n in reasons(lake.read_ledger(name)).items())
        print(f"| {name} | {len(lake.read(name)):,} | {left} |")
    told = ("distinct_examples", "steps", "tokens", "base_validation_loss", "validation_loss", "seconds", "peak_bytes")
    for row in (row for asset in APPROACHES for row in lake.read(asset).to_pylist()):
        print(f"\n{row['approach']}: " + ", ".join(f"{key} {row[key]}" for key in told) + "\n")


def _scores(lake: Lake) -> None:
    print("| source | subset | approach | baseline | metric | value | 95 % interval | pairs | threads |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in lake.read("approach_scores").to_pylist():
        if row["baseline"] is None and row["source"] != "all":
            continue
        span = f"{row['low']:.3f} to {row['high']:.3f}" if row["low"] is not None else ""
        names = (row["source"], row["subset"], row["approach"], row["baseline"] or "", row["metric"])
        print(f"| {' | '.join(names)} | {row['value']:.3f} | {span} | {row['n']} | {row['threads']} |")


if __name__ == "__main__":
    main()
