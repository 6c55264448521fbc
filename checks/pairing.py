"""What the question and answer pairs promise."""

from __future__ import annotations

from checks import Promise

QA_PAIRS: tuple[Promise, ...] = (
    ("pair_id_is_unique", "ExpectColumnValuesToBeUnique", {"column": "pair_id"}, "No pair comes twice.", "critical"),
    (
        "question_is_there",
        "ExpectColumnValuesToNotBeNull",
        {"column": "question"},
        "Every pair asks something.",
        "critical",
    ),
    (
        "answer_is_there",
        "ExpectColumnValuesToNotBeNull",
        {"column": "answer"},
        "Every pair answers something.",
        "critical",
    ),
    (
        "question_holds_a_word",
        "ExpectColumnValuesToMatchRegex",
        {"column": "question", "regex": r"\w"},
        "No question is blank or mere punctuation.",
        "critical",
    ),
    (
        "answer_holds_a_word",
        "ExpectColumnValuesToMatchRegex",
        {"column": "answer", "regex": r"\w"},
        "No answer is blank or mere punctuation.",
        "critical",
    ),
    (
        "item_type_is_known",
        "ExpectColumnValuesToBeInSet",
        {"column": "item_type", "value_set": ["qa", "policy", "procedure"]},
        "Every pair is an answer, a policy or a procedure.",
        "critical",
    ),
    (
        "pairs_are_taken_not_made",
        "ExpectColumnValuesToBeInSet",
        {"column": "origin", "value_set": ["human"]},
        "Every answer was written or said by people; nothing is generated here.",
        "critical",
    ),
    (
        "evidence_is_known",
        "ExpectColumnValuesToBeInSet",
        {"column": "truth_evidence", "value_set": ["agrees_with_article", "customer_confirmed", "none"]},
        "Every pair says what speaks for its truth, and none claims a review that has not happened yet.",
        "critical",
    ),
)
