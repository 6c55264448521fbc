"""Every table's columns, types and meaning, said once; and how ids are made."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

TURN = pa.struct([("speaker", pa.string()), ("text", pa.string()), ("at", pa.timestamp("us", "UTC"))])
KNOWN = pa.struct([("type", pa.string()), ("value", pa.string())])
MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
ATTRIBUTE = pa.struct([("name", pa.string()), ("value", pa.string())])
CELL = pa.struct([("name", pa.string()), ("text", pa.string()), ("number", pa.float64())])
FEATURE = pa.struct([("name", pa.string()), ("value", pa.float64())])
COUNT = pa.struct([("name", pa.string()), ("count", pa.int64())])
SHOT = pa.struct([("pair_id", pa.string()), ("question", pa.string()), ("answer", pa.string())])
TRIED = pa.struct(
    [
        ("template", pa.string()),
        ("k", pa.int64()),
        ("nll_per_token", pa.float64()),
        ("n", pa.int64()),
        ("chosen", pa.bool_()),
    ]
)
LOSS = pa.struct([("step", pa.int64()), ("split", pa.string()), ("loss", pa.float64())])
STAGE = pa.struct(
    [
        ("learnt", pa.string()),
        ("examples", pa.int64()),
        ("steps", pa.int64()),
        ("tokens", pa.int64()),
        ("seconds", pa.float64()),
        ("loss_before", pa.float64()),
        ("loss_after", pa.float64()),
    ]
)
RULE = pa.struct([("kind", pa.string()), ("verdict", pa.string()), ("rule", pa.string()), ("because", pa.string())])
GATE = pa.struct([("phase", pa.string()), ("gate", pa.string()), ("passed", pa.bool_()), ("because", pa.string())])

FIGURE = pa.struct(
    [
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("champion", pa.float64()),
        ("difference", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("p_better", pa.float64()),
        ("p_worse", pa.float64()),
        ("n", pa.int64()),
        ("threads", pa.int64()),
    ]
)

SPLITS = ("train", "validation", "test")

MapRows = Callable[[pa.Table, Callable[[pa.Table], pa.Table]], pa.Table]
"""How a heavy step goes over its rows: in one process or many, on one machine or many, the same result."""


def serially(table: pa.Table, fn: Callable[[pa.Table], pa.Table]) -> pa.Table:
    """Apply `fn` to the whole table in this process: the MapRows of tests and scripts."""
    return fn(table)


@dataclass(frozen=True)
class Column:
    """One column; `raw` marks text or identifiers as they came from the source."""

    name: str
    type: pa.DataType
    meaning: str
    raw: bool = False


@dataclass(frozen=True)
class Table:
    """One table; the first column is its key."""

    name: str
    room: str
    meaning: str
    columns: tuple[Column, ...]
    partitioned: bool = False
    append_only: bool = False
    """Rows are added and never changed or removed: the table remembers what can be read nowhere else."""

    @property
    def key(self) -> str:
        """The column that names a row."""
        return self.columns[0].name

    @property
    def restricted(self) -> bool:
        """Whether the table may hold raw text, and so rests in the restricted zone."""
        return any(c.raw for c in self.columns)

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema, column meanings as field metadata."""
        return pa.schema([pa.field(c.name, c.type, metadata={"description": c.meaning}) for c in self.columns])

    def of(self, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
        """Build the table from mappings; a missing column is null, an unknown one an error.

        >>> UNIQUE_PAIRS.of([]).num_rows
        0
        """
        rows = [dict(r) for r in rows]
        unknown = {k for r in rows for k in r} - set(self.schema.names)
        if unknown:
            raise KeyError(f"{self.name} has no column {sorted(unknown)}")
        return pa.Table.from_pylist(rows, schema=self.schema)

    def conform(self, table: pa.Table) -> pa.Table:
        """Select, order and cast another table's columns; a column it lacks is null."""
        columns = [
            table.column(f.name).cast(f.type) if f.name in table.column_names else pa.nulls(len(table), f.type)
            for f in self.schema
        ]
        return pa.Table.from_arrays(columns, schema=self.schema)


def keyed_id(key: bytes, *parts: object) -> str:
    """Return the 128-bit pseudonym of `parts` under the installation key (HMAC-SHA256, hex).

    Nobody without the key can link it to what it stands for.

    >>> keyed_id(b"k", "desk", 17) == keyed_id(b"k", "desk", 17)
    True
    """
    message = "\x1f".join(str(p) for p in parts).encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]


def key_name(key: bytes) -> str:
    """Return what an installation key is called: it tells ids of two keys apart, and nothing about either.

    >>> key_name(b"one") == key_name(b"other")
    False
    """
    return keyed_id(key, "name of the key")[:12]


def content_hash(*texts: str) -> str:
    """Return the hash that says whether a text is still the same (SHA-256, 32 hex digits)."""
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:32]


def _c(name: str, type_: pa.DataType, meaning: str, *, raw: bool = False) -> Column:
    return Column(name, type_, meaning, raw)


_S, _T, _F, _I = pa.string(), pa.timestamp("us", "UTC"), pa.float64(), pa.int64()
_CODES = pa.list_(pa.int64())

PARTITION = _c("partition", _S, "slice of the record line that holds the row: UTC day, week or month of created_at")


