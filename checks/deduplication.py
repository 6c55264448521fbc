"""The promises of the unique pairs, and of what does not agree among them."""

from checks import Promise

UNIQUE_PAIRS: tuple[Promise, ...] = (
    ("is_not_empty", "ExpectTableRowCountToBeBetween", {"min_value": 1}, "There are pairs.", "critical"),
    ("pair_id_is_unique", "ExpectColumnValuesToBeUnique", {"column": "pair_id"}, "No pair comes twice.", "critical"),
    (
        "no_two_pairs_say_the_same",
        "ExpectColumnValuesToBeNull",
        {
            "column": "pair_id",
            "row_condition": 'question.str.cat(answer, "|").str.casefold().duplicated()',
            "condition_parser": "pandas",
        },
        "No two pairs have the same question and the same answer, whatever their case.",
        "critical",
    ),
    (
        "every_pair_has_a_cluster",
        "ExpectColumnValuesToNotBeNull",
        {"column": "cluster_id"},
        "Every pair lies in a cluster of near-duplicate questions, if only its own.",
        "critical",
    ),
    (
        "a_cluster_is_named_by_one_of_its_pairs",
        "ExpectColumnValuesToBeNull",
        {"column": "pair_id", "row_condition": "not cluster_id.isin(pair_id)", "condition_parser": "pandas"},
        "Every cluster bears the id of a pair that is still there.",
        "critical",
    ),
    (
        "no_answer_is_a_stock_answer",
        "ExpectColumnValuesToBeNull",
        {
            "column": "pair_id",
            "row_condition": 'answer.groupby(answer).transform("size") > 20',
            "condition_parser": "pandas",
        },
        "At most 20 pairs share one answer.",
        "warning",
    ),
)

_KINDS = ["contradiction", "outdated", "label_error"]
CONSISTENCY_FINDINGS: tuple[Promise, ...] = (
    (
        "finding_id_is_unique",
        "ExpectColumnValuesToBeUnique",
        {"column": "finding_id"},
        "Nothing is found twice.",
        "critical",
    ),
    (
        "kind_is_known",
        "ExpectColumnValuesToBeInSet",
        {"column": "kind", "value_set": _KINDS},
        "Its kind is known.",
        "critical",
    ),
    (
        "score_is_a_share",
        "ExpectColumnValuesToBeBetween",
        {"column": "score", "min_value": 0, "max_value": 1},
        "How sure a finding is lies between 0 and 1.",
        "critical",
    ),
    (
        "what_it_disagrees_with_is_named",
        "ExpectColumnValuesToBeNull",
        {
            "column": "finding_id",
            "row_condition": 'other_id.isna() and kind != "label_error" or suggested.isna() and kind == "label_error"',
            "condition_parser": "pandas",
        },
        "A finding names the pair it disagrees with, or the category suggested.",
        "critical",
    ),
)
