"""Is there anything to read? (TextPreprocessor.clean_text, stage 3)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from assets.standardization.params import StandardizationParams
from assets.standardization.wording import PROTECTED

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_RUN = re.compile(r"([^\W_])\1+")
# scripts that put no space between words: two characters count as one word
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_WORDS_TO_JUDGE, _LINES_TO_JUDGE = 12, 6


def fault(texts: Iterable[str], params: StandardizationParams) -> str | None:
    """Return why a record's texts are not worth reading, or None.

    Placeholders, addresses and code count neither for nor against a text. The measures of repetition
    are the simplest of Rae et al. 2021 (Gopher, table A1), for texts as short as a ticket.

    >>> params = StandardizationParams()
    >>> [fault([t], params) for t in ("[EMAIL] [PERSON_1]", "ok", "=/=/=/ a b c", "no " * 20, "Where is my order?")]
    ['only_placeholders', 'too_short', 'mostly_symbols', 'repeated', None]
    """
    text = "\n".join(texts)
    bare = PROTECTED.sub(" ", text)
    words = [word.casefold() for word in _WORD.findall(bare)]
    if not words and PROTECTED.search(text):
        return "only_placeholders"
    if _mostly_symbols(bare, params):
        return "mostly_symbols"
    if len(words) + len(_UNSPACED.findall(bare)) // 2 < params.min_words:
        return "too_short"
    if _repeated(bare, words, params):
        return "repeated"
    return None


def _mostly_symbols(text: str, params: StandardizationParams) -> bool:
    seen = [c for c in text if not c.isspace()]
    said = sum(c.isalnum() or unicodedata.category(c)[0] == "M" for c in seen)  # M: vowel signs, accents
    return bool(seen) and said < params.min_word_share * len(seen)


def _repeated(text: str, words: list[str], params: StandardizationParams) -> bool:
    if max((len(run.group()) for run in _RUN.finditer(text)), default=0) > params.max_run:
        return True
    if len(words) >= _WORDS_TO_JUDGE and Counter(words).most_common(1)[0][1] > params.max_top_word_share * len(words):
        return True
    lines = [line.strip().casefold() for line in text.split("\n") if line.strip()]
    again = sum(len(line) * (count - 1) for line, count in Counter(lines).items())
    return len(lines) >= _LINES_TO_JUDGE and again > params.max_repeated_line_share * sum(map(len, lines))
