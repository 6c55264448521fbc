"""What packages and champions promise."""

from __future__ import annotations

from checks import Promise


def _no_row(condition: str) -> dict[str, object]:
    """Ask that no row is of this kind."""
    return {"row_condition": condition, "condition_parser": "pandas"}


MODEL_PACKAGE: tuple[Promise, ...] = (
    (
        "is_not_empty",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1, "max_value": 1},
        "There is one package.",
        "critical",
    ),
    (
        "its_version_is_the_hash_of_its_content",
        "ExpectColumnValuesToMatchRegex",
        {"column": "version", "regex": r"^[0-9a-f]{16}$"},
        "The version is a hash, so that equal packages have equal names.",
        "critical",
    ),
    (
        "a_verdict_let_its_data_through",
        "ExpectColumnValuesToNotBeNull",
        {"column": "verdict_id"},
        "The package names the verdict on the data it was made from.",
        "critical",
    ),
    (
        "it_names_its_chat_template",
        "ExpectColumnValuesToMatchRegex",
        {"column": "template_sha256", "regex": r"^[0-9a-f]{64}$"},
        "What was made under one chat template is served under no other.",
        "critical",
    ),
    (
        "it_can_be_served_whatever_was_recommended",
        "ExpectColumnValuesToBeInSet",
        {
            "column": "approach",
            "value_set": [
                "zero_shot", "few_shot", "few_shot_endpoint", "lora", "instruction", "multitask", "transfer", "full",
            ],
        },
        "A package is an approach, also where not to fine-tune is recommended.",
        "critical",
    ),
    (
        "what_was_trained_is_in_it",
        "ExpectColumnValuesToBeNull",
        {"column": "version", **_no_row('(kind == "prompts") != artifact.isnull()')},
        "An adapter or a model names its weights, and prompts have none.",
        "critical",
    ),
    (
        "it_holds_card_and_predictions",
        "ExpectColumnValuesToBeBetween",
        {"column": "files", "min_value": 3},
        "Beside what is served there are the model card and what it predicted.",
        "critical",
    ),
    (
        "its_likelihood_was_measured",
        "ExpectColumnValuesToNotBeNull",
        {"column": "nll_per_token"},
        "The primary metric is known: without it no package is ever promoted.",
        "warning",
    ),
    (
        "the_embedded_server_can_serve_it",
        "ExpectColumnValuesToBeNull",
        {"column": "not_embedded"},
        "Nothing but this project is needed to serve it.",
        "warning",
    ),
)  # fmt: skip

CHAMPIONS: tuple[Promise, ...] = (
    ("is_not_empty", "ExpectTableRowCountToBeBetween", {"min_value": 1}, "Something was decided.", "critical"),
    (
        "decision_id_is_unique",
        "ExpectColumnValuesToBeUnique",
        {"column": "decision_id"},
        "No decision stands twice.",
        "critical",
    ),
    (
        "decisions_are_numbered_in_order",
        "ExpectColumnValuesToBeNull",
        {"column": "decision_id", **_no_row("number.diff().fillna(number) != 1")},
        "The history is whole: from 1, without a gap.",
        "critical",
    ),
    (
        "there_is_always_a_champion",
        "ExpectColumnValuesToNotBeNull",
        {"column": "champion"},
        "No decision leaves nobody to serve.",
        "critical",
    ),
    (
        "outcome_is_known",
        "ExpectColumnValuesToBeInSet",
        {"column": "outcome", "value_set": ["first", "promoted", "kept", "rolled_back", "appointed"]},
        "Each decision ends in one of five ways.",
        "critical",
    ),
    (
        "the_rival_is_the_champion_before",
        "ExpectColumnValuesToBeNull",
        {"column": "decision_id", **_no_row('rival.fillna("") != champion.shift().fillna("")')},
        "A package contends with whoever is champion then.",
        "critical",
    ),
    (
        "who_is_kept_out_is_not_champion",
        "ExpectColumnValuesToBeNull",
        {
            "column": "decision_id",
            **_no_row('champion != rival.where(outcome == "kept", version)'),
        },
        "Who is kept out leaves the champion as it was; everyone else becomes champion.",
        "critical",
    ),
    (
        "nobody_is_promoted_unmeasured",
        "ExpectColumnValuesToBeNull",
        {"column": "decision_id", **_no_row('outcome == "promoted" and figures_count == 0')},
        "A promotion stands on figures.",
        "critical",
    ),
    (
        "every_decision_has_its_reasons",
        "ExpectColumnValuesToBeBetween",
        {"column": "reasons_count", "min_value": 1},
        "Why it was decided so is on record.",
        "critical",
    ),
)
