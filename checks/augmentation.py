"""The promises of what augmentation makes: variants by rule, back-translations, synthetic pairs."""

from checks import Promise


def _made_for_training(origin: str, maker: str, says: str) -> tuple[Promise, ...]:
    """Return what every table of made pairs promises; `maker` is the column that says what made a row."""
    return (
        (
            "pair_id_is_unique",
            "ExpectColumnValuesToBeUnique",
            {"column": "pair_id"},
            "No pair comes twice.",
            "critical",
        ),
        (
            "is_for_training_only",
            "ExpectColumnValuesToBeNull",
            {
                "column": "pair_id",
                "row_condition": 'not split.isin(["train"]) or ever_tested.fillna(False)',
                "condition_parser": "pandas",
            },
            "Every pair is for training, and nothing of it was ever tested.",
            "critical",
        ),
        (
            says,
            "ExpectColumnValuesToBeNull",
            {
                "column": "pair_id",
                "row_condition": f'origin != "{origin}" or {maker}.isnull()',
                "condition_parser": "pandas",
            },
            "Every pair names what made it.",
            "critical",
        ),
        (
            "has_one_parent",
            "ExpectColumnValuesToBeInSet",
            {"column": "parent_ids_count", "value_set": [1]},
            "Every pair names its parent.",
            "critical",
        ),
        (
            "no_question_is_asked_twice",
            "ExpectColumnValuesToBeNull",
            {
                "column": "pair_id",
                "row_condition": "question.str.casefold().duplicated()",
                "condition_parser": "pandas",
            },
            "No two pairs ask the same question.",
            "critical",
        ),
    )


RULE_VARIANTS: tuple[Promise, ...] = (
    (
        "is_not_empty",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
        "Some rule found something to say in other words.",
        "warning",
    ),
    *_made_for_training("rule", "rule", "says_that_a_rule_made_it"),
)

# The next two may be empty: turned off, out of budget, or nothing that was written was good enough.
BACK_TRANSLATIONS: tuple[Promise, ...] = _made_for_training("back_translation", "pivot", "says_what_language_it_passed")

SYNTHETIC_PAIRS: tuple[Promise, ...] = (
    *_made_for_training("synthetic", "model", "says_what_model_wrote_it"),
    (
        "keeps_the_passage_it_was_written_from",
        "ExpectColumnValueLengthsToBeBetween",
        {"column": "passage", "min_value": 1},
        "Every pair keeps the passage of the article it was written from.",
        "critical",
    ),
    (
        "question_has_its_length",
        "ExpectColumnValueLengthsToBeBetween",
        {"column": "question", "min_value": 10, "max_value": 200},
        "A synthetic question has 10 to 200 characters.",
        "critical",
    ),
    (
        "answer_has_its_length",
        "ExpectColumnValueLengthsToBeBetween",
        {"column": "answer", "min_value": 50, "max_value": 1000},
        "A synthetic answer has 50 to 1,000 characters.",
        "critical",
    ),
)
