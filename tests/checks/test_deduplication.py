from assets import tables
from checks import deduplication as promises
from tests.promises import assert_each_promise_can_fail

GOOD = [
    {"pair_id": "a", "question": "Is it open?", "answer": "Yes.", "cluster_id": "a"},
    {"pair_id": "b", "question": "Is it open", "answer": "No.", "cluster_id": "a"},
]


def test_each_promise_on_unique_pairs_can_fail():
    assert_each_promise_can_fail(
        tables.UNIQUE_PAIRS,
        promises.UNIQUE_PAIRS,
        good=GOOD,
        bad={
            "is_not_empty": lambda rows: [],
            "pair_id_is_unique": lambda rows: [rows[0], {**rows[1], "pair_id": "a"}],
            "no_two_pairs_say_the_same": lambda rows: [*rows, {**rows[0], "pair_id": "c", "question": "is it OPEN?"}],
            "every_pair_has_a_cluster": lambda rows: [rows[0], {**rows[1], "cluster_id": None}],
            "a_cluster_is_named_by_one_of_its_pairs": lambda rows: [rows[0], {**rows[1], "cluster_id": "gone"}],
            "no_answer_is_a_stock_answer": lambda rows: [
                {"pair_id": f"p{i}", "question": f"q{i}", "answer": "Closed.", "cluster_id": f"p{i}"} for i in range(21)
            ],
        },
    )


FINDINGS = [
    {"finding_id": "f", "kind": "contradiction", "pair_id": "a", "other_id": "b", "score": 0.9, "conflicts": 1},
    {"finding_id": "g", "kind": "label_error", "pair_id": "a", "score": 0.7, "suggested": "billing"},
]


def test_each_promise_on_consistency_findings_can_fail():
    assert_each_promise_can_fail(
        tables.CONSISTENCY_FINDINGS,
        promises.CONSISTENCY_FINDINGS,
        good=FINDINGS,
        bad={
            "finding_id_is_unique": lambda rows: [rows[0], rows[0]],
            "kind_is_known": lambda rows: [{**rows[0], "kind": "odd"}, rows[1]],
            "score_is_a_share": lambda rows: [{**rows[0], "score": 1.5}, rows[1]],
            "what_it_disagrees_with_is_named": lambda rows: [{**rows[0], "other_id": None}, rows[1]],
        },
    )
