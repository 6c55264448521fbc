"""What stands beside a finding and belongs to it: initials and titles of a name, the rest of an address."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence

import regex

from assets.anonymization.spans import PATTERN, Span, resolve

_NAME = r"\p{Lu}[\p{L}\p{M}'’-]+"
_TITLE = regex.compile(r"(?:\b(?:mr|mrs|ms|miss|mx|dr|prof|sir|madam)\b\.?\s+)+$", regex.IGNORECASE)
_DEGREE = regex.compile(r",?\s(?:Jr|Sr|II|III|IV|DDS|DMD|DVM|MD|PhD|MBA|Esq)\b\.?")
_INITIAL_AFTER = regex.compile(
    rf" (?:\p{{Lu}}\.|(?!I\b|A\b)\p{{Lu}}\b(?!['’&/-]))(?: {_NAME})?| [a-z]\. [\p{{L}}\p{{M}}'’-]{{2,}}"
)
_INITIAL_BEFORE = regex.compile(rf"(?<!\p{{L}}){_NAME} \p{{Lu}}\.? $")
_NEXT, _LAST = regex.compile(rf"(?: (?:and|or|&) |, | )(?P<name>{_NAME})"), regex.compile(rf"(?P<name>{_NAME}) $")

_UNIT = r"(?i:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|p\.? ?o\.? box|box)\.?\s*#?\w{1,6}\b"
_PARTICLE = r"(?:del?|della|delle|di|d[aou]s?|des|der|den|van|von|el|al|l[aeo]s?|of|the|str\.|ul\.|C/|St\.|Mt\.)"
_BETWEEN = regex.compile(
    rf"(?:[\s,;>?*|\\]|{_UNIT}|{_PARTICLE}|\p{{Lu}}[\p{{L}}\p{{M}}'’-]*|\#?\d{{1,6}}[A-Za-z]?\b)*+"
)
_LONGEST_GAP = 45
_NUMBER_BEFORE = regex.compile(r"(?<![\d$€£.,/#+-])\b(?:\d{1,6}[A-Za-z]?[ ]+){1,2}$")
_CROSSING = regex.compile(rf"{_NAME} (?:and|&|at) $")
_POSTCODE = r"\d{4,6}(?:-\d{4})?\b(?![-./]?\d)(?! [a-z])"
_AFTER = regex.compile(
    rf"(?:[\s,;>?*|]{{1,8}}(?:{_UNIT}|[A-Z]{{2}}[\s,]+{_POSTCODE}|{_POSTCODE}|[A-Z]{{2}}(?=[\n.]|$)))+"
)
_POSTCODE_OF_TOWN = regex.compile(r" (?!(?:19|20)\d\d\b)\d{4,6}(?:-\d{3,4})?\b(?![.,:/%-]?\d)")
_HOUSE_AFTER = regex.compile(r" \d{1,4}[A-Za-z]?\b(?![.,:/%-]?\d)(?! \p{Ll})")


def grown(text: str, spans: Iterable[Span], ordinary: Callable[[str], bool]) -> list[Span]:
    r"""Let names and addresses take in what belongs to them.

    Args:
        text: The text, plain.
        spans: What was found in it.
        ordinary: Whether a word, in lower case, is in the dictionary or kept, and so no part of a name.

    >>> text = "Shane M Culp, 971 Kesk Street\n Suite 343\n EE 12345"
    >>> found = grown(text, [Span(0, 5, "PERSON", .85), Span(14, 29, "ADDRESS", .6)], lambda word: False)
    >>> [text[s.start : s.end] for s in found]
    ['Shane M Culp', '971 Kesk Street\n Suite 343\n EE 12345']
    """
    spans = list(spans)
    people = resolve(s for s in spans if s.type == "PERSON")
    places = [s for s in spans if s.type in ("ADDRESS", "LOCATION")]
    others = [s for s in spans if s.type not in ("PERSON", "ADDRESS", "LOCATION")]
    return [*others, *_people(text, people, ordinary), *_places(text, places)]


def _people(text: str, spans: Sequence[Span], ordinary: Callable[[str], bool]) -> Iterable[Span]:
    for span in spans:
        start, end = span.start, span.end
        for before in (_INITIAL_BEFORE, _LAST):
            match = before.search(text, max(0, start - 40), start)
            if match and not ("name" in match.groupdict() and ordinary(match["name"].lower())):
                start = match.start()
        match = _TITLE.search(text, max(0, start - 20), start)
        start = match.start() if match else start
        more = True
        while more:
            match = _INITIAL_AFTER.match(text, end) or _DEGREE.match(text, end)
            if not match:
                match = _NEXT.match(text, end)
                joined = match is not None and match.group().startswith((" and", " or", " &"))
                if match and (not text[start].isupper() or (ordinary(match["name"].lower()) and not joined)):
                    match = None
                if match and not match.group().startswith(
                    " " + match["name"]
                ):  # another person, named beside the first
                    yield Span(match.start("name"), match.end("name"), "PERSON", span.score, span.layer)
                    match = None
            more = match is not None
            end = match.end() if match else end
        yield span._replace(start=start, end=end)


def _places(text: str, spans: Sequence[Span]) -> list[Span]:
    """Join the parts of an address, which small models find in pieces, and add number, unit and postcode."""
    joined: list[Span] = []
    for span in resolve(spans):
        last = joined[-1] if joined else None
        if last is not None and _one_address(text, last, span):
            joined[-1] = last._replace(end=span.end, type="ADDRESS", score=max(last.score, span.score))
        else:
            joined.append(span)
    return [_completed(text, span) for span in joined]


def _one_address(text: str, a: Span, b: Span) -> bool:
    if b.start - a.end > _LONGEST_GAP or not _BETWEEN.fullmatch(text, a.end, b.start):
        return False
    return "ADDRESS" in (a.type, b.type) or any(c.isdigit() for c in text[a.end : b.start])


def _completed(text: str, span: Span) -> Span:
    if span.type != "ADDRESS":
        match = _POSTCODE_OF_TOWN.match(text, span.end)
        return span._replace(end=match.end()) if match else span
    start, end = span.start, span.end
    if not any(c.isdigit() for c in text[start:end]) and (match := _HOUSE_AFTER.match(text, end)):
        end = match.end()
    if match := _AFTER.match(text, end):
        end = match.end()
    for before in (_NUMBER_BEFORE, _CROSSING):
        match = before.search(text, max(0, start - 30), start)
        start = match.start() if match else start
    return span._replace(start=start, end=end)


@functools.cache
def _countries() -> regex.Pattern[str]:
    from phonenumbers.geodata.locale import LOCALE_DATA

    names = {"UK", "USA", "U.S.A.", "Great Britain", "England", "Scotland", "Wales", "Holland"}
    for by_language in LOCALE_DATA.values():
        name = by_language["en"]
        names.add(by_language[name[1:]] if name.startswith("*") else name)  # "*aa": the same as in that language
    words = "|".join(regex.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))
    return regex.compile(rf"(?<!\w)(?:{words})(?!\w)")


def countries(text: str) -> list[Span]:
    """Find the names of countries, as the phone number library lists them.

    >>> countries("from Slovenia")
    [Span(start=5, end=13, type='LOCATION', score=0.6, layer=1)]
    """
    return [Span(m.start(), m.end(), "LOCATION", 0.6, PATTERN) for m in _countries().finditer(text)]
