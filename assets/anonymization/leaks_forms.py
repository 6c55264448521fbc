"""What is searched for: every identity in one canonical spelling, and texts in the same.

Canonical is: compatible characters made one (NFKD), accents, invisible characters and case gone, words apart by one
space, digits run together whatever stood between them.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache

import regex

from assets.anonymization.known_forms import TITLES, address_words

PIECE = re.compile(r"[^\W\d_]+|\d+")
UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]")
"""Scripts written without spaces between words."""
_UNSEEN = regex.compile(r"[\p{Cf}\p{Mn}\p{Me}]+")
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_BETWEEN_LINES = regex.compile(r"[,;\n]")
_UNIT = frozenset(["apartment", "suite", "floor", "unit", "room", "box", "level", "building", "flat"])
_SHORT = {"street": "st", "avenue": "ave", "road": "rd", "lane": "ln", "drive": "dr", "boulevard": "blvd"}
_SHORT |= {"court": "ct", "place": "pl", "square": "sq", "terrace": "ter", "highway": "hwy", "parkway": "pkwy"}
_SHORT |= {"circle": "cir", "north": "n", "south": "s", "east": "e", "west": "w"}

SHORTEST_NUMBER = 7
"""Digits below which a number is more likely a price or a count than anyone's."""
SHORTEST_CODE = 6
"""Letters and digits below which a code with letters is more likely a part number."""
_CODES = frozenset({"account", "other", "card", "username"})


def normal(text: str) -> str:
    """Return a text without what only looks different: compatible characters, accents, invisible ones; case stays.

    >>> normal("Zo\u00eb\u200b, \uff14\u0662 Stra\u00dfe")
    'Zoe, 42 Strasse'
    """
    if text.isascii():
        return text
    seen = _UNSEEN.sub("", unicodedata.normalize("NFKD", text))
    return seen if seen.isascii() else seen.translate(_ascii())


@cache
def _ascii() -> dict[int, str]:
    table = {cp: str(unicodedata.decimal(chr(cp))) for cp in range(128, sys.maxunicode + 1) if chr(cp).isdecimal()}
    return table | {ord(dash): "-" for dash in _DASHES} | {0xDF: "ss", 0x1E9E: "SS"}


def canonical(text: str) -> str:
    """Return the canonical spelling of a value.

    >>> canonical("+1 (415) 555-0134"), canonical("Jo.Smith42@Mail.org"), canonical("AC-2042-77")
    ('14155550134', 'jo smith 42 mail org', 'ac 204277')
    """
    out = ""
    for piece in PIECE.findall(normal(text).lower()):
        joined = not out or (piece[0].isdigit() and out[-1].isdigit())
        out += piece if joined else f" {piece}"
    return out


def spellings(kind: str, value: str) -> Iterator[str]:
    """Yield the canonical spellings of an identity; of one that could be anyone's, none.

    Searched for everywhere are mail addresses, phone, account and card numbers, street lines and full names. A single
    name, a city, a date of birth or a short number means nothing away from the record it belongs to.

    >>> list(spellings("name", "Dr. Ana Mar\u00eda Ruiz")), list(spellings("name", "Ana"))
    (['ana maria ruiz', 'maria ruiz ana', 'ruiz ana maria', 'ana ruiz'], [])
    >>> list(spellings("address", "12 Elm Street, Springfield")), list(spellings("account", "4711"))
    (['12 elm street', '12 elm st'], [])
    """
    if kind == "name":
        yield from dict.fromkeys(_names(value))
    elif kind == "address":
        yield from dict.fromkeys(line for part in _BETWEEN_LINES.split(value) for line in _lines(part))
    elif kind == "email":
        if "@" in value:
            yield canonical(value)
    elif kind in _CODES:
        code = canonical(value)
        digits, letters = sum(c.isdigit() for c in code), sum(c.isalpha() for c in code)
        if digits >= SHORTEST_NUMBER or (digits and letters and digits + letters >= SHORTEST_CODE):
            yield code


def phone(value: str) -> tuple[str, tuple[str, ...]] | None:
    """Return a phone number as it is dialled within its country, and what may be dialled before it.

    >>> phone("+44 20 7946 0018")
    ('2079460018', ('', '0', '44', '0044', '01144', '440'))
    """
    import phonenumbers

    digits = "".join(c for c in canonical(value) if c.isdigit())
    try:
        number = phonenumbers.parse(normal(value), "US")
    except phonenumbers.NumberParseException:
        return (digits, ("",)) if len(digits) >= SHORTEST_NUMBER else None
    national, code = str(number.national_number), str(number.country_code)
    if len(national) < SHORTEST_NUMBER:
        return None
    return national, ("", "0", code, f"00{code}", f"011{code}", f"{code}0")


def single_names(name: str) -> frozenset[str]:
    """Return the words of a name that may stand for the person in his own thread.

    >>> sorted(single_names("Mr. Li Wei O'Neil"))
    ['neil', 'wei']
    """
    return frozenset(word for word in _words(name) if len(word) > 2)


def _words(name: str) -> list[str]:
    words = PIECE.findall(normal(name).lower())
    return [w for w in words if w not in TITLES and len(w) > 1 and not w[0].isdigit() and set(w) != {"x"}]


def _names(value: str) -> Iterator[str]:
    words = _words(value)
    if UNSPACED.search(value):
        if len(whole := "".join(words)) > 2:
            yield whole
    elif len(words) > 1 and sum(map(len, words)) > 4:
        for i in range(len(words)):  # in order, and with any of its last words first
            yield " ".join([*words[i:], *words[:i]])
        yield f"{words[0]} {words[-1]}"


def _lines(part: str) -> Iterator[str]:
    words = address_words(normal(part))
    named = [w for w in words if w.isalpha() and len(w) > 2 and w not in _UNIT]
    if not named or not any(c.isdigit() for c in part) or sum(map(len, words)) < SHORTEST_NUMBER + 1:
        return
    yield canonical(" ".join(words))
    yield canonical(" ".join(_SHORT.get(w, w) for w in words))
    yield canonical(part)
