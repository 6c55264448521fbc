"""The promises of the split pairs."""

from checks import Promise


def _torn_from(split: str) -> str:
    """Select the rows that a customer, thread, cluster or group joins to a row of this split."""
    links = ("customer_id", "thread_id", "cluster_id", "group_id")
    return " or ".join(f'({link}.notnull() and {link}.isin({link}[split=="{split}"]))' for link in links)


def _unlike_the_whole(column: str) -> str:
    """Select the rows of a large value of which far more or far fewer are tested than of the whole."""
    size = f'{column}.groupby({column}).transform("size")'
    tested = f'(split=="test").groupby({column}).transform("mean")'
    return f'{size} >= 500 and ({tested} - (split=="test").mean()).abs() > 0.08'


SPLIT_PAIRS: tuple[Promise, ...] = (
    ("is_not_empty", "ExpectTableRowCountToBeBetween", {"min_value": 3}, "There are pairs to split.", "critical"),
    ("pair_id_is_unique", "ExpectColumnValuesToBeUnique", {"column": "pair_id"}, "No pair comes twice.", "critical"),
    (
        "all_three_splits_are_there",
        "ExpectColumnDistinctValuesToEqualSet",
        {"column": "split", "value_set": ["train", "validation", "test"]},
        "Train, validation and test all hold pairs, and there is no fourth split.",
        "critical",
    ),
    (
        "every_pair_has_a_group_and_a_split",
        "ExpectColumnValuesToBeNull",
        {"column": "pair_id", "row_condition": "group_id.isnull() or split.isnull()", "condition_parser": "pandas"},
        "Every pair belongs to a group and stands on one side.",
        "critical",
    ),
    (
        "nothing_of_a_test_pair_is_trained_on",
        "ExpectColumnValuesToBeInSet",
        {"column": "split", "value_set": ["test"], "row_condition": _torn_from("test"), "condition_parser": "pandas"},
        "What shares customer, thread, question cluster or group with a test pair is in the test too.",
        "critical",
    ),
    (
        "nothing_of_a_validation_pair_is_trained_on",
        "ExpectColumnValuesToBeInSet",
        {
            "column": "split",
            "value_set": ["validation"],
            "row_condition": _torn_from("validation"),
            "condition_parser": "pandas",
        },
        "What shares customer, thread, question cluster or group with a validation pair is in validation too.",
        "critical",
    ),
    (
        "test_pairs_alone_are_in_no_fold",
        "ExpectColumnValuesToBeNull",
        {
            "column": "pair_id",
            "row_condition": '(split=="test") != fold.isnull()',
            "condition_parser": "pandas",
        },
        "Every train and validation pair has its fold of cross-validation, and no test pair has one.",
        "critical",
    ),
    (
        "every_large_category_is_tested_like_the_whole",
        "ExpectColumnValuesToBeNull",
        {"column": "pair_id", "row_condition": _unlike_the_whole("category"), "condition_parser": "pandas"},
        "The tested share of a category of 500 pairs or more is within 8 points of that of all pairs.",
        "warning",
    ),
    (
        "every_large_source_is_tested_like_the_whole",
        "ExpectColumnValuesToBeNull",
        {"column": "pair_id", "row_condition": _unlike_the_whole("source"), "condition_parser": "pandas"},
        "The tested share of a source of 500 pairs or more is within 8 points of that of all pairs.",
        "warning",
    ),
)
