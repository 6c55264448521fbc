"""Trainings that are told apart: the same model and steps on several sets of pairs, scored on one test."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from peft import PeftModel

from assets import base_model, tables
from assets.folder import sha256_of
from assets.formatting.format_examples import format_examples
from assets.formatting.params import FormattingParams
from assets.reader import Reader
from assets.release.params import ReleaseParams
from assets.release.release import FOLDER, release
from assets.released import open_release
from assets.training import ADAPTER, LoraParams, TrainingRequest, put
from assets.tuning.train import train

SCORES = "scores.json"
Scores = dict[str, tuple[str, float, int]]
"""By test example its thread, and the sum over its answer's tokens of the negative log-likelihood, and their number."""


class Difference(NamedTuple):
    """How much better or worse one set of pairs is than another, nats a token; below zero is better."""

    value: float
    low: float
    high: float
    p: float
    """Over threads, the seeds as they are."""
    p_seeds: float
    """Over threads and seeds, as the interval is."""
    seeds: list[float]


def released(pairs: pa.Table, home: Path) -> Path:
    """Release balanced pairs as they are, for the task of answering alone; return the folder."""
    tokenizer = base_model.load_tokenizer(packaged())
    examples = format_examples(pairs, FormattingParams(importance={"answer": 1}), tokenizer).table
    verdict = tables.QUALITY_VERDICT.of([{"verdict_id": "benchmark", "passed": True, "dataset_sha256": "benchmark"}])
    made = release(examples, verdict, ReleaseParams(), home=home, dataset_sha256="benchmark")
    return home / FOLDER / made.table.column("release")[0].as_py()


def packaged() -> Path:
    """Return the folder of the packaged base model."""
    from dagster_project.settings import cache_folder

    return base_model.prepare(base_model.PACKAGED, cache_folder())


def scored(release_: Path, params: LoraParams, out: Path) -> Scores:
    """Train on a release and score its test; what rests in `out` already is read from there."""
    if not (out / SCORES).exists():
        train(TrainingRequest(release=release_, base_model=packaged(), params=params), out)
    return scores_of(release_, out)


def scores_of(release_: Path, out: Path) -> Scores:
    """Score the adapter in `out` on a release's test, once."""
    file = out / SCORES
    if not file.exists():
        tokenizer, rows = base_model.load_tokenizer(packaged()), open_release(release_).examples("test")
        model = PeftModel.from_pretrained(base_model.load_model(packaged()), str(out / ADAPTER)).eval()
        encoded = [base_model.encode(put(r, "plain"), tokenizer) for r in rows]
        nll = Reader(model, pad=tokenizer.pad_token_id, end=tokenizer.eos_token_id).nll(encoded, batch_tokens=4096)
        said = zip(rows, nll, encoded, strict=True)
        file.write_text(
            json.dumps({r["pair_id"]: (r["thread_id"], n, len(e.input_ids) - e.answer_start) for r, n, e in said})
        )
    found: Scores = {pair: tuple(said) for pair, said in json.loads(file.read_text()).items()}
    return found


def mean(scores: Scores) -> float:
    """Return nats a token."""
    return sum(nll for _, nll, _ in scores.values()) / sum(tokens for *_, tokens in scores.values())


def difference(ours: Sequence[Scores], theirs: Sequence[Scores], *, draws: int = 4000) -> Difference:
    """Compare two sets of pairs, seed by seed on the same test.

    The interval is a bootstrap over threads and seeds, and so is one of the p values: twice the share of draws on the
    other side of zero. The other one tells what these very trainings are worth on other threads: each thread's sum of
    differences, all seeds together, changes its sign by lot, as it would if the two were alike. Both are two-sided.
    """
    threads = sorted({thread for thread, _, _ in theirs[0].values()})
    at = {thread: n for n, thread in enumerate(threads)}
    gap, tokens = np.zeros((len(ours), len(threads))), np.zeros((len(ours), len(threads)))
    for seed, (us, them) in enumerate(zip(ours, theirs, strict=True)):
        for example, (thread, nll, n) in them.items():
            gap[seed, at[thread]] += us[example][1] - nll
            tokens[seed, at[thread]] += n
    rng = np.random.default_rng(7)
    drawn = []
    for _ in range(draws):
        rows, columns = rng.integers(0, len(ours), len(ours)), rng.integers(0, len(threads), len(threads))
        drawn.append(gap[rows][:, columns].sum() / tokens[rows][:, columns].sum())
    low, high = np.quantile(drawn, (0.025, 0.975))
    beyond = min((np.array(drawn) >= 0).sum(), (np.array(drawn) <= 0).sum())
    p_seeds = min(1.0, 2 * (1 + beyond) / (draws + 1))
    by_thread, value = gap.sum(0), gap.sum() / tokens.sum()
    flipped = rng.choice((-1.0, 1.0), (draws, len(threads))) @ by_thread / tokens.sum()
    p = (1 + (np.abs(flipped) >= abs(value) - 1e-12).sum()) / (draws + 1)
    seeds = (gap.sum(1) / tokens.sum(1)).tolist()
    return Difference(float(value), float(low), float(high), float(p), float(p_seeds), seeds)


HEAD = """
| difference | nats a token | 95 % over threads and seeds | p over threads | over both | seeds | test pairs |
|---|---|---|---|---|---|---|"""


def line(names: tuple[str, str], found: Difference, tested: int) -> str:
    """Return the row of a table."""
    each = ", ".join(f"{gain:+.3f}" for gain in found.seeds)
    return (
        f"| {names[0]} - {names[1]} | {found.value:+.4f} | {found.low:+.4f} to {found.high:+.4f} "
        f"| {found.p:.4f} | {found.p_seeds:.4f} | {each} | {tested} |"
    )


def repacked(release_: Path, folder: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Path:
    """Write a release anew with its train examples changed; its verdict is taken over, as a benchmark may."""
    stated = json.loads((release_ / "release.json").read_text())
    (folder / "data").mkdir(parents=True)
    files = {}
    for split in tables.SPLITS:
        rows = tables.TRAINING_EXAMPLES.conform(pq.read_table(release_ / "data" / f"{split}.parquet")).to_pylist()
        pq.write_table(
            tables.TRAINING_EXAMPLES.of(change(rows) if split == "train" else rows),
            folder / "data" / f"{split}.parquet",
        )
        files[f"data/{split}.parquet"] = {"sha256": sha256_of(folder / "data" / f"{split}.parquet")}
    (folder / "release.json").write_text(json.dumps({**stated, "files": files}))
    return folder
