"""Duplicates, contradictions, outdated answers and wrong categories: what is found of what the desk has planted.

python benchmarks/curation.py --only duplicates [--tickets 4000] [--holdout]
python benchmarks/curation_duplicates.py FOLDER [--sizes 10000 30000 100000]

The second prints the time of merging at several sizes, of a desk of 4,000 tickets kept in FOLDER and laid side by side:
each copy has words of its own where answers hang on them, and the courtesies and frames of all.

Recall of duplicates counts the planted copies that end in one pair with their original. A merge is false if the
generator wrote the two about different matters (another problem, variant or fact); independent requests about the same
matter in the same words are none.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from desk import SampleDesk, record_id, signed

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from assets import tables
from assets.deduplication.compare import Overlap, Runs
from assets.deduplication.consistency import consistency_findings
from assets.deduplication.deduplicate import apply, deduplicate
from assets.deduplication.params import DeduplicationParams
from assets.deduplication.signed import Signed
from assets.ledger import reasons

PARAMS = DeduplicationParams(max_per_answer=1_000_000)
Row = tuple[str, float | int | str, str]


def rows(desk: SampleDesk) -> Iterator[Row]:
    """Yield the figures of the desk, then those of the public sets."""
    pairs = tables.VALIDATED_PAIRS.conform(desk.pairs)
    unique = deduplicate(pairs, desk.signatures, PARAMS)
    judge = Judge(desk, unique.ledger)
    yield from judge.duplicates()
    found = consistency_findings(unique.table, desk.signatures, PARAMS).table.to_pylist()
    yield from judge.findings(found)
    yield from public()


class Judge:
    """Holds what became of every pair against the truth."""

    def __init__(self, desk: SampleDesk, ledger: pa.Table) -> None:
        self.desk = desk
        self.ids = dict(zip(desk.pairs["record_id"].to_pylist(), desk.pairs["pair_id"].to_pylist(), strict=True))
        self.into = {row["id"]: row["into"] or row["id"] for row in ledger.to_pylist()}
        self.reasons = reasons(ledger)

    def planted(self, kind: str) -> list[tuple[str, str]]:
        """Return (pair, original) of the planted rows of which both became pairs.

        Copies that were answered on both sides of a change of their article are none: they state other numbers.
        """
        old = {f["record_id"] for f in self.desk.planted("outdated_answer")} if kind.endswith("duplicate") else set()
        facts = [(f["record_id"], f["related"]) for f in self.desk.planted(kind)]
        found = [(self.ids.get(a), self.ids.get(b)) for a, b in facts if (a in old) == (b in old)]
        return [(a, b) for a, b in found if a and b]

    def merged(self, kind: str) -> tuple[int, int]:
        """Return how many of the planted rows ended in one pair with their original, of how many."""
        pairs = self.planted(kind)
        return sum(self.into[a] == self.into[b] for a, b in pairs), len(pairs)

    def duplicates(self) -> Iterator[Row]:
        """Yield what merging found, and what it should not have."""
        for kind, target in (("exact_duplicate", ">= 1.0"), ("near_duplicate", ">= 0.97")):
            hits, n = self.merged(kind)
            yield f"{kind}s found, of {n:,}", hits / max(n, 1), target
        about = matters(self.desk)
        pairs = self.desk.pairs
        record = dict(zip(pairs["pair_id"].to_pylist(), pairs["record_id"].to_pylist(), strict=True))
        merges = [(record[a], record[b]) for a, b in self.into.items() if a != b]
        judged = [(a, b) for a, b in merges if a in about and b in about]
        right = sum(about[a] == about[b] for a, b in judged)
        yield f"merged tickets that are about one matter, of {len(judged):,}", right / max(len(judged), 1), ">= 0.99"
        for kind in ("hard_negative", "contradiction"):
            hits, n = self.merged(kind)
            yield f"{kind}s merged, of {n:,}", hits, "= 0"
        for reason, n in self.reasons.items():
            yield f"merged as {reason}", n, ""

    def findings(self, found: list[dict[str, Any]]) -> Iterator[Row]:
        """Yield what of the planted inconsistencies is among the findings; rows merged into others count as those."""
        said = {frozenset((f["pair_id"], f["other_id"])) for f in found if f["kind"] == "contradiction"}
        wrong = [frozenset((self.into[a], self.into[b])) for a, b in self.planted("contradiction")]
        yield f"contradictions found, of {len(wrong):,}", sum(w in said for w in wrong) / max(len(wrong), 1), ">= 0.8"
        yield "contradictions reported in all", len(said), ""
        kept = {i for i, into in self.into.items() if i == into}
        planted = {kind: {self.ids.get(f["record_id"]) for f in self.desk.planted(kind)} & kept for kind in _ROWS}
        for kind, name, also, targets in (
            ("outdated_answer", "outdated", "contradiction", ("", "")),
            ("wrong_category", "label_error", None, (">= 0.8", ">= 0.7")),
        ):
            named = {f["pair_id"] for f in found if f["kind"] == name}
            true = named & planted[kind]
            yield f"{kind}s found, of {len(planted[kind]):,} left", len(true) / max(len(planted[kind]), 1), targets[0]
            right = named & (planted[kind] | planted.get(also or "", set()))
            yield f"{name} findings that are right, of {len(named):,}", len(right) / max(len(named), 1), targets[1]


_ROWS = ("outdated_answer", "wrong_category", "contradiction")


def matters(desk: SampleDesk) -> dict[str, tuple[object, ...]]:
    """Return by ticket what it is about: problem and variant, or the row alone where a fact is its own."""
    from desk import _UNTIL

    from sample import letters
    from sample.tickets import FIRST_ID
    from sample.vocabulary import vocabulary
    from sample.world import World

    world = World(vocabulary(holdout=desk.holdout), desk.seed, desk.tickets, _UNTIL, 60)
    copied, own, hard = {}, set(), {}
    for fact in desk.truth:
        if fact["kind"] in ("near_duplicate", "exact_duplicate"):
            copied[fact["row_id"]] = fact["related_id"]
        elif fact["kind"] in ("contradiction", "other_language") or fact["note"] == "twin":
            own.add(fact["row_id"])
        elif fact["kind"] == "hard_negative":
            hard[fact["row_id"]] = (fact["related_id"], fact["value"])
    found: dict[str, tuple[object, ...]] = {}
    for number in range(desk.tickets):
        row = str(FIRST_ID + number)
        first = copied.get(row, row)
        if first in own:
            found[record_id("tickets", row)] = (first,)
            continue
        of, variant = hard.get(first, (first, None))
        matter = letters.matter(world, int(of) - FIRST_ID)
        found[record_id("tickets", row)] = (matter.problem.id, variant or matter.variant)
    return found


def public() -> Iterator[Row]:
    """Yield how many distinct items of the public sets are merged."""
    data = Path(os.environ.get("REFINERY_DATA") or Path(__file__).resolve().parents[2] / "shared/data")
    entities = json.loads((data / "dstc_faq_kb/knowledge.json").read_text())
    faq = [
        (f"{domain} {entity} {i}", doc["title"], doc["body"])
        for domain, of_domain in entities.items()
        for entity, known in of_domain.items()
        for i, doc in known["docs"].items()
    ]
    yield "dstc_faq_kb: distinct items merged, as a share", _distinct_merged(faq), "< 0.01"
    lines = (data / "tau2_banking_kb/documents.jsonl").read_text().splitlines()
    articles = [(d["id"], d["title"], d["content"]) for d in map(json.loads, lines)]
    yield "tau2_banking_kb: distinct items merged, as a share", _distinct_merged(articles), "< 0.01"
    with (data / "covid_question_pairs/eval_question_similarity_en.csv").open(encoding="utf-8") as file:
        asked = list(csv.DictReader(file))
    for similar, name in (("1", "same"), ("0", "different")):
        both = [(r["question_1"], r["question_2"]) for r in asked if r["similar"].startswith(similar)]
        hits = sum(_merged_alone(texts) for texts in both)
        yield f"covid_question_pairs: {name} questions merged by their text alone, of {len(both)}", hits, ""
    with (data / "bitext_requests/bitext_customer_support.csv").open(encoding="utf-8") as file:
        requests = [{"id": i, "text": row["instruction"]} for i, row in enumerate(csv.DictReader(file))]
    why = Counter(row["reason"] for row in apply(requests, PARAMS))
    for reason in ("exact_duplicate", "near_duplicate"):
        yield f"bitext_requests: {reason}s by their text alone, of {len(requests):,}", why[reason], ""


def _distinct_merged(items: list[tuple[str, str, str]]) -> float:
    pairs = tables.VALIDATED_PAIRS.of(
        {"pair_id": i, "partition": "all", "language": "en", "question": q, "answer": a} for i, q, a in items
    )
    counted = reasons(deduplicate(pairs, signed(pairs), PARAMS).ledger)
    return sum(n for reason, n in counted.items() if reason != "exact_duplicate") / len(items)


def _merged_alone(texts: tuple[str, str]) -> bool:
    return not all(row["kept"] for row in apply([{"id": i, "text": t} for i, t in enumerate(texts)], PARAMS))


def side_by_side(desk: SampleDesk, size: int) -> tuple[pa.Table, pa.Table]:
    """Return `size` pairs and their signatures: copies of a desk about other things, said in the same frames."""
    known = Signed(desk.signatures)
    of_all = {
        f"question_{name}": Overlap(Runs(words), known.embeddings["answer"]).idle
        for name, words in (("words", known.question), ("terms", known.question_terms))
    }
    pairs, signatures = [], []
    for copy in range(-(-size // len(desk.pairs))):
        mask = copy << 20
        rows, signs = tables.VALIDATED_PAIRS.conform(desk.pairs), desk.signatures
        for name in ("pair_id", "record_id", "thread_id", "customer_id"):
            rows = _set(rows, name, pc.binary_join_element_wise(rows[name], str(copy), "-"))
        signs = _set(signs, "pair_id", pc.binary_join_element_wise(signs["pair_id"], str(copy), "-"))
        for name in ("question_hash", "answer_hash"):
            signs = _set(signs, name, pa.array(np.asarray(signs[name]) ^ mask))
        for name in ("bands", "question_bands", "answer_bands", *of_all, "answer_words", "answer_terms"):
            lists = signs[name].combine_chunks()
            codes = np.asarray(lists.flatten())
            shared = np.isin(codes >> 3, np.fromiter(of_all.get(name, ()), np.int64))
            made = pa.ListArray.from_arrays(lists.offsets, pa.array(np.where(shared, codes, codes ^ mask)))
            signs = _set(signs, name, made)
        pairs.append(rows)
        signatures.append(signs)
    return pa.concat_tables(pairs).slice(0, size), pa.concat_tables(signatures).slice(0, size)


def _set(table: pa.Table, name: str, column: pa.ChunkedArray | pa.Array) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(name), column)


def main() -> None:
    """Print the time of merging at several sizes, in seconds of the processor."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the desk lies or is made")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    told = parser.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    desk = SampleDesk(told.folder, 4_000, seed=21)
    deduplicate(*side_by_side(desk, 500), PARAMS)  # what is imported on the way is not timed
    print("| pairs | merged | seconds | microseconds a pair | against the first size |\n|---|---|---|---|---|")
    first = None
    for size in told.sizes:
        pairs, signatures = side_by_side(desk, size)
        started = time.process_time()
        merged = size - deduplicate(pairs, signatures, PARAMS).table.num_rows
        seconds = time.process_time() - started
        first = first or seconds / size
        each = f"{1e6 * seconds / size:.0f} | {seconds / size / first:.2f}"
        print(f"| {size:,} | {merged:,} | {seconds:.1f} | {each} |", flush=True)


if __name__ == "__main__":
    main()
