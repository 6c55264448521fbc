"""Measure how alike questions are to answers of other questions: the scale of `relevance`.

Usage: python benchmarks/relevance_calibration.py PAIRS.parquet ... [--sample 400]

Reads tables of `qa_pairs` (those a run left in the lake, `.refinery/lake/qa_pairs/*.parquet`), matches within every
source each question with every other answer, and pools the sources with equal weight, so that none sets the scale by
its size. Prints the quantiles for `assets/validation/calibration.py` (or, measured on your own desk, for the setting
`validation.mismatched_cosines`), and for a number of limits how many true and how many mismatched pairs would pass.
"""

from __future__ import annotations

import argparse
import hashlib
import textwrap
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from assets import tables
from assets.validation.non_answers import substance
from assets.validation.params import ValidationParams
from assets.validation.relevance import relevance
from assets.validation.score import score

STEPS = 101
LIMITS = (0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95)


def main() -> None:
    """Print the quantiles, and a table of what passes at each limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", help="Parquet files of the table qa_pairs")
    parser.add_argument("--sample", type=int, default=400, help="pairs of each source (default: 400)")
    arguments = parser.parse_args()
    params = ValidationParams()
    table = pa.concat_tables([pq.read_table(file, partitioning=None) for file in arguments.pairs])
    measured = {source: cosines(rows, params) for source, rows in sources(table, arguments.sample, params)}
    pooled = np.concatenate([np.quantile(wrong, np.linspace(0, 1, 1001)) for _, wrong in measured.values()])
    quantiles = np.quantile(pooled, np.linspace(0, 1, STEPS)).round(4)
    print(textwrap.fill(", ".join(map(str, quantiles.tolist())), width=116))
    report(measured, quantiles.tolist())


def sources(table: pa.Table, sample: int, params: ValidationParams) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield of every source the sampled pairs whose answers say something, chosen by the hash of their ids."""
    rows = sorted(table.to_pylist(), key=lambda row: hashlib.sha256(row["pair_id"].encode()).digest())
    for source in sorted({row["source"] for row in rows}):
        own = (row for row in rows if row["source"] == source)
        if fit := list(islice((r for r in own if substance(r["answer"]).substance >= params.min_substance), sample)):
            yield source, fit


def cosines(rows: list[dict[str, Any]], params: ValidationParams) -> tuple[np.ndarray, np.ndarray]:
    """Return the cosines of the true pairs, and of all mismatched ones whose answer is another text."""
    scores = score(tables.QA_PAIRS.of(rows), params.scoring)
    asks, tells = (
        np.stack(scores.column(f"{side}_vector").to_pylist()).astype(np.float32) for side in ("question", "answer")
    )
    answers = np.array([row["answer"].strip() for row in rows])
    table = asks @ tells.T
    return np.diag(table), table[answers[:, None] != answers[None, :]]


def report(measured: dict[str, tuple[np.ndarray, np.ndarray]], quantiles: list[float]) -> None:
    """Print per source and limit the share of true / mismatched pairs that pass."""
    print(f"\n{'source':<24}{'n':>5}" + "".join(f"{limit:>14}" for limit in LIMITS) + "    (true / mismatched)")
    for source, (true, wrong) in measured.items():
        shares = [(relevance(true, quantiles) >= at, relevance(wrong, quantiles) >= at) for at in LIMITS]
        print(f"{source:<24}{len(true):>5}" + "".join(f"{t.mean():>7.2f} /{w.mean():>5.2f}" for t, w in shares))


if __name__ == "__main__":
    main()
