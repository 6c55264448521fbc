"""Promises of the anonymization room."""

from __future__ import annotations

from typing import Any

from checks import Promise

MAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}"
SSN = r"(?<![0-9])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![0-9])"
CARD = r"(?<![0-9])(?:(?:[0-9]{4}[ -]?){3}[0-9]{1,7}|[0-9]{4}[ -]?[0-9]{6}[ -]?[0-9]{5})(?![0-9])"
KINDS = ["ticket", "chat", "call", "article", "external"]


def _gone(name: str, column: str, regex: str, sentence: str) -> Promise:
    kwargs: dict[str, Any] = {"column": column, "regex": regex}
    return (name, "ExpectColumnValuesToNotMatchRegex", kwargs, sentence, "critical")


ANONYMIZED_RECORDS: tuple[Promise, ...] = (
    (
        "record_id_is_unique",
        "ExpectColumnValuesToBeUnique",
        {"column": "record_id"},
        "No record comes twice.",
        "critical",
    ),
    (
        "every_record_has_turns",
        "ExpectColumnValuesToBeBetween",
        {"column": "turns_count", "min_value": 1},
        "Masking takes words away, never turns.",
        "critical",
    ),
    (
        "kind_is_known",
        "ExpectColumnValuesToBeInSet",
        {"column": "kind", "value_set": KINDS},
        "Every record is of a kind whose people we know how to look for.",
        "critical",
    ),
    _gone("no_mail_address", "turns_text", MAIL, "No e-mail address is left in what was said."),
    _gone("no_mail_address_in_subject", "subject", MAIL, "No e-mail address is left in a subject."),
    _gone("no_social_security_number", "turns_text", SSN, "No US social security number is left in what was said."),
    _gone("no_card_number", "turns_text", CARD, "No number with the digits of a payment card is left, valid or not."),
)
