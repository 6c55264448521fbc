"""From rows to records: one source's mapping, applied to one row at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from assets import tables
from assets.collection.mapping import Unreadable, Values, field, moment, text_of, texts_of
from assets.collection.params import CollectionParams, FieldName, Mark, SourceParams
from assets.licences import terms_of

if TYPE_CHECKING:
    from assets.collection.params import Turns

KINDS = {
    "tickets": "ticket",
    "chats": "chat",
    "calls": "call",
    "articles": "article",
    "external_documents": "external",
}
_PLAIN: tuple[FieldName, ...] = ("category", "priority", "channel", "language", "licence", "consent")
_AS_THEY_ARE: tuple[FieldName, ...] = (*_PLAIN, "thread", "customer", "status")
_MOMENTS: tuple[FieldName, ...] = ("created_at", "updated_at")
_TEXTS: tuple[FieldName, ...] = ("subject", "title", "description", "resolution", "body")

TURNS = "_turns"
"""Name under which a row carries its turns, where they are rows of a table of their own."""
_LONGEST_TALK = 1e7
"""Seconds after which a turn no longer belongs to the talk; more is a fault of the source."""

Identities = Mapping[str, tuple[dict[str, str], ...]]


class Drafted(NamedTuple):
    """What became of one row: its record, or what is wrong with it, and why it leaves, if it does."""

    record: dict[str, Any] | None = None
    dropped: str | None = None
    fault: str | None = None
    source_id: str | None = None
    created_at: datetime | None = None


class Mapper:
    """One source's settings, compiled once.

    Args:
        source: The source.
        params: What holds for every source.
        key: The installation key the ids are made with.
        identities: What is known of each customer, by the id the `people` source has for him.
        identities_whole: Whether every row of that source could be read.
    """

    def __init__(
        self,
        source: SourceParams,
        params: CollectionParams,
        *,
        key: bytes,
        identities: Identities | None = None,
        identities_whole: bool = True,
    ) -> None:
        self.source, self.key, self.longest = source, key, params.max_characters
        self._fields = {name: field(mapping) for name, mapping in source.fields.items()}
        self._stated = [name for name in get_args(FieldName) if name in source.fields or name in source.constants]
        self._licences = params.licences
        self._from_outside = source.external is not None or source.gives == "external_documents"
        self._attributes = source.attributes.items()
        self._known = [(k.type, field(k.path), re.compile(k.pattern) if k.pattern else None) for k in source.known]
        self._replace = [(re.compile(pattern), to) for pattern, to in source.replace.items()]
        self._nulls = frozenset(source.nulls)
        self._identities, self._identities_whole = identities, identities_whole
        self._roles = _roles(source.turns) if source.turns else {}
        rules: list[tuple[str, Mark]] = [(rule.reason, rule) for rule in source.drop_if]
        if source.gives == "tickets":
            rules += [(reason, mark) for reason, marks in params.tickets for mark in marks]
        self._rules = [(reason, _Test(mark, source)) for reason, mark in rules]

    def expected(self) -> set[str]:
        """Return the plain names the settings say every row of the source has."""
        source = self.source
        mappings = [*source.fields.values(), *source.attributes.values(), *(k.path for k in source.known)]
        mappings += [rule.field for rule in source.drop_if if rule.field not in get_args(FieldName)]
        mappings += [source.turns.path] if source.turns and source.turns.path else []
        mappings += [source.people.key] if source.people else []
        return {*source.watch} | {name for mapping in mappings for name in field(mapping).names}

    def columns(self, *names: FieldName) -> frozenset[str] | None:
        """Return the columns that say these fields and who the customer is, and those watched; null for any column."""
        mappings = [self.source.fields[name] for name in names if name in self.source.fields]
        mappings += [self.source.people.key] if self.source.people else []
        found = [field(mapping).columns for mapping in mappings]
        return None if None in found else frozenset({*self.source.watch, *(n for names in found for n in names or ())})

    def placed(self, row: Values) -> tuple[str | None, datetime | None]:
        """Return a row's id and when it was opened, each null where `draft` finds none."""
        source_id = opened = None
        with suppress(Unreadable):
            row = self._cleared(row)
            opened = self._moment("created_at", row)
            source_id = self._id(row)
        return source_id, opened

    def person(self, row: Values) -> str | None:
        """Return the id the `people` source has for the record's customer.

        Raises:
            Unreadable: It is no text.
        """
        return _stripped(text_of(field(self.source.people.key).get(row))) if self.source.people else None

    def draft(self, row: Values) -> Drafted:
        """Make a record of a row; nothing that is wrong with one row reaches another."""
        source_id = opened = None
        try:
            row = self._cleared(row)
            opened = self._moment("created_at", row)
            source_id = self._id(row)
            facts = self._facts(row)
            reason = next((reason for reason, test in self._rules if test.hits(facts, row)), None)
            if reason is None:
                self._require(facts)
            return Drafted(self._record(source_id, facts, row), reason, None, source_id, opened)
        except Unreadable as fault:
            return Drafted(fault=str(fault), source_id=source_id, created_at=opened)

    def identity(self, row: Values) -> tuple[str, tuple[dict[str, str], ...]]:
        """Return a customer's id, and what is known of him.

        Raises:
            Unreadable: The row does not say who it is about.
        """
        row = self._cleared(row)
        return self._id(row), self.known(row)

    def customer(self, row: Values) -> dict[str, Any]:
        """Return a row of a source of customers, in the form of `tables.CUSTOMERS`.

        Raises:
            Unreadable: The row does not say who it is about, or holds what is no text.
        """
        row = self._cleared(row)
        id_ = self._id(row)
        attributes = {name: _stripped(text_of(field(mapping).get(row))) for name, mapping in self._attributes}
        return {
            "customer_id": self.customer_id(id_),
            "source": self.source.name,
            "source_id": id_,
            "known": list(self.known(row)),
            "since": self._moment("created_at", row),
            "updated_at": self._moment("updated_at", row),
            **{name: _stripped(text_of(self._value(name, row))) for name in ("consent", "language")},
            "attributes": [{"name": name, "value": value} for name, value in attributes.items() if value is not None],
        }

    def customer_id(self, id_: str) -> str:
        """Return the pseudonym a customer of this source has."""
        return tables.keyed_id(self.key, self.source.name, "customer", id_)

    def known(self, row: Values) -> tuple[dict[str, str], ...]:
        """Return what a row says of its people, each value once."""
        found = {
            (type_, value): {"type": type_, "value": value}
            for type_, mapping, pattern in self._known
            for text in texts_of(mapping.get(row))
            for value in _inner(pattern, text)
            if value not in self._nulls
        }
        return tuple(found.values())

    def record_id(self, source_id: str) -> str:
        """Return the pseudonym a record of this source has."""
        return tables.keyed_id(self.key, self.source.name, source_id)

    def _cleared(self, row: Values) -> Values:
        """Return the row with nothing where it says 'nothing here'."""
        if not self._nulls:
            return row
        return {k: None if isinstance(v, str) and v.strip() in self._nulls else v for k, v in row.items()}

    def _value(self, name: FieldName, row: Values) -> Any:
        value = self._fields[name].get(row) if name in self._fields else None
        return self.source.constants.get(name) if value is None or value == "" else value

    def _id(self, row: Values) -> str:
        found = _stripped(text_of(self._value("id", row)))
        if found is None:
            raise Unreadable("missing_id")
        return found

    def _moment(self, name: FieldName, row: Values) -> datetime | None:
        return moment(self._value(name, row), self.source.dates, self.source.timezone)

    def _facts(self, row: Values) -> dict[str, Any]:
        """Return what the row says of the record's fields, texts and dates made out."""
        facts: dict[str, Any] = dict.fromkeys((*_AS_THEY_ARE, *_MOMENTS, *_TEXTS))
        for name in self._stated:
            if name in _TEXTS:
                facts[name] = self._said(text_of(self._value(name, row), joint="\n"))
            elif name in _MOMENTS:
                facts[name] = self._moment(name, row)
            else:
                facts[name] = _stripped(text_of(self._value(name, row)))
        facts["turns"] = self._turns(row, facts)
        if self.source.people:
            facts["person"] = self.person(row)
        if self.source.gives == "tickets" and self.source.turns and facts["resolution"] is None:
            answers = [turn["text"] for turn in facts["turns"] if turn["speaker"] == "agent"]
            facts["resolution"] = answers[-1] if answers else None
        return facts

    def _record(self, source_id: str, facts: dict[str, Any], row: Values) -> dict[str, Any]:
        source, name = self.source, self.source.name
        customer, space = facts["customer"], name
        if source.people:
            customer, space = customer or facts["person"], source.people.source
        subject = facts["title"] or facts["subject"]
        if len(subject or "") + sum(len(turn["text"]) for turn in facts["turns"]) > self.longest:
            raise Unreadable("too_long")
        return {
            "record_id": self.record_id(source_id),
            "kind": KINDS[source.gives],
            "source": name,
            "source_id": source_id,
            "known": self._people(facts.get("person"), row),
            "thread_id": tables.keyed_id(self.key, name, "thread", facts["thread"] or source_id),
            "customer_id": tables.keyed_id(self.key, space, "customer", customer) if customer else None,
            "created_at": facts["created_at"],
            "updated_at": facts["updated_at"] or facts["created_at"],
            **{column: facts[column] for column in _PLAIN},
            "subject": subject,
            "turns": facts["turns"],
        }

    def _people(self, person: str | None, row: Values) -> list[dict[str, str]]:
        """Return all that is known of the record's people, the customer's own file first: he is [PERSON_1] everywhere.

        Where rows of identities were unreadable, a customer who is not found may be one of them:
        his records are set aside rather than passed on without his identity.
        """
        known: list[dict[str, str]] = []
        if person is not None and self._identities is not None:
            if person not in self._identities and not self._identities_whole:
                raise Unreadable("identity_unread")
            known += self._identities.get(person, ())
        return known + [k for k in self.known(row) if k not in known]

    def _require(self, facts: dict[str, Any]) -> None:
        gives = self.source.gives
        if self._from_outside and terms_of(facts["licence"], self._licences) is None:
            raise Unreadable("unknown_licence")
        if gives in ("chats", "calls") and not facts["turns"]:
            raise Unreadable("no_turns")
        if gives == "tickets" and not (
            facts["subject"] or any(turn["speaker"] == "customer" for turn in facts["turns"])
        ):
            raise Unreadable("missing_description")
        if gives in ("articles", "external_documents") and not self._asks(facts):
            for name in ("title", "body"):
                if not facts[name]:
                    raise Unreadable(f"missing_{name}")

    @staticmethod
    def _asks(facts: dict[str, Any]) -> bool:
        """Tell a question with its answer, as a data set from outside may hold them, from a document."""
        return bool(facts["description"] and facts["resolution"])

    def _said(self, text: str | None) -> str | None:
        """Return a text without the source's own mark-up."""
        if text is None:
            return None
        for pattern, to in self._replace:
            text = pattern.sub(to, text)
        return text.strip() or None

    def _turns(self, row: Values, facts: dict[str, Any]) -> list[dict[str, Any]]:
        if self.source.turns:
            return list(self._conversation(self.source.turns, row, facts["created_at"]))
        told = (("customer", facts["description"]), ("agent", facts["resolution"] or facts["body"]))
        opened = facts["created_at"]
        return [{"speaker": s, "text": t, "at": opened if s == "customer" else None} for s, t in told if t]

    def _conversation(self, turns: Turns, row: Values, opened: datetime | None) -> Iterator[dict[str, Any]]:
        """Yield what was said, in order; a turn without words says nothing."""
        items = field(turns.path).get(row) if turns.path else row.get(TURNS)
        if items is not None and not isinstance(items, list):
            raise Unreadable("wrong_type")
        speaker, said = field(turns.speaker), field(turns.text)
        where = [(field(mapping), wanted) for mapping, wanted in turns.where.items()]
        for item in items or ():
            turn = item if isinstance(item, dict) else {"value": item}
            if any(text_of(mapping.get(turn)) not in wanted for mapping, wanted in where):
                continue
            text = self._said(text_of(said.get(turn), joint="\n"))
            if text is None:
                continue
            role = self._roles.get(text_of(speaker.get(turn)) or "")
            if role is None:
                raise Unreadable("unknown_speaker")
            yield {"speaker": role, "text": text, "at": self._when(turns, turn, opened)}

    def _when(self, turns: Turns, turn: Values, opened: datetime | None) -> datetime | None:
        if turns.at:
            return moment(field(turns.at).get(turn), self.source.dates, self.source.timezone)
        after = field(turns.after).get(turn) if turns.after else None
        seconds = float(after) if isinstance(after, int | float | Decimal) else -1.0
        if opened is None or not 0 <= seconds < _LONGEST_TALK:
            return None
        return opened + timedelta(seconds=seconds)


