"""What `qa_pairs` promises."""

from checks import Promise

QA_PAIRS: tuple[Promise, ...] = (
    (
        "pair_id_is_unique",
        "ExpectColumnValuesToBeUnique",
        {"column": "pair_id"},
        "No pair comes twice.",
        "critical",
    ),
    (
        "question_says_something",
        "ExpectColumnValuesToMatchRegex",
        {"column": "question", "regex": r"\w"},
        "Every question holds at least one word.",
        "critical",
    ),
    (
        "answer_says_something",
        "ExpectColumnValuesToMatchRegex",
        {"column": "answer", "regex": r"\w"},
        "Every answer holds at least one word.",
        "critical",
    ),
    (
        "texts_are_there",
        "ExpectCompoundColumnsToBeUnique",
        {"column_list": ["record_id", "pair_id", "content_hash"]},
        "Every pair names its record and the hash of its content.",
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
        "Every pair was said by people; nothing is generated here.",
        "critical",
    ),
    (
        "evidence_is_known",
        "ExpectColumnValuesToBeInSet",
        {"column": "truth_evidence", "value_set": ["agrees_with_article", "customer_confirmed", "none"]},
        "Every pair says what speaks for its truth.",
        "critical",
    ),
)
