from assets import tables
from checks import augmentation as promises
from tests.promises import assert_each_promise_can_fail

GOOD = [
    {
        "pair_id": f"v{i}",
        "question": f"May I ask {i}?",
        "split": "train",
        "origin": "rule",
        "rule": "x",
        "parent_ids": ["p"],
    }
    for i in range(3)
]


def with_last(**changed):
    return lambda rows: [*rows[:-1], {**rows[-1], **changed}]


def test_each_promise_on_rule_variants_can_fail():
    assert_each_promise_can_fail(
        tables.RULE_VARIANTS,
        promises.RULE_VARIANTS,
        good=GOOD,
        bad={
            "is_not_empty": lambda rows: [],
            "pair_id_is_unique": with_last(pair_id="v0"),
            "is_for_training_only": with_last(split="test"),
            "says_that_a_rule_made_it": with_last(rule=None),
            "has_one_parent": with_last(parent_ids=[]),
            "no_question_is_asked_twice": with_last(question="may I ask 0?"),
        },
    )
