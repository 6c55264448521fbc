from assets import tables
from checks import tuning as promises
from tests.promises import assert_each_promise_can_fail

SHOT = {"pair_id": "p", "question": "Is there a pool?", "answer": "Yes."}
PROMPT = {"k": 1, "shots": [SHOT], "template": "Examples:\n{shots}\n\n{question}", "tokens": 80, "release": "r"}
TRIED = [{"template": "brief", "k": k, "nll_per_token": 2.0, "n": 4, "chosen": k == 1} for k in (1, 3)]
PROMPTS = [
    {**PROMPT, "prompt_id": "1", "category": "house", "template_name": "brief"},
    {**PROMPT, "prompt_id": "2", "category": "*", "template_name": "brief", "validation_nll": 2.0, "tried": TRIED},
]
TRIALS = [
    {"trial_id": "a", "trial": 0, "steps": 4, "validation_loss": 2.0, "chosen": False},
    {"trial_id": "b", "trial": 1, "steps": 4, "validation_loss": 1.5, "chosen": True},
]
ADAPTER = {
    "artifact": "0123456789abcdef",
    "verdict_id": "v",
    "steps": 40,
    "train_loss": 1.4,
    "validation_loss": 1.2,
    "base_validation_loss": 2.0,
}


def but(**facts):
    return lambda rows: [{**row, **facts} for row in rows]


def test_each_promise_on_few_shot_prompts_can_fail():
    assert_each_promise_can_fail(
        tables.FEW_SHOT_PROMPTS,
        promises.FEW_SHOT_PROMPTS,
        good=PROMPTS,
        bad={
            "is_not_empty": lambda rows: [],
            "each_category_has_one_prompt": but(category="*"),
            "questions_of_any_other_category_are_served": lambda rows: rows[:1],
            "k_counts_the_shots": but(k=5),
            "something_is_shown": but(k=0, shots=[]),
            "shots_come_before_the_question": but(template="{question} {shots}"),
            "a_prompt_leaves_room_for_the_question": but(tokens=9000),
            "a_choice_has_an_alternative": but(tried=TRIED[:1]),
            "all_prompts_have_one_form": lambda rows: [{**row, "template_name": row["category"]} for row in rows],
            "what_was_chosen_was_measured": but(validation_nll=float("inf")),
        },
    )


def test_each_promise_on_lora_adapter_can_fail():
    assert_each_promise_can_fail(
        tables.LORA_ADAPTER,
        promises.LORA_ADAPTER,
        good=[ADAPTER],
        bad={
            "there_is_one_at_most": lambda rows: [*rows, {**rows[0], "artifact": "fedcba9876543210"}],
            "a_verdict_allowed_it": but(verdict_id=None),
            "its_version_is_the_hash_of_its_weights": but(artifact="latest"),
            "it_was_trained": but(steps=0),
            "its_loss_is_a_number": but(train_loss=float("inf")),
            "it_was_validated": but(validation_loss=None),
            "it_is_likelier_than_the_base_model_to_say_the_truth": but(validation_loss=2.1),
        },
    )


def test_an_adapter_that_was_not_validated_is_not_compared():
    from tests.promises import broken

    rows = [{**ADAPTER, "validation_loss": None, "base_validation_loss": None}]
    assert broken(tables.LORA_ADAPTER, promises.LORA_ADAPTER, rows) == {"it_was_validated"}


def test_each_promise_on_tuning_trials_can_fail():
    assert_each_promise_can_fail(
        tables.TUNING_TRIALS,
        promises.TUNING_TRIALS,
        good=TRIALS,
        bad={
            "each_trial_stands_once": but(trial=0),
            "every_trial_was_trained": but(steps=0),
            "every_trial_was_validated": but(validation_loss=None),
            "one_trial_is_chosen_at_most": but(chosen=True),
        },
    )


def test_what_was_not_chosen_keeps_every_promise():
    from tests.promises import broken

    assert broken(tables.FULL_MODEL, promises.FULL_MODEL, []) == set()
    assert broken(tables.TUNING_TRIALS, promises.TUNING_TRIALS, []) == set()
