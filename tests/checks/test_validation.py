from assets import tables
from checks import validation as promises
from tests.promises import assert_each_promise_can_fail

PAIR = {
    "pair_id": "p1",
    "record_id": "r1",
    "question": "Is parking free?",
    "answer": "Yes, parking is free for guests.",
    "question_quality": 0.9,
    "answer_quality": 1.0,
    "relevance": 0.97,
    "similarity": 0.7,
    "completeness": 1.0,
}


SCORED = {"pair_id": "p1", "question_quality": 1.0, "answer_quality": 0.5, "substance": 1.0, "answer_vector": [1.0]}


def test_each_promise_on_scored_pairs_can_fail():
    assert_each_promise_can_fail(
        tables.SCORED_PAIRS,
        promises.SCORED_PAIRS,
        good=[SCORED, SCORED | {"pair_id": "p2", "substance": 0.0, "answer_vector": None}],
        bad={
            "pair_id_is_unique": lambda rows: [*rows, rows[0]],
            "question_quality_is_a_share": lambda rows: [rows[0] | {"question_quality": 1.2}],
            "answer_quality_is_a_share": lambda rows: [rows[0] | {"answer_quality": -1.0}],
            "what_says_something_was_embedded": lambda rows: [rows[0] | {"answer_vector": None}],
        },
    )


def test_each_promise_on_relevant_pairs_can_fail():
    assert_each_promise_can_fail(
        tables.RELEVANT_PAIRS,
        promises.RELEVANT_PAIRS,
        good=[PAIR | {"truth_evidence": "agrees_with_article"}],
        bad={
            "is_not_empty": lambda rows: [],
            "pair_id_is_unique": lambda rows: [*rows, rows[0]],
            "relevance_is_a_share": lambda rows: [rows[0] | {"relevance": 2.0}],
            "evidence_is_a_known_word": lambda rows: [rows[0] | {"truth_evidence": "hearsay"}],
            "something_speaks_for_an_answer": lambda rows: [rows[0] | {"truth_evidence": "none"}],
        },
    )


def test_each_promise_on_validated_pairs_can_fail():
    assert_each_promise_can_fail(
        tables.VALIDATED_PAIRS,
        promises.VALIDATED_PAIRS,
        good=[PAIR, PAIR | {"pair_id": "p2", "answer": "We closed your account with no fee.", "relevance": 0.0}],
        bad={
            "pair_id_is_unique": lambda rows: [*rows, rows[0]],
            "relevance_was_measured": lambda rows: [rows[0] | {"relevance": None}],
            "relevance_is_a_share": lambda rows: [rows[0] | {"relevance": -0.1}],
            "question_quality_is_a_share": lambda rows: [rows[0] | {"question_quality": 1.2}],
            "answer_quality_is_a_share": lambda rows: [rows[0] | {"answer_quality": 3.0}],
            "completeness_is_a_share": lambda rows: [rows[0] | {"completeness": 1.0001}],
            "no_answer_is_a_status": lambda rows: [rows[0] | {"answer": "Closed with explanation"}],
        },
    )
