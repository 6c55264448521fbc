from datetime import UTC, datetime

import pytest

from assets import tables
from checks import collection as promises
from tests.promises import assert_each_promise_can_fail

OPENED = datetime(2026, 1, 5, 9, tzinfo=UTC)


def rows(kind):
    turns = [{"speaker": "customer", "text": "Why?", "at": OPENED}, {"speaker": "agent", "text": "So.", "at": None}]
    return [
        {
            "record_id": digit * 32,
            "partition": "2026-01-05",
            "kind": kind,
            "source": "desk",
            "source_id": digit,
            "created_at": OPENED,
            "updated_at": OPENED,
            "licence": "MIT",
            "subject": "Why",
            "turns": turns,
        }
        for digit in "ab"
    ]


def with_first(**values):
    return lambda good: [{**good[0], **values}, *good[1:]]


def bad(kind):
    return {
        "record_id_is_unique": with_first(record_id="b" * 32),
        "record_id_is_a_pseudonym": with_first(record_id="T-17"),
        f"every_record_is_a_{kind}": with_first(kind="letter"),
        "every_record_can_be_traced": with_first(source_id=None),
        "every_record_is_dated": with_first(created_at=None),
        "every_record_says_something": with_first(turns=[]),
    }


OWN = {
    "no_record_changed_before_it_was_opened": with_first(updated_at=datetime(2025, 1, 1, tzinfo=UTC)),
    "both_sides_speak": with_first(turns=[{"speaker": "customer", "text": "Hello?", "at": None}]),
    "every_document_has_a_title": with_first(subject=None, turns=[{"speaker": "agent", "text": "So.", "at": None}]),
    "every_document_states_its_licence": with_first(licence=None),
}


@pytest.mark.parametrize(
    ("table", "suite", "kind"),
    [
        (tables.TICKETS, promises.TICKETS, "ticket"),
        (tables.CHATS, promises.CHATS, "chat"),
        (tables.CALLS, promises.CALLS, "call"),
        (tables.ARTICLES, promises.ARTICLES, "article"),
        (tables.EXTERNAL_DOCUMENTS, promises.EXTERNAL_DOCUMENTS, "external"),
    ],
)
def test_each_promise_on_a_collected_table_can_fail(table, suite, kind):
    names = {name for name, *_ in suite}
    ways = bad(kind) | {name: way for name, way in OWN.items() if name in names}
    assert_each_promise_can_fail(table, suite, good=rows(kind), bad=ways)
