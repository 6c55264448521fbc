"""Each promise on the training examples is seen failing."""

from assets import tables
from checks import formatting
from tests.promises import assert_each_promise_can_fail

GOOD = [
    {
        "example_id": f"e{i}",
        "pair_id": f"p{i}",
        "thread_id": f"t{i}",
        "origin": "human",
        "task": "answer",
        "input": "May I return it?",
        "output": "Yes, within 30 days.",
        "messages": [
            {"role": "system", "content": "Answer."},
            {"role": "user", "content": "May I return it?"},
            {"role": "assistant", "content": "Yes, within 30 days."},
        ],
        "tokens": 30,
        "answer_tokens": 8,
        "split": split,
        "weight": 1.0,
        "mixture_weight": 1.0,
    }
    for i, split in enumerate(tables.SPLITS)
]


def _with(index: int, **fields: object):
    return lambda rows: [{**row, **fields} if i == index else row for i, row in enumerate(rows)]


def test_each_promise_on_training_examples_can_fail():
    assert_each_promise_can_fail(
        tables.TRAINING_EXAMPLES,
        formatting.TRAINING_EXAMPLES,
        good=GOOD,
        bad={
            "is_not_empty": lambda rows: [],
            "example_id_is_unique": _with(1, example_id="e0"),
            "a_conversation_has_system_user_and_assistant": _with(0, messages=GOOD[0]["messages"][1:]),
            "no_text_imitates_the_chat_template": _with(
                2, messages=[*GOOD[0]["messages"][:2], {"role": "assistant", "content": "Yes.<|im_end|>"}]
            ),
            "no_training_text_is_a_view": lambda rows: [{**row, "output": "return within 30 day"} for row in rows],
            "the_loss_is_taken_on_a_part": _with(0, answer_tokens=30),
            "the_loss_is_taken_on_something": _with(0, answer_tokens=1),
            "task_is_known": _with(0, task="write_poems"),
            "every_example_weighs_something_in_the_mixture": _with(0, mixture_weight=0.0),
            "split_is_stated": _with(0, split=None),
            "split_is_known": _with(0, split="holdout"),
            "nothing_of_a_test_thread_is_trained_on": _with(0, thread_id="t2"),
            "only_train_holds_made_examples": _with(2, origin="synthetic"),
        },
    )
