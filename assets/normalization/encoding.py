"""Characters as they were meant: mojibake undone, invisible and control characters gone, NFC."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assets.normalization.draft import Edit

if TYPE_CHECKING:
    from ftfy import TextFixerConfig

_LINE_BREAK = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_CONTROL = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]"  # terminal escapes
    "|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"  # C0 and C1, but what breaks a line
    "|[\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffc]"  # zero width, direction
    "|[\ud800-\udfff]"  # half a surrogate pair: JSON can say it, UTF-8 cannot
    # joiners shape letters of Persian or Hindi, and emoji; beside a Latin letter they only hide things
    "|(?<![^\x00-\u024f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\u024f])"
)
_PIECE = re.compile(r"\s+|\S+")


def mojibake(text: str) -> Iterator[Edit]:
    """Repair what a wrong decoding broke, line by line (Speer, ftfy), and compose to NFC.

    >>> [e.by for e in mojibake("donâ€™t worry, cafÃ©")]
    ['’', 'é']
    """
    if text.isascii():
        return
    from ftfy import fix_text

    at = 0
    for line in text.split("\n"):
        if not line.isascii():
            fixed = fix_text(line, _config())
            if fixed != line:
                yield from _changes(line, fixed, at)
        at += len(line) + 1


def control(text: str) -> Iterator[Edit]:
    r"""Take out what has no glyph, and make every line break a line feed.

    >>> [(e.start, e.end) for e in control("a\u200bb\x00")]
    [(1, 2), (3, 4)]
    """
    if text.isascii() and text.isprintable():
        return
    found = [Edit(m.start(), m.end(), "\n") for m in _LINE_BREAK.finditer(text)]
    found += [Edit(m.start(), m.end(), kind="control") for m in _CONTROL.finditer(text)]
    yield from sorted(found)


@functools.cache
def _config() -> TextFixerConfig:
    from ftfy import TextFixerConfig

    # entities and control characters have stages of their own; curly quotes belong to names such as O’Brien
    return TextFixerConfig(
        unescape_html=False, uncurl_quotes=False, remove_control_chars=False, remove_terminal_escapes=False,
        fix_line_breaks=False, explain=False,
    )  # fmt: skip


def _changes(old: str, new: str, at: int) -> Iterator[Edit]:
    """Where two forms of a line differ: word by word if the words still pair up, else in one stretch."""
    before, after = list(_PIECE.finditer(old)), _PIECE.findall(new)
    if len(before) == len(after):
        pairs = [(m.start(), m.group(), word) for m, word in zip(before, after, strict=True)]
    else:
        pairs = [(0, old, new)]
    for start, was, is_ in pairs:
        if was != is_:
            head = _common(was, is_)
            tail = _common(was[head:][::-1], is_[head:][::-1])
            yield Edit(at + start + head, at + start + len(was) - tail, is_[head : len(is_) - tail], "encoding")


def _common(a: str, b: str) -> int:
    """Length of the common beginning."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
