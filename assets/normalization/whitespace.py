"""White space as a reader needs it: words apart by one space, paragraphs by one blank line."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from assets.normalization.draft import Edit

# every run that is not a single space between words, found at the speed of the regex engine
_RUN = re.compile(r"[^\S\n]*\n\s*|[^\S\n]*[^\S\n ][^\S\n]*|  +|\A +| +\Z")
_FENCED = re.compile(r"^[ \t]*```.*?^[ \t]*```", re.S | re.M)
_LIST_ITEM = re.compile(r"(?:[-*+•]|\d{1,3}[.)]) ")


def tidied(text: str, *, keep_indents: bool) -> Iterator[Edit]:
    r"""Collapse runs, keep paragraphs; fenced code keeps all its own, list items (or all lines) their indents.

    >>> text = " a\t b \n\n\n c\n  - d "
    >>> [e.by for e in tidied(text, keep_indents=False)]
    ['', ' ', '\n\n', '\n  ', '']
    """
    fences = deque(m.span() for m in _FENCED.finditer(text)) if "```" in text else deque()
    for match in _RUN.finditer(text):
        start, end = match.span()
        while fences and fences[0][1] <= start:
            fences.popleft()
        if fences and fences[0][0] < start:
            continue
        run = match.group()
        if start == 0 or end == len(text):
            by = ""
        elif "\n" in run:
            indent = run[run.rfind("\n") + 1 :].replace("\t", "    ")
            by = "\n\n" if run.count("\n") > 1 else "\n"
            by += " " * len(indent) if keep_indents or _LIST_ITEM.match(text, end) else ""
        else:
            by = " "
        yield Edit(start, end, by)
