"""The labelled sets of `benchmarks/privacy.py`: texts, what is known of their people, and the spans to be found."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Gold = tuple[int, int, str]
"""Characters `start` to `end` (exclusive) and the set's own type."""


@dataclass(frozen=True)
class Case:
    """One record: its texts in reading order, the spans in each, and what is known of its people."""

    texts: tuple[str, ...]
    gold: tuple[tuple[Gold, ...], ...]
    known: tuple[tuple[str, str], ...] = ()
    kind: str = "chat"


def presidio(folder: Path, half: int) -> list[Case]:
    """Sentences of presidio_pii whose hash falls into a half: 0 was looked at while writing the rules, 1 was not."""
    rows = json.loads((folder / "presidio_pii" / "synth_dataset_v2.json").read_text(encoding="utf-8"))
    return [
        Case(
            (row["full_text"],),
            (tuple((s["start_position"], s["end_position"], s["entity_type"]) for s in row["spans"]),),
            kind="ticket",
        )
        for row in rows
        if hashlib.sha256(row["full_text"].encode()).digest()[0] % 2 == half
    ]


def desk(folder: Path) -> list[Case]:
    """Tickets, chats and calls of a sample desk, with what the desk has on file about each customer and its agents."""
    base = sqlite3.connect(folder / "desk.sqlite")
    base.row_factory = sqlite3.Row
    people = {row["id"]: tuple(_on_file(row)) for row in base.execute("select * from customers")}
    agents = tuple(("name", row["name"]) for row in base.execute("select name from agents"))
    planted: dict[tuple[str, str, str], list[Gold]] = {}
    for fact in pq.read_table(folder / "truth.parquet", filters=[("kind", "=", "pii_span")]).to_pylist():
        where = (fact["table"], fact["row_id"], fact["field"])
        kind = f"{fact['type']}:{fact['note'] or 'on file'}"
        planted.setdefault(where, []).append((fact["start"], fact["end"], kind))

    def case(table: str, rows: Iterable[tuple[str, str, str]], customer: int, kind: str) -> Case:
        rows = list(rows)
        gold = tuple(tuple(planted.get((table, row, field), ())) for row, field, _ in rows)
        return Case(tuple(text for *_, text in rows), gold, (*people[customer], *agents), kind)

    cases = [
        case(
            "tickets",
            [(str(t["id"]), f, t[f] or "") for f in ("subject", "description", "resolution")],
            t["customer_id"],
            "ticket",
        )
        for t in base.execute("select * from tickets order by id")
    ]
    for kind in ("chat", "call"):
        for row in base.execute(f"select * from {kind}s order by id"):
            query = f"select id, text from {kind}_turns where {kind}_id = ? order by position"
            turns = [(str(t["id"]), "text", t["text"]) for t in base.execute(query, (row["id"],))]
            cases.append(case(f"{kind}_turns", turns, row["customer_id"], kind))
    base.close()
    return cases


def terms(folder: Path) -> frozenset[str]:
    """Words of the trade: those of a desk's article titles and categories, and of the terminology and synonyms.

    Words of fewer than four letters and the language's stop words say nothing of a trade.
    """
    from spacy.lang.en.stop_words import STOP_WORDS

    base = sqlite3.connect(folder / "desk.sqlite")
    said = [text for (text,) in base.execute("select title from articles union select category from tickets") if text]
    base.close()
    said += [Path("domain", name).read_text(encoding="utf-8") for name in ("terminology.yaml", "synonyms.yaml")]
    words = {word.lower() for text in said for word in re.findall(r"[^\W\d_]{4,}", re.sub(r"(?m)#.*$", "", text))}
    return frozenset(words) - STOP_WORDS


def _on_file(row: Any) -> Iterator[tuple[str, str]]:
    yield "name", f"{row['first_name']} {row['last_name']}"
    for field in ("email", "phone", "birth_date"):
        yield field, row[field]
    yield "account", row["account_no"]
    yield "address", f"{row['street']}, {row['city']}, {row['region']} {row['postcode']}"


