from assets import tables
from checks import analysis as promises
from tests.promises import assert_each_promise_can_fail

VIEWS = [{"pair_id": i, "language": "en", "question_view": "invoic late", "answer_view": "paid 2"} for i in "ab"]
SIGNED = [
    {"pair_id": i, "bands": [1] * 16, "question_embedding": [0.5] * 4, "answer_embedding": [0.5] * 4} for i in "ab"
]


def test_each_promise_on_text_views_can_fail():
    assert_each_promise_can_fail(
        tables.TEXT_VIEWS,
        promises.TEXT_VIEWS,
        good=VIEWS,
        bad={
            "pair_id_is_unique": lambda rows: [rows[0], rows[0]],
            "views_are_in_lower_case": lambda rows: [rows[0], {**rows[1], "answer_view": "Paid 2"}],
        },
    )


def test_each_promise_on_pair_signatures_can_fail():
    assert_each_promise_can_fail(
        tables.PAIR_SIGNATURES,
        promises.PAIR_SIGNATURES,
        good=SIGNED,
        bad={
            "pair_id_is_unique": lambda rows: [rows[0], rows[0]],
            "every_pair_can_be_compared": lambda rows: [rows[0], {**rows[1], "bands": [1] * 15}],
            "both_sides_are_embedded": lambda rows: [rows[0], {**rows[1], "answer_embedding": None}],
        },
    )
