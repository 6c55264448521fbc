"""Which of the language model's people are people."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from assets.anonymization.known_forms import TITLES
from assets.anonymization.placeholders import PLACEHOLDER
from assets.anonymization.spans import GUESSED, Span

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_REDACTED = re.compile(r"[Xx*_]{2,}|<[^<>]{0,40}>")
_TITLE_BEFORE = re.compile(r"\b(?:mr|mrs|ms|miss|mx|dr|prof|sir|madam)\.?\s+$", re.IGNORECASE)
_NOT_NAMES = """
a again agent alright am and any anyway apologies are as assistant at awesome aye best bot but bye can check cheers
cool could customer d damn dear did do does done download drat dude email enjoy excellent fax fine for from gee get
good goodbye gosh gotcha gracious great greetings ha haha have hello help hey hi hm hmm hmmm how howdy i id if im in
is it its just kindly let ll lol lovely m ma'am madam maybe me mhm mm morning my myself nah name need nice no nope
not of oh ohh ok okay on oops or ouch pardon per perfect please pls plz re regards right s see sent shall should
sincerely sir so sorry ssn sure tel ten thank thanks that that's the then there this thx till to today tomorrow true
ugh uh uhh um umm understood unfortunately until up update urgent ve was we welcome well what what's when where
which who why will with wonderful wow xoxo ya yah yay yea yeah yep yes yesterday you your yours yup zip
"""
"""Words that open, close or fill a turn, which a small model likes to take for names."""
_FILLERS = frozenset(_NOT_NAMES.split())


class NameFilter:
    """Drops or trims the people that cannot be people; other spans pass.

    Greetings and fillers are trimmed from both ends; redactions and placeholders are no names, nor is a word with a
    digit, nor what the domain keeps. A guess made of dictionary words alone ("Broken Sidewalk") is no person unless a
    title stands before it, nor is one without a capital unless it has two words that are in no dictionary. What follows
    "my name is" needs no capital.

    Args:
        keep: What the domain keeps, in lower case.
        words: Words of the language in lower case.
        names: Those among them that are common names.

    >>> text = "Hi John, Yep, XXXX paid by Zelle at Broken Bridge"
    >>> guesses = [Span(0, 7, "PERSON", .85), Span(9, 12, "PERSON", .85), Span(36, 49, "PERSON", .85)]
    >>> kept = NameFilter({"zelle"}, {"john", "broken", "bridge"}, {"john"}).plausible(text, guesses)
    >>> [text[s.start : s.end] for s in kept]
    ['John']
    """

    def __init__(self, keep: Collection[str], words: Collection[str], names: Collection[str]) -> None:
        self._keep, self._words, self._names = keep, words, names

    def plausible(self, text: str, spans: Iterable[Span]) -> list[Span]:
        """Return what is left of the spans found in `text`."""
        out = []
        for span in spans:
            trimmed = _trimmed(text, span) if span.type == "PERSON" else span
            if trimmed is None or text[trimmed.start : trimmed.end].lower() in self._keep:
                continue
            if span.type != "PERSON" or self._is_name(text, trimmed):
                out.append(trimmed)
        return out

    def _is_name(self, text: str, span: Span) -> bool:
        mention = text[span.start : span.end]
        words = [w.lower() for w in _WORD.findall(mention)]
        names = [w for w in words if w.rstrip(".") not in TITLES and not _REDACTED.fullmatch(w)]
        if any(c.isdigit() for c in mention) or not any(len(w) > 1 for w in names):
            return False
        if all(w in self._keep for w in names):
            return False
        strange = [w for w in names if not self._ordinary(w)]
        if span.layer == GUESSED and mention == mention.lower():
            return len(names) > 1 and len(strange) == len(names) and all(len(w) > 2 for w in names)
        titled = words[0].rstrip(".") in TITLES or _TITLE_BEFORE.search(text[max(0, span.start - 12) : span.start])
        return bool(strange or titled)

    def _ordinary(self, word: str) -> bool:
        """Whether the word, or what it is inflected from, is in the dictionary and no common name."""
        if word in self._names:
            return False
        forms = (
            word,
            word.removesuffix("s"),
            word.removesuffix("es"),
            word.removesuffix("ed"),
            word.removesuffix("d"),
            word.removesuffix("ing"),
            word.removesuffix("ing") + "e",
            word.removesuffix("'s"),
        )
        return any(form in self._words for form in forms)


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
    return word.lower() in _FILLERS
