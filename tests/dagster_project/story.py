"""A lake in which every fate occurs once, published as the rooms would: what traces and accounts are held to."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow.compute as pc

from assets.ledger import Ledger, Published
from assets.tables import TABLES, keyed_id
from dagster_project.resources.lake import Lake

KEY = b"a key for tests only"
RAW = "zz.canary@example.com"
FIRST, SECOND = "2026-01-04", "2026-01-11"
R1, R2, R3, R4 = (keyed_id(KEY, "desk", own) for own in ("4711", "4712", "4713", "4714"))
ARTICLE = keyed_id(KEY, "articles", "4714")
"""Another source's row with an id of its own that the desk has too."""

_RECORDS = ("normalized_records", "anonymized_records", "standardized_records")


def publish(lake: Lake, asset: str, rows: Iterable[Mapping[str, Any]], ledger: Ledger, run_id: str = "run-1") -> None:
    """Publish rows and the outcomes of a ledger, cut by partition where the table is."""
    table = TABLES[asset]
    out = ledger.close(table.of(rows), key=table.key)
    parts: dict[str | None, Published] = {None: out}
    if table.partitioned:
        parts = {
            key: Published(*(piece.filter(pc.equal(piece.column("partition"), key)) for piece in out))
            for key in (FIRST, SECOND)
        }
    lake.publish(asset, parts, fingerprints=dict.fromkeys(parts, "f"), run_id=run_id)


def tell(lake: Lake) -> None:
    """Publish the whole story."""
    ledger = Ledger([R1, R2, R3, R4], [FIRST, FIRST, FIRST, SECOND])
    ledger.drop(R2, "spam")
    ledger.quarantine(R3, "no_date", position="desk: tickets.csv row 3")
    told = [_record(R1, "4711", FIRST), _record(R4, "4714", SECOND)]
    publish(lake, "tickets", told, ledger)
    article = _record(ARTICLE, "4714", FIRST, source="articles", kind="article")
    publish(lake, "articles", [article], Ledger([ARTICLE], [FIRST]))
    for asset in _RECORDS:
        said = "It hums, writes [EMAIL_1]." if asset != "normalized_records" else f"It hums, writes {RAW}."
        rows = [_record(r["record_id"], r["source_id"], r["partition"], text=said) for r in (*told, article)]
        rows = [{k: v for k, v in row.items() if k in TABLES[asset].schema.names} for row in rows]
        publish(lake, asset, rows, Ledger([R1, ARTICLE, R4], [FIRST, FIRST, SECOND]))

    ledger = Ledger([R1, ARTICLE, R4], [FIRST, FIRST, SECOND])
    ledger.keep(R1, into="p1")
    ledger.derive("p2", [R1])
    ledger.drop(ARTICLE, "no_answer")
    ledger.keep(R4, into="p4")
    publish(lake, "qa_pairs", [_pair("p1"), _pair("p2"), _pair("p4", SECOND)], ledger)
    ledger = Ledger(["p1", "p2", "p4"], [FIRST, FIRST, SECOND])
    ledger.drop("p2", "irrelevant_answer")
    publish(lake, "validated_pairs", [_pair("p1"), _pair("p4", SECOND)], ledger)

    ledger = Ledger(["p1", "p4"])
    ledger.merge("p4", "p1", "exact_duplicate")
    publish(lake, "unique_pairs", [_pair("p1")], ledger)
    publish(lake, "split_pairs", [_pair("p1", split="train")], Ledger(["p1"]))
    ledger = Ledger(["p1"])
    ledger.keep("p1", into="v1")
    ledger.derive("v2", ["p1"])
    asked = {"v1": "Why the hum?", "v2": "Whence the hum?"}
    variants = [_pair(id, question=question, split="train") for id, question in asked.items()]
    publish(lake, "rule_variants", variants, ledger)
    publish(lake, "balanced_pairs", [_pair("p1", split="train"), *variants], Ledger(["p1", "v1", "v2"]))
    ledger = Ledger(["p1", "v1", "v2"])
    ledger.keep("p1", into="e1")
    ledger.keep("v1", into="e2")
    ledger.quarantine("v2", "too_many_tokens")
    examples = [
        {"example_id": e, "input": "Why does it hum?", "output": "Let it.", "split": "train"} for e in ("e1", "e2")
    ]
    publish(lake, "training_examples", examples, ledger)
    ledger = Ledger([])
    ledger.derive("size", ["training_examples"])
    publish(lake, "quality_report", [{"measure": "size"}], ledger)
    ledger = Ledger([])
    ledger.derive("z1", ["e1"])
    publish(lake, "predictions", [{"prediction_id": "z1", "answer": "Hum."}], ledger)


def _record(id: str, own: str, partition: str, text: str = f"It hums, writes {RAW}.", **fields: str) -> dict[str, Any]:
    turns = [{"speaker": "customer", "text": text, "at": None}]
    return {
        "record_id": id,
        "partition": partition,
        "kind": "ticket",
        "source": "desk",
        "source_id": own,
        "turns": turns,
        **fields,
    }


def _pair(id: str, partition: str = FIRST, question: str = "Why does it hum?", **fields: str) -> dict[str, Any]:
    return {"pair_id": id, "partition": partition, "question": question, "answer": "Let it.", **fields}
