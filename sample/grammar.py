"""Templates: `[a|b]` chooses, `{slot}` is filled in; what is written keeps track of personal data."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

Segment = tuple[str, str | None]
"""A piece of text and, if it identifies a person, the type of that (EMAIL, PERSON, ...)."""

_TOKEN = re.compile(r"[\[\]|]|\{[A-Za-z_0-9]+\}|[^\[\]|{]+")


_GAP = re.compile(r" +(?= |[.,?!](?:\s|$))")
_ARTICLE = re.compile(r"(?:^|\s)[Aa] $")
_AN = frozenset({"am", "at", "em", "up", "of", "el", "in"})
"""How words begin that want `an` and come from a slot."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place that the scene fills: a fact, a phrase, or (in capitals) personal data."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives of which one is written."""

    options: tuple[Template, ...]


Template = tuple[str | Slot | Choice, ...]
Lines = tuple[Template, ...]


def parse(line: str) -> Template:
    """Read one template.

    >>> parse("a [b|] {c}")
    ('a ', Choice(options=(('b',), ())), ' ', Slot(name='c'))
    """
    tokens = _TOKEN.findall(line)
    if "".join(tokens) != line:
        raise ValueError(f"not a template: {line}")
    template, rest = _sequence(tokens, 0, nested=False)
    if rest != len(tokens):
        raise ValueError(f"unbalanced brackets: {line}")
    return template


def _sequence(tokens: list[str], at: int, *, nested: bool) -> tuple[Template, int]:
    parts: list[str | Slot | Choice] = []
    while at < len(tokens):
        sign = tokens[at]
        if sign == "[":
            options: list[Template] = []
            while tokens[at] != "]":
                option, at = _sequence(tokens, at + 1, nested=True)
                options.append(option)
                if at == len(tokens):
                    raise ValueError(f"unclosed bracket: {''.join(tokens)}")
            parts.append(Choice(tuple(options)))
        elif nested and sign in "|]":
            break
        else:
            parts.append(Slot(sign[1:-1]) if sign[0] == "{" else sign)
        at += 1
    return tuple(parts), at


def lines(block: str) -> Lines:
    """Read a block of templates, one a line."""
    return tuple(parse(line) for line in block.splitlines() if line.strip())


def expansions(template: Template) -> Iterator[str]:
    """Yield every text of a template, slots left as they are.

    >>> list(expansions(parse("[a|b] {c}")))
    ['a {c}', 'b {c}']
    """
    ways: list[list[str]] = []
    for part in template:
        if isinstance(part, str):
            ways.append([part])
        elif isinstance(part, Slot):
            ways.append([f"{{{part.name}}}"])
        else:
            ways.append([text for option in part.options for text in expansions(option)])
    for combination in itertools.product(*ways):
        yield "".join(combination)


def slots_of(template: Template) -> set[str]:
    """Return the names of all slots in a template."""
    names: set[str] = set()
    for part in template:
        if isinstance(part, Slot):
            names.add(part.name)
        elif isinstance(part, Choice):
            for option in part.options:
                names |= slots_of(option)
    return names


class Scene:
    """Who writes about what: fills the slots of templates, each draw from one generator."""

    __slots__ = ("_facts", "_personal", "_slots", "rng")

    def __init__(
        self,
        rng: Random,
        slots: Mapping[str, Lines],
        facts: Mapping[str, str],
        personal: Callable[[str, Random], Segment],
    ) -> None:
        self.rng, self._slots, self._facts, self._personal = rng, slots, facts, personal

    def pick(self, choices: Lines) -> Template:
        """Choose one template."""
        return choices[int(self.rng.random() * len(choices))]

    def chance(self, share: float) -> bool:
        """Say yes in `share` of all cases."""
        return self.rng.random() < share

    def write(self, choices: Lines) -> list[Segment]:
        """Write one of the templates."""
        out: list[Segment] = []
        self._write(self.pick(choices), out)
        return _tidy(out)

    def sentence(self, choices: Lines) -> list[Segment]:
        """Write one of the templates, beginning with a capital."""
        return capitalised(self.write(choices))

    def personal(self, name: str) -> Segment:
        """Return personal data by the name of its slot."""
        return self._personal(name, self.rng)

    def _write(self, template: Template, out: list[Segment]) -> None:
        for part in template:
            if isinstance(part, str):
                out.append((part, None))
            elif isinstance(part, Choice):
                self._write(self.pick(part.options), out)
            else:
                at = len(out)
                self._fill(part.name, out)
                if 0 < at < len(out):
                    _join(out, at)

    def _fill(self, name: str, out: list[Segment]) -> None:
        if (fact := self._facts.get(name)) is not None:
            out.append((fact, None))
        elif name in self._slots:
            self._write(self.pick(self._slots[name]), out)
        else:
            out.append(self._personal(name, self.rng))


def _join(segments: list[Segment], at: int) -> None:
    """Fit what fills a slot to the words before it: a capital after a full stop, `an` before a vowel."""
    (before, _), (text, type_) = segments[at - 1], segments[at]
    if type_ is not None:
        return
    if before[-2:] in (". ", "? ", "! "):
        segments[at] = (text[:1].upper() + text[1:], None)
    elif text[:2].lower() in _AN and _ARTICLE.search("".join(piece for piece, _ in segments[max(0, at - 3) : at])):
        segments[at - 1] = (before.rstrip(" "), segments[at - 1][1])
        segments.insert(at, ("n ", None))


def _tidy(segments: list[Segment]) -> list[Segment]:
    """Join the pieces between personal data, and close the gaps that empty alternatives leave."""
    out: list[Segment] = []
    pieces: list[str] = []
    for text, type_ in segments:
        if type_ is None:
            pieces.append(text)
            continue
        if pieces:
            out.append((_GAP.sub("", "".join(pieces)), None))
            pieces = []
        out.append((text, type_))
    if pieces:
        out.append((_GAP.sub("", "".join(pieces)).rstrip(" "), None))
    if out and out[0][1] is None:
        out[0] = (out[0][0].lstrip(" "), None)
    return [segment for segment in out if segment[0]]


def capitalised(segments: list[Segment]) -> list[Segment]:
    """Begin with a capital, unless it begins with personal data.

    >>> capitalised([("", None), ("my name", None)])
    [('', None), ('My name', None)]
    """
    for n, (text, type_) in enumerate(segments):
        if text:
            if type_ is None:
                segments[n] = (text[0].upper() + text[1:], None)
            break
    return segments
