"""Names, numbers, mail addresses and birth dates said aloud: spelled letter by letter, digit by digit.

"j o h n at gmail dot com", "J for Juliett, O for Oscar", "four one one one ...", "the 3rd of June nineteen sixty six".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from assets.anonymization.known_forms import luhn
from assets.anonymization.spans import CHECKED, PATTERN, Span, resolve

DIGITS = {"zero": "0", "oh": "0", "o": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4"}
DIGITS |= {"five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9"}
_JOINTS = {"dot": ".", "point": ".", "underscore": "_", "dash": "-", "hyphen": "-", "plus": "+"}
_TIMES = {"double": 2, "triple": 3}
_WORD = re.compile(r"(?<![\w'’])\w+")
_TOKEN = re.compile(r"(?<![\w'’])(?P<letter>[^\W\d_]) (?:for|as in|like) (?P<word>[^\W\d_]{2,})|" + _WORD.pattern)
_GAP = re.compile(r"[\s,.\-]{1,3}")
_FEWEST_LETTERS, _FEWEST_DIGITS, _FEWEST_MIXED = 3, 5, 6
_CAPITALS_IN_PROSE = 4
_MONTH = "(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_YEAR = (
    r"(?:nineteen (?:oh \w+|hundred|ten|\w+teen|eleven|twelve|(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:[ -]\w+)?)"
    r"|two thousand(?: and)?(?: (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen))?"
    r"|twenty (?:oh \w+|ten|\w+teen|eleven|twelve|twenty(?:[ -]\w+)?))"
)
_DAY = r"(?:\d{1,2}(?:st|nd|rd|th)?|(?:twenty|thirty)[ -]?\w+|\w+(?:st|nd|rd|th))"
_DATE = re.compile(rf"\b(?:the )?(?:{_DAY} (?:of )?{_MONTH}|{_MONTH} (?:the )?{_DAY}),? {_YEAR}", re.IGNORECASE)
_BIRTH = re.compile(r"\b(?:born|birth(?:day|date)?|d\.?o\.?b)\b", re.IGNORECASE)
_MAIL_END = re.compile(r" at (?:\w+(?: dot | point |\.| dash | hyphen ))+\w{2,}\b", re.IGNORECASE)


class _Said(NamedTuple):
    """One thing said: its place and the character it stands for, or None for a word."""

    start: int
    end: int
    char: str | None


def find(text: str, before: str = "") -> list[Span]:
    """Find what is spelled or counted out in a plain text; `before` is what was said before it.

    >>> text = "it's j o h n at gmail dot com, card four one one one one one one one one one one one one one one one"
    >>> [(s.type, text[s.start : s.end][:9]) for s in find(text)]
    [('EMAIL', 'j o h n a'), ('CARD', 'four one ')]
    """
    said = list(_said(text))
    spans = resolve([*_mails(text, said), *_runs(text, said)])
    for match in _DATE.finditer(text):
        if "nineteen" in match.group().lower() or _BIRTH.search(text[: match.start()]) or _BIRTH.search(before):
            spans.append(Span(*match.span(), "DATE_OF_BIRTH", 0.7, PATTERN))
    return spans


def _said(text: str) -> Iterator[_Said]:
    for match in _TOKEN.finditer(text):
        word = match.group().lower()
        letter = match["letter"]
        if letter and match["word"][0].lower() == letter.lower():
            yield _Said(match.start(), match.end(), letter.lower())
        elif letter:  # "a for sale": two words more than a letter
            yield from _said_plainly(text, *match.span())
        else:
            char = DIGITS.get(word) if len(word) > 1 else word
            yield _Said(match.start(), match.end(), char if char and char.isalnum() else None)


def _said_plainly(text: str, start: int, end: int) -> Iterator[_Said]:
    for match in _WORD.finditer(text, start, end):
        word = match.group().lower()
        yield _Said(match.start(), match.end(), word if len(word) == 1 else DIGITS.get(word))


def _runs(text: str, said: Sequence[_Said]) -> Iterator[Span]:
    """Find runs of spelled letters and digits; a word such as `double` belongs to what follows it."""
    run: list[_Said] = []
    for i, one in enumerate([*said, _Said(len(text), len(text), None)]):
        word = text[one.start : one.end].lower()
        close = not run or _GAP.fullmatch(text, run[-1].end, one.start)
        times = _TIMES.get(word) if i + 1 < len(said) and said[i + 1].char else None
        if (one.char or times) and close:
            run.append(one)
            continue
        yield from _judged(text, run)
        run = [one] if one.char or times else []


def _judged(text: str, run: Sequence[_Said]) -> Iterator[Span]:
    chars = ""
    times = 1
    for one in run:
        if one.char:
            chars += one.char * times
        times = 1 if one.char else _TIMES[text[one.start : one.end].lower()]
    if run and chars[1:].isalpha() and text[run[0].start].islower() and text[run[-1].start].isupper():
        run, chars = run[1:], chars[1:]  # a U S B stick
    digits = sum(c.isdigit() for c in chars)
    letters = len(chars) - digits
    if digits == 0 and letters >= _FEWEST_LETTERS:
        named = any(one.end - one.start > 1 for one in run)  # R for Romeo
        if named or letters >= _CAPITALS_IN_PROSE or len(run) == len(re.findall(r"\w+", text)):
            yield Span(run[0].start, run[-1].end, "PERSON", 0.7, PATTERN)
    elif digits >= _FEWEST_DIGITS or (digits >= 3 and len(chars) >= _FEWEST_MIXED):
        start, end = run[0].start, run[-1].end
        if not any(text[r.start : r.end].lower() in DIGITS or r.end - r.start > 1 for r in run):
            return  # "1 2 3 4 5": typed, not said
        yield Span(start, end, _number_type(chars), 0.7, CHECKED if _is_card(chars) else PATTERN)


def _number_type(chars: str) -> str:
    if not chars.isdigit():
        return "ACCOUNT"
    if _is_card(chars):
        return "CARD"
    return "PHONE" if 10 <= len(chars) <= 12 else "SSN" if len(chars) == 9 else "NUMBER"


def _is_card(chars: str) -> bool:
    return chars.isdigit() and 13 <= len(chars) <= 19 and luhn(chars)


def _mails(text: str, said: Sequence[_Said]) -> Iterator[Span]:
    """Find "... at host dot com" and go back over what can stand before an @."""
    for match in _MAIL_END.finditer(text):
        local = [one for one in said if one.end <= match.start()]
        start, joined, said_so = match.start(), True, " dot " in match.group().lower()
        if match.group().split()[-1].lower() in DIGITS:
            continue  # at two dot five
        while local:
            one = local.pop()
            word = text[one.start : one.end].lower()
            if one.end != start and not (start < match.start() and _GAP.fullmatch(text, one.end, start)):
                break
            if not (one.char or word in _JOINTS or word.isdigit() or joined):
                break
            joined = word in _JOINTS
            said_so = said_so or joined or one.char is not None
            start = one.start
        if said_so and start < match.start():
            yield Span(start, match.end(), "EMAIL", 0.7, PATTERN)