def _record(*, raw: bool) -> tuple[Column, ...]:
    """The columns of a support record, with the source's own words (raw) or without."""
    source = (
        (
            _c("source_id", _S, "the source's own id of the record", raw=True),
            _c("known", pa.list_(KNOWN), "what is known of the record's people: type and value", raw=True),
        )
        if raw
        else ()
    )
    return (
        _c("record_id", _S, "keyed pseudonym of source and source id"),
        PARTITION,
        _c("kind", _S, "ticket, chat, call, article or external"),
        _c("source", _S, "name of the source in the settings"),
        *source,
        _c("thread_id", _S, "keyed pseudonym of the conversation, or of what an article is about"),
        _c("customer_id", _S, "keyed pseudonym of the customer; null where the source names none"),
        _c("created_at", _T, "when the record was opened"),
        _c("updated_at", _T, "when the record last changed"),
        _c("category", _S, "the desk's own category"),
        _c("priority", _S, "the desk's own priority"),
        _c("channel", _S, "how the customer reached the desk"),
        _c("language", _S, "ISO 639-1 code, stated by the source or detected in standardization"),
        _c("licence", _S, "licence of the text (SPDX identifier or name)"),
        _c("consent", _S, "what the customer agreed to, where the source says so"),
        _c("subject", _S, "subject or title", raw=raw),
        _c("turns", pa.list_(TURN), "what was said, in order: speaker (customer, agent, system), text, time", raw=raw),
    )


def _raw_records(name: str, meaning: str, room: str = "collection") -> Table:
    return Table(name, room, meaning, _record(raw=True), partitioned=True)


TICKETS = _raw_records("tickets", "E-mail tickets as the desk holds them: description and resolution.")
CHATS = _raw_records("chats", "Chat logs, turn by turn.")
CALLS = _raw_records("calls", "Phone transcripts, diarised into turns.")
ARTICLES = _raw_records("articles", "Knowledge-base articles and policies: title and body.")
EXTERNAL_DOCUMENTS = _raw_records("external_documents", "Documents from outside the desk, each with its licence.")
NORMALIZED_RECORDS = _raw_records(
    "normalized_records", "Records free of mark-up, quoted replies, signatures and broken encoding.", "normalization"
)
COLLECTED = (TICKETS, CHATS, CALLS, ARTICLES, EXTERNAL_DOCUMENTS)
"""The tables of records, read from the sources."""

CUSTOMERS = Table(
    "customers",
    "collection",
    "Customers as the sources know them, one row an id.",
    (
        _c("customer_id", _S, "keyed pseudonym of source and source id; the records of the customer bear it"),
        _c("source", _S, "name of the source in the settings"),
        _c("source_id", _S, "the source's own id of the customer", raw=True),
        _c("known", pa.list_(KNOWN), "what is known of the customer: type and value", raw=True),
        _c("since", _T, "when the customer joined, where the source says so"),
        _c("updated_at", _T, "when the row last changed, where the source says so"),
        _c("consent", _S, "what the customer agreed to, where the source says so"),
        _c("language", _S, "ISO 639-1 code, where the source says so"),
        _c("attributes", pa.list_(ATTRIBUTE), "further facts, by the names the settings give them", raw=True),
    ),
)

ANONYMIZED_RECORDS = Table(
    "anonymized_records",
    "anonymization",
    "Records in which typed placeholders stand for personal data; the only door out of the restricted zone.",
    (*_record(raw=False), _c("entities", pa.list_(COUNT), "how many spans of each type were replaced")),
    partitioned=True,
)
STANDARDIZED_RECORDS = Table(
    "standardized_records",
    "standardization",
    "Records in the house's terms, in a wanted language, and readable.",
    (
        *ANONYMIZED_RECORDS.columns,
        _c("language_confidence", _F, "probability of the detected language, 0 to 1"),
        _c("terms_replaced", _I, "how often the terminology map changed a word"),
    ),
    partitioned=True,
)

