"""What the released dataset's list of files promises."""

from __future__ import annotations

from assets.tables import SPLITS
from checks import Promise

DATASET_RELEASE: tuple[Promise, ...] = (
    (
        "is_not_empty",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
        "There is a release.",
        "critical",
    ),
    (
        "each_file_stands_once",
        "ExpectColumnValuesToBeUnique",
        {"column": "file"},
        "No file is listed twice.",
        "critical",
    ),
    (
        "the_release_is_whole",
        "ExpectColumnDistinctValuesToEqualSet",
        {
            "column": "file",
            "value_set": [
                "README.md",
                *(f"data/{split}.parquet" for split in SPLITS),
                *(f"openai/{split}.jsonl" for split in SPLITS),
                *(f"alpaca/{split}.json" for split in SPLITS),
                *(f"sharegpt/{split}.json" for split in SPLITS),
            ],
        },
        "The card is there, and all three parts in every form, and nothing else.",
        "critical",
    ),
    (
        "each_file_has_a_hash",
        "ExpectColumnValuesToNotBeNull",
        {"column": "sha256"},
        "Every file is bound by a hash.",
        "critical",
    ),
    (
        "each_hash_is_a_sha256",
        "ExpectColumnValuesToMatchRegex",
        {"column": "sha256", "regex": r"^[0-9a-f]{64}$"},
        "Every hash is a SHA-256.",
        "critical",
    ),
    (
        "all_files_are_of_one_release",
        "ExpectColumnUniqueValueCountToBeBetween",
        {"column": "release", "min_value": 1, "max_value": 1},
        "All files belong to one release.",
        "critical",
    ),
    (
        "there_is_something_to_train_on",
        "ExpectColumnValuesToBeBetween",
        {"column": "rows", "min_value": 1, "row_condition": 'split == "train"', "condition_parser": "pandas"},
        "The training files hold examples.",
        "critical",
    ),
    (
        "there_is_something_to_test_on",
        "ExpectColumnValuesToBeBetween",
        {"column": "rows", "min_value": 1, "row_condition": 'split == "test"', "condition_parser": "pandas"},
        "The test files hold examples; without them no evaluation can follow.",
        "warning",
    ),
)
