"""What preparing data pays: one model, 300 equal steps, on the same desk's pairs in four states of preparation.

python benchmarks/dividend.py [--tickets 4000] [--holdout] [--seeds 3] [--steps 300] [--batch 2] [--keep FOLDER]

- raw: what the records give as they came, anonymised only;
- cleaned: normalised, standardised, validated;
- unique: without duplicates, and without the pairs found outdated, contradicted or of a doubtful category;
- balanced: with variants by rule, and weighed by category, complexity and length.

All are scored on the same test: unique pairs of customers that no arm was shown, nor a record that was merged with one
of theirs. Anonymization is the sample's truth, see desk.py, so that no arm pays for a name that was missed. Arms are
drawn anew for every seed; what was trained already is read from the folder. Then a learning curve of the balanced
arm, a pass over ever more distinct examples, and the power law it follows (Hestness et al. 2017, arXiv:1712.00409).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from arms import HEAD, Scores, difference, line, mean, packaged, released, scored
from desk import SampleDesk

from assets import base_model, tables
from assets.augmentation.params import AugmentationParams
from assets.augmentation.rule_variants import rule_variants
from assets.balancing.balance_pairs import balance_pairs
from assets.balancing.params import BalancingParams
from assets.deduplication.consistency import consistency_findings
from assets.deduplication.deduplicate import deduplicate
from assets.deduplication.params import DeduplicationParams
from assets.released import lot
from assets.splitting.assign import assign
from assets.splitting.params import SplittingParams
from assets.splitting.split import split
from assets.training import LoraParams
from assets.validation.params import ScoringParams, ValidationParams
from assets.validation.relate import relate
from assets.validation.validate import score_pairs, validate

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

KINDS = ("ticket", "chat", "call")
ARMS = ("raw", "cleaned", "unique", "balanced")
TEST, MOST_TOKENS = 200, 128
"""Test pairs at most, and the longest question with its answer, in tokens, that any arm is shown."""
CURVE = (75, 150, 300, 600)
Rows = list[dict[str, Any]]
Curve = dict[int, list[float]]
"""By distinct examples the nats a token of every seed."""


def main() -> None:
    """Print the table, the plot's figures, and the law."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=4000)
    parser.add_argument("--holdout", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--arms", nargs="*", default=ARMS, choices=ARMS)
    parser.add_argument("--keep", type=Path, help="folder that keeps the desk and every training")
    parser.add_argument("--plot", type=Path, help="file for the plot")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        desk = SampleDesk.below(said.keep or Path(scratch), said.tickets, 7, said.holdout)
        folder, (arms, test) = desk.folder, prepared(desk)
        print(
            f"{len(test)} test pairs; " + ", ".join(f"{name} {len(rows):,}" for name, rows in arms.items()), flush=True
        )
        found = _trained(arms, test, said, folder)
        _tell(found)
        curve = _curve(arms["balanced"], test, said, folder) if "balanced" in said.arms else {}
    if len(curve) > 1:
        curve[said.steps * said.batch] = [mean(scores) for scores in found["balanced"]]
        _law(curve)
    if said.plot:
        said.plot.write_bytes(_drawn(found, curve))


def prepared(desk: SampleDesk) -> tuple[dict[str, Rows], Rows]:
    """Return the train pairs of every arm, and the test they share."""
    tokenizer = base_model.load_tokenizer(packaged())
    clean = desk.pairs
    scored_ = _kept(desk.folder / "scored.parquet", lambda: score_pairs(clean, ScoringParams()).table)
    valid = relate(validate(scored_, ValidationParams()).table, scored_, ValidationParams().desk).table
    merged = deduplicate(valid, desk.signatures, DeduplicationParams())
    findings = consistency_findings(merged.table, desk.signatures, DeduplicationParams()).table
    doubted = set(findings.column("pair_id").to_pylist())
    params = SplittingParams(large_groups="cap")
    parts = split(
        merged.table, assign(merged.table, tables.SPLIT_ASSIGNMENTS.of([]), params, key_name="key").table, params
    )
    parts = parts.table.filter(pa.array([i not in doubted for i in parts.table["pair_id"].to_pylist()]))
    tested: Rows = [r for r in parts.to_pylist() if r["split"] == "test" and r["kind"] in KINDS]
    test = sorted(_short(tested, tokenizer), key=lambda r: lot(7, r["pair_id"]))[:TEST]

    into = {r["id"]: r["into"] for r in merged.ledger.to_pylist() if r["outcome"] == "merged"}
    hidden = [r for r in parts.to_pylist() if r["split"] != "train"]
    names = {r["pair_id"] for r in hidden}
    names |= {i for i, other in into.items() if other in names}
    held = {r["record_id"] for r in valid.to_pylist() if r["pair_id"] in names}
    held |= {r["thread_id"] for r in hidden} | {r["customer_id"] for r in hidden if r["customer_id"]}
    variants = rule_variants(parts, AugmentationParams()).table
    nobody = tables.CUSTOMER_FEATURES.of([])
    balanced = balance_pairs(parts, [variants], desk.signatures, nobody, BalancingParams()).table
    arms = {"raw": desk.raw, "cleaned": valid, "unique": parts, "balanced": balanced}
    return {name: _short(_shown(table, held), tokenizer) for name, table in arms.items()}, test


def _kept(file: Path, make: Callable[[], pa.Table]) -> pa.Table:
    if not file.exists():
        pq.write_table(make(), file)
    return pq.read_table(file)


def _shown(table: pa.Table, held: set[str]) -> Rows:
    """Return the conversations' pairs that share neither record, thread nor customer with what is held out."""
    rows: Rows = [r for r in table.to_pylist() if r["kind"] in KINDS and r.get("split", "train") == "train"]
    return [r for r in rows if not held & {r["record_id"], r["thread_id"], r["customer_id"]}]


def _short(rows: Rows, tokenizer: PreTrainedTokenizerBase) -> Rows:
    texts = [" ".join([*(t["content"] for t in r["history"] or ()), r["question"], r["answer"]]) for r in rows]
    counts = [len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]] if rows else []
    return [row for row, n in zip(rows, counts, strict=True) if n <= MOST_TOKENS]


