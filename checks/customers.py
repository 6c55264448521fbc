"""What the tabular line promises: each person once, nothing out of range, and nobody in a small group."""

from checks import Promise

_PSEUDONYM = r"\A[0-9a-f]{32}\Z"
_ONCE: tuple[Promise, ...] = (
    ("customer_id_is_unique", "ExpectColumnValuesToBeUnique", {"column": "customer_id"}, "No customer comes twice.",
     "critical"),
    ("customer_id_is_a_pseudonym", "ExpectColumnValuesToMatchRegex", {"column": "customer_id", "regex": _PSEUDONYM},
     "A customer goes by a keyed pseudonym.", "critical"),
)  # fmt: skip

CLEAN_CUSTOMERS: tuple[Promise, ...] = (
    *_ONCE,
    ("every_customer_can_be_traced", "ExpectColumnValuesToNotBeNull", {"column": "source"},
     "Every customer names the source.", "critical"),
    ("nobody_has_many_rows", "ExpectColumnValuesToBeBetween",
     {"column": "merged_ids_count", "max_value": 5}, "No person has more than six rows; else too much was joined.",
     "warning"),
)  # fmt: skip

CUSTOMER_FEATURES: tuple[Promise, ...] = (
    *_ONCE,
    ("tenure_is_not_negative", "ExpectColumnValuesToBeBetween", {"column": "tenure_months", "min_value": 0},
     "Nobody joins after the moment the features speak of.", "critical"),
    ("recency_is_not_negative", "ExpectColumnValuesToBeBetween", {"column": "recency_weeks", "min_value": 0},
     "No contact comes after that moment.", "critical"),
    ("contacts_are_counted", "ExpectColumnValuesToBeBetween", {"column": "contacts", "min_value": 0},
     "Every customer's contacts are counted.", "critical"),
    ("segment_is_a_known_word", "ExpectColumnValuesToBeInSet",
     {"column": "segment", "value_set": ["silent", "new", "frequent", "occasional"]},
     "Every customer is silent, new, frequent or occasional.", "critical"),
    ("no_small_group_is_told", "ExpectColumnValuesToBeNull",
     {"column": "customer_id", "condition_parser": "pandas",
      "row_condition": "groups_text.groupby(groups_text).transform('size') < 5 and groups_count > 0"},
     "At least five customers share every combination of groups.", "warning"),
)  # fmt: skip
