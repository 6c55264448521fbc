"""Saying a question in other words, by rule: synonyms, formality, paraphrase, typo noise. Meaning stays.

The textbook's synonym replacement tests lower-cased substrings, so that 'car' is found in 'card',
and replaces with the case lost. Here whole words are replaced, the case is kept, and names,
numbers, placeholders, links and protected phrases are never touched.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from assets.augmentation.wording import Template, Wording

Choose = Callable[..., int]
"""A number decided by identity: the same words in, the same number out."""
Rule = Callable[[str, Choose], str]

_UNTOUCHABLE = r"\[[A-Z][A-Z0-9_]*\]|\{\{[^{}]*\}\}|https?://\S+|www\.\S+|\S+@\S+|`[^`]*`"
NEGATION = re.compile(
    r"\b(?:no|not|never|none|nothing|nobody|neither|nor|without|cannot|unable|\w+n['’]t)\b", re.IGNORECASE
)
NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_MARK = re.compile(rf"{_UNTOUCHABLE}|{NUMBER.pattern}|[%$€£¥]|{NEGATION.pattern}", re.IGNORECASE)
_NAME = re.compile(r"(?<=[\w,;)'’] )[^\W\d_][\w'’-]*")
_VOWELS = "aeiou"
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {key: row[max(0, i - 1) : i] + row[i + 1 : i + 2] for row in _KEYBOARD for i, key in enumerate(row)}
TYPOS = "typos"


def chooser(*identity: str) -> Choose:
    """Return a source of choices that only `identity` and the words asked with decide.

    >>> chooser("pair", "1")("x") == chooser("pair", "1")("x")
    True
    """

    def choose(*words: object) -> int:
        asked = "\x1f".join([*identity, *map(str, words)])
        return int.from_bytes(hashlib.sha256(asked.encode()).digest()[:8])

    return choose


def rules_of(wording: Wording, typo_rate: float = 0.0) -> dict[str, Rule]:
    """Return the rules a desk's wording allows, by name; typo noise misspells `typo_rate` of the plain words."""
    swaps = {"synonyms": wording.synonyms, "formality_up": wording.formal, "formality_down": wording.informal}
    rules: dict[str, Rule] = {name: _swap(words, wording.protected) for name, words in swaps.items() if words}
    if wording.paraphrases:
        rules["paraphrase"] = _rephrase(wording.paraphrases)
    if typo_rate:
        rules[TYPOS] = lambda text, choose: misspell(text, typo_rate, wording.protected, choose)
    return rules


def replace_words(text: str, words: Mapping[str, Sequence[str]], protected: Sequence[str], choose: Choose) -> str:
    """Replace whole words and phrases by one of theirs, the longest first, in one pass; case is kept.

    >>> known = {"problem": ["issue"], "car": ["vehicle"], "bike": ["bicycle"]}
    >>> replace_words("My card has a problem with Bike Pro. BIKE! Car?", known, [], chooser("x"))
    'My card has a problem with Bike Pro. BICYCLE! Vehicle?'

    ("a problem" stays: "a issue" would be wrong; "Bike Pro" is a name.)
    """
    pattern = _any_of(tuple(words), tuple(protected))

    def replaced(match: re.Match[str]) -> str:
        found = match.group("phrase")
        if found is None or _is_name(text, match):
            return match.group()
        options = words[found.casefold()]
        new = options[choose(match.start(), found) % len(options)]
        return match.group() if _breaks_article(text, match, new) else _in_case_of(found, new)

    return pattern.sub(replaced, text)


def paraphrase(text: str, templates: Sequence[Template], choose: Choose) -> str:
    """Ask the first sentence that fits a template in another of its ways; what is asked stays word for word.

    >>> ways = [Template(ask="How do I {rest}?", instead=["How can I {rest}?"])]
    >>> paraphrase("Hi. How do I cancel order 17?", ways, chooser("x"))
    'Hi. How can I cancel order 17?'
    """
    fits = [(match, t) for t in templates if (match := _sentence(t.ask).search(text))]
    if not fits:
        return text
    match, template = min(fits, key=lambda fit: (fit[0].start(), -len(fit[1].ask)))
    new = template.instead[choose(template.ask) % len(template.instead)].replace("{rest}", match.group("rest"))
    return text[: match.start()] + new + text[match.end() :]


