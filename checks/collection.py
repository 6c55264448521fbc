"""What the collected tables promise: records under their own pseudonyms, dated, sourced, and saying something."""

from checks import Promise


def _of(kind: str, *own: Promise) -> tuple[Promise, ...]:
    """Return what every collected table promises, and what is this one's own."""
    return (
        ("record_id_is_unique", "ExpectColumnValuesToBeUnique", {"column": "record_id"}, "No record comes twice.",
         "critical"),
        ("record_id_is_a_pseudonym", "ExpectColumnValuesToMatchRegex",
         {"column": "record_id", "regex": r"\A[0-9a-f]{32}\Z"},
         "A record goes by its keyed pseudonym, never by the source's own id.", "critical"),
        (f"every_record_is_a_{kind}", "ExpectColumnValuesToBeInSet", {"column": "kind", "value_set": [kind]},
         f"The table holds records of kind {kind} only.", "critical"),
        ("every_record_can_be_traced", "ExpectColumnValuesToNotBeNull", {"column": "source_id"},
         "Every record names the row of the source it came from.", "critical"),
        ("every_record_is_dated", "ExpectColumnValuesToNotBeNull", {"column": "created_at"},
         "Every record says when it was opened.", "critical"),
        *own,
    )  # fmt: skip


_CHANGED: Promise = (
    "no_record_changed_before_it_was_opened",
    "ExpectColumnPairValuesAToBeGreaterThanB",
    {"column_A": "updated_at", "column_B": "created_at", "or_equal": True},
    "A record's last change comes no earlier than its opening.",
    "warning",
)
_TALK: Promise = (
    "both_sides_speak",
    "ExpectColumnValuesToBeBetween",
    {"column": "turns_count", "min_value": 2, "mostly": 0.95},
    "At least 95 % of the conversations have two turns or more.",
    "warning",
)
_WORDS: Promise = (
    "every_record_says_something",
    "ExpectColumnValuesToBeBetween",
    {"column": "turns_count", "min_value": 1},
    "Every record has at least one turn.",
    "critical",
)
_TITLE: Promise = (
    "every_document_has_a_title",
    "ExpectColumnValuesToNotBeNull",
    {"column": "subject"},
    "Every document says what it is about.",
    "critical",
)
_LICENCE: Promise = (
    "every_document_states_its_licence",
    "ExpectColumnValuesToNotBeNull",
    {"column": "licence"},
    "Nothing from outside comes in without a licence.",
    "critical",
)

TICKETS: tuple[Promise, ...] = _of("ticket", _WORDS, _CHANGED)
CHATS: tuple[Promise, ...] = _of("chat", _WORDS, _TALK)
CALLS: tuple[Promise, ...] = _of("call", _WORDS, _TALK)
ARTICLES: tuple[Promise, ...] = _of("article", _WORDS, _TITLE)
CUSTOMERS: tuple[Promise, ...] = (
    ("customer_id_is_unique", "ExpectColumnValuesToBeUnique", {"column": "customer_id"}, "No customer comes twice.",
     "critical"),
    ("customer_id_is_a_pseudonym", "ExpectColumnValuesToMatchRegex",
     {"column": "customer_id", "regex": r"\A[0-9a-f]{32}\Z"},
     "A customer goes by a keyed pseudonym, never by the source's own id.", "critical"),
    ("every_customer_can_be_traced", "ExpectColumnValuesToNotBeNull", {"column": "source_id"},
     "Every customer names the row of the source it came from.", "critical"),
)  # fmt: skip
_DOCUMENTS_TITLE: Promise = (
    _TITLE[0],
    _TITLE[1],
    {"column": "subject", "row_condition": "turns_count == 1", "condition_parser": "pandas"},
    "Every document says what it is about; a question with its answer says so itself.",
    "critical",
)
EXTERNAL_DOCUMENTS: tuple[Promise, ...] = _of("external", _WORDS, _DOCUMENTS_TITLE, _LICENCE)
