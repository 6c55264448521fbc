from assets import tables
from checks import operation as promises
from tests.promises import assert_each_promise_can_fail

PACKAGE = {
    "version": "0123456789abcdef",
    "approach": "lora",
    "kind": "adapter",
    "artifact": "fedcba9876543210",
    "verdict_id": "v",
    "template_sha256": "0" * 64,
    "nll_per_token": 2.0,
    "files": 9,
}
DECISION = {"decision_id": "1", "number": 1, "version": "a", "outcome": "first", "champion": "a", "reasons": ["first"]}
FIGURE = {"metric": "nll_per_token", "value": 1.0}
HISTORY = [
    DECISION,
    {
        **DECISION,
        "decision_id": "2",
        "number": 2,
        "version": "b",
        "rival": "a",
        "outcome": "promoted",
        "champion": "b",
        "figures": [FIGURE],
    },
    {**DECISION, "decision_id": "3", "number": 3, "version": "c", "rival": "b", "outcome": "kept", "champion": "b"},
    {**DECISION, "decision_id": "4", "number": 4, "rival": "b", "outcome": "rolled_back"},
]


def but(**facts):
    return lambda rows: [{**row, **facts} for row in rows]


def but_at(place, **facts):
    return lambda rows: [{**row, **facts} if n == place else row for n, row in enumerate(rows)]


def test_each_promise_on_model_package_can_fail():
    assert_each_promise_can_fail(
        tables.MODEL_PACKAGE,
        promises.MODEL_PACKAGE,
        good=[PACKAGE],
        bad={
            "is_not_empty": lambda rows: [],
            "its_version_is_the_hash_of_its_content": but(version="latest"),
            "a_verdict_let_its_data_through": but(verdict_id=None),
            "it_names_its_chat_template": but(template_sha256="default"),
            "it_can_be_served_whatever_was_recommended": but(approach="do_not_fine_tune"),
            "what_was_trained_is_in_it": but(artifact=None),
            "it_holds_card_and_predictions": but(files=2),
            "its_likelihood_was_measured": but(nll_per_token=None),
            "the_embedded_server_can_serve_it": but(not_embedded="it is no Llama"),
        },
    )


def test_prompts_have_no_artifact():
    from tests.promises import broken

    prompts = {**PACKAGE, "kind": "prompts", "artifact": None}
    assert broken(tables.MODEL_PACKAGE, promises.MODEL_PACKAGE, [prompts]) == set()


def test_each_promise_on_champions_can_fail():
    assert_each_promise_can_fail(
        tables.CHAMPIONS,
        promises.CHAMPIONS,
        good=HISTORY,
        bad={
            "is_not_empty": lambda rows: [],
            "decision_id_is_unique": but(decision_id="1"),
            "decisions_are_numbered_in_order": lambda rows: [rows[0], *rows[2:]],
            "there_is_always_a_champion": but_at(3, champion=None),
            "outcome_is_known": but_at(3, outcome="lost"),
            "the_rival_is_the_champion_before": but_at(2, rival="a"),
            "who_is_kept_out_is_not_champion": but_at(2, champion="c"),
            "nobody_is_promoted_unmeasured": but_at(1, figures=[]),
            "every_decision_has_its_reasons": but_at(1, reasons=[]),
        },
    )
