"""What the scorecard and the verdict promise."""

from __future__ import annotations

from checks import Promise

_SHA256 = r"^[0-9a-f]{64}$"

QUALITY_REPORT: tuple[Promise, ...] = (
    (
        "is_not_empty",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
        "There is a scorecard.",
        "critical",
    ),
    (
        "each_measure_stands_once",
        "ExpectColumnValuesToBeUnique",
        {"column": "measure"},
        "No measure is stated twice.",
        "critical",
    ),
    (
        "the_composite_and_its_six_parts_are_stated",
        "ExpectColumnDistinctValuesToContainSet",
        {
            "column": "measure",
            "value_set": [
                "composite",
                "accuracy",
                "completeness",
                "consistency",
                "relevance",
                "diversity",
                "bias_score",
                "size",
            ],
        },
        "The composite, each of its parts and the size have a line, measured or not.",
        "critical",
    ),
    (
        "weights_sum_to_one",
        "ExpectColumnSumToBeBetween",
        {"column": "weight", "min_value": 0.9999, "max_value": 1.0001},
        "The weights of the composite sum to 1.",
        "critical",
    ),
    (
        "a_share_lies_between_0_and_1",
        "ExpectColumnValuesToBeBetween",
        {
            "column": "value",
            "min_value": 0,
            "max_value": 1,
            "row_condition": 'unit == "share"',
            "condition_parser": "pandas",
        },
        "What is called a share lies in 0 to 1.",
        "critical",
    ),
    (
        "low_is_not_above_high",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": "high", "column_B": "low", "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "An interval's low end is not above its high end.",
        "critical",
    ),
    *(
        (
            f"the_{column}_hash_is_stated",
            "ExpectColumnValuesToMatchRegex",
            {"column": f"{column}_sha256", "regex": _SHA256},
            f"Every measure names the {what} it is of by a SHA-256.",
            "critical",
        )
        for column, what in (("dataset", "dataset"), ("settings", "settings"))
    ),
    (
        "the_four_kinds_of_bias_are_stated",
        "ExpectColumnDistinctValuesToContainSet",
        {
            "column": "measure",
            "value_set": ["demographic_bias", "temporal_bias", "selection_bias", "confirmation_bias"],
        },
        "Demographic, temporal, selection and confirmation bias have a line, measured or not.",
        "critical",
    ),
    (
        "the_five_intrinsic_metrics_are_stated",
        "ExpectColumnDistinctValuesToContainSet",
        {"column": "measure", "value_set": ["size", "diversity", "coverage", "balance", "complexity"]},
        "Size, diversity, coverage, balance and complexity have a line, measured or not.",
        "critical",
    ),
    (
        "each_task_has_its_minimum_volume",
        "ExpectColumnValuesToBeBetween",
        {
            "column": "value",
            "min_value": 1,
            "row_condition": 'measure == "size_to_minimum"',
            "condition_parser": "pandas",
        },
        "Each task has its minimum viable volume (the plan: 1,000 to 5,000 examples; production: 10,000 to 50,000).",
        "warning",
    ),
    (
        "each_measure_states_its_range",
        "ExpectColumnValuesToNotBeNull",
        {"column": "range"},
        "Every measure says which values it can take.",
        "warning",
    ),
    (
        "each_measure_is_defined",
        "ExpectColumnValueLengthsToBeBetween",
        {"column": "definition", "min_value": 10},
        "Every measure says what was computed.",
        "warning",
    ),
)

QUALITY_VERDICT: tuple[Promise, ...] = (
    (
        "there_is_one_verdict",
        "ExpectTableRowCountToEqual",
        {"value": 1},
        "There is exactly one verdict.",
        "critical",
    ),
    *(
        (
            f"the_{column}_hash_is_stated",
            "ExpectColumnValuesToMatchRegex",
            {"column": f"{column}_sha256", "regex": _SHA256},
            f"The verdict names the {what} it speaks about by a SHA-256.",
            "critical",
        )
        for column, what in (("dataset", "dataset"), ("checks", "promises"), ("settings", "settings"))
    ),
    (
        "a_passed_verdict_has_no_reason_against_it",
        "ExpectColumnValuesToBeInSet",
        {
            "column": "reasons_count",
            "value_set": [0],
            "row_condition": "passed == True",
            "condition_parser": "pandas",
        },
        "A dataset with a reason against it has not passed.",
        "critical",
    ),
    (
        "a_failed_verdict_says_why",
        "ExpectColumnValuesToBeBetween",
        {
            "column": "reasons_count",
            "min_value": 1,
            "row_condition": "passed == False",
            "condition_parser": "pandas",
        },
        "A dataset that has not passed comes with the reasons.",
        "critical",
    ),
    (
        "the_dataset_may_be_trained_on",
        "ExpectColumnValuesToBeInSet",
        {"column": "passed", "value_set": [True]},
        "The dataset passed the gate; if not, nothing is released or trained, and the reasons stand in the table.",
        "warning",
    ),
)
