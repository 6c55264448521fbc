"""The promises of the balanced pairs."""

from checks import Promise
from checks.splitting import KEEPS_THE_TEST_APART

BALANCED_PAIRS: tuple[Promise, ...] = (
    ("is_not_empty", "ExpectTableRowCountToBeBetween", {"min_value": 3}, "There are pairs to learn from.", "critical"),
    ("pair_id_is_unique", "ExpectColumnValuesToBeUnique", {"column": "pair_id"}, "No pair comes twice.", "critical"),
    (
        "all_three_splits_are_there",
        "ExpectColumnDistinctValuesToEqualSet",
        {"column": "split", "value_set": ["train", "validation", "test"]},
        "Train, validation and test all hold pairs.",
        "critical",
    ),
    *KEEPS_THE_TEST_APART,
    (
        "weights_are_bounded",
        "ExpectColumnValuesToBeNull",
        {
            "column": "pair_id",
            "row_condition": "not (weight >= 0.4 and weight <= 5)",
            "condition_parser": "pandas",
        },
        "No pair is weighed out of the training, none counts more than five times.",
        "critical",
    ),
    (
        "only_training_pairs_are_weighted",
        "ExpectColumnValuesToBeNull",
        {"column": "pair_id", "row_condition": 'split != "train" and weight != 1', "condition_parser": "pandas"},
        "A validation or test pair counts once.",
        "critical",
    ),
    (
        "made_pairs_are_the_smaller_part",
        "ExpectColumnValuesToBeNull",
        {
            "column": "pair_id",
            "row_condition": 'origin != "human" and (origin != "human").mean() > 0.2',
            "condition_parser": "pandas",
        },
        "At most a fifth of the pairs are made ones.",
        "warning",
    ),
)
