from assets import tables
from checks import pairing as promises
from tests.promises import assert_each_promise_can_fail

PAIR = {
    "pair_id": "p1",
    "record_id": "r1",
    "kind": "chat",
    "item_type": "qa",
    "question": "Is parking free?",
    "answer": "Yes, it is.",
    "history": [],
    "origin": "human",
    "parent_ids": [],
    "truth_evidence": "none",
}


def test_each_promise_on_qa_pairs_can_fail():
    assert_each_promise_can_fail(
        tables.QA_PAIRS,
        promises.QA_PAIRS,
        good=[PAIR, PAIR | {"pair_id": "p2", "item_type": "policy", "truth_evidence": "customer_confirmed"}],
        bad={
            "pair_id_is_unique": lambda rows: [*rows, rows[0]],
            "question_is_there": lambda rows: [rows[0] | {"question": None}],
            "answer_is_there": lambda rows: [rows[0] | {"answer": None}],
            "question_holds_a_word": lambda rows: [rows[0] | {"question": " ?! "}],
            "answer_holds_a_word": lambda rows: [rows[0] | {"answer": ""}],
            "item_type_is_known": lambda rows: [rows[0] | {"item_type": "rant"}],
            "pairs_are_taken_not_made": lambda rows: [rows[0] | {"origin": "synthetic"}],
            "evidence_is_known": lambda rows: [rows[0] | {"truth_evidence": "reviewed"}],
        },
    )