def misspell(text: str, rate: float, protected: Sequence[str], choose: Choose) -> str:
    """Misspell a share of the plain words: lower case, four letters or more, no negation, nothing protected.

    A letter is swapped with the next, left out, doubled, or one beside it on the keyboard is hit; the first stays.
    These are four in five of the errors people make in typing (Damerau, "A technique for computer detection and
    correction of spelling errors", 1964).

    >>> misspell("Why does my heating not start before 10:30?", 1.0, ["heating"], chooser("x"))
    'Why dos my heating not staet bfore 10:30?'
    """

    def misspelt(match: re.Match[str]) -> str:
        word = match.group("phrase")
        if word is None or _MARK.fullmatch(word) or choose("hit", match.start()) / 2**64 >= rate:
            return match.group()
        at = 1 + choose("place", match.start()) % (len(word) - 2)
        before, letter, after = word[:at], word[at], word[at + 1 :]
        beside = _BESIDE[letter]
        options = [before + after, before + letter + letter + after, before + beside[0] + after]
        options += [before + after[0] + letter + after[1:]] * (after[0] != letter)
        return options[choose("kind", match.start()) % len(options)]

    return _plain_words(tuple(protected)).sub(misspelt, text)


def fixed_points(text: str) -> Counter[str]:
    """Count what no variant may change: numbers, negations, placeholders, links, and names inside sentences.

    >>> sorted(fixed_points("Why can't [PERSON_1] use Apple Pay for 2 orders?"))
    ['2', '[person_1]', 'apple', "can't", 'pay']
    """
    names = [w.rstrip("'’-") for w in _NAME.findall(text) if w[0].isupper() and not re.match(r"I\b", w)]
    return Counter(found.casefold() for found in [*_MARK.findall(text), *names])


def _swap(words: Mapping[str, Sequence[str]], protected: Sequence[str]) -> Rule:
    return lambda text, choose: replace_words(text, words, protected, choose)


def _rephrase(templates: Sequence[Template]) -> Rule:
    return lambda text, choose: paraphrase(text, templates, choose)


@cache
def _any_of(phrases: tuple[str, ...], protected: tuple[str, ...]) -> re.Pattern[str]:
    """Match what is protected first, so that nothing in it is found again; then the longest phrase."""
    kept, known = (
        "|".join(re.escape(p) for p in sorted(group, key=lambda p: (-len(p), p))) or "(?!)"
        for group in (protected, phrases)
    )
    edge, end = r"(?<![\w'’-])", r"(?![\w’'-])"
    return re.compile(rf"{_UNTOUCHABLE}|{edge}(?:{kept}){end}|{edge}(?P<phrase>{known}){end}", re.IGNORECASE)


@cache
def _plain_words(protected: tuple[str, ...]) -> re.Pattern[str]:
    """Match what is protected first, then plain words."""
    kept = "|".join(re.escape(p) for p in sorted(protected, key=lambda p: (-len(p), p))) or "(?!)"
    edge, end = r"(?<![\w'’.@/-])", r"(?![\w’'@/-])"
    return re.compile(rf"{_UNTOUCHABLE}|{edge}(?i:{kept}){end}|{edge}(?P<phrase>[a-z]{{4,}}){end}")


@cache
def _sentence(ask: str) -> re.Pattern[str]:
    before, after = (re.escape(part) for part in ask.split("{rest}"))
    return re.compile(rf"(?m)(?:^|(?<=[.!?] )){before}(?P<rest>[^.?!\n]+?){after}(?=\s|$)", re.IGNORECASE)


def _is_name(text: str, match: re.Match[str]) -> bool:
    """Whether a capital letter says that these words name something."""
    found = match.group()
    if not found[0].isupper() or found.isupper() or re.match(r"I\b", found):
        return False
    before, after = text[: match.start()].rstrip(" \"'(“‘"), text[match.end() :]
    starts = not before or before[-1] in ".!?:\n"
    return not starts or bool(re.match(r" (?!I\b)[A-Z]", after))


def _breaks_article(text: str, match: re.Match[str], new: str) -> bool:
    """Whether an "a" or "an" before the word would no longer fit."""
    article = re.search(r"\ban?\s$", text[: match.start()], re.IGNORECASE)
    return bool(article) and (match.group()[0].lower() in _VOWELS) != (new[0].lower() in _VOWELS)


def _in_case_of(old: str, new: str) -> str:
    if old.isupper():
        return new.upper()
    return new[0].upper() + new[1:] if old[0].isupper() else new
