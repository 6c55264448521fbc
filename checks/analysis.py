"""The promises of views and signatures."""

from checks import Promise

TEXT_VIEWS: tuple[Promise, ...] = (
    ("pair_id_is_unique", "ExpectColumnValuesToBeUnique", {"column": "pair_id"}, "No pair comes twice.", "critical"),
    (
        "views_are_in_lower_case",
        "ExpectColumnValuesToBeNull",
        {
            "column": "pair_id",
            "row_condition": "question_view != question_view.str.lower() or answer_view != answer_view.str.lower()",
            "condition_parser": "pandas",
        },
        "Every view is in lower case.",
        "critical",
    ),
)

PAIR_SIGNATURES: tuple[Promise, ...] = (
    ("pair_id_is_unique", "ExpectColumnValuesToBeUnique", {"column": "pair_id"}, "No pair comes twice.", "critical"),
    (
        "every_pair_can_be_compared",
        "ExpectColumnValuesToBeBetween",
        {"column": "bands_count", "min_value": 16, "max_value": 16},
        "Every signature has the bands that candidates are found by.",
        "critical",
    ),
    (
        "both_sides_are_embedded",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "question_embedding_count", "column_B": "answer_embedding_count"},
        "Question and answer are embedded in the same space.",
        "critical",
    ),
)
