"""The sample desk as the benchmarks of curation read it: its pairs, and the truth about them.

The desk goes through the real collection, normalization, standardization and pairing. Anonymization, an hour of
recognition at 20,000 tickets, is replaced by the truth: every planted span becomes the placeholder of its type.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from assets import tables
from assets.analysis.params import AnalysisParams
from assets.analysis.sign import sign
from assets.collection.calendar import Calendar
from assets.collection.collect import collect
from assets.collection.params import CollectionParams, SourceParams
from assets.normalization.normalize import normalize
from assets.normalization.params import NormalizationParams
from assets.pairing.pair import pair
from assets.pairing.params import PairingParams
from assets.standardization.params import StandardizationParams
from assets.standardization.standardize import standardize
from assets.validation.params import ScoringParams
from assets.validation.validate import score_pairs
from dagster_project.settings import load
from sample.desk import make_desk

KEY = b"benchmark"
_UNTIL = date(2026, 1, 31)
_COMMON = {"id": "id", "created_at": "created_at", "updated_at": "updated_at"}
_TALK = {"customer": "customer_id", "category": "category", "status": "status", "subject": "subject"}
_SOURCES: dict[str, dict[str, Any]] = {
    "tickets": {
        "fields": _COMMON
        | _TALK
        | {name: name for name in ("priority", "channel", "description", "resolution")}
        | {"customer": "customer_id"},
    },
    "chats": {"fields": _COMMON | _TALK, "turns": {"path": "turns"}},
    "calls": {"fields": _COMMON | _TALK, "turns": {"path": "turns"}},
    "articles": {
        "fields": _COMMON | {name: name for name in ("category", "language", "licence", "title", "body")},
        "drop_if": [{"reason": "archived", "field": "status", "values": ["archived"]}],
    },
    "external_documents": {
        "fields": {"id": "id", "created_at": "retrieved_at", "title": "title", "body": "body", "licence": "licence"},
    },
}


@dataclass(frozen=True)
class SampleDesk:
    """A desk that was made, and what can be asked of it.

    Args:
        folder: Where it lies, or is made; what was read of it is kept there too.
        tickets: Its size; chats and calls come in proportion.
        seed: What is drawn.
        holdout: Whether it speaks the language that nothing was tuned on.
    """

    folder: Path
    tickets: int
    seed: int = 7
    holdout: bool = False

    @classmethod
    def below(cls, folder: Path, tickets: int, seed: int, holdout: bool) -> SampleDesk:
        """Open a desk in a folder of its own below this one; what rests there is not made again."""
        own = folder / f"{'holdout' if holdout else 'main'}-{tickets}-{seed}"
        own.mkdir(parents=True, exist_ok=True)
        return cls(own, tickets, seed, holdout)

    @cached_property
    def name(self) -> str:
        """How the table names it."""
        return f"{'holdout' if self.holdout else 'main'} {self.tickets:,}, seed {self.seed}"

    @cached_property
    def truth(self) -> list[dict[str, Any]]:
        """Every planted fact, see `sample.storage.TRUTH`."""
        self._made()
        return pq.read_table(self.folder / "truth.parquet").to_pylist()

    @cached_property
    def pairs(self) -> pa.Table:
        """Return `qa_pairs` of the whole desk."""
        file = self.folder / "qa_pairs.parquet"
        if not file.exists():
            pq.write_table(_paired(pa.concat_tables([self._collected(name) for name in _SOURCES])), file)
        return pq.read_table(file, schema=tables.QA_PAIRS.schema)

    @cached_property
    def raw(self) -> pa.Table:
        """Return the pairs of the whole desk as its records came, anonymised and nothing else."""
        file = self.folder / "raw_pairs.parquet"
        if not file.exists():
            collected = pa.concat_tables([self._collected(name) for name in _SOURCES])
            records = tables.STANDARDIZED_RECORDS.conform(tables.ANONYMIZED_RECORDS.conform(collected))
            pq.write_table(pair(records, PairingParams(), key=KEY).table, file)
        return pq.read_table(file, schema=tables.QA_PAIRS.schema)

    @cached_property
    def signatures(self) -> pa.Table:
        """Return `pair_signatures` of the whole desk, rejected pairs included."""
        file = self.folder / "pair_signatures.parquet"
        if not file.exists() or pq.read_schema(file).names != tables.PAIR_SIGNATURES.schema.names:
            pq.write_table(signed(self.pairs), file)
        return pq.read_table(file, schema=tables.PAIR_SIGNATURES.schema)

    def planted(self, kind: str) -> list[dict[str, Any]]:
        """Return the facts of one kind, each with the `record_id` (and `related`) of its rows."""
        return [
            fact
            | {
                "record_id": record_id(fact["table"], fact["row_id"]),
                "related": fact["related_id"] and record_id(fact["table"], fact["related_id"]),
            }
            for fact in self.truth
            if fact["kind"] == kind
        ]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of one of the desk's tables, as their owners wrote them, personal data replaced."""
        self._made()
        spans: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for fact in self.truth:
            if fact["kind"] == "pii_span" and fact["table"] == table:
                spans[fact["row_id"], fact["field"]].append(fact)
        base = sqlite3.connect(self.folder / "desk.sqlite")
        base.row_factory = sqlite3.Row
        rows = [dict(row) for row in base.execute(f"select * from {table}")]
        base.close()
        for row in rows:
            for name, value in row.items():
                if found := spans.get((str(row["id"]), name)):
                    row[name] = _replaced(value, found)
        return rows

    def _made(self) -> None:
        if not (self.folder / "truth.parquet").exists():
            make_desk(self.folder, tickets=self.tickets, seed=self.seed, until=_UNTIL, holdout=self.holdout)

    def _collected(self, name: str) -> pa.Table:
        file = self.folder / f"{name}.jsonl"
        with file.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in self._with_turns(name))
        source = SourceParams(name=name, gives=name, kind="jsonl", path=str(file), **_SOURCES[name])  # type: ignore[arg-type]
        calendar = Calendar("month", start=date(2025, 1, 1), today=_UNTIL)
        return collect(name, [source], CollectionParams(), calendar=calendar, keys=calendar.keys(), key=KEY).table

    def _with_turns(self, name: str) -> Iterator[dict[str, Any]]:
        if name not in ("chats", "calls"):
            yield from self.rows(name)
            return
        turns: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        for turn in self.rows(f"{name.removesuffix('s')}_turns"):
            turns[turn[f"{name.removesuffix('s')}_id"]].append(turn)
        for row in self.rows(name):
            yield row | {"turns": sorted(turns[row["id"]], key=lambda turn: turn["position"])}


