"""The promises of the assignments and of the split pairs."""

from checks import Promise


def torn_from(split: str) -> str:
    """Select the rows that a customer, thread, cluster, group or parent joins to a row of this split."""
    links = ("customer_id", "thread_id", "cluster_id", "group_id")
    shared = [f'({link}.notnull() and {link}.isin({link}[split=="{split}"]))' for link in links]
    theirs = f'parent_ids_text.where(split=="{split}").str.split("\\n").explode()'
    parents = 'parent_ids_text.str.split("\\n").explode()'
    made = [f"{parents}.isin({of}).groupby(level=0).any()" for of in (f'pair_id[split=="{split}"]', theirs)]
    return " or ".join([*shared, f"(parent_ids_count > 0 and ({' or '.join(made)}))", f"pair_id.isin({theirs})"])


def _unlike_the_whole(column: str) -> str:
    """Select the rows of a large value of which far more or far fewer are tested than of the whole."""
    size = f'{column}.groupby({column}).transform("size")'
    tested = f'(split=="test").groupby({column}).transform("mean")'
    return f'{size} >= 500 and ({tested} - (split=="test").mean()).abs() > 0.08'


def _unlike_in_a_fold(column: str) -> str:
    """Select the rows of a large value of which one fold holds far more or far fewer than its share."""
    learnt = f'{column}.where(split!="test")'
    size = f'{learnt}.groupby({column}).transform("count")'
    here = f'{learnt}.groupby([{column}, fold]).transform("count")'
    return f"fold.notnull() and {size} >= 500 and ({here} / {size} - 1 / fold.nunique()).abs() > 0.05"


SPLIT_ASSIGNMENTS: tuple[Promise, ...] = (
    ("is_not_empty", "ExpectTableRowCountToBeBetween", {"min_value": 3}, "Somebody was assigned.", "critical"),
    (
        "assignment_id_is_unique",
        "ExpectColumnValuesToBeUnique",
        {"column": "assignment_id"},
        "No assignment stands twice.",
        "critical",
    ),
    (
        "kind_is_known",
        "ExpectColumnValuesToBeInSet",
        {"column": "kind", "value_set": ["pair", "thread", "customer"]},
        "Pairs, threads and customers are assigned.",
        "critical",
    ),
    (
        "split_is_known",
        "ExpectColumnValuesToBeInSet",
        {"column": "split", "value_set": ["train", "validation", "test"]},
        "Every assignment is to train, validation or test.",
        "critical",
    ),
    (
        "every_assignment_is_whole",
        "ExpectColumnValuesToBeNull",
        {
            "column": "assignment_id",
            "row_condition": "id.isnull() or kind.isnull() or split.isnull() or key_name.isnull()",
            "condition_parser": "pandas",
        },
        "Every assignment says who, what, where and under which key.",
        "critical",
    ),
    (
        "a_pair_stands_in_one_split_for_good",
        "ExpectColumnValuesToBeNull",
        {
            "column": "assignment_id",
            "row_condition": 'kind == "pair" and split.groupby(id).transform("nunique") > 1',
            "condition_parser": "pandas",
        },
        "No pair that was ever in one split was ever in another.",
        "critical",
    ),
    (
        "what_is_learnt_has_a_fold",
        "ExpectColumnValuesToBeNull",
        {
            "column": "assignment_id",
            "row_condition": '(kind == "pair" and split != "test") != (fold.notnull() and folds.notnull())',
            "condition_parser": "pandas",
        },
        "Every train and validation pair was dealt a fold, and nothing else was.",
        "critical",
    ),
)

KEEPS_THE_TEST_APART: tuple[Promise, ...] = (
    (
        "nothing_of_a_test_pair_is_trained_on",
        "ExpectColumnValuesToBeInSet",
        {"column": "split", "value_set": ["test"], "row_condition": torn_from("test"), "condition_parser": "pandas"},
        "What shares customer, thread, question cluster, group or parent with a test pair is in the test too.",
        "critical",
    ),
    (
        "nothing_ever_tested_is_trained_on",
        "ExpectColumnValuesToBeNull",
        {"column": "pair_id", "row_condition": 'ever_tested and split != "test"', "condition_parser": "pandas"},
        "No pair, thread or customer that was ever in the test, in this release or before, is learnt from.",
        "critical",
    ),
    (
        "only_what_people_wrote_is_tested",
        "ExpectColumnValuesToBeNull",
        {"column": "pair_id", "row_condition": 'split != "train" and origin != "human"', "condition_parser": "pandas"},
        "No variant or synthetic pair is in validation or test.",
        "critical",
    ),
)
"""What the split promises, and every table of pairs after it keeps."""

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
    *KEEPS_THE_TEST_APART,
    (
        "nothing_of_a_validation_pair_is_trained_on",
        "ExpectColumnValuesToBeInSet",
        {
            "column": "split",
            "value_set": ["validation"],
            "row_condition": torn_from("validation"),
            "condition_parser": "pandas",
        },
        "What shares customer, thread, question cluster, group or parent with a validation pair is in validation too.",
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
    (
        "every_large_category_is_in_every_fold_alike",
        "ExpectColumnValuesToBeNull",
        {"column": "pair_id", "row_condition": _unlike_in_a_fold("category"), "condition_parser": "pandas"},
        "Of a category of 500 pairs or more every fold holds its share, within 5 points.",
        "warning",
    ),
)