class _Test:
    """A mark, ready to be looked for."""

    def __init__(self, mark: Mark, source: SourceParams) -> None:
        self._missing, self._field, self._get = mark.missing, mark.field, field(mark.field).get
        self._mapped = mark.field in source.fields or mark.field in source.constants
        self._words = {_plain(v) for v in mark.values}
        self._patterns = [re.compile(p, re.IGNORECASE) for p in mark.patterns]

    def hits(self, facts: dict[str, Any], row: Values) -> bool:
        """Say whether the mark is there: on the record, or on the row where the record has no such field."""
        value = facts.get(self._field)
        if value is None and not self._mapped:
            value = self._get(row)
        text = text_of(value, joint="\n") if isinstance(value, str | list) else value
        if text is None:
            return self._missing
        if self._words and _plain(text) in self._words:
            return True
        return any(p.search(text_of(text) or "") for p in self._patterns)


def _plain(value: Any) -> Any:
    """Return a value as marks compare it: 0 is 0.0, and On-Hold is on_hold.

    >>> _plain("On-Hold ") == _plain("on_hold"), _plain("0") == _plain(0.0), _plain(True) == _plain(1)
    (True, True, False)
    """
    if isinstance(value, bool):
        return str(value).casefold()
    words = (text_of(value) or "").strip().casefold()
    try:
        return float(words)
    except ValueError:
        return re.sub(r"[-_\s]+", " ", words)


def _roles(turns: Turns) -> dict[str, str]:
    return {
        name: role
        for role, names in (("customer", turns.customer), ("agent", turns.agent), ("system", turns.system))
        for name in names
    }


def _stripped(text: str | None) -> str | None:
    return text.strip() if text else None


def _inner(pattern: re.Pattern[str] | None, text: str) -> Iterator[str]:
    """Yield the values inside what stands around them; a text the pattern does not know stays whole."""
    matches = list(pattern.finditer(text)) if pattern else []
    for value in [m.group(m.lastindex or 0) for m in matches] or [text]:
        if value.strip():
            yield value.strip()
