"""Texts that know where personal data and other people's words stand in them, through every distortion."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from sample.grammar import Segment

_NEIGHBOURS = {
    "a": "s", "b": "v", "c": "x", "d": "f", "e": "r", "f": "g", "g": "h", "h": "j", "i": "o", "k": "l", "l": "k",
    "m": "n", "n": "m", "o": "p", "p": "o", "r": "t", "s": "a", "t": "r", "u": "i", "v": "c", "w": "e", "y": "t",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a finished text: personal data (`kind` is pii_span), a quoted reply, a signature, a macro."""

    kind: str
    start: int
    end: int
    type: str
    value: str
    note: str


@dataclass(slots=True)
class Text:
    """A text in the making: its segments, and the blocks (kind, first segment, last segment) among them."""

    segments: list[Segment] = field(default_factory=list)
    blocks: list[tuple[str, int, int]] = field(default_factory=list)

    def add(self, *pieces: str | list[Segment], block: str | None = None) -> None:
        """Append pieces; together they are a block if that is named."""
        first = len(self.segments)
        for piece in pieces:
            if isinstance(piece, str):
                self.segments.append((piece, None))
            else:
                self.segments.extend(piece)
        if block is not None and len(self.segments) > first:
            self.blocks.append((block, first, len(self.segments) - 1))

    def change(self, how: Callable[[str], str], *, personal: bool = True) -> None:
        """Change every segment by itself, so that spans stay true; personal data only if `personal`."""
        self.segments = [(how(text) if personal or type_ is None else text, type_) for text, type_ in self.segments]

    def finish(self) -> tuple[str, list[Span]]:
        """Return the text and where in it everything stands.

        >>> text = Text(); text.add("I am ", [("Ann", "PERSON")]); text.finish()[1][0].start
        5
        """
        ends, at = [], 0
        for text, _ in self.segments:
            at += len(text)
            ends.append(at)
        whole = "".join(text for text, _ in self.segments)
        spans = [
            Span("pii_span", end - len(text), end, type_.partition(":")[0], text, type_.partition(":")[2])
            for (text, type_), end in zip(self.segments, ends, strict=True)
            if type_ is not None and text
        ]
        for kind, first, last in self.blocks:
            start = ends[first] - len(self.segments[first][0])
            spans.append(Span(kind, start, ends[last], "", whole[start : ends[last]], ""))
        return whole, spans


def typos(rng: Random, rate: float) -> Callable[[str], str]:
    """Return a hand that slips `rate` times a character."""

    def slip(text: str) -> str:
        for _ in range(int(len(text) * rate + rng.random())):
            at = int(rng.random() * len(text)) if text else 0
            if not 0 < at < len(text) - 1 or not (text[at].isalpha() and text[at].islower()):
                continue
            way = rng.random()
            if way < 0.35 and text[at + 1].isalpha():
                text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
            elif way < 0.6:
                text = text[:at] + text[at + 1 :]
            elif way < 0.8:
                text = text[:at] + _NEIGHBOURS.get(text[at], text[at]) + text[at + 1 :]
            else:
                text = text[:at] + text[at] + text[at:]
        return text

    return slip


def lazy(text: str) -> str:
    """Return a text as typed without shift key and apostrophes."""
    return text.replace("I'm", "im").replace("'t", "t").replace("'s", "s").lower()


def mojibake(text: str) -> str:
    """Return UTF-8 read as Windows-1252, typographic quotes and dashes first.

    >>> mojibake("It's 5 - 6")
    'Itâ€™s 5 â€“ 6'
    """
    curly = text.replace("'", "’").replace(" - ", " – ")
    return "".join(_misread(c) if ord(c) > 127 else c for c in curly)


def _misread(character: str) -> str:
    return "".join(
        bytes([b]).decode("latin-1" if b in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "cp1252") for b in character.encode()
    )


def as_html(text: Text, *, font: bool) -> None:
    """Turn a text into the mark-up a mail program or web form leaves."""
    text.change(lambda s: html.escape(s, quote=False).replace("\n", "<br>\n"))
    opening = '<div style="font-family:Calibri,sans-serif;font-size:11pt">' if font else "<p>"
    first, type_ = text.segments[0]
    text.segments[0] = (opening + first, type_)
    text.add("</div><div>&nbsp;</div>" if font else "</p>")


def disfluent(rng: Random, fillers: tuple[str, ...], share: float) -> Callable[[str], str]:
    """Return a mouth that hesitates, repeats words and breaks them off."""

    def speak(text: str) -> str:
        return " ".join(_stumbles(text.split(" ")))

    def _stumbles(words: list[str]) -> Iterator[str]:
        for n, word in enumerate(words):
            way = rng.random()
            if n and word.isalpha() and way < share:
                if way < share * 0.5:
                    yield fillers[int(rng.random() * len(fillers))]
                elif way < share * 0.8:
                    yield word
                elif len(word) > 3:
                    yield word[: 1 + len(word) // 3] + "-"
            yield word

    return speak


def unpunctuated(text: str) -> str:
    """Return a text as a speech recogniser writes it: no capitals, hardly a mark.

    >>> unpunctuated("Well, it's off. Why?")
    "well it's off why"
    """
    return "".join(c for c in text.lower() if c not in ",.?!;:")