def signed(pairs: pa.Table) -> pa.Table:
    """Return the signatures of some pairs, which are embedded for it."""
    scored = score_pairs(tables.QA_PAIRS.conform(pairs), ScoringParams()).table
    return sign(scored, AnalysisParams()).table


def record_id(table: str, row_id: str) -> str:
    """Return the pseudonym a row of the desk has in the benchmarks."""
    return tables.keyed_id(KEY, table, row_id)


def _replaced(text: str, spans: list[dict[str, Any]]) -> str:
    for span in sorted(spans, key=lambda s: -s["start"]):
        text = text[: span["start"]] + f"[{span['type']}]" + text[span["end"] :]
    return text


def public_pairs(names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the pairs of some sources of `examples/public_support.yaml`, as they are in public, not anonymized."""
    settings = load(Path(__file__).parents[1] / "examples/public_support.yaml")
    wanted = [source for source in settings.sources if source.name in names or source.gives == "customers"]
    calendar = Calendar("month", start=settings.partitions.start, today=date(2026, 11, 1))
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for gives in sorted({source.gives for source in wanted} - {"customers"}):
        collected = collect(gives, wanted, settings.collection, calendar=calendar, keys=calendar.keys(), key=KEY).table
        for row in _paired(collected).to_pylist():
            found[row["source"]].append(row)
    return found


def _paired(collected: pa.Table) -> pa.Table:
    clean = normalize(collected, NormalizationParams()).table
    house = standardize(tables.ANONYMIZED_RECORDS.conform(clean), StandardizationParams()).table
    return pair(house, PairingParams(), key=KEY).table
