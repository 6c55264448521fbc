"""What scored, validated and relevant pairs promise."""

from __future__ import annotations

from checks import Promise


def _share(column: str, sentence: str) -> Promise:
    return (
        f"{column}_is_a_share",
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": 0, "max_value": 1},
        sentence,
        "critical",
    )


_UNIQUE: Promise = (
    "pair_id_is_unique",
    "ExpectColumnValuesToBeUnique",
    {"column": "pair_id"},
    "No pair comes twice.",
    "critical",
)

SCORED_PAIRS: tuple[Promise, ...] = (
    _UNIQUE,
    _share("question_quality", "Question quality is a mean of shares."),
    _share("answer_quality", "Answer quality is a mean of shares."),
    (
        "what_says_something_was_embedded",
        "ExpectColumnValuesToBeBetween",
        {
            "column": "answer_vector_count",
            "min_value": 1,
            "condition_parser": "pandas",
            "row_condition": "substance > 0",
        },
        "Every answer with substance has a vector, so that it can be compared with the desk.",
        "critical",
    ),
)
VALIDATED_PAIRS: tuple[Promise, ...] = (
    _UNIQUE,
    (
        "relevance_was_measured",
        "ExpectColumnValuesToNotBeNull",
        {"column": "relevance"},
        "No pair passes whose answer was not compared with its question.",
        "critical",
    ),
    _share("relevance", "Relevance is the share of mismatched pairs that are less alike."),
    _share("question_quality", "Question quality is a mean of shares."),
    _share("answer_quality", "Answer quality is a mean of shares."),
    _share("completeness", "Completeness is a share of signs."),
    (
        "no_answer_is_a_status",
        "ExpectColumnValuesToNotMatchRegex",
        {
            "column": "answer",
            "regex": r"(?i)\A\W*(?:closed|resolved|done|completed|fixed|pending)(?: with(?:out)?\b.*)?\W*\Z",
        },
        "No ticket outcome passes as an answer.",
        "critical",
    ),
)
RELEVANT_PAIRS: tuple[Promise, ...] = (
    (
        "is_not_empty",
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
        "There are pairs; an empty table keeps every other promise by default.",
        "critical",
    ),
    _UNIQUE,
    _share("relevance", "Relevance is the share of mismatched pairs that fit less well."),
    (
        "evidence_is_a_known_word",
        "ExpectColumnValuesToBeInSet",
        {"column": "truth_evidence", "value_set": ["reviewed", "agrees_with_article", "customer_confirmed", "none"]},
        "What speaks for a pair's truth is one of four words.",
        "critical",
    ),
    (
        "something_speaks_for_an_answer",
        "ExpectColumnDistinctValuesToContainSet",
        {"column": "truth_evidence", "value_set": ["agrees_with_article"]},
        "At least one answer is backed by an article; without any, nothing here was held against a source of truth.",
        "warning",
    ),
)