_STAR = {"FullName": "name", "AccountNumber": "account", "PIN": "other", "DateOfBirth": "birth_date"}
_STAR |= {"SecurityAnswer1": "other", "SecurityAnswer2": "other"}


def star(folder: Path) -> list[Case]:
    """Bank chats; what the agent typed into the system is what the customer disclosed."""
    with gzip.open(folder / "star_bank_chats" / "dialogues.jsonl.gz", "rt", encoding="utf-8") as lines:
        chats = [json.loads(line) for line in lines]
    cases = []
    for chat in chats:
        texts = [e["Text"] for e in chat["Events"] if e["Action"] in ("utter", "pick_suggestion")]
        facts = [f for e in chat["Events"] if e["Action"] == "query" for c in e["Constraints"] for f in c.items()]
        known = sorted({(_STAR[k], str(v).strip('"').strip()) for k, v in facts if k in _STAR})
        cases.append(_disclosed(texts, [(kind, value) for kind, value in known if len(value) > 2]))
    return cases


def taubench(folder: Path) -> list[Case]:
    """Airline chats; the data base of their customers is the truth."""
    users = json.loads((folder / "taubench_chats" / "airline_users.json").read_text(encoding="utf-8"))
    chats = json.loads((folder / "taubench_chats" / "airline_trajectories.json").read_text(encoding="utf-8"))
    cases = []
    for chat in chats:
        said = [turn["content"] for turn in chat["traj"] if turn["role"] in ("user", "assistant") and turn["content"]]
        number = chat["info"]["task"]["user_id"]
        cases.append(_disclosed(said, [("other", number), *_customer(users[number])]))
    return cases


def _customer(user: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    place = user["address"]
    yield "address", f"{place['address1']}, {place['address2']}, {place['city']}, {place['state']} {place['zip']}"
    yield "email", user["email"]
    for person in ({**user["name"], "dob": user["dob"]}, *user["saved_passengers"]):
        yield "name", f"{person['first_name']} {person['last_name']}"
        yield "birth_date", person["dob"]


def _disclosed(texts: Iterable[str], known: Iterable[tuple[str, str]]) -> Case:
    """Mark every place where a known value stands: names and street lines in part, the rest whole."""
    texts, known = tuple(texts), tuple(known)
    needles = []
    for kind, value in known:
        parts = [value]
        if kind == "name":
            parts += [word for word in value.split() if len(word) > 2]
        elif kind == "address":
            street, suite, _, last = value.split(", ")
            parts = [street, suite, last.split()[-1]]
        needles += [(kind, part) for part in parts]
    gold = tuple(tuple(_places(text, needles)) for text in texts)
    return Case(texts, gold, known)


def _places(text: str, needles: Iterable[tuple[str, str]]) -> Iterator[Gold]:
    found: list[Gold] = []
    for kind, value in sorted(needles, key=lambda n: -len(n[1])):
        for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE):
            if kind == "name" and " " not in value and not match.group()[0].isupper():
                continue  # a name that is a word, used as a word
            if not any(a <= match.start() < b for a, b, _ in found):
                found.append((*match.span(), kind))
    yield from sorted(found)


_PERSONAL_SLOTS = frozenset(
    {"name", "phone_number", "email_address", "ssn", "card_number", "account_number", "target_account_number"}
)


def multidogo(folder: Path) -> list[Case]:
    """Customer turns in lower case, every word labelled; the agent's questions are not in the set."""
    chats: dict[str, list[tuple[str, tuple[Gold, ...]]]] = {}
    for domain in ("finance", "insurance"):
        path = folder / "multidogo_chats" / f"{domain}_train.tsv"
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                words = [m.span() for m in re.finditer(r"\S+", row["utterance"])]
                labels = zip(words, row["slot-labels"].split(), strict=False)
                gold = tuple((*where, label) for where, label in labels if label in _PERSONAL_SLOTS)
                chats.setdefault(row["conversationId"], []).append((row["utterance"], gold))
    return [Case(tuple(t for t, _ in turns), tuple(g for _, g in turns)) for turns in chats.values()]
