"""Spans of personal data, and what happens where they overlap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

GUESSED, PATTERN, CHECKED, KNOWN = range(4)
"""How sure a layer is: a language model's guess, a pattern, a pattern with a checksum, an identity on file."""


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of a text that hold personal data of `type`."""

    start: int
    end: int
    type: str
    score: float
    layer: int = GUESSED


def resolve(spans: Iterable[Span]) -> list[Span]:
    """Join overlapping spans, so that no character any layer found is left, and let the surest name the type.

    Known identity beats checksummed pattern, then the longer span wins, then the higher score. One exception: a pattern
    that holds a known value whole keeps its type, because a name inside an address is still an address.

    >>> resolve([Span(0, 4, "PERSON", 1.0, KNOWN), Span(0, 14, "EMAIL", 1.0, CHECKED)])
    [Span(start=0, end=14, type='EMAIL', score=1.0, layer=2)]
    >>> resolve([Span(0, 10, "PERSON", 0.85), Span(5, 10, "PERSON", 1.0, KNOWN)])
    [Span(start=0, end=10, type='PERSON', score=1.0, layer=3)]
    """
    joined: list[Span] = []
    for span in sorted(set(spans), key=lambda s: (s.start, -s.end, -s.layer, -s.score, s.type)):
        if span.start >= span.end:
            continue
        if joined and span.start < joined[-1].end:
            joined[-1] = _join(joined[-1], span)
        else:
            joined.append(span)
    return joined


def _join(a: Span, b: Span) -> Span:
    """Join two overlapping spans, `a` starting no later than `b`."""
    wins = max(a, b, key=lambda s: (s.layer, s.end - s.start, s.score, s.type))
    for holder, held in ((a, b), (b, a)):
        holds = holder.start <= held.start and holder.end >= held.end and holder[:2] != held[:2]
        if holds and holder.layer >= PATTERN and held.layer == KNOWN:
            wins = holder
    return wins._replace(start=a.start, end=max(a.end, b.end))
