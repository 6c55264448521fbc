"""What a text says, free of case, punctuation and white space; and what in it must not differ."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence, Set

_TOKEN = re.compile(
    r"""
      \[[A-Z][A-Z0-9_]*\] | \{\{[^{}]{1,60}\}\}               # placeholders: ours, and those of templates
    | \d+(?:[.,:/-]\d+)*                                      # numbers, dates and times
    | [\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]  # scripts without white space: one sign, one word
    | [^\W\d_]+(?:'[^\W\d_]+)*                                # words, with their apostrophes
    | [%$€£¥+\#&]                                             # signs that change what a number means
    """,
    re.VERBOSE,
)
_NOT = re.compile(r"(?:.*n't|cannot)")
_INSIDE = re.compile(r"(?<=[\w,;)'] )[^\W\d_][\w'-]*")
_CAPITAL = re.compile(r"\b[^\W\d_][\w'-]*")


def normalise(text: str) -> str:
    r"""Return the words of a text in lower case, one blank apart; equal results say the same.

    Numbers, placeholders and the signs %, $, €, £, ¥, +, #, & stay, so that "$1.50" never equals
    "$150". A text without any word is its own normal form.

    >>> normalise("  Hi  [PERSON_1]! Is it $1.50,\tor 20%?")
    'hi [PERSON_1] is it $ 1.50 or 20 %'
    """
    tidy = unicodedata.normalize("NFKC", text).replace("’", "'")
    words = [t.replace(" ", "_") if t[0] in "[{" else t.casefold() for t in _TOKEN.findall(tidy)]
    return " ".join(words) or tidy.casefold().strip()


def shingles(normal: str, size: int) -> frozenset[tuple[str, ...]]:
    """Return the runs of `size` words in a normalised text; a shorter text is one shingle as a whole.

    >>> sorted(shingles("where is my order", 3))
    [('is', 'my', 'order'), ('where', 'is', 'my')]
    >>> shingles("refund please", 3)
    frozenset({('refund', 'please')})
    """
    words = normal.split(" ")
    return frozenset(zip(*(words[i:] for i in range(size)), strict=False)) or frozenset([tuple(words)])


def jaccard(a: Set[object], b: Set[object]) -> float:
    """Return the share of two sets' elements that they have in common (Jaccard 1912), 0 to 1.

    >>> jaccard({1, 2}, {2, 3})
    0.3333333333333333
    """
    both = len(a & b)
    return both / (len(a) + len(b) - both) if a or b else 1.0


def marks(normal: str, telling: frozenset[str]) -> tuple[str, ...]:
    """Return what two texts that say the same must share, in order: numbers, placeholders, telling words.

    >>> marks("you can't return 2 items within 30 days", frozenset({"not", "day"}))
    ('not', '2', '30', 'day')
    """
    return tuple(m for word in normal.split(" ") if (m := _mark(word, telling)))


def _mark(word: str, telling: frozenset[str]) -> str | None:
    if word[:1] in {"[", "{"} or word[:1].isdigit() or not word[:1].isalpha():
        return word
    if _NOT.fullmatch(word):
        return "not"
    return next((w for w in (word, word.removesuffix("s")) if w in telling), None)


def names_differ(a: str, b: str) -> bool:
    """Whether one of two texts names somebody or something (by a capital letter) that the other does not.

    A capital inside a sentence is a name. At the start of a sentence it may be one: there a word
    must have been replaced, for a greeting that was only added names nobody.

    >>> names_differ("You can park at Acorn House.", "You can park at Avalon.")
    True
    >>> names_differ("Hello, is there parking?", "Is there parking?")
    False
    """
    words_a, words_b = set(normalise(a).split(" ")), set(normalise(b).split(" "))
    if _capitals(_INSIDE, a) - words_b or _capitals(_INSIDE, b) - words_a:
        return True
    return bool(_capitals(_CAPITAL, a) - words_b and _capitals(_CAPITAL, b) - words_a)


def _capitals(pattern: re.Pattern[str], text: str) -> set[str]:
    """Return the words that begin with a capital letter, in lower case; the pronoun I is none."""
    words: Sequence[str] = pattern.findall(text.replace("’", "'"))
    found = {part for w in words if w[0].isupper() and w.split("'")[0] != "I" for part in normalise(w).split(" ")}
    return found
