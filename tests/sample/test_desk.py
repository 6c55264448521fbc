"""The desk as a whole: its bytes, its truth, how alike its tickets are."""

import re
from collections import Counter
from datetime import date

import pytest

from sample import letters
from sample.desk import make_desk
from sample.people import luhn_digit
from sample.tickets import COPIES, Tickets
from sample.vocabulary import vocabulary
from sample.world import World

FAULTS = {
    "exact_duplicate", "near_duplicate", "hard_negative", "contradiction", "outdated_answer", "wrong_category",
    "empty_resolution", "one_word_resolution", "non_answer", "auto_reply", "bounce", "spam", "merged",
    "other_language", "mojibake", "html", "quoted_reply", "signature", "macro", "reopened", "open", "pii_span",
    "outdated_article", "chat_confirmed", "chat_dropped", "call_confirmed",
}  # fmt: skip


def normalised(*texts: str) -> str:
    return re.sub(r"[\W_]+", " ", re.sub(r"\d", "0", " ".join(texts).lower())).strip()


def shared(questions: list[str]) -> float:
    seen = Counter(questions)
    return sum(1 for question in questions if seen[question] > 1) / len(questions)


@pytest.mark.parametrize("holdout", [False, True])
def test_equal_seeds_give_equal_bytes_and_another_seed_does_not(tmp_path, holdout):
    a, b, c = (
        make_desk(tmp_path / name, tickets=150, seed=seed, holdout=holdout)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert a.desk.read_bytes() == b.desk.read_bytes()
    assert a.truth.read_bytes() == b.truth.read_bytes()
    assert a.desk.read_bytes() != c.desk.read_bytes()


def test_a_desk_is_replaced_and_not_added_to(tmp_path):
    first = make_desk(tmp_path, tickets=60, seed=1)
    again = make_desk(tmp_path, tickets=60, seed=1)
    assert first == again


def test_even_a_desk_of_one_ticket_can_be_made(tmp_path):
    assert make_desk(tmp_path, tickets=1, seed=3, days=1).rows["tickets"] == 1
    with pytest.raises(ValueError, match="at least 1"):
        make_desk(tmp_path, tickets=0, seed=3)


def test_it_opens_with_sqlite_and_every_reference_leads_somewhere(desk):
    assert desk.rows("pragma integrity_check")[0][0] == "ok"
    assert desk.rows("pragma foreign_key_check") == []
    tables = [row[0] for row in desk.rows("select name from sqlite_master where type = 'table'")]
    assert {table: desk.rows(f"select count(*) from {table}")[0][0] for table in tables} == desk.made.rows


def test_every_kind_of_fault_is_planted_and_counted(desk, holdout_desk):
    for made in (desk, holdout_desk):
        assert Counter(fact["kind"] for fact in made.truth) == made.made.planted
        assert made.made.planted.keys() >= FAULTS


def test_every_planted_span_says_what_stands_between_its_offsets(desk, holdout_desk):
    for made in (desk, holdout_desk):
        texts = {}
        for table, columns in {"tickets": ("subject", "description", "resolution"), "chat_turns": ("text",),
                               "call_turns": ("text",)}.items():  # fmt: skip
            for row in made.rows(f"select * from {table}"):
                texts |= {(table, str(row["id"]), name): row[name] for name in columns}
        spans = [fact for fact in made.truth if fact["start"] is not None]
        assert len(spans) > 5000
        for fact in spans:
            text = texts[fact["table"], fact["row_id"], fact["field"]]
            assert text[fact["start"] : fact["end"]] == fact["value"] != ""


def test_personal_data_of_every_type_is_planted_and_its_check_digits_hold(desk):
    values: dict[str, list[str]] = {}
    for fact in desk.planted("pii_span"):
        if fact["note"] is None:
            values.setdefault(fact["type"], []).append(fact["value"])
    assert values.keys() >= {"PERSON", "EMAIL", "PHONE", "ADDRESS", "CARD", "SSN", "IBAN", "ACCOUNT", "ORDER",
                             "DATE_OF_BIRTH", "SECRET", "USERNAME"}  # fmt: skip
    for card in values["CARD"]:
        digits = re.sub(r"\D", "", card)
        assert luhn_digit(digits[:-1]) == digits[-1]
    for value in values["IBAN"]:
        plain = value.replace(" ", "")
        assert int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1
    assert all(re.fullmatch(r"\d{3}[- ]\d{2}[- ]\d{4}", ssn) for ssn in values["SSN"])


def test_calls_spell_out_what_identifies_people(desk):
    spoken = {fact["type"] for fact in desk.planted("pii_span") if fact["note"] in ("spoken", "spelled")}
    assert spoken >= {"EMAIL", "PHONE", "ACCOUNT", "PERSON", "DATE_OF_BIRTH"}


def test_customers_can_be_joined_to_what_is_said_of_them(desk):
    known = {row["id"]: row["email"] for row in desk.rows("select id, email from customers")}
    of = {str(row["id"]): row["customer_id"] for row in desk.rows("select id, customer_id from tickets")}
    said = [f for f in desk.planted("pii_span") if f["type"] == "EMAIL" and f["table"] == "tickets"]
    assert sum(known[of[fact["row_id"]]] == fact["value"] for fact in said) > 20


def test_exact_duplicates_are_exact_and_hard_negatives_have_other_answers(desk):
    rows = {str(row["id"]): row for row in desk.rows("select * from tickets")}
    for fact in desk.planted("exact_duplicate"):
        one, other = rows[fact["row_id"]], rows[fact["related_id"]]
        assert all(one[name] == other[name] for name in ("subject", "description", "resolution", "customer_id"))
    negatives = [fact for fact in desk.planted("hard_negative") if fact["related_id"]]
    assert len(negatives) > 20
    for fact in negatives:
        one, other = rows[fact["row_id"]], rows[fact["related_id"]]
        assert one["resolution"] != other["resolution"]


def test_merged_tickets_name_an_earlier_one(desk):
    rows = desk.rows("select id, merged_into from tickets where status = 'merged'")
    assert {str(row["id"]): str(row["merged_into"]) for row in rows} == {
        fact["row_id"]: fact["related_id"] for fact in desk.planted("merged")
    }
    assert all(row["merged_into"] < row["id"] for row in rows)


def test_the_right_category_of_a_misfiled_ticket_is_known(desk):
    rows = {str(row["id"]): row["category"] for row in desk.rows("select id, category from tickets")}
    assert all(rows[fact["row_id"]] != fact["value"] for fact in desk.planted("wrong_category"))


def test_outdated_and_contradicting_answers_hold_the_wrong_value(desk):
    rows = {str(row["id"]): row["resolution"] for row in desk.rows("select id, resolution from tickets")}
    outdated = desk.planted("outdated_answer")
    assert all(fact["value"] in rows[fact["row_id"]] for fact in outdated)
    for fact in desk.planted("contradiction"):
        wrong = [pair.split("=")[1] for pair in fact["value"].split(", ")]
        assert any(value in rows[fact["row_id"]] for value in wrong)


def test_everything_happens_within_the_span_and_tickets_come_in_order(desk):
    stamps = desk.rows("select created_at, updated_at from tickets order by id")
    created = [row["created_at"] for row in stamps]
    assert created == sorted(created)
    assert created[0] >= "2025-12-03T"
    assert all(row["created_at"] <= row["updated_at"] <= "2026-01-31T23:59:59Z" for row in stamps)


def test_chats_have_two_to_twelve_turns(desk):
    turns = [row[0] for row in desk.rows("select count(*) from chat_turns group by chat_id")]
    assert len(turns) == desk.made.rows["chats"]
    assert (min(turns), max(turns)) >= (2, 6)
    assert max(turns) <= 12


@pytest.mark.parametrize("holdout", [False, True])
def test_at_most_two_percent_of_distinct_tickets_share_a_question_at_2_000(desk, holdout_desk, holdout):
    made = holdout_desk if holdout else desk
    copies = {fact["row_id"] for fact in made.planted(*COPIES)}
    rows = made.rows("select id, subject, description from tickets")
    assert shared([normalised(r["subject"], r["description"]) for r in rows if str(r["id"]) not in copies]) <= 0.02


def test_at_most_two_percent_of_distinct_tickets_share_a_question_at_100_000():
    """Composed without greeting, signature and slips: the strictest reading of what a question is."""
    tickets = Tickets(World(vocabulary(), 7, 100_000, date(2026, 1, 31), 60))
    numbers = [n for n, role in enumerate(tickets.roles) if role == "plain"][::3]
    questions = []
    for number in numbers:
        about = letters.matter(tickets.world, number)
        text = letters.description(tickets.world, about, tickets.world.rng("frame", number))
        questions.append(normalised("".join(t for t, _ in about.subject), text.finish()[0]))
    assert len(questions) > 20_000
    assert shared(questions) <= 0.02 / 3
