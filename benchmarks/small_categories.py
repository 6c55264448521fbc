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
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from desk import SampleDesk

from assets import base_model, tables
from assets.augmentation.params import AugmentationParams
from assets.augmentation.rule_variants import rule_variants
from assets.evaluation.params import PredictionParams
from assets.evaluation.predict import PredictionRequest, predict
from assets.formatting.format_examples import format_examples
from assets.formatting.params import FormattingParams
from assets.release.params import ReleaseParams
from assets.release.release import FOLDER, release
from assets.released import lot
from assets.training import LoraParams, TrainingRequest
from assets.tuning.train import train
from dagster_project.settings import cache_folder

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
        name = f"{'holdout' if told.holdout else 'main'}-{told.tickets}-7"
        folder = (told.keep or Path(scratch)) / name
        folder.mkdir(parents=True, exist_ok=True)
        desk = SampleDesk(folder, told.tickets, 7, told.holdout)
        base = base_model.prepare(base_model.PACKAGED, cache_folder())
        split, sizes = _split(desk)
        variants = rule_variants(split, AugmentationParams(share=1.0, per_pair=2)).table
        arms = {
            "as they are": _released(split, None, base, Path(scratch) / "plain"),
            "with variants": _released(split, variants, base, Path(scratch) / "augmented"),
        }
        print(
            f"{desk.name}: {sizes}; {len(variants)} variants; {told.steps} steps of 8, {told.seeds} seeds.", flush=True
        )
        found = [
            {arm: _nll(folder, base, seed, told.steps, Path(scratch) / f"{arm}-{seed}") for arm, folder in arms.items()}
            for seed in range(told.seeds)
        ]
    _tell(found)


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


def _released(split: pa.Table, variants: pa.Table | None, base: Path, home: Path) -> Path:
    pairs = [tables.BALANCED_PAIRS.conform(t) for t in (split, variants) if t is not None]
    table = pa.concat_tables(pairs)
    at = table.schema.get_field_index("weight")
    table = table.set_column(at, "weight", pa.array([1.0] * len(table)))
    examples = format_examples(table, FormattingParams(), base_model.load_tokenizer(base)).table
    verdict = tables.QUALITY_VERDICT.of([{"verdict_id": "benchmark", "passed": True, "dataset_sha256": "benchmark"}])
    made = release(examples, verdict, ReleaseParams(), home=home, dataset_sha256="benchmark")
    return home / FOLDER / made.table.column("release")[0].as_py()


def _nll(release_: Path, base: Path, seed: int, steps: int, out: Path) -> dict[str, tuple[str, float, int]]:
    """Train, and return of every test example its thread, and its likelihood's sum and tokens."""
    params = LoraParams(max_steps=steps, batch_size=8, micro_batch_tokens=1024, num_epochs=9, warmup_steps=3,
                        validation_examples=0, max_example_tokens=400, seed=seed)  # fmt: skip
    train(TrainingRequest(release=release_, base_model=base, params=params), out)
    asked = PredictionParams(max_test=None, max_generated=0, max_labelled=0)
    table = predict(
        PredictionRequest(release=release_, base_model=base, trained={"lora": out}, params=asked), out / "p.parquet"
    )
    rows = [r for r in table.to_pylist() if r["approach"] == "lora"]
    print(f"{out.name}: {sum(r['nll'] for r in rows) / sum(r['answer_tokens'] for r in rows):.4f} nats", flush=True)
    return {r["example_id"]: (r["thread_id"], r["nll"], r["answer_tokens"]) for r in rows}


def _tell(found: list[dict[str, dict[str, tuple[str, float, int]]]]) -> None:
    """Print the mean gain with its interval, and that of every seed."""
    plain, augmented = ("as they are", "with variants")
    threads = sorted({thread for thread, _, _ in found[0][plain].values()})
    at = {thread: n for n, thread in enumerate(threads)}
    sums = np.zeros((len(found), 3, len(threads)))  # seeds x (plain, augmented, tokens) x threads
    for seed, arms in enumerate(found):
        for example, (thread, nll, tokens) in arms[plain].items():
            sums[seed, :, at[thread]] += (nll, arms[augmented][example][1], tokens)
    each = (sums[:, 1].sum(1) - sums[:, 0].sum(1)) / sums[:, 2].sum(1)
    rng = np.random.default_rng(7)
    drawn = []
    for _ in range(2000):
        of = sums[rng.integers(0, len(found), len(found))][:, :, rng.integers(0, len(threads), len(threads))]
        drawn.append((of[:, 1].sum() - of[:, 0].sum()) / of[:, 2].sum())
    low, high = np.quantile(drawn, (0.025, 0.975))
    print("\n| with variants - as they are | nats a token | 95 % | test pairs | threads |\n|---|---|---|---|---|")
    interval = f"{low:+.4f} to {high:+.4f}"
    print(f"| mean of {len(found)} seeds | {each.mean():+.4f} | {interval} | {len(found[0][plain])} | {len(threads)} |")
    for seed, gain in enumerate(each):
        print(f"| seed {seed} | {gain:+.4f} | | | |")


if __name__ == "__main__":
    main()
