"""What the validated pairs promise."""

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


VALIDATED_PAIRS: tuple[Promise, ...] = (
    ("pair_id_is_unique", "ExpectColumnValuesToBeUnique", {"column": "pair_id"}, "No pair comes twice.", "critical"),
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
