"""Placeholders: typed, the same for the same person throughout a record, and for who is on file throughout a thread."""

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
    """Who is who in one record: first whoever is on file, in that order, then others in the order of appearance.

    A customer's file comes first in `known` and is the same wherever he writes, so he and everybody on it keep their
    numbers in all records of a thread, whatever partition they lie in and whether or not they are named there; no
    record is looked at but the one at hand. Who is on no file has his number for the record only. Numbers say nothing
    across customers: everybody is the first of his own thread.

    A name that holds, or is held by, the words of someone is that someone; of several, the one named last, and before
    any is named the first on file.

    Args:
        known: Words of the names on file, in order; a part of a name may stand beside the whole.
        agents: Words of the names of the desk's people, who are joined like those on file but have no number reserved.
        taken: Highest number that the source's own placeholders hold; ours go on from there.

    >>> roster = Roster([["john", "smith"], ["smith"]])
    >>> [roster.number("PERSON", name) for name in ("Ann Lee", "Mr. Smith", "Bo Ray", "ANN", "John Smith")]
    [2, 1, 3, 2, 1]
    """

    def __init__(
        self, known: Iterable[Iterable[str]] = (), agents: Iterable[frozenset[str]] = (), taken: int = 0
    ) -> None:
        self._agents, self._taken = tuple(agents), taken
        self._people: list[set[str]] = []
        self._named: dict[int, None] = {}  # who was named, the last one last
        self._values: dict[str, dict[str, int]] = {}
        by_word: dict[str, list[int]] = {}
        for words in map(set, known):
            if not words:
                continue
            who = next((i for word in sorted(words) for i in by_word.get(word, ()) if self._same(words, i)), None)
            if who is None:
                who = len(self._people)
                self._people.append(set())
            for word in words - self._people[who]:
                by_word.setdefault(word, []).append(who)
            self._people[who] |= words
        self._on_file = len(self._people)

    def number(self, entity: str, mention: str) -> int:
        """Return the number of the person or value that is mentioned."""
        if entity == "PERSON":
            return self._taken + 1 + self._person(mention)
        values = self._values.setdefault(entity, {})
        return self._taken + values.setdefault(folded(mention), len(values) + 1)

    def _person(self, mention: str) -> int:
        words = set(name_words(re.sub(r"['’]s\b", "", mention))) or {folded(mention)}
        who = self._found(words)
        if who is None:
            words |= next((agent for agent in self._agents if words <= agent or agent <= words), frozenset())
            who = self._found(words)
        if who is None:
            who = len(self._people)
            self._people.append(words)
        elif who >= self._on_file:
            self._people[who] |= words
        self._named.pop(who, None)
        self._named[who] = None
        return who

    def _found(self, words: set[str]) -> int | None:
        named = next((i for i in reversed(self._named) if self._same(words, i)), None)
        return named if named is not None else next((i for i in range(self._on_file) if self._same(words, i)), None)

    def _same(self, words: set[str], who: int) -> bool:
        return words <= self._people[who] or self._people[who] <= words


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
