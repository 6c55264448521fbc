from assets import tables
from checks import balancing as promises
from tests.promises import assert_each_promise_can_fail

GOOD = [
    {"pair_id": f"p{i}", "split": split, "origin": "human", "weight": 1.0}
    for i, split in enumerate(["train", "train", "train", "train", "validation", "test"])
]


def with_last(**changed):
    return lambda rows: [*rows[:-1], {**rows[-1], **changed}]


def test_each_promise_on_balanced_pairs_can_fail():
    assert_each_promise_can_fail(
        tables.BALANCED_PAIRS,
        promises.BALANCED_PAIRS,
        good=GOOD,
        bad={
            "is_not_empty": lambda rows: [],
            "pair_id_is_unique": with_last(pair_id="p0"),
            "all_three_splits_are_there": lambda rows: rows[:4],
            "only_what_people_wrote_is_tested": with_last(origin="synthetic"),
            "nothing_of_a_test_pair_is_trained_on": lambda rows: [{**rows[0], "parent_ids": ["p5"]}, *rows[1:]],
            "nothing_ever_tested_is_trained_on": lambda rows: [{**rows[0], "ever_tested": True}, *rows[1:]],
            "weights_are_bounded": lambda rows: [{**rows[0], "weight": None}, *rows[1:]],
            "only_training_pairs_are_weighted": with_last(weight=2.0),
            "made_pairs_are_the_smaller_part": lambda rows: [{**r, "origin": "rule"} for r in rows[:3]] + rows[3:],
        },
    )
