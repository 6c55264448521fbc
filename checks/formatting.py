"""What the training examples promise."""

from __future__ import annotations

from checks import Promise

TRAINING_EXAMPLES: tuple[Promise, ...] = (
    (
        "is_not_empty",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
        "There is something to train on.",
        "critical",
    ),
    (
        "example_id_is_unique",
        "ExpectColumnValuesToBeUnique",
        {"column": "example_id"},
        "No example comes twice.",
        "critical",
    ),
    (
        "a_conversation_has_system_user_and_assistant",
        "ExpectColumnValuesToBeBetween",
        {"column": "messages_count", "min_value": 3},
        "Every example is a system message, a question and an answer at least.",
        "critical",
    ),
    (
        "no_text_imitates_the_chat_template",
        "ExpectColumnValuesToNotMatchRegex",
        {"column": "messages_text", "regex": r"<\|[A-Za-z_]+\|>"},
        "No text holds a mark that the model would read as the end of a turn.",
        "critical",
    ),
    (
        "no_training_text_is_a_view",
        "ExpectColumnValuesToMatchRegex",
        {
            "column": "output",
            "regex": r"[^\W\d_a-z]|[.,;:!?']|\b(?:a|an|and|are|for|in|is|it|of|on|the|to|we|you)\b",
            "mostly": 0.9,
            "row_condition": 'task == "answer"',
            "condition_parser": "pandas",
        },
        "Answers are written out; views, free of capitals, punctuation and stop words, are for analysis only.",
        "critical",
    ),
    (
        "the_loss_is_taken_on_a_part",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "tokens", "column_B": "answer_tokens"},
        "The answer's tokens are fewer than the example's: there is a question before it.",
        "critical",
    ),
    (
        "the_loss_is_taken_on_something",
        "ExpectColumnValuesToBeBetween",
        {"column": "answer_tokens", "min_value": 2},
        "The loss is taken on at least a word and the end of turn.",
        "critical",
    ),
    (
        "task_is_known",
        "ExpectColumnValuesToBeInSet",
        {"column": "task", "value_set": ["answer", "classify_category", "triage_priority"]},
        "The tasks are to answer, to tell the category and to triage.",
        "critical",
    ),
    (
        "every_example_weighs_something_in_the_mixture",
        "ExpectColumnValuesToBeBetween",
        {"column": "mixture_weight", "min_value": 0, "strict_min": True},
        "What an example counts when all tasks are learnt is stated and above zero.",
        "critical",
    ),
    (
        "split_is_stated",
        "ExpectColumnValuesToNotBeNull",
        {"column": "split"},
        "Every example is assigned to a part.",
        "critical",
    ),
    (
        "split_is_known",
        "ExpectColumnValuesToBeInSet",
        {"column": "split", "value_set": ["train", "validation", "test"]},
        "The parts are train, validation and test.",
        "critical",
    ),
    (
        "nothing_of_a_test_thread_is_trained_on",
        "ExpectColumnValuesToBeInSet",
        {
            "column": "split",
            "value_set": ["test"],
            "row_condition": 'thread_id.notnull() and thread_id.isin(thread_id[split=="test"])',
            "condition_parser": "pandas",
        },
        "What shares a thread with a test example is in the test too: variants have their parents' threads.",
        "critical",
    ),
    (
        "only_train_holds_made_examples",
        "ExpectColumnValuesToBeInSet",
        {
            "column": "split",
            "value_set": ["train"],
            "row_condition": 'origin != "human"',
            "condition_parser": "pandas",
        },
        "Variants and synthetic examples stand in train only.",
        "critical",
    ),
)
