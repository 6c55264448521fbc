"""Section `splits` of curation.py: thirty nights of a living desk, decontamination, and the time it takes.

Alone, it prints the thirty nights in full and the time at three sizes:

python benchmarks/curation_splits.py [--pairs 10000] [--arrivals 300] [--sizes 10000 ...] [--only times]

The nights are those of tests/nights.py: pairs arrive, change, vanish, come back; questions turn out to be nearly one
and part again; customers are merged. Every release is held against the promise by brute force.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from assets import tables
from assets.deduplication.deduplicate import deduplicate
from assets.deduplication.params import DeduplicationParams
from assets.ledger import Published, reasons
from assets.splitting.assign import assign
from assets.splitting.params import SplittingParams
from assets.splitting.split import contaminated_by, split
from tests.nights import LivingDesk, Witness

if TYPE_CHECKING:
    from desk import SampleDesk

NIGHTS = 30
PARAMS = SplittingParams()
Row = tuple[str, Any, str]


def main() -> None:
    """Print the nights, then the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10_000, help="pairs before the first night (default: 10000)")
    parser.add_argument("--arrivals", type=int, default=300, help="new pairs a night (default: 300)")
    parser.add_argument("--sizes", type=int, nargs="*", default=(10_000, 30_000, 100_000), help="pairs to time")
    parser.add_argument("--only", choices=("nights", "times"), help="print this part alone")
    told = parser.parse_args()
    if told.only != "times":
        print("| night | pairs | train | validation | test | left | ever tested |\n|---|---|---|---|---|---|---|")
        for what, value, target in nights(told.pairs, told.arrivals, tell=True):
            print(f"\n{what}: {value} ({target})", end="")
        print()
    if told.only != "nights":
        print("\n| pairs | assign, CPU s | again | split | µs a pair | to the first |\n|---|---|---|---|---|---|")
        first = 0.0
        for size in told.sizes:
            took = timed(size)
            each = sum(took) / size * 1e6
            first = first or each
            print(f"| {size:,} | {took[0]:.2f} | {took[1]:.2f} | {took[2]:.2f} | {each:.0f} | {each / first:.2f} |")


def rows(desk: SampleDesk) -> Iterator[Row]:
    """Yield the figures of the section: on the sample desk, then on the living one.

    Args:
        desk: The sample desk.
    """
    pairs = deduplicate(tables.VALIDATED_PAIRS.conform(desk.pairs), desk.signatures, DeduplicationParams()).table
    params = PARAMS.model_copy(update={"large_groups": "cap"})
    _, made = _night(pairs, tables.SPLIT_ASSIGNMENTS.of([]), params)
    split_of = Counter(made.table.column("split").to_pylist())
    yield f"share tested, of {len(made.table):,} unique pairs", split_of["test"] / len(made.table), ""
    yield "pairs that leave", str(reasons(made.ledger) or "none"), ""
    yield "training pairs that are copies of test pairs", contaminated_by(made.ledger).get("test", 0), ""
    yield "largest share of a category in a fold, off an even one", _fold_deviation(made.table), ""
    yield from nights(2_000, 60)


def nights(pairs: int, arrivals: int, *, tell: bool = False) -> Iterator[Row]:
    """Live through thirty nights, and yield what was broken."""
    desk, witness, lost, moved = LivingDesk(pairs, arrivals=arrivals), Witness(), 0, 0
    assignments, before = tables.SPLIT_ASSIGNMENTS.of([]), dict[str, str]()
    for night in range(1, NIGHTS + 1):
        desk.live()
        tonight = desk.table()
        later, made = _night(tonight, assignments, PARAMS)
        lost += not later.slice(0, len(assignments)).equals(assignments)
        assignments = later
        witness.sees(made.table)
        now = dict(zip(*(made.table.column(c).to_pylist() for c in ("pair_id", "split")), strict=True))
        moved += sum(before.get(i, side) != side for i, side in now.items())
        before |= now
        if tell:
            of, left = Counter(now.values()), ", ".join(f"{why} {n}" for why, n in reasons(made.ledger).items())
            sides = " | ".join(f"{of[side]:,}" for side in tables.SPLITS)
            print(f"| {night} | {len(tonight):,} | {sides} | {left} | {len(witness.tested):,} |", flush=True)
    what = f"{NIGHTS} nights of {pairs:,} pairs and {arrivals:,} more a night"
    yield f"{what}: training pairs that share customer, thread, cluster or parent with the test", witness.shared, "= 0"
    yield f"{what}: training pairs with an id that was ever in the test", witness.once_tested, "= 0"
    yield f"{what}: pairs that changed their split", moved, "= 0"
    yield f"{what}: nights on which an assignment was lost", lost, "= 0"


def timed(size: int) -> tuple[float, float, float]:
    """Return the CPU seconds it takes to assign so many new pairs, to find nothing new, and to split them."""
    pairs, nothing = LivingDesk(size, arrivals=0).table(), tables.SPLIT_ASSIGNMENTS.of([])
    start = time.process_time()
    assignments = assign(pairs, nothing, PARAMS, key_name="key").table
    dealt = time.process_time()
    assign(pairs, assignments, PARAMS, key_name="key")
    again = time.process_time()
    split(pairs, assignments, PARAMS)
    return dealt - start, again - dealt, time.process_time() - again


def _night(pairs: pa.Table, before: pa.Table, params: SplittingParams) -> tuple[pa.Table, Published]:
    assignments = assign(pairs, before, params, key_name="key").table
    return assignments, split(pairs, assignments, params)


def _fold_deviation(table: pa.Table) -> float:
    """Return how far the share of a category of 100 pairs or more in any fold is from an even one."""
    rows = table.select(["category", "fold"]).to_pylist()
    held = Counter((row["category"], row["fold"]) for row in rows if row["fold"] is not None)
    of: Counter[Any] = Counter()
    for (category, _), n in held.items():
        of[category] += n
    large = [c for c, n in of.items() if n >= 100]
    return max((abs(held[c, f] / of[c] - 1 / PARAMS.folds) for c in large for f in range(PARAMS.folds)), default=0.0)


if __name__ == "__main__":
    main()
