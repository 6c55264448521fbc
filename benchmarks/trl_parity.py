"""Is our training as good as plain trl? The same examples, order, steps and seeds, scored on the same test.

python benchmarks/trl_parity.py [--steps 20] [--seeds 3] [--keep FOLDER]

The pairs are the questions and answers of `dstc_faq_kb` (REFINERY_DATA), cut by house and restaurant. Plain trl is its
SFTTrainer with peft as their documentation shows it: prompt and completion, loss on the completion, no line of ours.
The difference is ours less trl's, nats a token of the true test answers; seconds are those of the training alone.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
from arms import HEAD, Scores, difference, line, mean, packaged, released, scored, scores_of
from datasets import Dataset
from peft import LoraConfig
from transformers import set_seed
from trl import SFTConfig, SFTTrainer

from assets import base_model, tables
from assets.released import lot, open_release
from assets.training import ADAPTER, LoraParams, TrainingRequest, put, read_result
from assets.tuning.learnt import courses

BATCH, TEST = 4, 60
DATA = Path(os.environ.get("REFINERY_DATA", "../shared/data")) / "dstc_faq_kb/knowledge.json"
Row = dict[str, Any]


def main() -> None:
    """Print the difference, whatever it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="folder that keeps what was trained, to go on from")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        keep = told.keep or Path(scratch)
        folder = released(_pairs(told.steps * BATCH), keep)
        ours, theirs = list[Scores](), list[Scores]()
        for seed in range(told.seeds):
            params = LoraParams(
                max_steps=told.steps, batch_size=BATCH, warmup_steps=3, validation_examples=0, seed=seed
            )
            ours.append(scored(folder, params, own := keep / f"ours-{seed}"))
            theirs.append(_plain(folder, params, plain := keep / f"trl-{seed}"))
            seconds = read_result(own).seconds, json.loads((plain / "seconds.json").read_text())
            print(f"seed {seed}: ours {mean(ours[-1]):.4f} nats, {seconds[0]:.0f} s; "
                  f"trl {mean(theirs[-1]):.4f} nats, {seconds[1]:.0f} s", flush=True)  # fmt: skip
    print(HEAD)
    print(line(("ours", "plain trl"), difference(ours, theirs), len(ours[0])))


def _plain(release: Path, params: LoraParams, out: Path) -> Scores:
    """Train with trl alone on what ours would meet, in the same order, and score its test."""
    if not (out / "seconds.json").exists():
        tokenizer, opened = base_model.load_tokenizer(packaged()), open_release(release)
        asked = TrainingRequest(release=release, base_model=packaged(), params=params)
        (course,), _ = courses(asked, opened, tokenizer)
        said = {f"{r['input']}\n{r['output']}": put(r, "plain") for r in opened.examples("train")}
        met = [said[course.examples[i]["said"]] for i in course.order]
        config = SFTConfig(
            output_dir=str(out / "checkpoints"), per_device_train_batch_size=BATCH, max_steps=params.max_steps or -1,
            learning_rate=params.learning_rate, lr_scheduler_type=params.schedule, warmup_steps=params.warmup_steps,
            seed=params.seed, bf16=True, use_cpu=True, train_sampling_strategy="sequential", max_length=None,
            optim="adamw_torch", gradient_checkpointing=False, save_strategy="no", report_to="none", disable_tqdm=True,
        )  # fmt: skip
        set_seed(params.seed)
        trainer = SFTTrainer(
            model=base_model.load_model(packaged(), params.dtype),
            args=config,
            train_dataset=Dataset.from_list([{"prompt": m[:-1], "completion": m[-1:]} for m in met]),
            processing_class=tokenizer,
            peft_config=LoraConfig(
                r=params.r,
                lora_alpha=params.lora_alpha,
                lora_dropout=params.lora_dropout,
                target_modules=params.target_modules,
                task_type="CAUSAL_LM",
            ),
        )
        started = time.monotonic()
        trainer.train()
        seconds = time.monotonic() - started
        trainer.model.save_pretrained(str(out / ADAPTER))
        (out / "seconds.json").write_text(json.dumps(seconds))
    return scores_of(release, out)


def _pairs(train: int) -> pa.Table:
    """Return questions to as many places as give `train` pairs, and the test's to others."""
    places = chain.from_iterable(domain.values() for domain in json.loads(DATA.read_text()).values())
    named = sorted((p for p in places if p["name"]), key=lambda p: lot(7, p["name"], len(p["docs"])))
    rows: list[Row] = []
    for place in named:
        split = "test" if lot(7, "part", place["name"])[0] < 128 else "train"
        rows += [_pair(place["name"].title(), doc, split) for doc in place["docs"].values()]
    wanted = {"train": train, "test": TEST}
    chosen = [r for split, n in wanted.items() for r in [r for r in rows if r["split"] == split][:n]]
    return tables.BALANCED_PAIRS.of(chosen)


def _pair(name: str, doc: Row, split: str) -> Row:
    question, answer = f"{name}: {doc['title']}", doc["body"]
    return {
        "pair_id": tables.content_hash(question, answer), "thread_id": name, "source": "dstc_faq_kb", "kind": "article",
        "category": "places", "item_type": "qa", "question": question, "answer": answer, "history": [],
        "origin": "human", "split": split, "weight": 1.0,
    }  # fmt: skip


if __name__ == "__main__":
    main()
