"""The knobs of collection: where the sources lie, how their fields map onto a record's, which tickets count."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from assets.licences import Terms

Gives = Literal["tickets", "chats", "calls", "articles", "external_documents", "customers"]
KnownType = Literal["name", "email", "phone", "address", "account", "birth_date", "card", "other"]
FieldName = Literal[
    "id", "thread", "customer", "created_at", "updated_at", "category", "priority", "status", "channel", "language",
    "licence", "consent", "subject", "description", "resolution", "title", "body",
]  # fmt: skip
Speaker = Literal["customer", "agent", "system"]

_COMMON: Final = frozenset({
    "id", "thread", "customer", "created_at", "updated_at", "category", "priority", "channel", "language", "licence",
    "consent",
})  # fmt: skip
FIELDS: Final[dict[Gives, frozenset[str]]] = {
    "tickets": _COMMON | {"status", "subject", "description", "resolution"},
    "chats": _COMMON | {"status", "subject"},
    "calls": _COMMON | {"status", "subject"},
    "articles": _COMMON | {"title", "body"},
    "external_documents": _COMMON | {"title", "body", "subject", "description", "resolution"},
    "customers": frozenset({"id", "created_at", "updated_at", "consent", "language"}),
}
"""Fields a source may map, by what it gives."""

OPTIONS: Final[dict[str, object]] = {
    "path": (), "exclude": (), "beside": None, "encoding": "utf-8", "delimiter": ",", "header": True, "rows": None,
    "url": None, "table": None, "query": None, "watch": (),
}  # fmt: skip
"""Options that only some readers understand, with their defaults; each reader says which it takes."""


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as fault:
        raise ValueError(f"not a regular expression: {fault}") from None
    return pattern


def _text(value: object) -> object:
    """YAML reads 2024-05-15 as a date and 7 as a number; a constant is text."""
    return value if value is None or isinstance(value, list | dict) else str(value)


Text = Annotated[str, BeforeValidator(_text)]
Pattern = Annotated[str, AfterValidator(_regex)]


class _Knobs(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PartitionParams(_Knobs):
    """How the record line is cut into slices of `created_at` (UTC)."""

    every: Literal["day", "week", "month"] = Field(default="day", description="Length of a slice.")
    start: date = Field(
        default=date(2020, 1, 1), description="First day that is collected; older rows are quarantined."
    )


class Mark(_Knobs):
    """What gives a row away: one field, and what it holds. Any of the conditions is enough."""

    field: str = Field(
        description="A field of the record (status, subject, ...), or else a mapping on the source's row."
    )
    values: tuple[bool | float | str, ...] = Field(
        default=(), description="Values that mark the row; letter case and word joints (- _) do not count."
    )
    patterns: tuple[Pattern, ...] = Field(
        default=(), description="Regular expressions, searched regardless of letter case."
    )
    missing: bool = Field(default=False, description="Whether an empty or missing field marks the row.")

    @model_validator(mode="after")
    def _says_something(self) -> Mark:
        if not (self.values or self.patterns or self.missing):
            raise ValueError("a mark needs `values`, `patterns` or `missing: true`")
        return self


class DropRule(Mark):
    """A mark of one source, and the reason its rows leave for."""

    reason: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="Reason in the ledger, in snake_case.")


class Known(_Knobs):
    """Where a row says something about its people."""

    type: KnownType = Field(description="What the value is.")
    path: str = Field(description="A field mapping; a list gives several values.")
    pattern: Pattern | None = Field(
        default=None, description="Regular expression whose first group is the value, where more stands around it."
    )


class People(_Knobs):
    """The source of identities a record's customer is looked up in."""

    source: str = Field(description="Name of a source that gives customers.")
    key: str = Field(description="Field mapping of the customer's id on this source's row.")


class Turns(_Knobs):
    """Where a conversation's turns lie: in the row, or as rows of a table of their own in the same database."""

    path: str | None = Field(default=None, description="Field mapping of the list of turns.")
    table: str | None = Field(default=None, description="Table of the turns, schema and all, instead of `path`.")
    query: str | None = Field(default=None, description="Query that gives the turns, instead of `path`.")
    belongs_to: str | None = Field(default=None, description="Column of a turn that names its record.")
    key: str | None = Field(
        default=None, description="Column of the record that `belongs_to` means; its `id` if not given."
    )
    order_by: tuple[str, ...] = Field(default=(), description="Columns that put the turns of a record in order.")
    speaker: str = Field(default="speaker", description="Field mapping on a turn: who speaks.")
    text: str = Field(default="text", description="Field mapping on a turn: what is said.")
    at: str | None = Field(default=None, description="Field mapping on a turn: when it was said.")
    after: str | None = Field(
        default=None, description="Field mapping on a turn: seconds since the record was opened, instead of `at`."
    )
    customer: tuple[Text, ...] = Field(default=("customer",), description="Names the source has for the customer.")
    agent: tuple[Text, ...] = Field(default=("agent",), description="Names the source has for the agent.")
    system: tuple[Text, ...] = Field(default=("system",), description="Names the source has for machines.")
    where: dict[str, tuple[Text, ...]] = Field(
        default={}, description="Field mappings on a turn and the values it must have to count as said."
    )

    @property
    def apart(self) -> bool:
        """Whether the turns are rows of a table of their own."""
        return self.path is None

    @model_validator(mode="after")
    def _lie_in_one_place(self) -> Turns:
        if sum(place is not None for place in (self.path, self.table, self.query)) != 1:
            raise ValueError("turns lie in one place: `path`, `table` or `query`")
        if self.apart and not (self.belongs_to and self.order_by):
            raise ValueError("turns of a table need `belongs_to` and `order_by`")
        if not self.apart and (self.belongs_to or self.key or self.order_by):
            raise ValueError("`belongs_to`, `key` and `order_by` belong to turns of a table")
        return self


