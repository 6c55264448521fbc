from assets import tables
from checks import augmentation as promises
from tests.promises import assert_each_promise_can_fail, broken

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


BROKEN = {
    "pair_id_is_unique": with_last(pair_id="v0"),
    "is_for_training_only": with_last(split="test"),
    "has_one_parent": with_last(parent_ids=[]),
    "no_question_is_asked_twice": with_last(question="may I ask 0?"),
}


def test_each_promise_on_rule_variants_can_fail():
    assert_each_promise_can_fail(
        tables.RULE_VARIANTS,
        promises.RULE_VARIANTS,
        good=GOOD,
        bad={**BROKEN, "is_not_empty": lambda rows: [], "says_that_a_rule_made_it": with_last(rule=None)},
    )


def test_each_promise_on_back_translations_can_fail():
    assert_each_promise_can_fail(
        tables.BACK_TRANSLATIONS,
        promises.BACK_TRANSLATIONS,
        good=[
            {k: v for k, v in row.items() if k != "rule"} | {"origin": "back_translation", "pivot": "German"}
            for row in GOOD
        ],
        bad={
            **BROKEN,
            "is_for_training_only": with_last(ever_tested=True),
            "says_what_language_it_passed": with_last(pivot=None),
        },
    )


def test_each_promise_on_synthetic_pairs_can_fail():
    assert_each_promise_can_fail(
        tables.SYNTHETIC_PAIRS,
        promises.SYNTHETIC_PAIRS,
        good=[
            {k: v for k, v in row.items() if k != "rule"}
            | {"origin": "synthetic", "model": "m", "passage": "It is open.", "answer": "It is open. " * 5}
            for row in GOOD
        ],
        bad={
            **BROKEN,
            "says_what_model_wrote_it": with_last(model=None),
            "keeps_the_passage_it_was_written_from": with_last(passage=""),
            "question_has_its_length": with_last(question="What?"),
            "answer_has_its_length": with_last(answer="Yes."),
        },
    )


def test_nothing_made_is_nothing_broken():
    for table, suite in (
        (tables.BACK_TRANSLATIONS, promises.BACK_TRANSLATIONS),
        (tables.SYNTHETIC_PAIRS, promises.SYNTHETIC_PAIRS),
    ):
        assert broken(table, suite, []) == set()
