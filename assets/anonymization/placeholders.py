"""Placeholders: typed, and the same for the same person throughout a record."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from assets.anonymization.known_forms import name_words
from assets.anonymization.spans import Span
from assets.anonymization.text import folded

PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*?(?:_(?P<number>\d+))?\]")
"""A placeholder, ours or one the source had put in; it is left as it is."""


_LETTERS = str.maketrans("0123456789abcdef", "ABCDEFGHIJKLMNOP")


class Roster:
    """Who is who in one record, numbered in the order of appearance.

    A name that holds, or is held by, the words of someone seen before is that someone; of several, the one named last.
    Numbers start anew in every record, so that a number links nobody across customers; and because a thread's records
    may lie in different partitions, processed at different times, they are not carried from record to record.

    >>> roster = Roster()
    >>> [roster.number("PERSON", name) for name in ("John Smith", "Ann Lee", "Mr. Smith", "ANN")]
    [1, 2, 1, 2]
    """

    def __init__(self, known: Iterable[frozenset[str]] = (), taken: int = 0) -> None:
        self._known = tuple(known)
        self._taken = taken
        self._numbers: dict[tuple[str, object], int] = {}
        self._people: list[set[str]] = []

    def number(self, entity: str, mention: str) -> int:
        """Return the number of the person or value that is mentioned."""
        key = (entity, self._person(mention) if entity == "PERSON" else folded(mention))
        if key not in self._numbers:
            self._numbers[key] = self._taken + 1 + sum(1 for kind, _ in self._numbers if kind == entity)
        return self._numbers[key]

    def _person(self, mention: str) -> object:
        words = set(name_words(re.sub(r"['’]s\b", "", mention))) or {folded(mention)}
        for person in self._known:
            if words <= person or person <= words:
                return person
        for i in reversed(range(len(self._people))):
            if words <= self._people[i] or self._people[i] <= words:
                self._people[i] |= words
                return i
        self._people.append(words)
        return len(self._people) - 1


def highest_number(texts: Iterable[str]) -> int:
    """Return the highest number of a placeholder the texts hold already; ours go on from there."""
    return max((int(m["number"]) for t in texts for m in PLACEHOLDER.finditer(t) if m["number"]), default=0)


def replace(
    text: str,
    spans: Sequence[Span],
    roster: Roster,
    entities: Mapping[str, str],
    numbered: Collection[str],
    actions: Mapping[str, str] = MappingProxyType({}),
    secret: bytes = b"",
) -> str:
    """Put placeholders, stars or keyed hashes in place of non-overlapping spans, as `actions` says for their type.

    A hash is the same for the same value under the same secret, so that what belongs together stays together without
    saying what it was; without a secret, which anybody could try values against, a placeholder stands in its place.

    >>> replace("Ann, a@b.org", [Span(0, 3, "PERSON", 1), Span(5, 12, "EMAIL", 1)], Roster(),
    ...         {"PERSON": "PERSON", "EMAIL": "EMAIL"}, ["PERSON"], {"EMAIL": "mask"})
    '[PERSON_1], *@*.***'
    """
    parts, at = [], 0
    for span in spans:
        word, mention = entities[span.type], text[span.start : span.end]
        action = actions.get(span.type, "replace")
        if action == "mask":
            put = "".join("*" if c.isalnum() else c for c in mention)
        elif action == "hash" and secret:
            put = f"[{word}_{_hashed(f'{span.type}:{folded(mention)}', secret)}]"
        else:
            put = f"[{word}_{roster.number(span.type, mention)}]" if span.type in numbered else f"[{word}]"
        parts += [text[at : span.start], put]
        at = span.end
    return "".join([*parts, text[at:]])


def _hashed(value: str, secret: bytes) -> str:
    """Return ten letters that stand for a value under a secret; letters only, so that it reads as a placeholder."""
    digest = hmac.new(secret, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return digest[:10].translate(_LETTERS)


def counts(spans: Iterable[Span]) -> list[dict[str, object]]:
    """Count spans by type, for the column `entities`."""
    return [{"name": name, "count": n} for name, n in sorted(Counter(s.type for s in spans).items())]