SCORES = (
    _c("question_quality", _F, "mean of the question's part scores, 0 to 1"),
    _c("answer_quality", _F, "mean of the answer's part scores, 0 to 1"),
    _c("relevance", _F, "share of mismatched pairs that are less alike than question and answer are, 0 to 1"),
    _c("similarity", _F, "cosine of the embeddings of question and answer, -1 to 1"),
    _c("completeness", _F, "share of what a whole answer has, 0 to 1"),
    _c("clarity", _F, "how easily the question is understood, 0 to 1"),
    _c("specificity", _F, "how much the question names, 0 to 1"),
    _c("grammar", _F, "share of the question's signs of well-formed writing, 0 to 1"),
)
VECTOR = pa.list_(pa.float16())
STATISTICS = (
    _c("question_chars", _I, "length of the question, in characters"),
    _c("answer_chars", _I, "length of the answer, in characters"),
    _c("substance", _F, "share of the answer's words that say something, 0 to 1"),
    _c("non_answer", _S, "what an answer without substance does instead: status, note, escalation, asks_back, ..."),
    _c("bounce", _F, "how much more the question is like a mail server's report than like a customer's letter, 0 to 1"),
    _c("auto_reply", _F, "the same of an absence note or a confirmation of receipt"),
    _c("spam", _F, "the same of advertising"),
    _c("readability", _F, "how readable the answer is, 0 to 1"),
    _c("question_vector", VECTOR, "unit embedding of the question without its courtesies"),
    _c("answer_vector", VECTOR, "unit embedding of the answer without its courtesies"),
)
_PAIR = (
    _c("pair_id", _S, "keyed pseudonym of record, position of the answer, and origin"),
    PARTITION,
    _c("record_id", _S, "the record the pair was taken from"),
    _c("thread_id", _S, "the record's thread"),
    _c("customer_id", _S, "the record's customer (keyed pseudonym)"),
    _c("kind", _S, "kind of the record"),
    _c("source", _S, "the record's source"),
    _c("created_at", _T, "when the record was opened"),
    _c("category", _S, "the desk's own category"),
    _c("priority", _S, "the desk's own priority"),
    _c("item_type", _S, "qa, policy or procedure"),
    _c("question", _S, "what the customer asks"),
    _c("answer", _S, "what the business answers"),
    _c("history", pa.list_(MESSAGE), "earlier turns of the same conversation: role (user, assistant) and content"),
    _c("language", _S, "ISO 639-1 code"),
    _c("licence", _S, "licence of the text"),
    _c("origin", _S, "human, rule, back_translation or synthetic"),
    _c("parent_ids", pa.list_(_S), "pairs this one was made from"),
    _c("content_hash", _S, "hash of question and answer"),
    _c("truth_evidence", _S, "reviewed, agrees_with_article, customer_confirmed or none"),
)
QA_PAIRS = Table(
    "qa_pairs", "pairing", "Questions with their answers, taken from every kind of record.", _PAIR, partitioned=True
)
SCORED_PAIRS = Table(
    "scored_pairs",
    "validation",
    "Every pair with the statistics it is judged by; they know no limit.",
    (*_PAIR, *SCORES, *STATISTICS),
    partitioned=True,
)
VALIDATED_PAIRS = Table(
    "validated_pairs",
    "validation",
    "Pairs worth learning from, with their scores.",
    (*_PAIR, *SCORES),
    partitioned=True,
)
RELEVANT_PAIRS = Table(
    "relevant_pairs",
    "validation",
    "Valid pairs that belong together and to the desk, each with what speaks for its truth.",
    (
        *VALIDATED_PAIRS.columns,
        _c("domain", _F, "how near question and answer come to the desk's articles and categories, -1 to 1"),
    ),
)
TEXT_VIEWS = Table(
    "text_views",
    "analysis",
    "The pairs' words in lower case, stemmed, stop words left out; for analysis only, never to train on.",
    (
        _c("pair_id", _S, "the pair"),
        PARTITION,
        _c("language", _S, "ISO 639-1 code, whose stemmer and stop words were used"),
        _c("question_view", _S, "stems of the question's telling words, in order"),
        _c("answer_view", _S, "stems of the answer's telling words, in order"),
    ),
    partitioned=True,
)
PAIR_SIGNATURES = Table(
    "pair_signatures",
    "analysis",
    "What comparing pairs takes of each, computed once and free of text: word codes, MinHash bands, embeddings.",
    (
        _c("pair_id", _S, "the pair"),
        PARTITION,
        _c("question_hash", _I, "hash of the question's normal form; equal questions share it"),
        _c("answer_hash", _I, "hash of the answer's normal form"),
        _c("question_words", _CODES, "codes of the question's words in order, salutation left out"),
        _c("answer_words", _CODES, "codes of the answer's words in order, salutation left out"),
        _c("question_terms", _CODES, "codes of the stems of the question's view, in order"),
        _c("answer_terms", _CODES, "the same of the answer"),
        _c("bands", _CODES, "MinHash band keys of question and answer joined: 16 of 8 rows, runs of 3 words"),
        _c("question_bands", _CODES, "the same of the question alone"),
        _c("answer_bands", _CODES, "MinHash band keys of the answer: 32 of 4 rows, single words"),
        _c("question_embedding", VECTOR, "unit embedding of the question; null where the answer says nothing"),
        _c("answer_embedding", VECTOR, "unit embedding of the answer; null where it says nothing"),
    ),
    partitioned=True,
)
_CLUSTERED = (
    *RELEVANT_PAIRS.columns,
    _c("cluster_id", _S, "near-duplicate questions share it; the smallest pair id in it"),
)
UNIQUE_PAIRS = Table(
    "unique_pairs",
    "deduplication",
    "Pairs that say something no other pair says.",
    (
        *_CLUSTERED,
        _c("contradicts", pa.list_(_S), "pairs that ask the same and answer otherwise, or stand for one that does"),
    ),
)
SPLIT_ASSIGNMENTS = Table(
    "split_assignments",
    "splitting",
    "Every id that ever stood in train, validation or test: the memory that keeps the test honest.",
    (
        _c("assignment_id", _S, "id and split, and of a pair that is learnt from the number of folds"),
        _c("id", _S, "keyed pseudonym of the pair, thread or customer"),
        _c("kind", _S, "pair, thread or customer"),
        _c("split", _S, "the split it stood in"),
        _c("fold", _I, "fold the pair was dealt, 0 to k-1; null in the test, and for threads and customers"),
        _c("folds", _I, "k, the number of folds it was dealt among"),
        _c("key_name", _S, "name of the installation key the id was made with; another one than now: a tombstone"),
    ),
    append_only=True,
)
CONSISTENCY_FINDINGS = Table(
    "consistency_findings",
    "deduplication",
    "What does not agree and a person should look at: contradictions, outdated answers, doubtful categories.",
    (
        _c("finding_id", _S, "hash of what it says"),
        _c("kind", _S, "contradiction, outdated or label_error"),
        _c("pair_id", _S, "the pair in doubt; of two that contradict one another the one with less evidence"),
        _c("other_id", _S, "the pair it contradicts, or the article's; null for a category"),
        _c("score", _F, "how sure the finding is, 0 to 1"),
        _c("suggested", _S, "the category the pair's words speak for; null for other kinds"),
        _c("question_cosine", _F, "cosine of the two questions; null for a category"),
        _c("answer_cosine", _F, "cosine of the two answers; null for a category"),
        _c("conflicts", _I, "quantities the two answers state differently; null for a category"),
    ),
)
SPLIT_PAIRS = Table(
    "split_pairs",
    "splitting",
    "Pairs assigned to train, validation and test by group, never by row.",
    (
        *_CLUSTERED,
        _c("group_id", _S, "customer, thread and cluster joined: what must stay on one side"),
        _c("split", _S, "train, validation or test"),
        _c("fold", _I, "fold of cross-validation, 0 to k-1; null in the test set"),
        _c("ever_tested", pa.bool_(), "whether the pair, its thread, customer or a parent was ever in the test"),
    ),
)
RULE_VARIANTS = Table(
    "rule_variants",
    "augmentation",
    "Training questions said in other words by rule; their answers unchanged.",
    (
        *SPLIT_PAIRS.columns,
        _c("rule", _S, "the rule that made the variant"),
    ),
)
BACK_TRANSLATIONS = Table(
    "back_translations",
    "augmentation",
    "Training questions that made a round trip through another language; their answers unchanged.",
    (
        *SPLIT_PAIRS.columns,
        _c("pivot", _S, "the language it went through"),
        _c("model", _S, "host and name of the model that translated"),
        _c("request_hashes", pa.list_(_S), "the requests, there and back, by which their answers are cached"),
    ),
)
SYNTHETIC_PAIRS = Table(
    "synthetic_pairs",
    "augmentation",
    "Questions and answers a language model wrote from the desk's own articles, and that were found good.",
    (
        *SPLIT_PAIRS.columns,
        _c("passage", _S, "the article's passage they were written from"),
        _c("style", _S, "how they were to be worded"),
        _c("model", _S, "host and name of the model that wrote"),
        _c("request_hash", _S, "the request by which the answer is cached"),
    ),
)
CLEAN_CUSTOMERS = Table(
    "clean_customers",
    "customers",
    "Customers with typed values, each person once; what was changed is flagged.",
    (
        _c("customer_id", _S, "the row that stands for the person"),
        _c("source", _S, "the row's source"),
        _c("merged_ids", pa.list_(_S), "other rows about the same person, whose records are the person's too"),
        _c("since", _T, "earliest date on which one of the rows joined"),
        _c("consent", _S, "what the person agreed to; null where the rows disagree"),
        _c("language", _S, "ISO 639-1 code, where a row says so"),
        _c(
            "cells",
            pa.list_(CELL),
            "the attributes: a text or date as text, a number or truth value as number",
            raw=True,
        ),
        _c("flags", pa.list_(_S), "what:column of every value that was wrong, filled, pulled in or is an outlier"),
    ),
)
CUSTOMER_FEATURES = Table(
    "customer_features",
    "customers",
    "What may be known of a customer outside the restricted zone: pseudonymous, coarse, as of a stated day.",
    (
        _c("customer_id", _S, "keyed pseudonym of the customer"),
        _c("merged_ids", pa.list_(_S), "pseudonyms of other rows about the same person"),
        _c("as_of", _T, "the moment the features speak of: stated in the settings, else that of the last record"),
        _c("tenure_months", _I, "whole months from joining (else from the first contact) to as_of; null if unknown"),
        _c("contacts", _I, "records of the customer up to as_of"),
        _c("frequency", _F, "contacts a month over the window of the settings, as far as records reach back"),
        _c("recency_weeks", _I, "whole weeks from the last contact to as_of; null if there was none"),
        _c("channel", _S, "channel of most contacts; of equals the first by name"),
        _c("segment", _S, "silent, new, frequent or occasional: what review and classification may go by"),
        _c("groups", pa.list_(ATTRIBUTE), "groups of people the customer is of, every combination held by many"),
        _c("features", pa.list_(FEATURE), "columns of the settings encoded as numbers, no value held by few"),
    ),
)
BALANCED_PAIRS = Table(
    "balanced_pairs",
    "balancing",
    "Training pairs and made ones balanced by category, complexity and length; validation and test as they were.",
    (
        *SPLIT_PAIRS.columns,
        _c("complexity", _F, "readability index (ARI, school years) of question and answer, plus the earlier turns"),
        _c("complexity_band", _S, "simple, middling or complex: its third among the training pairs"),
        _c("length_band", _S, "short, medium or long: its third among the training pairs, in words"),
        _c("customer_segment", _S, "silent, new, frequent or occasional, as customer_features says; null if unknown"),
        _c("weight", _F, "how much the pair counts in learning to answer, 1 for an ordinary one"),
        _c("category_weight", _F, "the same in learning to tell categories; null where it does not teach that"),
        _c("priority_weight", _F, "the same in learning to tell priorities; null where it does not teach that"),
    ),
)
TRAINING_EXAMPLES = Table(
    "training_examples",
    "formatting",
    "Examples under the base model's chat template, counted in its tokens.",
    (
        _c("example_id", _S, "hash of pair and task"),
        _c("pair_id", _S, "the pair it shows"),
        _c("thread_id", _S, "the pair's thread"),
        _c("source", _S, "the pair's source"),
        _c("kind", _S, "the pair's kind"),
        _c("category", _S, "the pair's category"),
        _c("origin", _S, "the pair's origin"),
        _c("licence", _S, "the pair's licence"),
        _c("task", _S, "answer, classify_category or triage_priority"),
        _c("instruction", _S, "what the model is asked to do"),
        _c("input", _S, "the question, with its history"),
        _c("output", _S, "the answer, or the label"),
        _c("messages", pa.list_(MESSAGE), "the same as chat messages: role (system, user, assistant) and content"),
        _c("tokens", _I, "tokens of the example under the chat template, up to and with the end of turn"),
        _c("answer_tokens", _I, "tokens the loss is taken on"),
        _c("split", _S, "train, validation or test"),
        _c("fold", _I, "fold of cross-validation; null in the test set"),
        _c("weight", _F, "how much the example counts in training its task"),
        _c("mixture_weight", _F, "what an example of its task counts when all tasks are learnt, 1 on average"),
    ),
)
QUALITY_REPORT = Table(
    "quality_report",
    "quality",
    "The scorecard: every measure with its definition, range, interval, direction and weight.",
    (
        _c("measure", _S, "name of the measure"),
        _c("family", _S, "composite, completeness, consistency, bias, coverage, volume or intrinsic"),
        _c("value", _F, "the measured value; null where it could not be measured"),
        _c("low", _F, "lower end of the 95 % bootstrap interval"),
        _c("high", _F, "upper end of the 95 % bootstrap interval"),
        _c("weight", _F, "its share in the composite; null outside it"),
        _c("sensitivity", _F, "what the composite gains if that share rises by 0.05 at the others' expense"),
        _c("unit", _S, "share, rows, ratio, tokens, messages, rows a month or months"),
        _c("range", _S, "the values it can take"),
        _c("better", _S, "higher, lower or neither"),
        _c("n", _I, "rows it was measured on"),
        _c("pulled_down_by", pa.list_(_S), "example ids (record ids for coverage) that hurt it most, worst first"),
        _c("definition", _S, "what exactly was computed"),
        _c("dataset_sha256", _S, "hash of the training_examples that were measured"),
        _c("settings_sha256", _S, "hash of the quality settings they were measured under"),
    ),
)
QUALITY_VERDICT = Table(
    "quality_verdict",
    "quality",
    "May this dataset be trained on? Bound to the hashes of dataset, checks and settings.",
    (
        _c("verdict_id", _S, "hash of what the verdict is bound to, and of its outcome"),
        _c("passed", pa.bool_(), "true only if every required measure was measured and in bounds"),
        _c("composite", _F, "the composite score, 0 to 1"),
        _c("reasons", pa.list_(_S), "why it failed, one clause each"),
        _c("dataset_sha256", _S, "hash of training_examples it speaks about"),
        _c("checks_sha256", _S, "hash of the promises that were in force"),
        _c("settings_sha256", _S, "hash of the quality settings that were in force"),
    ),
)
DATASET_RELEASE = Table(
    "dataset_release",
    "release",
    "The files of the released dataset, each with its hash.",
    (
        _c("file", _S, "path below the release's folder"),
        _c("release", _S, "version of the release: hash of its content"),
        _c("format", _S, "parquet, openai_chat, alpaca, sharegpt or card"),
        _c("split", _S, "train, validation or test; null for the card"),
        _c("rows", _I, "examples in the file; 0 for the card"),
        _c("bytes", _I, "size of the file"),
        _c("sha256", _S, "hash of the file"),
        _c("dataset_sha256", _S, "hash of the training_examples in it"),
        _c("verdict_id", _S, "the verdict that let it out"),
        _c("folder", _S, "where the release rests, below REFINERY_HOME"),
    ),
)
FEW_SHOT_PROMPTS = Table(
    "few_shot_prompts",
    "tuning",
    "Per category the examples a few-shot prompt shows, chosen by similarity and diversity.",
    (
        _c("prompt_id", _S, "hash of category, shots and template"),
        _c("category", _S, "the category it serves; '*' for questions of any other"),
        _c("k", _I, "number of shots"),
        _c("shots", pa.list_(SHOT), "the shots, in the order they are shown"),
        _c("template_name", _S, "name of the template"),
        _c("template", _S, "the prompt's text with {shots} and {question} open"),
        _c("tokens", _I, "tokens of the prompt without the question"),
        _c("category_known", pa.bool_(), "whether evaluation shows a category's own shots; else those of '*' alone"),
        _c("validation_nll", _F, "nats a token of the true answers behind prompts of this form; null if one was named"),
        _c("tried", pa.list_(TRIED), "every form tried on the validation part: the evidence for this one"),
        _c("release", _S, "release the shots come from"),
    ),
)
_TRAINED = (
    _c("artifact", _S, "version of what was trained: hash of its weights"),
    _c("approach", _S, "lora, instruction, multitask, transfer or full"),
    _c("form", _S, "how it was asked, and is to be asked: plain, or under the instruction"),
    _c("folder", _S, "where its files rest, below REFINERY_HOME"),
    _c("release", _S, "release it was trained on"),
    _c("verdict_id", _S, "the verdict that allowed it"),
    _c("made_with", _S, "hash of the code that trained it, and of its libraries' versions"),
    _c("base_model", _S, "name and hash of the base model"),
    _c("params", _S, "the knobs it was trained with, as JSON"),
    _c("examples", _I, "examples trained on"),
    _c("distinct_examples", _I, "distinct ones among them"),
    _c("steps", _I, "optimizer steps taken"),
    _c("tokens", _I, "tokens seen, padding excluded"),
    _c("answer_tokens", _I, "tokens the loss was taken on"),
    _c("best_step", _I, "step of the lowest validation loss, whose weights were kept"),
    _c("train_loss", _F, "mean loss of the last ten steps, nats a token"),
    _c("validation_loss", _F, "lowest loss on the validation part's answers, nats a token"),
    _c("base_validation_loss", _F, "the base model's loss on the same answers, nats a token"),
    _c("losses", pa.list_(LOSS), "the loss curve"),
    _c("stages", pa.list_(STAGE), "what was learnt in order, how much, and the validation loss before and after"),
    _c("trainable_parameters", _I, "parameters that were trained"),
    _c("micro_batch_tokens", _I, "tokens in one forward pass at the end; fewer than asked for where memory ran out"),
    _c("seconds", _F, "wall time of the training"),
    _c("peak_bytes", _I, "most memory the training process held at once, its GPU's included"),
)
TUNING_TRIALS = Table(
    "tuning_trials",
    "tuning",
    "Settings of LoRA that were tried, each judged on the validation part; no row unless trials are asked for.",
    (
        _c("trial_id", _S, "hash of release, base model and knobs"),
        _c("trial", _I, "its number; 0 is the settings' own knobs"),
        _c("params", _S, "the knobs it was trained with, as JSON"),
        _c("artifact", _S, "version of the adapter it gave"),
        _c("folder", _S, "where its files rest, below REFINERY_HOME"),
        _c("release", _S, "release it was trained on"),
        _c("validation_loss", _F, "lowest loss on the validation part, nats a token"),
        _c("steps", _I, "optimizer steps taken"),
        _c("seconds", _F, "wall time of the training"),
        _c("chosen", pa.bool_(), "whether lora_adapter takes its knobs: the lowest validation loss"),
    ),
)
LORA_ADAPTER = Table(
    "lora_adapter",
    "tuning",
    "The LoRA adapter trained from plain question to answer, and how it was trained; no row if not chosen.",
    _TRAINED,
)
INSTRUCTION_ADAPTER = Table(
    "instruction_adapter",
    "tuning",
    "The adapter trained on the same pairs under their instructions (qa, policy, procedure); no row if not chosen.",
    _TRAINED,
)
MULTITASK_ADAPTER = Table(
    "multitask_adapter",
    "tuning",
    "The adapter trained on all tasks at once, each by its weight in the mixture; no row if not chosen.",
    _TRAINED,
)
TRANSFER_ADAPTER = Table(
    "transfer_adapter",
    "tuning",
    "The adapter that first learnt the desk's articles or a related task, then its answers; no row if not chosen.",
    _TRAINED,
)
FULL_MODEL = Table(
    "full_model",
    "tuning",
    "The model of which all weights, or named layers, were trained; no row if not chosen.",
    _TRAINED,
)
PREDICTIONS = Table(
    "predictions",
    "evaluation",
    "What every approach answers on the frozen test set, and how likely it finds the true answer.",
    (
        _c("prediction_id", _S, "hash of approach and example"),
        _c(
            "approach",
            _S,
            "zero_shot, few_shot, few_shot_endpoint, or what was trained: lora, instruction, multitask, transfer, full",
        ),
        _c("task", _S, "the task asked: answer, classify_category or triage_priority"),
        _c("example_id", _S, "the test example"),
        _c("pair_id", _S, "its pair"),
        _c("thread_id", _S, "its thread"),
        _c("source", _S, "its source"),
        _c("category", _S, "its category"),
        _c("kind", _S, "its kind: ticket, chat, call, article or external"),
        _c("reference", _S, "the true answer or label"),
        _c("answer", _S, "the model's answer, or the label it finds likeliest; null where neither was asked or told"),
        _c("nll", _F, "negative log-likelihood of the true answer, nats, over its tokens; null of an endpoint"),
        _c("nll_crossed", _F, "the same under another test example's question; null where that was not asked"),
        _c("answer_tokens", _I, "tokens of the true answer"),
        _c("prompt_tokens", _I, "tokens of the prompt"),
        _c("generated_tokens", _I, "tokens of the model's answer"),
        _c("shots", _I, "shots that fitted into the prompt"),
        _c(
            "shots_of",
            _S,
            "whose prompt was shown: a category's, or '*' for that of all; null without a few-shot prompt",
        ),
        _c("model", _S, "host and model of the endpoint that answered; null of an approach asked here"),
        _c("answer_occurs", _I, "how many released pairs share the true answer, itself included"),
    ),
)
APPROACH_SCORES = Table(
    "approach_scores",
    "evaluation",
    "Scores of every approach, and paired differences between them, with intervals and p values over threads.",
    (
        _c("score_id", _S, "hash of task, approach, baseline, source, subset, group and metric"),
        _c("task", _S, "the task it was scored on"),
        _c("approach", _S, "the approach scored"),
        _c("baseline", _S, "what it is compared with; null for a score of its own"),
        _c("source", _S, "source of the test pairs, or 'all'"),
        _c("subset", _S, "all; answer_once: pairs whose answer occurs once in the release; category, kind or label"),
        _c("group", _S, "the category, kind or label the subset holds; null for the other subsets"),
        _c("metric", _S, "name of the metric"),
        _c("value", _F, "the score, or the difference approach - baseline"),
        _c("low", _F, "lower end of the 95 % interval"),
        _c("high", _F, "upper end of the 95 % interval"),
        _c("p_value", _F, "two-sided: how often chance parts approach and baseline as far; null without baseline"),
        _c("n", _I, "test pairs"),
        _c("threads", _I, "threads they come from"),
        _c("better", _S, "higher or lower"),
    ),
)
CROSS_VALIDATION = Table(
    "cross_validation",
    "evaluation",
    "The adapter's knobs trained without each fold and asked it: a row a fold and one of all; no row if not asked for.",
    (
        _c("row_id", _S, "hash of release, adapter and fold"),
        _c("fold", _I, "the fold of the training part that was left out and asked; null for all of them together"),
        _c("release", _S, "release the folds are of"),
        _c("params", _S, "the knobs of every training, as JSON"),
        _c("train_size", _I, "examples learnt from; of all folds the mean"),
        _c("val_size", _I, "answers of the fold that were asked, written by people; of all folds the sum"),
        _c("threads", _I, "threads they come from"),
        _c("performance", _F, "the adapter's negative log-likelihood of the true answers, nats a token"),
        _c("performance_low", _F, "lower end of its interval, a bootstrap over threads"),
        _c("performance_high", _F, "upper end"),
        _c("zero_shot", _F, "the same of the base model, asked by its instruction"),
        _c("zero_shot_low", _F, "lower end of its interval"),
        _c("zero_shot_high", _F, "upper end"),
        _c("difference", _F, "performance - zero_shot, paired; below zero the adapter is better"),
        _c("difference_low", _F, "lower end of its interval"),
        _c("difference_high", _F, "upper end"),
        _c("spread", _F, "standard deviation of the folds' performance; null of a single fold"),
        _c(
            "data_quality",
            _F,
            "mean over the pairs learnt from of question_quality, answer_quality, relevance and completeness, 0 to 1",
        ),
        _c("seconds", _F, "wall time of the training; of all folds the sum"),
    ),
)
EVALUATION_RESULTS = Table(
    "evaluation_results",
    "evaluation",
    "The dataset and the models trained on it in four families: intrinsic, extrinsic, quality and bias metrics.",
    (
        _c("result_id", _S, "hash of family, metric, task, approach, baseline, source, subset and group"),
        _c("family", _S, "intrinsic_metrics, extrinsic_metrics, quality_metrics or bias_metrics"),
        _c("metric", _S, "name of the metric"),
        _c("task", _S, "the task it was measured on; null for a metric of the dataset"),
        _c("approach", _S, "the approach measured; null for a metric of the dataset"),
        _c("baseline", _S, "what it is compared with; null for a value of its own"),
        _c("source", _S, "source of the test pairs, or 'all'; null for what is not of approach_scores"),
        _c("subset", _S, "all, answer_once, category, kind, label or canary; null likewise"),
        _c("group", _S, "the category, kind, label or canary the subset holds; null for the other subsets"),
        _c("value", _F, "the measured value, in a paired test the difference; null where it could not be measured"),
        _c("low", _F, "lower end of the 95 % interval"),
        _c("high", _F, "upper end of the 95 % interval"),
        _c("p_value", _F, "two-sided: how often chance parts approach and baseline as far; null without a paired test"),
        _c("most", _F, "the greatest value that is tolerated; null where nothing is asked"),
        _c("n", _I, "rows or test pairs it was measured on"),
        _c("unit", _S, "what the value counts"),
    ),
)
APPROACH_COSTS = Table(
    "approach_costs",
    "evaluation",
    "What every approach costs, measured where it could be, beside the framework's priors; a comparison of approaches.",
    (
        _c("approach", _S, "the approach"),
        _c("title", _S, "what it is called"),
        _c("said_by", _S, "whose ratings and priors these are: the framework's, or ours (us) where it has none"),
        _c("training_time", _S, "how long it trains"),
        _c("computational_cost", _S, "what its computing costs"),
        _c("performance", _S, "how well it does on the frozen test set"),
        _c("flexibility", _S, "how easily it is changed"),
        _c("maintenance", _S, "how much it asks for in the long run"),
        _c("advantages", pa.list_(_S), "what speaks for it in general"),
        _c("disadvantages", pa.list_(_S), "what speaks against it in general"),
        _c("measured", pa.list_(_S), "columns whose value was measured here; of all others it is a prior"),
        _c("training_seconds", _F, "wall time of the training, of LoRA with its trials; 0 where nothing is trained"),
        _c("training_tokens", _I, "tokens the training saw"),
        _c("peak_bytes", _I, "peak memory of the training: resident, and a GPU's"),
        _c("prompt_tokens", _F, "mean tokens of a prompt of the test set"),
        _c("answer_tokens", _F, "mean tokens of an answer it wrote"),
        _c(
            "cut_off",
            _F,
            "share of its answers that reached the longest length, and would have cost more; null if unknown",
        ),
        _c("request_cost", _F, "what one answer costs in tokens"),
        _c("development_time_cost", _F, "development, at the hourly rate"),
        _c("computational_resources_cost", _F, "training, and serving over the months where requests are stated"),
        _c("data_preparation_cost", _F, "preparation of data, at the hourly rate"),
        _c("maintenance_cost", _F, "maintenance over the months, at the hourly rate"),
        _c("total", _F, "the four factors summed up"),
        _c("weighted", _F, "the framework's weights on each factor's share of the dearest measured one's, 0 to 1"),
        _c("prior_total", _F, "the total by priors alone, without serving"),
        _c("prior_weighted", _F, "the weighted share by priors alone"),
        _c("prior_development_hours", _F, "prior: hours of development"),
        _c("prior_compute_usd", _F, "prior: US dollars of computing"),
        _c("prior_data_preparation_hours", _F, "prior: hours of data preparation"),
        _c("prior_maintenance_hours_a_month", _F, "prior: hours of maintenance a month"),
        _c("break_even_requests", _F, "requests a month at which it costs as much as few-shot prompts; 0: less at any"),
        _c("break_even", _S, "where it costs less than few-shot prompts, in words"),
        _c("pays", pa.bool_(), "whether it costs no more than they at the requests a month stated; null if none are"),
        _c("currency", _S, "currency of all costs that do not say another"),
        _c("months", _I, "months they are summed up over"),
        _c("requests_a_month", _I, "requests a month they hold for; null if none are stated"),
    ),
)
RECOMMENDATION = Table(
    "recommendation",
    "evaluation",
    "Which approach to take, why, and what would change it.",
    (
        _c("recommendation_id", _S, "hash of its content"),
        _c("approach", _S, "the approach recommended, or 'do_not_fine_tune'"),
        _c("phase", _S, "the road map's phase the project stands in"),
        _c("strategy", _S, "the hybrid strategy, in one sentence"),
        _c("reasons", pa.list_(_S), "the measurements behind it"),
        _c(
            "rules",
            pa.list_(RULE),
            "the rules that fired, for or against a kind of approach, and why",
        ),
        _c("would_flip", pa.list_(_S), "what would change the recommendation"),
        _c("lacking", pa.list_(_S), "what the phase's exit still lacks"),
        _c("gates", pa.list_(GATE), "the gates of all three phases"),
        _c("facts", pa.list_(FEATURE), "the facts the rules were held against; what is not known is left out"),
    ),
)