class External(_Knobs):
    """Where a source from outside the desk comes from, and what it is for."""

    category: Literal["industry_report", "public_dataset", "regulatory_document"] = Field(description="What it is.")
    domains: tuple[str, ...] = Field(
        default=(), description="Domains it is about (see `collection.domain`); none: it is of use to all."
    )
    provenance: str = Field(min_length=1, description="Where it was taken from: an address, a title, a version.")
    retrieved: date | None = Field(default=None, description="Day on which it was taken; null where its rows say it.")
    attribution: str | None = Field(default=None, description="How its authors are to be named in the dataset card.")


class Level(_Knobs):
    """One step down into nested rows: every entry of a mapping or list becomes a row of its own."""

    key: str = Field(description="Name under which the new row carries its key (or its number in a list).")
    path: str | None = Field(default=None, description="Field that holds the entries; the row itself if not given.")


class SourceParams(_Knobs):
    """One source: what it gives, where it lies, and how its fields map onto a record's.

    A field mapping is, in this order: the exact name of a field the row has; a template such as
    `"{Type}: {Descriptor}"`, each part a mapping; a JMESPath expression. A plain name that no row of
    the source has is an error, unless it ends in `?`. Every row also has `_file` and `_row`.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name of the source, in snake_case.")
    gives: Gives = Field(description="What its rows become.")
    kind: str = Field(description="How it is read.")
    path: str | tuple[str, ...] = Field(
        default=(),
        description="Files, globs or folders, local or any fsspec URL; .gz, .bz2, .xz and .zip of texts are unpacked. "
        "For kind `python` module:function, a callable without arguments that yields mappings.",
    )
    url: SecretStr | None = Field(
        default=None, description="A database, as SQLAlchemy writes it; a password comes from the environment."
    )
    table: str | None = Field(default=None, description="Table or view of the database, schema and all.")
    query: str | None = Field(
        default=None, description="Query instead of `table`; it is run as a subquery, and never needs an order."
    )
    watch: tuple[str, ...] = Field(
        default=(), description="Columns whose changes count although `updated_at` does not follow them, as of joins."
    )
    json_columns: tuple[str, ...] = Field(default=(), description="Columns whose text is JSON, to be reached into.")
    exclude: tuple[str, ...] = Field(default=(), description="Globs of files below `path` that are left out.")
    encoding: str = Field(default="utf-8", description="Character encoding of the files.")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="What separates the cells of a CSV.")
    header: bool | tuple[str, ...] = Field(
        default=True, description="Whether a CSV begins with its column names; or the names, if it does not."
    )
    rows: str | None = Field(default=None, description="JMESPath of the list of rows in a JSON document.")
    beside: str | None = Field(
        default=None, description="A second file of the same kind whose n-th row adds its fields to the n-th row."
    )
    explode: tuple[Level, ...] = Field(
        default=(), description="Steps down into nested rows; parents' fields and keys stay with each row."
    )
    nulls: tuple[str, ...] = Field(default=(), description="Words that mean 'nothing here', such as N/A.")
    fields: dict[FieldName, str] = Field(description="Record fields and the mappings that fill them.")
    constants: dict[FieldName, Text] = Field(
        default={}, description="Values of fields the rows do not state, such as licence or created_at."
    )
    turns: Turns | None = Field(default=None, description="Where the turns of a conversation lie.")
    dates: tuple[str, ...] = Field(
        default=(), description="Formats of its dates (strptime), tried in order; ISO 8601 and Unix time need none."
    )
    timezone: str = Field(default="UTC", description="Time zone of dates that do not state one (IANA name).")
    replace: dict[Pattern, str] = Field(
        default={}, description="Mark-up of the source's own: regular expressions and what replaces them in texts."
    )
    known: tuple[Known, ...] = Field(default=(), description="What a row says about the people in it.")
    external: External | None = Field(
        default=None, description="What a source from outside the desk is; its rows need a known licence."
    )
    attributes: dict[str, str] = Field(
        default={}, description="Further facts about a customer: their names, and the field mappings that fill them."
    )
    people: People | None = Field(default=None, description="Where more is known about the record's customer.")
    drop_if: tuple[DropRule, ...] = Field(default=(), description="Rows that are left out, each with its reason.")
    one_a_thread: Literal["longest", "latest"] | None = Field(
        default=None, description="Which row stands for a thread that the source tells several times; else all stay."
    )

    @field_validator("kind")
    @classmethod
    def _kind_is_known(cls, kind: str) -> str:
        from assets.collection.readers import READERS  # the registry is the one place that knows the kinds

        if kind not in READERS:
            raise ValueError(f"unknown kind '{kind}'; known kinds are {', '.join(sorted(READERS))}")
        return kind

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"unknown time zone '{name}'") from None
        return name

    @model_validator(mode="after")
    def _makes_sense(self) -> SourceParams:
        from assets.collection.readers import READERS

        takes = READERS[self.kind].takes
        for option, default in OPTIONS.items():
            if option not in takes and getattr(self, option) != default:
                raise ValueError(f"kind '{self.kind}' takes no `{option}`")
        for option in ("path", "url"):
            if option in takes and not getattr(self, option):
                raise ValueError(f"kind '{self.kind}' needs `{option}`")
        if "query" in takes and (self.table is None) == (self.query is None):
            raise ValueError(f"kind '{self.kind}' needs either `table` or `query`")
        if self.turns and self.turns.apart and "query" not in takes:
            raise ValueError(f"kind '{self.kind}' has turns at a `path`, not in a table")
        if "id" not in self.fields:
            raise ValueError("`fields` must map `id`; where rows have none, '{_file} {_row}' names them by position")
        if strange := sorted((self.fields.keys() | self.constants.keys()) - FIELDS[self.gives]):
            raise ValueError(f"{self.gives} have no {', '.join(strange)}")
        if self.gives != "customers" and not {"created_at"} & (self.fields.keys() | self.constants.keys()):
            raise ValueError("`created_at` must be mapped, or stated once under `constants`")
        if self.external and "licence" not in self.fields.keys() | self.constants.keys():
            raise ValueError("what comes from outside needs a `licence`, mapped or stated once under `constants`")
        if self.attributes and self.gives != "customers":
            raise ValueError(f"{self.gives} have no attributes")
        if self.gives in ("chats", "calls") and self.turns is None:
            raise ValueError(f"{self.gives} need `turns`")
        return self


_MERGED = r"^(this )?(ticket|request|case|conversation) (has been |was )?(merged|closed and merged) (in)?(to|with)\b"


_UNFINISHED = (
    *("new", "open", "reopened", "pending", "assigned", "in progress", "waiting", "on hold", "unresolved"),
    "escalated",
)


class TicketRules(_Knobs):
    """Which tickets are no question with an answer, and how that shows; looked at in this order."""

    spam: tuple[Mark, ...] = Field(
        default=(Mark(field="status", values=("spam", "junk")), Mark(field="category", values=("spam", "junk"))),
        description="Unwanted mail.",
    )
    bounced: tuple[Mark, ...] = Field(
        default=(
            Mark(field="status", values=("bounced",)),
            Mark(
                field="subject",
                patterns=(
                    r"^\W*(undeliver(ed|able)|returned mail|failure notice|mail delivery (failed|subsystem|system))",
                    r"^\W*delivery (status notification|has failed|failure)",
                ),
            ),
        ),
        description="Mail that came back.",
    )
    auto_answered: tuple[Mark, ...] = Field(
        default=(
            Mark(field="status", values=("auto answered", "auto reply")),
            Mark(
                field="subject",
                patterns=(r"^\W*auto(matic)?[- ]?(reply|response|antwort)", r"^\W*out of( the)? office"),
            ),
        ),
        description="Answers no person wrote.",
    )
    merged: tuple[Mark, ...] = Field(
        default=(
            Mark(field="status", values=("merged", "duplicate")),
            Mark(field="resolution", patterns=(_MERGED,)),
        ),
        description="Tickets that live on in another one.",
    )
    unresolved: tuple[Mark, ...] = Field(
        default=(
            Mark(field="resolution", missing=True),
            Mark(
                field="status",
                values=_UNFINISHED,
            ),
        ),
        description="Tickets without an answer yet.",
    )


class CollectionParams(_Knobs):
    """What holds for every source."""

    tickets: TicketRules = Field(default=TicketRules(), description="Tickets that are left out, and what marks them.")
    domain: str | None = Field(
        default=None, description="The business's domain: external sources of other domains are not read; null: all."
    )
    licences: dict[str, Terms] = Field(
        default={}, description="Terms of licences that are on no list (LicenseRef-...), such as the company's own."
    )
    max_characters: int = Field(
        default=1_000_000, ge=1_000, description="Longest row in characters; a longer one is quarantined (too_long)."
    )
    max_file_mb: int = Field(
        default=4_096, ge=1, description="Most a file may unpack to; what lies behind is quarantined (too_large)."
    )
