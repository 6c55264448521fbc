"""A text as a detector should see it, with the way back to the text as it is."""

from __future__ import annotations

import functools
import unicodedata
from dataclasses import dataclass

_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2212\ufe58\ufe63\uff0d")


@dataclass(frozen=True, eq=False)
class View:
    r"""A text with characters left out or exchanged; `offsets[i]` is where character i stands in the original.

    >>> view = plain("john@exa\u200dmple.com")
    >>> view.text, view.original(5, 16)
    ('john@example.com', (5, 17))
    """

    text: str
    offsets: tuple[int, ...] | None
    size: int

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Translate a span of this view into the original; what was left out at its end belongs to it."""
        if self.offsets is None:
            return start, end
        after = self.offsets[end] if end < len(self.offsets) else self.size
        return self.offsets[start], after


def plain(text: str) -> View:
    """Return the text without invisible characters, with ASCII digits, plain spaces and ASCII @.

    Zero-width joiners, direction marks and soft hyphens hide an address from every regular expression; full-width and
    Arabic-Indic digits hide a number. Letters stay as they are.
    """
    if text.isascii():
        return View(text, None, len(text))
    kept = [(i, c) for i, c in ((i, _plain(c)) for i, c in enumerate(text)) if c]
    out = [c for _, c in kept]
    for i in range(1, len(out) - 1):  # a dash is a separator of numbers only between numbers; elsewhere it is style
        if out[i] in _DASHES and out[i - 1].isdigit() and out[i + 1].isdigit():
            out[i] = "-"
    if len(out) == len(text):
        return View("".join(out), None, len(text))
    return View("".join(out), tuple(i for i, _ in kept), len(text))


@functools.lru_cache(maxsize=64)
def fold(view: View) -> View:
    """Return the view in lower case and without accents, for comparison with what is known.

    >>> fold(plain("JOSÉ")).text
    'jose'
    """
    if view.text.isascii():
        return View(view.text.lower(), view.offsets, view.size)
    chars: list[str] = []
    offsets: list[int] = []
    for i, c in enumerate(view.text):
        for base in c.lower() if c.isascii() else unicodedata.normalize("NFKD", c.lower()):
            if not unicodedata.combining(base):
                chars.append(base)
                offsets.append(view.offsets[i] if view.offsets else i)
    return View("".join(chars), tuple(offsets), view.size)


def folded(value: str) -> str:
    """Fold a value in the same way."""
    return fold(plain(value)).text


def _plain(char: str) -> str:
    if char.isascii():
        return char
    category = unicodedata.category(char)
    if category == "Cf":
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Zs":
        return " "
    if category == "Cs":  # half of a surrogate pair: no detector can encode it
        return "\ufffd"
    if "\uff01" <= char <= "\uff5e":  # full-width ASCII
        return chr(ord(char) - 0xFEE0)
    return char
