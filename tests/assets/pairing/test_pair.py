import pyarrow as pa
import pytest
from pydantic import ValidationError

from assets import tables
from assets.ledger import balance, reasons
from assets.pairing.pair import pair
from assets.pairing.params import PairingParams

CHAT = (
    ("customer", "How do I reset my router?"),
    ("agent", "Hold the button for ten seconds."),
    ("customer", "Thanks! And where is the serial number?"),
    ("agent", "It is printed on the bottom."),
)


def test_a_ticket_is_one_pair_of_subject_description_and_resolution(make, pairs):
    ticket = make("ticket", ("customer", "It broke."), ("agent", "We sent a new one."), subject="Kettle")
    (row,), _ = pairs(ticket)
    assert (row["question"], row["answer"]) == ("Kettle It broke.", "We sent a new one.")
    assert row["content_hash"] == tables.content_hash(row["question"], row["answer"])
    assert row["pair_id"] == tables.keyed_id(b"key", "r1", 1, "human")


def test_a_subject_is_not_said_twice(make, pairs):
    ticket = make(
        "ticket", ("customer", "kettle broken: it leaks"), ("agent", "We sent a new one."), subject="Kettle broken"
    )
    assert pairs(ticket)[0][0]["question"] == "kettle broken: it leaks"


def test_the_resolution_is_the_last_answer_and_not_the_goodbye(make, pairs):
    ticket = make(
        "ticket",
        ("customer", "It leaks."),
        ("agent", "Please try to tighten the lid."),
        ("customer", "Still leaks."),
        ("agent", "We sent a new one today."),
        ("customer", "Thank you, that works now!"),
        ("agent", "You're welcome!"),
        subject="Kettle",
    )
    row = pairs(ticket)[0][0]
    assert row["answer"] == "We sent a new one today."
    assert row["truth_evidence"] == "customer_confirmed"


@pytest.mark.parametrize(
    ("kind", "turns", "subject", "reason"),
    [
        ("ticket", [("customer", "Hello?")], None, "no_answer"),
        ("ticket", [("agent", "We fixed it.")], " ", "no_question"),
        ("chat", [("agent", "Hello?")], None, "no_question"),
        ("chat", [("customer", "Is it open today?")], None, "no_answer"),
        ("chat", [("customer", "ok thanks"), ("agent", "The shop is open.")], None, "no_exchange"),
        ("article", [("agent", " ")], "Opening hours", "no_answer"),
        ("article", [("agent", "We open at nine and close at five every single day.")], None, "no_question"),
    ],
)
def test_a_record_without_a_pair_is_dropped_with_its_reason(make, pairs, kind, turns, subject, reason):
    rows, ledger = pairs(make(kind, *turns, subject=subject))
    assert rows == []
    assert [(r["id"], r["outcome"], r["reason"]) for r in ledger] == [("r1", "dropped", reason)]


def test_a_record_goes_on_as_its_first_pair_and_the_others_derive_from_it(make, pairs):
    rows, ledger = pairs(make("chat", *CHAT))
    first, second = (r["pair_id"] for r in rows)
    assert [(r["id"], r["outcome"], r["into"], r["parents"]) for r in ledger] == [
        ("r1", "kept", first, None),
        (second, "derived", None, ["r1"]),
    ]


def test_at_most_so_many_pairs_are_taken_from_one_record(make, pairs):
    assert len(pairs(make("chat", *CHAT), max_pairs_per_record=1)[0]) == 1


def test_a_kind_nobody_knows_is_quarantined_alone(make):
    records = [make("fax", ("customer", "Hello")), make("chat", *CHAT, record_id="r2")]
    published = pair(tables.STANDARDIZED_RECORDS.of(records), PairingParams(), key=b"key")
    assert reasons(published.ledger) == {"unknown_kind": 1}
    assert len(published.table) == 2


def test_records_are_paired_alone_as_they_are_together(make, pairs):
    records = [make("chat", *CHAT, record_id=f"r{i}") for i in range(3)]
    together, _ = pairs(*records)
    assert together == [row for record in records for row in pairs(record)[0]]


def test_no_records_make_no_pairs():
    published = pair(tables.STANDARDIZED_RECORDS.of([]), PairingParams(), key=b"key")
    assert published.table.schema == tables.QA_PAIRS.schema
    assert balance(published.ledger).rows_in == 0
    assert isinstance(published.table, pa.Table)


def test_a_template_without_a_topic_is_refused():
    with pytest.raises(ValidationError, match="topic"):
        PairingParams(policy_template="What is the policy?")
