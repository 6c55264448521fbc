"""What the normalized records promise."""

from __future__ import annotations

from checks import Promise

NORMALIZED_RECORDS: tuple[Promise, ...] = (
    (
        "record_id_is_unique",
        "ExpectColumnValuesToBeUnique",
        {"column": "record_id"},
        "No record comes twice.",
        "critical",
    ),
    (
        "every_record_says_something",
        "ExpectColumnValuesToBeBetween",
        {"column": "turns_count", "min_value": 1},
        "A record with nothing left to read is dropped, not passed on empty.",
        "critical",
    ),
    (
        "no_turn_is_blank",
        "ExpectColumnValuesToNotMatchRegex",
        {"column": "turns_text", "regex": r"\A(?:\s|\Z)|(?<=\s)\Z"},
        "A turn with nothing left is left out, and no text begins or ends in white space.",
        "critical",
    ),
    (
        "no_markup_is_left",
        "ExpectColumnValuesToNotMatchRegex",
        {"column": "turns_text", "regex": r"(?i)</(?:p|div|span|td|li|strong|blockquote)>(?![^\n]*`)"},
        "No HTML survives outside code.",
        "warning",
    ),
    (
        "no_hidden_character_is_left",
        "ExpectColumnValuesToNotMatchRegex",
        {"column": "turns_text", "regex": "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\ufeff]"},
        "No control or zero-width character survives, where it could hide an address from the next stage.",
        "critical",
    ),
    (
        "subject_is_one_line",
        "ExpectColumnValuesToNotMatchRegex",
        {"column": "subject", "regex": r"\n|\A\s*\Z"},
        "A subject is one line, or null.",
        "critical",
    ),
)
