"""Models and releases for tests: the real tokenizer, a model of two layers, and a release of a few rows."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from assets import base_model, tables
from assets.instructions import Instructions, Speakers, Tasks
from assets.training import LESSONS, Approach, Loss, TrainingResult, made_with

WISHES = ("parking", "breakfast", "a pool", "a gym", "free wifi", "a garden", "a lift", "room service")
PLACES = ("Oak Inn", "Elm House", "Ash Lodge", "Fir Hotel", "Yew Court", "Bay Rooms", "Box Hall", "Haw Place")

WORDS = Instructions(
    tasks=Tasks(answer={"qa": "Answer the question.", "policy": "Explain the rule.", "procedure": "Give the steps."}),
    opening="You opened with:",
    speakers=Speakers(user="Guest", assistant="Host"),
    customer="The customer is {segment}.",
)
"""What the examples are framed in."""

CARD = """---
language: [en]
license: cc-by-4.0
---
# Houses

## Sources and licences

| source | licence | attribution |
|---|---|---|
| desk | CC-BY-4.0 | The house of houses |

## How it was made

By hand.
"""


def packaged() -> Path:
    """The packaged model, converted once for all test runs."""
    cache = Path(os.environ.get("REFINERY_CACHE") or Path.home() / ".cache/support-refinery")
    return base_model.prepare(base_model.PACKAGED, cache)


def tiny(folder: Path) -> Path:
    """A random model of two layers with the real tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = base_model.load_tokenizer(packaged())
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def example(n: int, split: str, **facts: Any) -> dict[str, Any]:
    """The n-th example: a guest asks whether a house has something."""
    place, wish = PLACES[n % len(PLACES)], WISHES[n // len(PLACES) % len(WISHES)]
    row = {
        "example_id": f"{split}-{n:03}",
        "pair_id": f"pair-{split}-{n:03}",
        "thread_id": f"{split}-{place}",
        "source": ("desk", "chats")[n % 2],
        "kind": "ticket",
        "category": ("house", "rooms")[n % 2],
        "origin": "human",
        "task": "answer",
        "instruction": "Answer the question.",
        "input": f"Does {place} have {wish}?",
        "output": f"Yes, {place} has {wish} for all guests.",
        "tokens": 50 + n % 5,
        "split": split,
        "weight": 1.0,
        **facts,
    }
    messages = (("system", row["instruction"]), ("user", row["input"]), ("assistant", row["output"]))
    return {**row, "messages": [{"role": role, "content": content} for role, content in messages]}


def release(folder: Path, rows: Sequence[dict[str, Any]] | None = None, *, passed: bool = True) -> Path:
    """A release of these examples (48 train, 8 validation and 16 test ones, if not told)."""
    if rows is None:
        parts = (("train", 0, 48), ("validation", 48, 56), ("test", 48, 64))
        rows = [example(n, split) for split, first, end in parts for n in range(first, end)]
    (folder / "data").mkdir(parents=True)
    files = {}
    for split in tables.SPLITS:
        table = tables.TRAINING_EXAMPLES.of(r for r in rows if r["split"] == split)
        path = folder / f"data/{split}.parquet"
        pq.write_table(table, path)
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        files[f"data/{split}.parquet"] = {"sha256": sha256, "rows": len(table), "bytes": len(content)}
    (folder / "README.md").write_text(CARD)
    files["README.md"] = {"sha256": hashlib.sha256(CARD.encode()).hexdigest(), "rows": 0, "bytes": len(CARD)}
    digest = hashlib.sha256(json.dumps(files).encode()).hexdigest()
    verdict = {"verdict_id": "verdict-1", "passed": passed}
    stated = {"release": digest[:16], "dataset_sha256": digest, "verdict": verdict, "files": files}
    (folder / "release.json").write_text(json.dumps(stated))
    return folder


def trained(approach: Approach, release: Path, base: Path) -> TrainingResult:
    """What a training of this approach would say of itself, its figures made up."""
    return TrainingResult(
        artifact="0123456789abcdef",
        approach=approach,
        form=LESSONS[approach].form,
        release=json.loads((release / "release.json").read_text())["release"],
        verdict_id="verdict-1",
        made_with=made_with(),
        base_model=base_model.identity(base),
        template_sha256=base_model.template_sha256(base_model.load_tokenizer(base)),
        params=LESSONS[approach].params(),
        fold=None,
        canaries=(),
        examples=48,
        distinct_examples=48,
        steps=12,
        tokens=2000,
        answer_tokens=600,
        best_step=12,
        train_loss=2.0,
        validation_loss=2.0,
        base_validation_loss=3.0,
        losses=(Loss(step=12, split="validation", loss=2.0),),
        stages=(),
        trainable_parameters=1000,
        micro_batch_tokens=2048,
        seconds=1.0,
        peak_bytes=1,
    )
