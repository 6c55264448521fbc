"""What the standardized records promise."""

from __future__ import annotations

from checks import Promise

STANDARDIZED_RECORDS: tuple[Promise, ...] = (
    (
        "record_id_is_unique",
        "ExpectColumnValuesToBeUnique",
        {"column": "record_id"},
        "No record comes twice.",
        "critical",
    ),
    (
        "every_record_says_something",
        "ExpectColumnValuesToMatchRegex",
        {"column": "turns_text", "regex": r"[^\W_]"},
        "Every record holds at least a word, not only marks.",
        "critical",
    ),
    (
        "more_than_placeholders_is_left",
        "ExpectColumnValuesToNotMatchRegex",
        {"column": "turns_text", "regex": r"\A(?:\s|\[[A-Z][A-Z0-9_]*\])*\Z"},
        "No record consists of placeholders only.",
        "critical",
    ),
    (
        "every_record_has_a_language",
        "ExpectColumnValuesToNotBeNull",
        {"column": "language"},
        "Every record has a language: stated, detected or the house's own.",
        "critical",
    ),
    (
        "language_is_a_code",
        "ExpectColumnValuesToMatchRegex",
        {"column": "language", "regex": r"\A[a-z]{2,3}\Z"},
        "A language is an ISO 639 code in small letters, without a country.",
        "critical",
    ),
    (
        "language_confidence_is_a_probability",
        "ExpectColumnValuesToBeBetween",
        {"column": "language_confidence", "min_value": 0, "max_value": 1},
        "A detected language comes with its probability; a stated or assumed one with none.",
        "critical",
    ),
    (
        "terms_replaced_is_counted",
        "ExpectColumnValuesToBeBetween",
        {"column": "terms_replaced", "min_value": 0},
        "How often the terminology map changed a word is counted and never negative.",
        "critical",
    ),
)
