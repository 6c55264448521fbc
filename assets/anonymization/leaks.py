"""Proof that nothing leaked: a search for every known identity, and for numbers that prove themselves.

One pass over a text however many identities there are (Aho and Corasick, "Efficient string matching", CACM 1975).
Detectors guess; this does not, so that a hit is a leak and may stop what it is found in. What is found is never told,
only its type and where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import ahocorasick
import regex

from assets.anonymization.leaks_forms import PIECE, UNSPACED, normal, phone, single_names, spellings
from assets.anonymization.leaks_patterns import proved

_MACHINE = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"  # UUID
    r"|\b(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{12,}\b"  # hash or keyed id
    r"|\.[0-9a-f]{16}(?=\.parquet)"
    r"|(?<![\w.])\d{1,2}\.\d{8,}(?:e[+-]?\d+)?(?![\w.])"  # number of a computation
    r"|(?<![\w.])1\d{9}\.\d{2,}(?![\w.])"  # seconds since 1970
)
"""What machines write: by chance it holds anyone's number, and no person is named in it."""
_MAYBE_MACHINE = re.compile(r"[0-9a-f]{12}|\d\.\d{8}|\d{10}\.\d\d|[0-9a-f]-[0-9a-f]{12}")
"""A cheap look for what the expression above takes ten times as long to find."""
_GAP = " \t\r\n-.,()/_+#:@'*\u2019\\"
_WIDEST_GAP = 4
_CAPITALISED = regex.compile(r"\p{Lu}\p{L}+")
_APART = regex.compile(rf"(?<={UNSPACED.pattern})[ \u00b7]+(?={UNSPACED.pattern})")
_ASCII_PIECE = re.compile(r"[a-z]+|[0-9]+")
_SHORTEST_RUN = 5
_LONGEST_FORM = 256


class Leak(NamedTuple):
    """One hit: what it is, and where it stands in the normal form of the text."""

    type: str
    start: int
    end: int


class Watchlist:
    """Everybody's identities, searched for in one pass.

    Args:
        known: Pairs of type and value, the types of `known_forms.TYPES`.
        ordinary: Names that are words too; a full name of such words alone counts only when capitalised.
    """

    def __init__(self, known: Iterable[tuple[str, str]], ordinary: Iterable[str] = ()) -> None:
        self._ordinary = frozenset(ordinary)
        self._meanings: list[tuple[str, tuple[str, ...]]] = []
        self._automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        self._unspaced = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        self._vocabulary: set[str] = set()
        self._machine: dict[str, str] = {}
        self.identities = self.not_searched = 0
        numbers: dict[tuple[str, tuple[str, ...]], int] = {}
        for kind, value in sorted(set(known)):
            forms = list(_forms(kind, value))
            for form, before in forms:
                number = numbers.setdefault((kind, before), len(numbers))
                self._learn(form, number * _LONGEST_FORM + len(form), kind)
            self.identities += 1
            self.not_searched += not forms
        self._meanings = list(numbers)
        self._automaton.make_automaton()
        self._unspaced.make_automaton()

    def _learn(self, form: str, meaning: int, kind: str) -> None:
        if UNSPACED.search(form):
            self._unspaced.add_word(form, meaning)
            return
        if kind == "phone" or not self._automaton.exists(form):
            self._automaton.add_word(form, meaning)
        self._vocabulary.update(word for word in form.split(" ") if word[0] > "9")
        compact = form.replace(" ", "")
        if _MACHINE.fullmatch(compact):
            self._machine[compact] = kind

    def find(self, text: str) -> list[Leak]:
        """Find every known identity and every number that proves itself, in order.

        >>> watch = Watchlist([("name", "John Smith"), ("phone", "+1 415 555 0134"), ("email", "js@mail.org")])
        >>> [leak.type for leak in watch.find("SMITH, john: 415.555.0134 / JS@Mail.org")]
        ['name', 'phone', 'email']
        >>> watch.find("John sees a smith; order 9415555013499 of 2026")
        []
        """
        seen = normal(text)
        found: list[Leak] = []

        def blank(match: re.Match[str]) -> str:
            if match.group() in self._machine:
                found.append(Leak(self._machine[match.group()], *match.span()))
            return "\x1f" * len(match.group())

        if _MAYBE_MACHINE.search(seen):
            seen = _MACHINE.sub(blank, seen)
        found += (Leak(*hit) for hit in proved(seen))
        if len(self._automaton):
            found += self._known(seen)
        if len(self._unspaced) and UNSPACED.search(seen):
            for end, meaning in self._unspaced.iter(_APART.sub("", seen.lower())):
                number, length = divmod(meaning, _LONGEST_FORM)
                found.append(Leak(self._meanings[number][0], end + 1 - length, end + 1))
        return sorted(found, key=lambda leak: (leak.start, -leak.end))

    def _known(self, seen: str) -> Iterator[Leak]:
        low = seen.lower()
        vocabulary = self._vocabulary
        run: list[tuple[int, int]] = []
        last = -_WIDEST_GAP - 1
        for match in (_ASCII_PIECE if low.isascii() else PIECE).finditer(low):
            word = match[0]
            if word[0] > "9" and word not in vocabulary:
                continue
            start, end = match.span()
            if start - last > _WIDEST_GAP or low[last:start].strip(_GAP):
                if run:
                    yield from self._in_run(run, low, seen)
                run = []
            run.append((start, end))
            last = end
        if run:
            yield from self._in_run(run, low, seen)

    def _in_run(self, run: Sequence[tuple[int, int]], low: str, seen: str) -> Iterator[Leak]:
        """Search neighbouring pieces, spelled canonically; a match begins and ends where pieces do."""
        if run[-1][1] - run[0][0] < _SHORTEST_RUN:
            return
        spelled = ""
        starts: dict[int, int] = {}
        ends: dict[int, int] = {}
        for start, end in run:
            if spelled and not (spelled[-1] <= "9" and low[start] <= "9"):
                spelled += " "
            starts[len(spelled)] = start
            spelled += low[start:end]
            ends[len(spelled)] = end
        found = []
        for last, meaning in self._automaton.iter(spelled):
            end = last + 1
            number, length = divmod(meaning, _LONGEST_FORM)
            kind, before = self._meanings[number]
            begin = _begins(spelled, end - length, before, starts, low)
            if begin is None or end not in ends:
                continue
            leak = Leak(kind, starts[begin], ends[end])
            if self._meant(kind, seen[leak.start : leak.end]) and _stands_alone(low, leak):
                found.append(leak)
        free = 0
        for leak in sorted(found, key=lambda leak: (leak.start, -leak.end)):
            if leak.start >= free:
                yield leak
                free = leak.end

    def _meant(self, kind: str, mention: str) -> bool:
        """Whether a mention is of the person: a name made of ordinary words must be written like a name."""
        if kind != "name":
            return True
        words = PIECE.findall(mention)
        return any(w.lower() not in self._ordinary for w in words) or all(w[0].isupper() for w in words)


