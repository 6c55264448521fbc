"""Which of the language model's people are people."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from assets.anonymization.known_forms import TITLES
from assets.anonymization.placeholders import PLACEHOLDER
from assets.anonymization.spans import Span

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_REDACTED = re.compile(r"[Xx*_]{2,}|<[^<>]{0,40}>")
_NOT_NAMES = frozenset(
    """
    a again agent alright am and any anyway apologies are as assistant at awesome aye best bot but bye can check cheers
    cool could customer damn dear did do does done download drat dude email enjoy excellent fax fine for from gee get
    good goodbye gosh gotcha gracious great greetings ha haha have hello help hey hi hm hmm hmmm how howdy i id if im in
    is it its just kindly let lol lovely ma'am madam maybe me mhm mm morning my nah name need nice no nope not of oh
    ohh ok okay on oops or ouch pardon per perfect please pls plz re regards right see sent shall should sincerely sir
    so sorry ssn sure tel ten thank thanks that that's the then there this thx till to today tomorrow true ugh uh uhh
    um umm understood unfortunately until up update urgent was we welcome well what what's when where which who why
    will with wonderful wow xoxo ya yah yay yea yeah yep yes yesterday you your yours yup zip
    """.split()
)
"""Words that open, close or fill a turn, which a small model likes to take for names."""


def plausible(text: str, spans: Iterable[Span], keep: Collection[str], need: int = 1) -> list[Span]:
    """Drop or trim the people that cannot be people; other spans pass.

    Greetings and fillers are trimmed from both ends, redactions and placeholders are no names, a word with a digit is
    none, and neither is what the domain keeps (`keep`, lower case). `need` is how many words a name must have.

    >>> text = "Hi John, Yep, XXXX paid by Zelle"
    >>> spans = plausible(text, [Span(0, 7, "PERSON", .85), Span(9, 12, "PERSON", .85)], {"zelle"})
    >>> [text[s.start : s.end] for s in spans]
    ['John']
    """
    out = []
    for span in spans:
        if span.type != "PERSON":
            if text[span.start : span.end].lower() not in keep:
                out.append(span)
            continue
        trimmed = _trimmed(text, span)
        if trimmed and _is_name(text[trimmed.start : trimmed.end], keep, need):
            out.append(trimmed)
    return out


def _trimmed(text: str, span: Span) -> Span | None:
    blank = text[span.start : span.end]
    for pattern in (_REDACTED, PLACEHOLDER):
        blank = pattern.sub(lambda m: " " * len(m.group()), blank)
    words = list(_WORD.finditer(blank))
    while words and _is_filler(words[0].group()):
        words.pop(0)
    while words and _is_filler(words[-1].group()):
        words.pop()
    if not words:
        return None
    end = words[-1].end()
    if blank[:end].lower().endswith(("'s", "’s")):
        end -= 2
    return span._replace(start=span.start + words[0].start(), end=span.start + end)


def _is_filler(word: str) -> bool:
    return word.lower() in _NOT_NAMES


def _is_name(mention: str, keep: Collection[str], need: int) -> bool:
    words = [w for w in _WORD.findall(mention) if w.lower().rstrip(".") not in TITLES]
    if len(words) < need or any(c.isdigit() for c in mention) or mention.lower() in keep:
        return False
    return any(len(w) > 1 for w in words) and not all(w.lower() in keep for w in words)