def _table(train: Rows, test: Rows) -> pa.Table:
    """Return what is released: train pairs with the weight they have, if any, and the test."""
    known = set(tables.BALANCED_PAIRS.schema.names)
    plain = {"category_weight": None, "priority_weight": None}
    rows = [{"weight": 1.0, "fold": 0, **r, **plain, "split": "train"} for r in train]
    rows += [{**r, **plain, "split": "test", "weight": 1.0} for r in test]
    return tables.BALANCED_PAIRS.of({k: v for k, v in row.items() if k in known} for row in rows)


def _drawn_by(rows: Rows, n: int, seed: int) -> Rows:
    return sorted(rows, key=lambda r: lot(seed, "arm", r["pair_id"]))[:n]


def _params(steps: int, batch: int, seed: int) -> LoraParams:
    return LoraParams(
        max_steps=steps, batch_size=batch, num_epochs=99, validation_examples=0, eval_steps=100, seed=seed
    )


def _trained(arms: dict[str, Rows], test: Rows, said: argparse.Namespace, folder: Path) -> dict[str, list[Scores]]:
    """Train seed by seed, the arms farthest apart first, so that a run that is cut short says most."""
    found: dict[str, list[Scores]] = {arm: [] for arm in said.arms}
    order = sorted(said.arms, key=lambda arm: (arm not in ("raw", "balanced"), ARMS.index(arm)))
    for seed, arm in ((seed, arm) for arms_ in (order[:2], order[2:]) for seed in range(said.seeds) for arm in arms_):
        out = folder / f"{arm}-{said.steps}x{said.batch}-{seed}"
        drawn = _drawn_by(arms[arm], said.steps * said.batch, seed)
        scores = scored(released(_table(drawn, test), out), _params(said.steps, said.batch, seed), out)
        print(f"{arm}, seed {seed}: {len(drawn)} distinct pairs, {mean(scores):.4f} nats a token", flush=True)
        found[arm].append(scores)
    return found


