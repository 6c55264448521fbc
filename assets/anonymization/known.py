"""What is known of a record's people, found in every form a text may give it."""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Iterable, Iterator, Sequence

from assets.anonymization.known_forms import (
    TYPES,
    address_words,
    code_forms,
    guess_type,
    name_words,
    street_words,
)
from assets.anonymization.spans import KNOWN, Span, resolve
from assets.anonymization.text import View, fold

_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"[^\W\d_]+|\d+")
_NAME_GAP = re.compile(r"[\s,.\-_'’]{1,3}")
_ADDRESS_GAP = re.compile(r"[\s,.#\-/]{1,4}")
_CODE_GAP = re.compile(r"[\W_]{0,3}")
_PREFIX = re.compile(r"(?:o|d|l|m|n)['’]")
_SPOKEN = frozenset({"at", "dot", "underscore", "dash", "hyphen", "plus"})
_TITLE = re.compile(r"\b(?:mr|mrs|ms|miss|mx|dr|prof|sir|madam|agent)\.?\s+$", re.IGNORECASE)


class Identities:
    """The known identities of one record, indexed so that a search costs one pass, however many there are.

    Args:
        known: Pairs of type and value; the types are those of `TYPES`, any other counts as `other`.
        ordinary: Words that are names too; alone they count only when capitalised.
        layer: How sure the identities are: on file, or names found elsewhere in the record, of which a single
            word counts only when capitalised.
    """

    def __init__(
        self, known: Iterable[tuple[str, str]], ordinary: frozenset[str] = frozenset(), layer: int = KNOWN
    ) -> None:
        self.ordinary, self.layer = ordinary, layer
        self.people: list[frozenset[str]] = []
        self._names: dict[str, set[int]] = {}
        self._unspaced: set[str] = set()
        self._addresses: list[tuple[frozenset[str], frozenset[str]]] = []
        self._address_words: dict[str, set[int]] = {}
        self._codes: dict[str, str] = {}
        for kind, value in sorted(set(known)):
            self._learn(kind, value)
        self._prefixes = {code[:i] for code in self._codes for i in range(1, len(code) + 1)}

    def _learn(self, kind: str, value: str) -> None:
        entity = TYPES.get(kind, "OTHER")
        if entity == "PERSON":
            self._learn_name(name_words(value))
        elif entity == "ADDRESS":
            words, street = address_words(value), street_words(value)
            for word in words:
                self._address_words.setdefault(word, set()).add(len(self._addresses))
            self._addresses.append((frozenset(words), frozenset(street)))
        for code, found in code_forms(kind, value, self.ordinary):
            self._codes.setdefault(code, found)

    def _learn_name(self, words: Sequence[str]) -> None:
        if not words:
            return
        person = len(self.people)
        self.people.append(frozenset(words))
        for word in words:
            if all(ord(c) >= 0x2E80 for c in word):  # scripts written without spaces
                self._unspaced.add(word)
            else:
                self._names.setdefault(word, set()).add(person)

    def find(self, view: View, *, single_names: bool = True) -> list[Span]:
        """Find every form of every identity, in order and without overlaps; spans are those of the original text.

        >>> from assets.anonymization.text import plain
        >>> known = Identities([("name", "John Smith"), ("phone", "+1 415 555 0134")])
        >>> text = "SMITH, John rang from (415) 555-0134; John rings again."
        >>> [text[s.start:s.end] for s in known.find(plain(text))]
        ['SMITH, John', '(415) 555-0134', 'John']
        """
        if not (self.people or self._codes or self._addresses):
            return []
        low = fold(view)
        found = [*self._find_names(low, view, single_names), *self._find_addresses(low), *self._find_codes(low)]
        for word in self._unspaced:
            found += [("PERSON", m.start(), m.end()) for m in re.finditer(re.escape(word), low.text)]
        return resolve(Span(*low.original(start, end), entity, 1.0, self.layer) for entity, start, end in found)

    def _find_names(self, low: View, view: View, single_names: bool) -> Iterator[tuple[str, int, int]]:
        if not self._names:
            return
        words = list(_WORD.finditer(low.text))
        i = 0
        while i < len(words):
            people = self._names.get(words[i].group(), set())
            j, common, initial, seen = i, people, False, {words[i].group()}
            while people and j + 1 < len(words) and _NAME_GAP.fullmatch(low.text, words[j].end(), words[j + 1].start()):
                word = words[j + 1].group()
                further = common & self._names.get(word, set()) if word not in seen else set()
                if not further:
                    initial = self._is_initial(words[j + 1], low.text, common)
                    if not initial:
                        break
                common, j = further or common, j + 1
                seen.add(word)
            if people and self._counts(words[i : j + 1], low, view, initial, single_names):
                yield "PERSON", words[self._with_initial(words, i, low, common)].start(), words[j].end()
            i = j + 1

    def _is_initial(self, match: re.Match[str], text: str, people: set[int]) -> bool:
        """Whether a word is the initial of one of the people, and not what stands behind an apostrophe (it's)."""
        word, before = match.group(), text[max(0, match.start() - 1) : match.start()]
        return len(word) == 1 and before not in ("'", "’") and any(w[0] == word for p in people for w in self.people[p])

    def _with_initial(self, words: Sequence[re.Match[str]], i: int, low: View, people: set[int]) -> int:
        """Let the span begin at a prefix or an initial that stands before the name: O'Neil, J. Smith."""
        if i and _PREFIX.fullmatch(low.text, words[i - 1].start(), words[i].start()):
            i -= 1
        before = i and _NAME_GAP.fullmatch(low.text, words[i - 1].end(), words[i].start())
        return i - 1 if before and self._is_initial(words[i - 1], low.text, people) else i

    def _counts(self, run: Sequence[re.Match[str]], low: View, view: View, initial: bool, single: bool) -> bool:
        """Whether a run of name words is a mention of the person: two words are, one only where it can be no other."""
        words = {m.group() for m in run if len(m.group()) > 1}
        if len(words) > 1:
            return True
        if not words or not single:
            return False
        word = next(iter(words))
        first = next(m for m in run if m.group() == word)
        letter = _character(low, view, first.start())
        capital = letter.isupper() or letter.lower() == letter.upper()  # a script without case counts as capitalised
        if len(word) < 3:
            return capital and bool(_TITLE.search(low.text[: first.start()]))
        return capital or (self.layer == KNOWN and word not in self.ordinary and not initial)

    def _find_addresses(self, low: View) -> Iterator[tuple[str, int, int]]:
        if not self._addresses:
            return
        words = list(_WORD.finditer(low.text))
        i = 0
        while i < len(words):
            common = self._address_words.get(address_words(words[i].group())[0], set())
            j = i
            while common and j + 1 < len(words):
                gap = _ADDRESS_GAP.fullmatch(low.text, words[j].end(), words[j + 1].start())
                further = common & self._address_words.get(address_words(words[j + 1].group())[0], set())
                if not gap or not further:
                    break
                common, j = further, j + 1
            run = [address_words(m.group())[0] for m in words[i : j + 1]]
            if any(self._is_address(run, *self._addresses[a]) for a in common):
                yield "ADDRESS", words[i].start(), words[j].end()
            i = j + 1

    @staticmethod
    def _is_address(run: Sequence[str], words: frozenset[str], street: frozenset[str]) -> bool:
        """Whether a run names the place: number and street, the street in two words, or a postcode; a city does not."""
        numbers = [w for w in run if any(c.isdigit() for c in w)]
        streets = [w for w in set(run) & street if w not in numbers]
        return bool((numbers and streets) or len(streets) > 1 or len(numbers) > 1 or any(len(w) >= 5 for w in numbers))

    def _find_codes(self, low: View) -> Iterator[tuple[str, int, int]]:
        if not self._codes:
            return
        pieces = list(_PIECE.finditer(low.text))
        i = 0
        while i < len(pieces):
            best = self._longest_code(pieces, i, low.text)
            if best is None:
                i += 1
                continue
            entity, last = best
            start = pieces[i].start()
            if entity == "PHONE":  # the bracket and plus in front of a number belong to it
                while start and low.text[start - 1] in "(+":
                    start -= 1
            yield entity, start, pieces[last].end()
            i = last + 1

    def _longest_code(self, pieces: Sequence[re.Match[str]], i: int, text: str) -> tuple[str, int] | None:
        code, best = "", None
        for j in range(i, len(pieces)):
            piece = pieces[j].group()
            if code and not _CODE_GAP.fullmatch(text, pieces[j - 1].end(), pieces[j].start()):
                break
            if code + piece in self._prefixes:
                code += piece
            elif not (code and piece in _SPOKEN):
                break
            if code in self._codes:
                best = self._codes[code], j
        return best


def _character(low: View, view: View, position: int) -> str:
    """The character of `view` that `low` folded at this position."""
    if low.offsets is None:
        return view.text[position]
    original = low.offsets[position]
    if view.offsets is None:
        return view.text[original]
    return view.text[bisect.bisect_left(view.offsets, original)]


@functools.lru_cache(maxsize=4096)
def identities(known: tuple[tuple[str, str], ...], ordinary: frozenset[str], layer: int = KNOWN) -> Identities:
    """Index known identities once for all records of a customer."""
    return Identities(known, ordinary, layer)


def typed(values: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Guess the type of identities that come as bare strings.

    >>> typed(["Ann Lee", "ann@x.org", "1981-05-26"])
    (('name', 'Ann Lee'), ('email', 'ann@x.org'), ('birth_date', '1981-05-26'))
    """
    return tuple((guess_type(value), value) for value in values if value and value.strip())