MODEL_PACKAGE = Table(
    "model_package",
    "operation",
    "The recommended approach as a folder that can be served, with what it was made of and how it was measured.",
    (
        _c("version", _S, "version of the package: hash of its content"),
        _c("approach", _S, "the approach that was packed; zero_shot where not to fine-tune was recommended"),
        _c("kind", _S, "prompts, adapter or model"),
        _c("artifact", _S, "version of what was trained; null for prompts"),
        _c("recommended", _S, "the recommendation's own word"),
        _c("release", _S, "release it was made from"),
        _c("verdict_id", _S, "the verdict that let the release out"),
        _c("base_model", _S, "name and hash of the base model; of prompts for an endpoint its host and model"),
        _c("template_sha256", _S, "hash of the chat template it must be served under; null of an endpoint's"),
        _c("folder", _S, "where its files rest, below REFINERY_HOME"),
        _c("nll_per_token", _F, "nats a token of the true answers of the frozen test set"),
        _c("not_embedded", _S, "why the embedded server cannot serve it; null where it can"),
        _c("files", _I, "files beside package.json"),
        _c("bytes", _I, "their size"),
    ),
)
CHAMPIONS = Table(
    "champions",
    "operation",
    "Every decision about which package is served, in order: the last line's champion is.",
    (
        _c("decision_id", _S, "hash of number, package, rival and outcome"),
        _c("number", _I, "its place in the history, from 1"),
        _c("version", _S, "the package it is about"),
        _c("rival", _S, "the champion before; null for the first"),
        _c("outcome", _S, "first, promoted, kept (the rival stays), rolled_back or appointed (a person's word)"),
        _c("champion", _S, "the champion from then on"),
        _c("reasons", pa.list_(_S), "why, one clause each"),
        _c("figures", pa.list_(FIGURE), "package and rival on the test examples of both; p-values of better and worse"),
        _c("params", _S, "the knobs of the decision, as JSON; empty where nothing was compared"),
    ),
    append_only=True,
)

TABLES = {table.name: table for table in list(globals().values()) if isinstance(table, Table)}