def _tell(found: dict[str, list[Scores]]) -> None:
    print("\n| arm | nats a token, mean of seeds | each |\n|---|---|---|")
    for arm, seeds in found.items():
        each = [mean(s) for s in seeds]
        print(f"| {arm} | {np.mean(each):.4f} | {', '.join(f'{m:.3f}' for m in each)} |")
    print(HEAD)
    steps = [
        *zip(found, list(found)[1:], strict=False),
        *([(next(iter(found)), list(found)[-1])] if len(found) > 2 else []),
    ]
    for before, after in steps:
        print(line((after, before), difference(found[after], found[before]), len(found[before][0])))


def _curve(rows: Rows, test: Rows, said: argparse.Namespace, folder: Path) -> Curve:
    """Return by distinct examples, passed over once, the nats a token of every seed."""
    curve: Curve = {}
    for n in (n for n in CURVE if n < said.steps * said.batch):
        for seed in range(said.seeds):
            out, steps = folder / f"curve-{n}-{seed}", n // said.batch
            release = released(_table(_drawn_by(rows, n, seed), test), out)
            curve.setdefault(n, []).append(mean(scored(release, _params(steps, said.batch, seed), out)))
        print(f"curve: {n} examples, {np.mean(curve[n]):.4f}", flush=True)
    return curve


def _law(curve: Curve) -> None:
    """Fit loss = floor + scale x n^-power and say what another thousand examples would bring."""
    print("\n| distinct examples | nats a token, mean of seeds | each |\n|---|---|---|")
    for n, seeds in curve.items():
        print(f"| {n:,} | {np.mean(seeds):.4f} | {', '.join(f'{loss:.3f}' for loss in seeds)} |")
    floor, scale, power = fitted({n: float(np.mean(seeds)) for n, seeds in curve.items()})
    each = [_gain(fitted({n: s[seed] for n, s in curve.items()}), max(curve)) for seed in range(len(curve[max(curve)]))]
    print(
        f"\nLoss = {floor:.3f} + {scale:.3f} n^-{power:.3f}; another thousand examples would bring "
        f"{_gain((floor, scale, power), max(curve)):.3f} nats (seed by seed {', '.join(f'{g:.3f}' for g in each)})."
    )


def _gain(law: tuple[float, float, float], n: int, more: int = 1000) -> float:
    _, scale, power = law
    return float(scale * (n**-power - (n + more) ** -power))


def fitted(curve: Mapping[int, float]) -> tuple[float, float, float]:
    """Return floor, scale and power of the law by least squares, each at least 0."""
    from scipy.optimize import curve_fit

    n, loss = np.array(list(curve), float), np.array(list(curve.values()), float)
    first = (0.9 * loss.min(), loss.max(), 0.3)
    (floor, scale, power), _ = curve_fit(
        lambda x, a, b, c: a + b * x**-c, n, loss, p0=first, bounds=((0, 0, 0.01), (np.inf, np.inf, 2)), maxfev=20_000
    )
    return float(floor), float(scale), float(power)


def _drawn(found: dict[str, list[Scores]], curve: Curve) -> bytes:
    import io

    from assets.drawing import BLUE, MUTED, canvas, style

    with style():
        figure, (left, right) = canvas(8.6, 3.2, ncols=2)
        for at, seeds in enumerate(found.values()):
            left.plot([at] * len(seeds), [mean(s) for s in seeds], "o", color=MUTED)
            left.plot([at - 0.2, at + 0.2], [np.mean([mean(s) for s in seeds])] * 2, color=BLUE)
        left.set_xticks(range(len(found)), list(found))
        left.set_title("nats a token by state of preparation", fontsize=9)
        if curve:
            for n, seeds in curve.items():
                right.plot([n] * len(seeds), seeds, "o", color=BLUE)
            floor, scale, power = fitted({n: float(np.mean(seeds)) for n, seeds in curve.items()})
            drawn = np.linspace(min(curve), max(curve) + 1000, 200)
            right.plot(drawn, floor + scale * drawn**-power, color=MUTED)
            right.set_title("nats a token by distinct examples", fontsize=9)
        made = io.BytesIO()
        figure.savefig(made, format="png", dpi=120)
    return made.getvalue()


if __name__ == "__main__":
    main()
