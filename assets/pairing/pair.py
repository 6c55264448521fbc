"""The verb of pairing: records in, question and answer pairs out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from assets import tables
from assets.ledger import Ledger, Published
from assets.pairing.articles import read
from assets.pairing.conversations import converse
from assets.pairing.exchange import Exchange, Record, Unpaired
from assets.pairing.item_types import classify_item_type
from assets.pairing.params import PairingParams
from assets.pairing.tickets import resolve


def _from_outside(record: Record, params: PairingParams) -> list[Exchange]:
    """Take a question with its answer as it is, and read a document, in which nobody asks."""
    asks = any(turn["speaker"] == "customer" for turn in record["turns"] or ())
    return resolve(record, params) if asks else read(record, params)


_WAYS: Mapping[str, Callable[[Record, PairingParams], list[Exchange]]] = {
    "ticket": resolve,
    "chat": converse,
    "call": converse,
    "article": read,
    "external": _from_outside,
}
_INHERITED = (
    "partition",
    "record_id",
    "thread_id",
    "customer_id",
    "kind",
    "source",
    "created_at",
    "category",
    "priority",
    "language",
    "licence",
)


def pair(records: pa.Table, params: PairingParams, *, key: bytes) -> Published:
    """Take every question with its answer out of the records, each record by the way of its kind.

    A record goes on as its first pair, the pairs after it derive from it; one without a pair is dropped with the
    reason. A record looks at no other, so that partitions can be paired alone or together.
    """
    ledger = Ledger.of(records, key="record_id")
    pairs: list[dict[str, Any]] = []
    for record in records.to_pylist():
        way = _WAYS.get(record["kind"])
        if way is None:
            ledger.quarantine(record["record_id"], "unknown_kind")
            continue
        try:
            exchanges = way(record, params)[: params.max_pairs_per_record]
        except Unpaired as nothing:
            ledger.drop(record["record_id"], nothing.reason)
            continue
        found = [_row(record, exchange, key) for exchange in exchanges]
        ledger.keep(record["record_id"], into=found[0]["pair_id"])
        for further in found[1:]:
            ledger.derive(further["pair_id"], [record["record_id"]])
        pairs += found
    return ledger.close(tables.QA_PAIRS.of(pairs), key="pair_id")


def _row(record: Record, exchange: Exchange, key: bytes) -> dict[str, Any]:
    question, answer = exchange.question, exchange.answer
    return {
        **{name: record[name] for name in _INHERITED},
        "pair_id": tables.keyed_id(key, record["record_id"], exchange.anchor, "human"),
        "item_type": classify_item_type(record["kind"], question, answer),
        "question": question,
        "answer": answer,
        "history": list(exchange.history),
        "origin": "human",
        "parent_ids": [],
        "content_hash": tables.content_hash(question, answer),
        "truth_evidence": exchange.truth_evidence,
    }
