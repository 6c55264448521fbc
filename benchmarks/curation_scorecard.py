"""Section `scorecard` of curation.py: the sample desk with its planted defects against the same desk without them.

Which rows are defects, and which ask the same, is taken from the truth, so that the figures speak of the scorecard
alone; relevance is measured by validation's own scores. Alone, it prints the time of the room at several sizes:

python benchmarks/curation_scorecard.py [--sizes 10000 30000 100000]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from assets import tables
from assets.base_model import load_tokenizer, prepare
from assets.formatting.format_examples import format_examples
from assets.formatting.params import FormattingParams
from assets.quality.params import COMPOSITE, QualityParams
from assets.quality.scorecard import scorecard
from assets.validation.params import ScoringParams
from assets.validation.score import score
from dagster_project.settings import cache_folder

if TYPE_CHECKING:
    from desk import SampleDesk

UNTRUE = ("contradiction", "outdated_answer", "non_answer", "one_word_resolution", "auto_reply", "bounce", "spam")
LEFT_OUT = (*UNTRUE, "empty_resolution", "exact_duplicate", "near_duplicate", "merged", "other_language", "open")
ASK_THE_SAME = ("contradiction", "exact_duplicate", "near_duplicate", "merged")
RISES = ("composite", "accuracy", "consistency", "relevance", "answer_agreement", "label_agreement")
SHOWN = (*dict.fromkeys((*RISES, *COMPOSITE)), "answer_quality", "vendi", "selection_bias", "confirmation_bias")
_TABLES = {"tickets": "ticket", "chats": "chat", "calls": "call", "articles": "article"}
Row = tuple[str, Any, str]
Scores = dict[str, dict[str, Any]]


def rows(desk: SampleDesk) -> Iterator[Row]:
    """Yield the measures of both desks; those that the planted defects are about must rise."""
    records = _records(desk)
    as_it_is = _examples(desk, _pairs(desk))
    left_out = {fact["record_id"] for kind in LEFT_OUT for fact in desk.planted(kind)}
    right = {fact["record_id"]: fact["value"] for fact in desk.planted("wrong_category")}
    clean = [
        pair | {"category": right.get(pair["record_id"], pair["category"])}
        for pair in _pairs(desk)
        if pair["record_id"] not in left_out
    ]
    before, after = _measured(*as_it_is, records), _measured(*_examples(desk, clean), records)
    yield "examples with and without the defects", f"{before['size']['n']:,} and {after['size']['n']:,}", ""
    for name in SHOWN:
        was, now = before[name]["value"], after[name]["value"]
        yield f"{name} with the defects", was, ""
        yield f"{name} without them", now, f"> {was}" if name in RISES and was < 1 else ""
    untrue = {fact["record_id"] for kind in UNTRUE for fact in desk.planted(kind)}
    record = dict(zip(*(as_it_is[1].column(name).to_pylist() for name in ("pair_id", "record_id")), strict=True))
    pair = dict(zip(*(as_it_is[0].column(name).to_pylist() for name in ("example_id", "pair_id")), strict=True))
    named = [record[pair[example]] for example in before["accuracy"]["pulled_down_by"]]
    yield "ids that pull accuracy down: share planted", sum(i in untrue for i in named) / max(1, len(named)), "= 1.0"


def _pairs(desk: SampleDesk) -> list[dict[str, Any]]:
    """The desk's pairs with the truth beside them, scored and dealt to the splits by hash."""
    untrue = {fact["record_id"] for kind in UNTRUE for fact in desk.planted(kind)}
    cluster: dict[str, str] = {}
    for kind in ASK_THE_SAME:
        for fact in desk.planted(kind):
            cluster |= dict.fromkeys((fact["record_id"], fact["related"]), fact["cluster"])
    scores = score(desk.pairs, ScoringParams())
    found = desk.pairs
    for name in ("relevance", "question_quality", "answer_quality"):
        found = found.append_column(name, scores.column(name))
    return [
        pair
        | {
            "truth_evidence": "none" if pair["record_id"] in untrue else "agrees_with_article",
            "cluster_id": cluster.get(pair["record_id"], pair["pair_id"]),
            "group_id": pair["customer_id"] or pair["record_id"],
            "split": ("test", "validation", *["train"] * 8)[int(pair["record_id"][:8], 16) % 10],
            "weight": 1.0,
        }
        for pair in found.to_pylist()
    ]


