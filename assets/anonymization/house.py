"""The house patterns of `domain/pii_patterns.yaml` at work."""

from __future__ import annotations

import functools
from collections.abc import Iterable

import regex

from assets.anonymization.domain import PatternSpec
from assets.anonymization.known_forms import iban, luhn
from assets.anonymization.spans import CHECKED, PATTERN, Span
from assets.errors import RefineryError

TURNS, BEFORE = 3, 240
"""How many turns before a text, and how many of their last characters, count as its context: who is asked for a number
may first say that he looks for it."""
TIMEOUT = 10.0
"""Seconds after which one pattern on one text gives up; the text is then quarantined, never passed."""


class HousePattern:
    """One pattern, compiled."""

    def __init__(self, spec: PatternSpec) -> None:
        self.spec = spec
        try:
            self._regex = regex.compile(spec.regex, regex.IGNORECASE if spec.ignore_case else 0)
        except regex.error:
            raise RefineryError(
                "anonymization.patterns", f"pattern '{spec.name}' is no regular expression", "correct it"
            ) from None
        words = "|".join(regex.escape(word) for word in sorted(spec.context, key=lambda w: -len(w)))
        self._context = regex.compile(rf"(?<!\w)(?:{words})s?(?!\w)", regex.IGNORECASE) if words else None
        self._value = "value" if "value" in self._regex.groupindex else 0

    def find(self, text: str, before: str) -> list[Span]:
        """Find the pattern in a plain text; `before` is what was said before it.

        Raises:
            TimeoutError: The expression did not come to an end; the message holds no text.
        """
        if self._context is not None and not (self._context.search(text) or self._context.search(before)):
            return []
        layer = CHECKED if self.spec.check else PATTERN
        try:
            return [
                Span(match.start(self._value), match.end(self._value), self.spec.entity, self.spec.score, layer)
                for match in self._regex.finditer(text, timeout=TIMEOUT)
                if self._stands_in_context(text, match.start(self._value), before) and self._valid(match[self._value])
            ]
        except TimeoutError:
            raise TimeoutError(f"pattern '{self.spec.name}' did not come to an end") from None

    def _stands_in_context(self, text: str, start: int, before: str) -> bool:
        if self._context is None:
            return True
        near = text[max(0, start - self.spec.near) : start]
        return bool(self._context.search(near) or (before and self._context.search(before)))

    def _valid(self, value: str) -> bool:
        if self.spec.check == "luhn":
            return luhn("".join(c for c in value if c.isdigit()))
        return self.spec.check != "iban" or iban("".join(c for c in value if c.isalnum()))


@functools.lru_cache(maxsize=16)
def compiled(specs: tuple[PatternSpec, ...]) -> tuple[HousePattern, ...]:
    """Compile the patterns once per process."""
    return tuple(HousePattern(spec) for spec in specs)


def find(patterns: Iterable[HousePattern], text: str, before: str = "", *, foreign: bool = False) -> list[Span]:
    """Find every house pattern in a plain text; in one that is `foreign` those whose words are of no one language."""
    spoken = (pattern for pattern in patterns if not (foreign and pattern.spec.language))
    return [span for pattern in spoken for span in pattern.find(text, before[-BEFORE:])]
