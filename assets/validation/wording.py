"""Text statistics: cheap, deterministic, and named for what they count.

None of them understands a text. They find what can be found by counting: noise, shouting, emptiness, broken
sentences, answers that stop in the middle. A statistic knows one text and no other, so that a pair's scores do not
depend on the batch it came in.
"""

from __future__ import annotations

import re
from statistics import fmean

_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+|\n+")
_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*\d*\]")
_WORD = re.compile(r"\[[A-Z][A-Z_]*\d*\]|[^\W_]+(?:['’.-][^\W_]+)*")
_TOKEN = re.compile(r"\S+")
_UNSAYABLE = re.compile(r"(.)\1{3,}|[bcdfghjklmnpqrstvwxz]{6,}", re.IGNORECASE)
_TERMINAL = re.compile(r"[.!?…][\"'”’)\]*_`]*$")
# Not "in", "is" or "to": "yes, there is", "what are you interested in".
_DANGLING = re.compile(
    r"(?:(?:^|\s)(?:and|or|but|the|a|an|of|from|because|your|our|than)|[,;:(\[{–—-]|\.{3}|…)$", re.IGNORECASE
)
_SAYS = re.compile(
    r"\b(?:is|are|was|were|be|been|am|has|have|had|do|does|did|can|could|will|would|should|must|may|might|shall|need|"
    r"needs|isn't|aren't|don't|doesn't|can't|won't|cannot|yes|no|not)\b|['’](?:s|re|ve|ll|m|d)\b|\b\w{2,}(?:ed|es|s|ing)\b"
    r"|\b(?:they|we|you|i|he|she|it) \w+|\d"
    r"|\b(?:go|use|try|click|press|open|call|send|select|choose|check|make|take|get|put|add|set|run|see|ask|enter)\b",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[!?]{3,}|,{2,}|\.{4,}| [,;!?](?: |$)")
_ALONE_I = re.compile(r"(?<![\w.'’-])i(?:['’](?:m|ve|ll|d))?(?![\w.'’-])")
_TWICE = re.compile(r"\b(?!(?:had|that|very|so|really|bye|no|ha|is|\d+)\b)(\w+) \1\b", re.IGNORECASE)
_OPENING = re.compile(r"^[\"'“‘(\[*_#>•-]*\s*(?:\[|[A-Z0-9]|[^\x00-\x7F])")
_ENOUGH_WORDS = 4
_LONG_SENTENCE = 40

# Words that are in every question and tell none from another.
_UNTELLING_WORDS = """
    a an the and or but if so than then as of to in on at by for from with without about into over under up
    down out off i me my mine we us our you your he him his she her it its they them their this that these
    those there here what when where which who whom whose why how is are was were be been being am do does did
    done doing have has had having can could will would shall should may might must not no yes any some all
    more most much many other another such only just also too very really please help hi hello hey thanks
    thank ok okay well now get got getting go going want wanted need needed like know tell let make thing
    things something anything everything question questions issue issues problem problems trouble work works
    working worked fix way able there's it's what's i'm i've i'd i'll don't doesn't can't won't isn't that's
    you're one
"""
UNTELLING = frozenset(_UNTELLING_WORDS.split())


def sentences(text: str) -> list[str]:
    """Split a text at sentence ends and line breaks."""
    return [s.strip() for s in _SENTENCE.split(text) if s.strip()]


def words(text: str) -> list[str]:
    """Return the words of a text; a placeholder such as `[PERSON_1]` is one."""
    return _WORD.findall(text)


def clarity(question: str) -> float:
    """Return how easily a question is understood: the weakest of four shares, 0 to 1.

    Tokens that can be read as words; words outside placeholders; letters that do not shout; and the share of a
    sentence that a reader holds in mind (40 words, spread over its length).

    >>> clarity("Is parking free?"), clarity("@@ %%% qqqqq ???")
    (1.0, 0.0)
    """
    return round(min(_readability(question), _brevity(question)), 4)


def readability(answer: str) -> float:
    """Return how readable an answer is: the weakest of the shares of words, of words outside placeholders, of case."""
    return round(_readability(answer), 4)


def _readability(text: str) -> float:
    tokens, found = _TOKEN.findall(text), words(text)
    if not found:
        return 0.0
    sayable = sum(1 for t in tokens if _WORD.search(t) and not _UNSAYABLE.search(_PLACEHOLDER.sub("", t)))
    # A list's dashes and a table's pipes are form, not noise.
    counted = [t for t in tokens if t not in ("-", "*", "•", "|", "–", "—", "+", "=", "&", "/", "#", "##", "###")]
    named = len(_PLACEHOLDER.findall(text))
    letters = [c for c in _PLACEHOLDER.sub("", text) if c.isalpha()]
    shouted = sum(c.isupper() for c in letters) / len(letters) if len(letters) > 30 else 0.0
    return min(
        1.0,
        sayable / max(len(counted), 1),
        1.5 * (1 - named / len(found)),
        2 * (1 - shouted),
    )


def _brevity(text: str) -> float:
    longest = fmean(len(words(s)) for s in sentences(text)) if sentences(text) else 0.0
    return min(1.0, 2 * _LONG_SENTENCE / longest) if longest else 0.0


def specificity(question: str) -> float:
    """Return how much a question names: 1 - 0.5 ** n for n different telling words, numbers or codes.

    >>> specificity("It does not work, please help!"), specificity("Do you have parking?")
    (0.0, 0.5)
    """
    telling = {w.lower().replace("’", "'") for w in words(_PLACEHOLDER.sub(" ", question))} - UNTELLING
    return round(1 - 0.5 ** len({w for w in telling if len(w) > 1 or not w.isascii()}), 4)


def grammar(question: str) -> float:
    """Return the share of six signs of well-formed writing that a question shows.

    It opens as a sentence; it ends as one; it holds a verb, an answerable mark or a number; no word stands twice;
    marks are not piled up or set apart; "I" is a capital.

    >>> grammar("Is parking free?"), grammar("i need help with parking")
    (1.0, 0.5)
    """
    text = question.strip()
    if not words(text):
        return 0.0
    signs = (
        bool(_OPENING.match(text)),
        bool(_TERMINAL.search(text)),
        bool(_SAYS.search(text)) or "?" in text,
        not _TWICE.search(text),
        not _MARKS.search(text),
        not _ALONE_I.search(text),
    )
    return round(sum(signs) / len(signs), 4)


def completeness(answer: str) -> float:
    """Return the share of what a whole answer has, of five signs.

    Four words or more; a verb, a yes or no, or a number; an end that is not left hanging ("you can find the"); a mark
    at its end; nothing left open (brackets, code fences).

    >>> completeness("Yes, parking is free."), completeness("You can find the")
    (1.0, 0.6)
    """
    text = answer.strip()
    if not words(text):
        return 0.0
    signs = (
        len(words(text)) >= _ENOUGH_WORDS,
        bool(_SAYS.search(text)),
        not _DANGLING.search(text),
        bool(_TERMINAL.search(text)) or _ends_in_a_list(text),
        text.count("(") <= text.count(")") and text.count("```") % 2 == 0,
    )
    return round(sum(signs) / len(signs), 4)


def _ends_in_a_list(text: str) -> bool:
    """Whether the last line is an item, a table row or code: these end without a full stop."""
    return bool(re.match(r"\s*(?:[-*+•|]|\d{1,3}[.)]|```)", text.splitlines()[-1])) and "\n" in text
