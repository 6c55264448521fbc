"""Each promise on the normalized records is seen failing."""

from __future__ import annotations

from assets import tables
from checks import normalization as promises
from tests.promises import assert_each_promise_can_fail

GOOD = [
    {
        "record_id": "a",
        "partition": "2024-05",
        "kind": "ticket",
        "subject": "No light",
        "turns": [{"speaker": "customer", "text": "It is dark."}, {"speaker": "agent", "text": "Use `</p>` here."}],
    },
    {"record_id": "b", "partition": "2024-05", "kind": "article", "turns": [{"speaker": "agent", "text": "Leave."}]},
]


def say(rows: list[dict], text: str) -> list[dict]:
    return [{**rows[0], "turns": [{"speaker": "customer", "text": text}]}, *rows[1:]]


def test_each_promise_on_normalized_records_can_fail():
    assert_each_promise_can_fail(
        tables.NORMALIZED_RECORDS,
        promises.NORMALIZED_RECORDS,
        good=GOOD,
        bad={
            "record_id_is_unique": lambda rows: [*rows, rows[0]],
            "every_record_says_something": lambda rows: [{**rows[0], "turns": []}, *rows[1:]],
            "no_turn_is_blank": lambda rows: say(rows, ""),
            "no_markup_is_left": lambda rows: say(rows, "<p>Hello</p>"),
            "no_hidden_character_is_left": lambda rows: say(rows, "a\u200bb"),
            "subject_is_one_line": lambda rows: [{**rows[0], "subject": "two\nlines"}, *rows[1:]],
        },
    )
