"""How long `refinery trace` takes from the start of its process, on the lake of a desk of 100,000 tickets.

    python benchmarks/trace.py [--tickets 100000] [--every day|week]

The lake is synthetic: the real one of this size takes hours to clean on two cores. It has the real one's
shape, published through `Lake.publish`: all tables of the line, two years of partitions, texts of the length
a ticket has, and rows that are dropped, quarantined, merged, derived and varied in the shares seen on the
public desks. Each trace is a process of its own, run five times over random ids; the files are in the page
cache, as after a run. Beside it stand the start of Python with this command line alone, and `refinery report`.
"""

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from assets.ledger import Ledger, Published
from assets.tables import TABLES
from dagster_project.resources.lake import Lake

WORDS = (
    "the app shows an error after I sign in and order number is not found please reset router invoice card payment",
    "delivery return account password firmware light blinks connect since yesterday twice refund cancel and renew",
)
VOCABULARY = " ".join(WORDS).split()
DAYS = 730
START = date(2024, 1, 1)
RECORDS = ("normalized_records", "anonymized_records", "standardized_records")


def lot(*identity: object) -> float:
    """Return a number in [0, 1) that hangs on identity alone."""
    return int.from_bytes(hashlib.sha256(repr(identity).encode()).digest()[:8]) / 2**64


def id_of(*identity: object) -> str:
    """Return an id as the refinery's are: 32 hex digits."""
    return hashlib.sha256(repr(identity).encode()).hexdigest()[:32]


def text(*identity: object, words: int = 60) -> str:
    """Return a text that hangs on identity alone."""
    digest = hashlib.sha256(repr(identity).encode()).digest() * 2
    return " ".join(VOCABULARY[byte % len(VOCABULARY)] for byte in digest[:words])


class Desk:
    """Publishes one stage after the other; `rows` are those that the stage before let through."""

    def __init__(self, lake: Lake, tickets: int, days: int) -> None:
        self.lake = lake
        self.by_partition: dict[str, list[int]] = {}
        for number in range(tickets):
            day = int(lot("day", number) * DAYS) // days * days
            self.by_partition.setdefault((START + timedelta(day)).isoformat(), []).append(number)

    def publish(self, asset: str, parts: dict[str | None, Published]) -> None:
        """Publish a stage."""
        self.lake.publish(asset, parts, fingerprints=dict.fromkeys(parts, ""), run_id=id_of("run", asset))

    def records(self) -> dict[str, list[int]]:
        """Publish the stages of records; return who is left, by partition."""
        parts: dict[str | None, Published] = {}
        left: dict[str, list[int]] = {}
        for key, numbers in self.by_partition.items():
            ledger = Ledger([id_of("record", n) for n in numbers], [key] * len(numbers))
            for n in numbers:
                if lot("unresolved", n) < 0.05:
                    ledger.drop(id_of("record", n), "unresolved")
                elif lot("undated", n) < 0.01:
                    ledger.quarantine(id_of("record", n), "no_date", position=f"desk: tickets.csv row {n}")
                else:
                    left.setdefault(key, []).append(n)
            parts[key] = close("tickets", (self.record("tickets", n, key) for n in left.get(key, ())), ledger)
        self.publish("tickets", parts)
        for asset in RECORDS:
            self.publish(
                asset,
                {
                    key: close(
                        asset,
                        (self.record(asset, n, key) for n in numbers),
                        Ledger([id_of("record", n) for n in numbers], [key] * len(numbers)),
                    )
                    for key, numbers in left.items()
                },
            )
        return left

    def pairs(self, left: dict[str, list[int]]) -> list[int]:
        """Publish the partitioned stages of pairs; return who is left."""
        paired: dict[str | None, Published] = {}
        valid: dict[str | None, Published] = {}
        out: list[int] = []
        for key, numbers in left.items():
            with_pair = [n for n in numbers if lot("exchange", n) >= 0.1]
            chosen = set(with_pair)
            ledger = Ledger([id_of("record", n) for n in numbers], [key] * len(numbers))
            for n in numbers:
                if n in chosen:
                    ledger.keep(id_of("record", n), into=id_of("pair", n))
                else:
                    ledger.drop(id_of("record", n), "no_exchange")
            paired[key] = close("qa_pairs", (pair("qa_pairs", n, partition=key) for n in with_pair), ledger)
            good = [n for n in with_pair if lot("relevant", n) >= 0.2]
            ledger = Ledger([id_of("pair", n) for n in with_pair], [key] * len(with_pair))
            for n in sorted(chosen - set(good)):
                ledger.drop(id_of("pair", n), "irrelevant_answer")
            valid[key] = close("validated_pairs", (pair("validated_pairs", n, partition=key) for n in good), ledger)
            out += good
        self.publish("qa_pairs", paired)
        self.publish("validated_pairs", valid)
        return out

    def dataset(self, numbers: list[int]) -> list[str]:
        """Publish the stages of the whole dataset; return the ids of the examples."""
        ledger = Ledger([id_of("pair", n) for n in numbers])
        unique = [n for n in numbers if lot("duplicate", n) >= 0.1]
        for n in sorted(set(numbers) - set(unique)):
            ledger.merge(id_of("pair", n), id_of("pair", unique[0]), "near_duplicate")
        self.publish("unique_pairs", {None: close("unique_pairs", (pair("unique_pairs", n) for n in unique), ledger)})
        ids = [id_of("pair", n) for n in unique]
        self.publish("split_pairs", {None: close("split_pairs", (pair("split_pairs", n) for n in unique), Ledger(ids))})
        varied = [n for n in unique if lot("varied", n) < 0.1]
        ledger = Ledger(ids)
        for n in unique:
            if lot("varied", n) < 0.1:
                ledger.keep(id_of("pair", n), into=id_of("variant", n))
            else:
                ledger.drop(id_of("pair", n), "not_needed")
        variants = [{**pair("rule_variants", n), "pair_id": id_of("variant", n)} for n in varied]
        self.publish("rule_variants", {None: close("rule_variants", variants, ledger)})
        every = [*ids, *(v["pair_id"] for v in variants)]
        rows = [*(pair("balanced_pairs", n) for n in unique), *variants]
        rows = [{k: v for k, v in row.items() if k != "rule"} for row in rows]
        self.publish("balanced_pairs", {None: close("balanced_pairs", rows, Ledger(every))})
        ledger = Ledger(every)
        for one in every:
            ledger.keep(one, into=id_of("example", one))
        examples = [example(id_of("example", row["pair_id"]), row) for row in rows]
        self.publish("training_examples", {None: close("training_examples", examples, ledger)})
        ledger = Ledger([])
        test = [e["example_id"] for e in examples[:300]]
        predictions = [
            {"prediction_id": id_of(a, e), "approach": a, "example_id": e} for e in test for a in ("a", "b", "c")
        ]
        for p in predictions:
            ledger.derive(p["prediction_id"], [p["example_id"]])
        self.publish("predictions", {None: close("predictions", predictions, ledger)})
        return [e["example_id"] for e in examples]

    def record(self, asset: str, n: int, key: str) -> dict[str, Any]:
        """Return a row of a table of records."""
        turns = [{"speaker": s, "text": text(s, n), "at": None} for s in ("customer", "agent")]
        row = {"record_id": id_of("record", n), "partition": key, "kind": "ticket", "source": "desk", "turns": turns}
        return {**row, "subject": text("subject", n, words=6), **({"source_id": str(n)} if asset == "tickets" else {})}


