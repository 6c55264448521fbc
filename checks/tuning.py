"""What prompts and adapters promise."""

from __future__ import annotations

from checks import Promise

FEW_SHOT_PROMPTS: tuple[Promise, ...] = (
    ("is_not_empty", "ExpectTableRowCountToBeBetween", {"min_value": 1}, "There is a prompt.", "critical"),
    (
        "each_category_has_one_prompt",
        "ExpectColumnValuesToBeUnique",
        {"column": "category"},
        "No category has two prompts.",
        "critical",
    ),
    (
        "questions_of_any_other_category_are_served",
        "ExpectColumnDistinctValuesToContainSet",
        {"column": "category", "value_set": ["*"]},
        "A question of an unseen category has a prompt, too.",
        "critical",
    ),
    (
        "k_counts_the_shots",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "k", "column_B": "shots_count"},
        "As many shots are shown as the prompt says.",
        "critical",
    ),
    (
        "something_is_shown",
        "ExpectColumnValuesToBeBetween",
        {"column": "shots_count", "min_value": 1},
        "No few-shot prompt is without a shot.",
        "critical",
    ),
    (
        "shots_come_before_the_question",
        "ExpectColumnValuesToMatchRegex",
        {"column": "template", "regex": r"(?s)\{shots\}.*\{question\}"},
        "The template shows the examples and ends with the new question.",
        "critical",
    ),
    (
        "a_prompt_leaves_room_for_the_question",
        "ExpectColumnValuesToBeBetween",
        {"column": "tokens", "min_value": 1, "max_value": 4096},
        "No prompt fills the context before the question is asked.",
        "warning",
    ),
    (
        "a_choice_has_an_alternative",
        "ExpectColumnValuesToNotBeInSet",
        {"column": "tried_count", "value_set": [1]},
        "A prompt that was chosen among forms was chosen among two at the least.",
        "critical",
    ),
    (
        "all_prompts_have_one_form",
        "ExpectColumnUniqueValueCountToBeBetween",
        {"column": "template_name", "max_value": 1},
        "Every category is asked in the words that did best over all of them.",
        "critical",
    ),
    (
        "what_was_chosen_was_measured",
        "ExpectColumnValuesToBeBetween",
        {"column": "validation_nll", "min_value": 0, "max_value": 20},
        "A form kept for its likelihood states one that is finite and below that of blind guessing.",
        "critical",
    ),
)

TRAINED: tuple[Promise, ...] = (
    (
        "there_is_one_at_most",
        "ExpectTableRowCountToBeBetween",
        {"max_value": 1},
        "An approach that was chosen is trained once; one that was not has no row.",
        "critical",
    ),
    (
        "a_verdict_allowed_it",
        "ExpectColumnValuesToNotBeNull",
        {"column": "verdict_id"},
        "What was trained names the verdict that let its data through.",
        "critical",
    ),
    (
        "its_version_is_the_hash_of_its_weights",
        "ExpectColumnValuesToMatchRegex",
        {"column": "artifact", "regex": r"^[0-9a-f]{16}$"},
        "The version is a hash, so that equal weights have equal names.",
        "critical",
    ),
    (
        "it_was_trained",
        "ExpectColumnValuesToBeBetween",
        {"column": "steps", "min_value": 1},
        "At least one step was taken.",
        "critical",
    ),
    (
        "its_loss_is_a_number",
        "ExpectColumnValuesToBeBetween",
        {"column": "train_loss", "min_value": 0, "max_value": 20},
        "Training did not diverge: the last losses are finite and below that of blind guessing.",
        "critical",
    ),
    (
        "it_was_validated",
        "ExpectColumnValuesToNotBeNull",
        {"column": "validation_loss"},
        "The loss on held-out examples was measured.",
        "warning",
    ),
    (
        "it_is_likelier_than_the_base_model_to_say_the_truth",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "base_validation_loss", "column_B": "validation_loss", "ignore_row_if": "either_value_is_missing"},
        "The validation loss is below the base model's.",
        "warning",
    ),
)
LORA_ADAPTER = INSTRUCTION_ADAPTER = MULTITASK_ADAPTER = TRANSFER_ADAPTER = FULL_MODEL = TRAINED

TUNING_TRIALS: tuple[Promise, ...] = (
    (
        "each_trial_stands_once",
        "ExpectColumnValuesToBeUnique",
        {"column": "trial"},
        "No trial is counted twice.",
        "critical",
    ),
    (
        "every_trial_was_trained",
        "ExpectColumnValuesToBeBetween",
        {"column": "steps", "min_value": 1},
        "At least one step was taken in every trial.",
        "critical",
    ),
    (
        "every_trial_was_validated",
        "ExpectColumnValuesToNotBeNull",
        {"column": "validation_loss"},
        "Every trial was judged on held-out examples; without any, none can be chosen.",
        "warning",
    ),
    (
        "one_trial_is_chosen_at_most",
        "ExpectColumnSumToBeBetween",
        {"column": "chosen", "max_value": 1},
        "No two trials are taken for the best.",
        "critical",
    ),
)