class Search:
    """A search of rows: for everybody's identities, and in a thread's own rows for its people's single names.

    Remembers which texts were clean, for a text goes through many tables unchanged.

    Args:
        watch: Whose identities.
        names: By thread the single names of its people, see `thread_names`.
    """

    def __init__(self, watch: Watchlist, names: Mapping[str, frozenset[str]]) -> None:
        self.watch, self._names = watch, names
        self._clean: set[int] = set()

    def types(self, text: str, thread: str | None = None, *, template: str = "") -> list[str]:
        """Return the types of what is found in a text of a thread, hit by hit.

        Args:
            text: The text.
            thread: Its thread; of None, or of one nobody is known in, no single name is looked for.
            template: Words that stand in the text for everybody, so that they name nobody.
        """
        names = self._names.get(thread, frozenset()) if thread else frozenset()
        if names and template:
            names -= {word.lower() for word in PIECE.findall(normal(template))}
        memory = hash((text, names))
        if memory in self._clean:
            return []
        found = [leak.type for leak in self.watch.find(text)] + ["single_name"] * named(text, names)
        if not found:
            self._clean.add(memory)
        return found


def named(text: str, names: frozenset[str]) -> int:
    """Count how often a text holds one of these single names, in lower case, as a capitalised word.

    >>> named("Will you call ANA? Ana will.", frozenset({"ana"}))
    2
    """
    return sum(word.lower() in names for word in _CAPITALISED.findall(normal(text))) if names else 0


def thread_names(known: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the single names of people known in a thread."""
    return frozenset(word for kind, value in known if kind == "name" for word in single_names(value))


def _begins(spelled: str, at: int, before: Sequence[str], starts: dict[int, int], low: str) -> int | None:
    """Return where in a run a form that stands at `at` begins, with what may be dialled before it; else None."""
    for prefix in before:
        start = at - len(prefix)
        if start in starts and spelled[start:at] == prefix:
            return start
    if len(before) > 1:  # a phone number after some country's code
        for start in range(at - 3, at):
            if start in starts and low[starts[start] - 1 : starts[start]] == "+":
                return start
    return None


def _stands_alone(low: str, leak: Leak) -> bool:
    """Whether a number has no letter beside it, unless of a word (tel4155550134) or an extension (x9)."""
    before, after = low[max(0, leak.start - 3) : leak.start], low[leak.end : leak.end + 3].lstrip("x")
    if low[leak.start].isdigit() and before[-1:].isalpha() and not (len(before) == 3 and before.isalpha()):
        return False
    return not (low[leak.end - 1].isdigit() and after[:1].isalpha() and not (len(after) == 3 and after.isalpha()))


def _forms(kind: str, value: str) -> list[tuple[str, tuple[str, ...]]]:
    if kind == "phone":
        number = phone(value)
        return [number] if number else []
    return [(form, ("",)) for form in spellings(kind, value) if len(form) < _LONGEST_FORM]