def pair(asset: str, n: int, **fields: Any) -> dict[str, Any]:
    """Return a row of a table of pairs."""
    row = {"pair_id": id_of("pair", n), "record_id": id_of("record", n), "question": text("customer", n)}
    row |= {"answer": text("agent", n), "content_hash": id_of("content", n), **fields}
    return {k: v for k, v in row.items() if k in TABLES[asset].schema.names}


def example(id: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return the example of a pair."""
    said = {"instruction": "Answer.", "input": row["question"], "output": row["answer"]}
    messages = [{"role": r, "content": c} for r, c in zip(("system", "user", "assistant"), said.values(), strict=True)]
    return {"example_id": id, "pair_id": row["pair_id"], **said, "messages": messages, "split": "train"}


def close(asset: str, rows: Iterable[dict[str, Any]], ledger: Ledger) -> Published:
    """Balance a ledger against the rows that came out."""
    table: pa.Table = TABLES[asset].of(rows)
    return ledger.close(table, key=TABLES[asset].key)


def seconds(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Time a command from the start of its process to its end: by the clock, and on the processor."""
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, spent


def main() -> None:
    """Make the lake and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tickets", type=int, default=100_000)
    options.add_argument("--every", choices=("day", "week"), default="week")
    options.add_argument("--home", type=Path, help="Keep the lake here, or time the one that is here.")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = asked.home or Path(scratch)
        desk = Desk(Lake(home), asked.tickets, 1 if asked.every == "day" else 7)
        began = time.perf_counter()
        if not (home / "manifests").exists():
            desk.dataset(desk.pairs(desk.records()))
            print(f"lake made in {time.perf_counter() - began:.0f} s")
        lake = Lake(home)
        examples = lake.read("training_examples").column("example_id").to_pylist()
        files = list(home.rglob("*.parquet"))
        tables, index = (sum(f.stat().st_size for f in found) / 2**20 for found in (files, home.rglob("*.idx")))
        cut = f"{len(desk.by_partition)} partitions by {asked.every}"
        print(f"{asked.tickets:,} tickets in {cut}, {len(examples):,} examples; {len(files):,} Parquet files")
        print(f"of {tables:.0f} MiB; index {index:.0f} MiB")
        config = home / "refinery.yaml"
        config.write_text(f"home: {home}\nsources: [{{name: desk, gives: tickets}}]\n")
        env = {**os.environ, "REFINERY_HOME": str(home), "REFINERY_CONFIG": str(config), "REFINERY_KEY": "key"}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        refinery = [sys.executable, "-m", "dagster_project.cli"]
        chosen = {
            "start alone (--help)": [["--help"]] * 5,
            "trace, five random examples": [["trace", e] for e in sorted(examples, key=lambda e: lot("draw", e))[:5]],
            "trace, five random records": [
                ["trace", id_of("record", int(lot("draw", n) * asked.tickets))] for n in range(5)
            ],
            "report": [["report"]] * 5,
        }
        seconds([*refinery, *chosen["trace, five random examples"][0]], env)  # the first one writes Python's byte code
        load = os.getloadavg()[0]
        print(f"load of the machine {load:.1f} on {os.cpu_count()} cores", end="\n\n")
        print("| command | median s by the clock | fastest | slowest | median s on the processor |")
        print("|---|---:|---:|---:|---:|")
        for name, commands in chosen.items():
            wall, spent = zip(*(seconds([*refinery, *command], env) for command in commands), strict=True)
            clock = f"{statistics.median(wall):.2f} | {min(wall):.2f} | {max(wall):.2f}"
            print(f"| {name} | {clock} | {statistics.median(spent):.2f} |")


if __name__ == "__main__":
    main()
