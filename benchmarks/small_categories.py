"""Does augmentation help the smallest categories? LoRA with and without it, equal steps, several seeds.

python benchmarks/small_categories.py [--tickets 4000] [--holdout] [--seeds 3] [--steps 16] [--keep FOLDER]

The pairs of the desk's smallest categories are learnt, once as they are and once with their variants by rule; a fifth
of the customers, drawn by hash, is the test. The gain is the difference of the true answers' negative log-likelihood,
nats a token (below zero: augmentation helped), its interval a bootstrap over threads and seeds.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
from arms import HEAD, Scores, difference, line, released, scored
from desk import SampleDesk

from assets import tables
from assets.augmentation.params import AugmentationParams
from assets.augmentation.rule_variants import rule_variants
from assets.released import lot
from assets.training import LoraParams

CATEGORIES, MOST, TEST = 4, 48, 60
"""Categories learnt, train pairs of each at most, and test pairs of all."""
Rows = list[dict[str, Any]]


def main() -> None:
    """Print the gain, whatever it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=4000)
    parser.add_argument("--holdout", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--keep", type=Path, help="folder that keeps the desk, as of benchmarks/curation.py")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        desk = SampleDesk.below(told.keep or Path(scratch), told.tickets, 7, told.holdout)
        split, sizes = _split(desk)
        variants = rule_variants(split, AugmentationParams(share=1.0, per_pair=2)).table
        arms = {
            "as they are": _released(split, None, Path(scratch) / "plain"),
            "with variants": _released(split, variants, Path(scratch) / "augmented"),
        }
        print(
            f"{desk.name}: {sizes}; {len(variants)} variants; {told.steps} steps of 8, {told.seeds} seeds.", flush=True
        )
        found: dict[str, list[Scores]] = {arm: [] for arm in arms}
        for seed, arm in product(range(told.seeds), arms):
            found[arm].append(scored(arms[arm], _params(told.steps, seed), Path(scratch) / f"{arm}-{seed}"))
    print(HEAD)
    plain, augmented = arms
    print(line((augmented, plain), difference(found[augmented], found[plain]), len(found[plain][0])))


def _params(steps: int, seed: int) -> LoraParams:
    return LoraParams(max_steps=steps, batch_size=8, micro_batch_tokens=1024, num_epochs=9, warmup_steps=3,
                      validation_examples=0, max_example_tokens=400, seed=seed)  # fmt: skip


def _split(desk: SampleDesk) -> tuple[pa.Table, dict[str, int]]:
    """Return the pairs of the smallest categories, a fifth of the customers apart."""
    rows: Rows = [r for r in desk.pairs.to_pylist() if r["category"] and r["kind"] in ("ticket", "chat")]
    rows = [r for r in rows if 60 <= len(r["answer"]) <= 500]
    counts = Counter(r["category"] for r in rows)
    small = [c for c, n in sorted(counts.items(), key=lambda item: (item[1], item[0])) if n >= MOST][:CATEGORIES]
    parts: Rows = []
    for category in small:
        of = sorted((r for r in rows if r["category"] == category), key=lambda r: lot(7, r["pair_id"]))
        for row in of:
            row["split"] = "test" if lot(7, row["customer_id"] or row["thread_id"])[0] < 51 else "train"
            row |= {"group_id": row["thread_id"], "fold": 0, "weight": 1.0, "ever_tested": False}
        parts += [r for r in of if r["split"] == "train"][:MOST]
        parts += [r for r in of if r["split"] == "test"][: TEST // CATEGORIES]
    known = set(tables.SPLIT_PAIRS.schema.names)
    table = tables.SPLIT_PAIRS.of({k: v for k, v in r.items() if k in known} for r in parts)
    return table, dict(Counter(r["split"] for r in parts))


def _released(split: pa.Table, variants: pa.Table | None, home: Path) -> Path:
    pairs = [tables.BALANCED_PAIRS.conform(t) for t in (split, variants) if t is not None]
    table = pa.concat_tables(pairs)
    at = table.schema.get_field_index("weight")
    return released(table.set_column(at, "weight", pa.array([1.0] * len(table))), home)


if __name__ == "__main__":
    main()
