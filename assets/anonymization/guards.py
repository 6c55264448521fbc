"""The last look at a masked text, before it leaves the room."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from assets.anonymization.known import Identities
from assets.anonymization.placeholders import PLACEHOLDER
from assets.anonymization.text import plain

PROMISED = {
    "mail address": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}",
    "social security number": r"(?<![0-9])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![0-9])",
    "card number": r"(?<![0-9])(?:(?:[0-9]{4}[ -]?){3}[0-9]{1,7}|[0-9]{4}[ -]?[0-9]{6}[ -]?[0-9]{5})(?![0-9])",
}
"""What checks/anonymization.py promises to be gone; a record that would break the promise is set aside here."""
_PROMISED = re.compile("|".join(PROMISED.values()))


def left_over(texts: Iterable[str], known: Identities, *, single_names: bool = True, kept: Container[str] = ()) -> bool:
    """Tell whether masked texts still hold a promised pattern, or a known identity of a type that is not kept."""
    for text in texts:
        view = plain(PLACEHOLDER.sub("\N{BROKEN BAR}", text))
        if _PROMISED.search(view.text) or any(
            span.type not in kept for span in known.find(view, single_names=single_names)
        ):
            return True
    return False