def _examples(desk: SampleDesk, pairs: Iterable[Mapping[str, Any]]) -> tuple[pa.Table, pa.Table]:
    known = tables.BALANCED_PAIRS.schema.names
    table = tables.BALANCED_PAIRS.of({k: v for k, v in pair.items() if k in known} for pair in pairs)
    tokenizer = load_tokenizer(prepare("SmolLM2-135M-Instruct", cache_folder()))
    return format_examples(table, FormattingParams(), tokenizer).table, table


def _records(desk: SampleDesk) -> pa.Table:
    """What the desk holds, as far as the scorecard reads it."""
    from desk import record_id

    return tables.STANDARDIZED_RECORDS.of(
        {
            "record_id": record_id(name, str(row["id"])),
            "kind": kind,
            "source": name,
            "category": row["category"],
            "channel": row.get("channel", kind),
            "language": row.get("language", "en"),
            "created_at": datetime.fromisoformat(row["created_at"]).replace(tzinfo=UTC),
        }
        for name, kind in _TABLES.items()
        for row in desk.rows(name)
    )


def _measured(examples: pa.Table, pairs: pa.Table, records: pa.Table) -> Scores:
    report = scorecard(examples, pairs, records, QualityParams(resamples=0)).table
    return {row["measure"]: row for row in report.to_pylist()}


def made(size: int, seed: int = 0) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Make a dataset of a given size: Zipfian words, thirty uneven categories, twenty months, three pairs a group."""
    chance = random.Random(seed)
    vocabulary = [f"word{n}" for n in range(8000)]
    weights = [1 / (n + 5) for n in range(8000)]
    found: dict[str, list[dict[str, Any]]] = {"examples": [], "pairs": [], "records": []}
    for number in range(size):
        key = tables.content_hash("benchmark", str(number))
        question, answer = (" ".join(chance.choices(vocabulary, weights, k=k)) for k in (25, 60))
        about = {
            "source": "desk",
            "kind": "ticket",
            "category": f"category {int(30 * chance.random() ** 2)}",
            "language": "en",
            "created_at": datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=600 * chance.random()),
        }
        said = [("system", "Answer."), ("user", question), ("assistant", answer)]
        example = {
            "example_id": key,
            "pair_id": key,
            "record_id": key,
            "thread_id": key,
            "group_id": str(number // 3),
            "cluster_id": str(number // 2),
            "question": question,
            "input": question,
            "output": answer,
            "answer": answer,
            "licence": "CC0-1.0",
            "origin": "human",
            "task": "answer",
            "truth_evidence": chance.choice(["reviewed", "none"]),
            "relevance": chance.random(),
            "messages": [{"role": role, "content": content} for role, content in said],
            "tokens": 120,
            "answer_tokens": 70,
            "split": chance.choice(["test", "validation", *["train"] * 8]),
            **about,
        }
        found["examples"].append(example)
        found["pairs"].append(example)
        found["records"].append({"record_id": key, "channel": chance.choice(["mail", "web"]), **about})
    schemas = (tables.TRAINING_EXAMPLES, tables.BALANCED_PAIRS, tables.STANDARDIZED_RECORDS)
    a, b, c = (
        table.of({k: v for k, v in row.items() if k in table.schema.names} for row in part)
        for table, part in zip(schemas, found.values(), strict=True)
    )
    return a, b, c


def main() -> None:
    """Print the time of the room at several sizes, in seconds of the processor."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    scorecard(*made(200), QualityParams(resamples=2))  # what is imported on the way is not timed
    print("| examples | seconds | seconds per 1,000 | against the first size |\n|---|---|---|---|")
    first = None
    for size in parser.parse_args().sizes:
        dataset = made(size)
        started = time.process_time()
        scorecard(*dataset, QualityParams())
        seconds = time.process_time() - started
        first = first or seconds / size
        print(f"| {size:,} | {seconds:.1f} | {1000 * seconds / size:.3f} | {seconds / size / first:.2f} |", flush=True)


if __name__ == "__main__":
    main()
