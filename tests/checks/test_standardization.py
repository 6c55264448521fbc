"""Each promise on the standardized records is seen failing."""

from __future__ import annotations

from assets import tables
from checks import standardization as promises
from tests.promises import assert_each_promise_can_fail

GOOD = [
    {
        "record_id": "a",
        "partition": "2024-05",
        "kind": "ticket",
        "language": "en",
        "language_confidence": 0.98,
        "terms_replaced": 1,
        "turns": [{"speaker": "customer", "text": "[PERSON_1] cannot log in."}],
    },
    {
        "record_id": "b",
        "partition": "2024-05",
        "kind": "article",
        "language": "en",
        "terms_replaced": 0,
        "turns": [{"speaker": "agent", "text": "Leave policy"}],
    },
]


def say(rows: list[dict], text: str) -> list[dict]:
    return change(rows, turns=[{"speaker": "customer", "text": text}])


def change(rows: list[dict], **facts: object) -> list[dict]:
    return [{**rows[0], **facts}, *rows[1:]]


def test_each_promise_on_standardized_records_can_fail():
    assert_each_promise_can_fail(
        tables.STANDARDIZED_RECORDS,
        promises.STANDARDIZED_RECORDS,
        good=GOOD,
        bad={
            "record_id_is_unique": lambda rows: [*rows, rows[0]],
            "every_record_says_something": lambda rows: say(rows, "?!"),
            "more_than_placeholders_is_left": lambda rows: say(rows, "[PERSON_1] [EMAIL]"),
            "every_record_has_a_language": lambda rows: change(rows, language=None),
            "language_is_a_code": lambda rows: change(rows, language="en-US"),
            "language_confidence_is_a_probability": lambda rows: change(rows, language_confidence=1.2),
            "terms_replaced_is_counted": lambda rows: change(rows, terms_replaced=-1),
        },
    )
