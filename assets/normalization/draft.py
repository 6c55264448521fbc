"""A text under the pen: every change is an edit, and every edit knows where it stood in the original."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple


class Edit(NamedTuple):
    """Replace `text[start:end]`; `kind` names what was there, None for mere white space."""

    start: int
    end: int
    by: str = ""
    kind: str | None = None


class Removed(NamedTuple):
    """A stretch of the original text that is gone or repaired, and what it was."""

    start: int
    end: int
    kind: str


class Draft:
    """A text and the layers of edits that led to it.

    A stage looks at `text` and hands in edits over it; nobody keeps offsets by hand. Where a removed
    stretch stood in the original is worked out backwards through the layers, and only when asked.

    >>> draft = Draft("<b>Hi</b> all")
    >>> _ = draft.apply([Edit(0, 3, kind="markup"), Edit(5, 9, kind="markup")])
    >>> _ = draft.apply([Edit(2, 6, kind="macro")])
    >>> draft.text, [tuple(r) for r in draft.removed()]
    ('Hi', [(0, 3, 'markup'), (5, 9, 'markup'), (9, 13, 'macro')])
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._layers: list[_Layer] = []

    def apply(self, edits: Iterable[Edit]) -> bool:
        """Carry out edits of the present text, in order and apart from each other; whether it changed by them."""
        edits = [e for e in edits if self.text[e.start : e.end] != e.by]
        if not edits:
            return False
        parts: list[str] = []
        at = 0
        for edit in edits:
            if edit.start < at:
                raise ValueError("edits overlap or are out of order")
            parts += (self.text[at : edit.start], edit.by)
            at = edit.end
        parts.append(self.text[at:])
        self._layers.append(_Layer(edits))
        self.text = "".join(parts)
        return True

    def removed(self) -> list[Removed]:
        """Every removed stretch over the original text, in order; one inside another is left out."""
        spans = []
        for depth, layer in enumerate(self._layers):
            for edit in layer.edits:
                if edit.kind is None or edit.start == edit.end:
                    continue
                start, end = edit.start, edit.end
                for earlier in reversed(self._layers[:depth]):
                    start, end = earlier.origin(start)[0], earlier.origin(end - 1)[1]
                spans.append(Removed(start, end, edit.kind))
        outer: list[Removed] = []
        for span in sorted(spans, key=lambda s: (s.start, -s.end)):
            if not outer or span.end > outer[-1].end:
                outer.append(span)
        return outer


class _Layer:
    """The edits of one stage, and the way back from its output to its input."""

    def __init__(self, edits: list[Edit]) -> None:
        self.edits = edits
        self._starts: list[int] | None = None

    def origin(self, at: int) -> tuple[int, int]:
        """Return the stretch of the input that the output's character `at` comes from."""
        if self._starts is None:
            self._starts, shift = [], 0
            for edit in self.edits:
                self._starts.append(edit.start + shift)
                shift += len(edit.by) - (edit.end - edit.start)
        nearest = bisect_right(self._starts, at) - 1
        if nearest < 0:
            return at, at + 1
        edit, inside = self.edits[nearest], at - self._starts[nearest]
        if inside < len(edit.by):
            return edit.start, edit.end
        origin = edit.end + inside - len(edit.by)
        return origin, origin + 1
