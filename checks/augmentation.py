"""The promises of the rule variants."""

from checks import Promise

RULE_VARIANTS: tuple[Promise, ...] = (
    (
        "is_not_empty",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
        "Some rule found something to say in other words.",
        "warning",
    ),
    ("pair_id_is_unique", "ExpectColumnValuesToBeUnique", {"column": "pair_id"}, "No variant comes twice.", "critical"),
    (
        "is_for_training_only",
        "ExpectColumnValuesToBeNull",
        {"column": "pair_id", "row_condition": 'not split.isin(["train"])', "condition_parser": "pandas"},
        "Every variant is a training pair.",
        "critical",
    ),
    (
        "says_that_a_rule_made_it",
        "ExpectColumnValuesToBeNull",
        {"column": "pair_id", "row_condition": 'origin != "rule" or rule.isnull()', "condition_parser": "pandas"},
        "Every variant names the rule it comes from.",
        "critical",
    ),
    (
        "has_one_parent",
        "ExpectColumnValuesToBeInSet",
        {"column": "parent_ids_count", "value_set": [1]},
        "Every variant names its parent.",
        "critical",
    ),
    (
        "no_question_is_asked_twice",
        "ExpectColumnValuesToBeNull",
        {"column": "pair_id", "row_condition": "question.str.casefold().duplicated()", "condition_parser": "pandas"},
        "No two variants ask the same question.",
        "critical",
    ),
)
