"""What is left of a text to tell whether two say the same: codes of its words in order, MinHash bands, no text.

Made once per pair in the record line and read every night after; equality, similarity and difference of two texts
are all decided on their codes. A code is a 60-bit hash of the word in lower case with three bits beside it that say
what kind of word it is, so that a number, a name or a negation is still known for one. Codes and keys are negative
throughout: no scan for card numbers takes one for a number that means somebody.

Broder, "On the resemblance and containment of documents" (1997); Leskovec et al., "Mining of Massive Datasets",
chapter 3.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Codes = NDArray[np.int64]

WORD, BOUNDARY, NUMBER, PLACEHOLDER, TELLING, NAME, OPENING = range(7)
"""Kinds of words: plain; the end of a sentence or line; numbers and signs; placeholders; words that turn an answer
into another one; a capital letter inside a sentence; a capital letter at the start of one."""

TELLING_WORDS = (
    *("no", "not", "never", "none", "nothing", "nobody", "neither", "nor", "without", "except", "unless", "unable"),
    *("zero", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "million"),
    *("half", "double", "minute", "hour", "day", "week", "month", "year", "percent", "am", "pm"),
    *("daily", "weekly", "monthly", "quarterly", "yearly", "annual", "annually"),
    *("minimum", "maximum", "least", "most", "before", "after", "enable", "disable", "enabled", "disabled"),
    *("credit", "debit", "open", "close", "opened", "closed", "approved", "denied", "declined", "accepted", "rejected"),
    *("required", "optional", "allowed", "prohibited", "free", "paid", "increase", "decrease", "internal", "external"),
)
"""Words that turn an answer into another one: negations, numbers, units of time, opposites."""

MARKS = (NUMBER, PLACEHOLDER, TELLING)
PERMUTATIONS = 128
BANDS, ROWS = 16, 8
_NEGATIVE = -(1 << 63)

_TOKEN = re.compile(
    r"""
      (?P<placeholder>\[[A-Z][A-Z0-9_]*\] | \{\{[^{}]{1,60}\}\})  # ours, and those of templates
    | (?P<number>\d+(?:[.,:/-]\d+)*)                               # numbers, dates and times
    | [\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]       # scripts without white space: one sign, one word
    | [^\W\d_]+(?:'[^\W\d_]+)*                                     # words, with their apostrophes
    | (?P<sign>[%$€£¥+\#&])                                        # signs that change what a number means
    | (?P<boundary>[.!?;:\n])
    """,
    re.VERBOSE,
)
_LIST_MARK = re.compile(r"(?m)^[ \t]*\d{1,2}[.)][ \t]+")
_GREETING = re.compile(
    r"(?im)(?:^|(?<=[.?!\w)] ))(?:hello|hi|hey|dear|good (?:morning|afternoon|evening|day)|"
    r"to whom (?:it|this) may concern)\b"
    r"(?: (?:there|all|every(?:one|body)|folks|team|dear|sirs?|or|and|madam|support|friends|\[[A-Z_0-9]+\]|[A-Z]\w+))"
    r"{0,4} ?(?:[,!.\n]|$)"
)
_LINE_OF_ITS_OWN = re.compile(r"(?m)^[^\n.?!]{1,30},[ \t]*$")
_SIGNED = 40
"""Most words that may follow "Kind regards," and still be the signature; more than before it are the message."""

_NOT = re.compile(r"(.+)n't")
_LAZY_NOT = frozenset(
    [
        "aint",
        "arent",
        "cant",
        "couldnt",
        "didnt",
        "doesnt",
        "dont",
        "hadnt",
        "hasnt",
        "havent",
        "isnt",
        "mustnt",
        "shouldnt",
        "wasnt",
        "werent",
        "wont",
        "wouldnt",
    ]
)


def normalise(text: str) -> str:
    r"""Return the words of a text in lower case, one blank apart; equal results say the same.

    Numbers, placeholders and the signs %, $, €, £, ¥, +, #, & stay, so that "$1.50" never equals
    "$150". A text without any word is its own normal form.

    >>> normalise("  Hi  [PERSON_1]! Is it $1.50,\tor 20%?")
    'hi [PERSON_1] is it $ 1.50 or 20 %'
    """
    tidy = _tidy(text)
    found = (m for m in _TOKEN.finditer(tidy) if not m["boundary"])
    return " ".join(_word(m) for m in found) or tidy.casefold().strip()


def gist(text: str) -> str:
    r"""Return a text without what every message has: salutation, list numbers, and the lines it is signed with.

    >>> gist("Dear Sir or Madam,\n1. Press HW until it is red.\nKind regards,\n[PERSON_1]\nHome Support").strip()
    'Press HW until it is red.'
    """
    bare = _GREETING.sub("", _LIST_MARK.sub("", text.replace("’", "'")))
    for line in _LINE_OF_ITS_OWN.finditer(bare):
        message, signature = bare[: line.start()], bare[line.end() :]
        if len(message.split()) >= max(5, len(signature.split())) and len(signature.split()) <= _SIGNED:
            bare = message
            break
    return bare if len(bare.split()) > 2 else text


def coded(text: str, telling: frozenset[str]) -> Codes:
    """Return the codes of a text's words in order, sentences apart; "can't" is coded as "ca", "not", "it's" as "its".

    >>> a, b = coded("Is it open? No.", frozenset({"no"})), coded("it is open", frozenset())
    >>> [int(kind) for kind in kinds(a)]
    [6, 0, 0, 1, 4, 1]
    >>> set(identities(b).tolist()) <= set(identities(a).tolist())
    True
    """
    return codes_of((word.replace("'", ""), kind) for word, kind in spoken(text, telling))


def codes_of(words: Iterable[tuple[str, int]]) -> Codes:
    """Return the codes of words, each with its kind."""
    return np.array([_code(word, kind) for word, kind in words], dtype=np.int64)


def spoken(text: str, telling: frozenset[str]) -> Iterator[tuple[str, int]]:
    r"""Yield a text's words in lower case, each with its kind; between two sentences stands one boundary.

    >>> list(spoken("Is the Beck red? No.", frozenset({"no"})))[2:5]
    [('beck', 5), ('red', 0), ('\n', 1)]
    """
    tidy = _tidy(text)
    shouted = tidy.upper() == tidy
    began, opens = False, True
    for match in _TOKEN.finditer(tidy):
        if match["boundary"]:
            if began and not opens:
                yield "\n", BOUNDARY
            opens = True
            continue
        word = _word(match)
        for part in _parts(word):
            kind = _kind(match, part, telling)
            if kind == WORD and not shouted and match[0][0].isupper() and part != "i" and not part.startswith("i'"):
                kind = OPENING if opens else NAME
            yield part, kind
        began, opens = True, False


def identities(codes: Codes) -> Codes:
    """Return the words' hashes without their kinds."""
    return codes >> 3


def kinds(codes: Codes) -> Codes:
    """Return the kinds of the words."""
    return codes & 7


def said(codes: Codes) -> Codes:
    """Return the words' hashes, ends of sentences left out."""
    return identities(codes[kinds(codes) != BOUNDARY])


def grams(words: Codes, size: int) -> Codes:
    """Return a hash for each run of `size` words; a shorter text is one run as a whole.

    >>> len(grams(np.arange(5), 3)), len(grams(np.arange(2), 3))
    (3, 1)
    """
    size = min(size, len(words))
    if not size:
        return words
    mixed = np.zeros(len(words) - size + 1, dtype=np.uint64)
    for offset in range(size):
        mixed = (mixed ^ words[offset : len(mixed) + offset].astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed.view(np.int64)


def jaccard(a: Codes, b: Codes) -> float:
    """Return the share of two sets' elements that they have in common (Jaccard 1912), 0 to 1.

    >>> jaccard(np.array([1, 2]), np.array([2, 3]))
    0.3333333333333333
    """
    these, those = set(a.tolist()), set(b.tolist())
    both = len(these & those)
    return both / (len(these) + len(those) - both) if these or those else 1.0


def text_hash(text: str) -> int:
    """Return the hash of a text's normal form."""
    return _hash(normalise(text)) | _NEGATIVE


def bands(texts: Sequence[str], *, size: int, bands: int, rows: int) -> NDArray[np.int64]:
    """Return one row of `bands` keys a text; two texts that share a key are worth comparing.

    A key stands for `rows` of the 128 permutations of the text's runs of `size` words (daft's kernel is six times as
    fast as datasketch). Two texts of similarity s share one with probability 1 - (1 - s^rows)^bands: at 16 bands of 8
    rows 0.95 for s = 0.8, 0.99 for 0.85.
    """
    os.environ.setdefault("DAFT_ANALYTICS_ENABLED", "0")  # importing daft would call home
    from daft import Series

    if not texts:
        return np.zeros((0, bands), dtype=np.int64)
    column = Series.from_arrow(pa.array(texts, pa.large_string()))
    hashes = np.asarray(column.minhash(PERMUTATIONS, size, 1, "xxhash").to_arrow().flatten())
    table = hashes.reshape(len(texts), PERMUTATIONS)[:, : bands * rows].reshape(len(texts), bands, rows)
    keys = np.tile(np.arange(1, bands + 1, dtype=np.uint64), (len(texts), 1))
    for row in range(rows):
        keys = (keys ^ table[:, :, row].astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys.view(np.int64) | _NEGATIVE


def words_of(texts: Iterable[str]) -> list[str]:
    """Return the normal forms of the texts' gist: what bands are made of."""
    return [normalise(gist(text)) for text in texts]


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("’", "'")


def _word(match: re.Match[str]) -> str:
    token = match[0]
    return token.replace(" ", "_") if match["placeholder"] else token.casefold()


def _parts(word: str) -> tuple[str, ...]:
    if match := _NOT.fullmatch(word):
        return match[1], "not"
    if word == "cannot":
        return "ca", "not"
    return (word[:-2], "not") if word in _LAZY_NOT else (word,)


def _kind(match: re.Match[str], part: str, telling: frozenset[str]) -> int:
    if match["placeholder"]:
        return PLACEHOLDER
    if match["number"] or match["sign"]:
        return NUMBER
    return TELLING if part == "not" or part in telling or part.removesuffix("s") in telling else WORD


def _code(word: str, kind: int) -> int:
    return (word_identity(word) << 3) | kind


def word_identity(word: str) -> int:
    """Return the identity that `coded` gives a word in lower case."""
    return (_hash(word) | _NEGATIVE) >> 4


@lru_cache(maxsize=200_000)
def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big", signed=True)
