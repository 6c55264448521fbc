"""Spoken words made readable: fillers and stammers out, everything said left in."""

from __future__ import annotations

import re

_TAG = re.compile(r"</?[A-Z_]+/?>")
_FILLER = re.compile(r"(?:,\s*)?\b(?:u+h*m+|u+h+|er+m*|h+m+|mm+)\b(?!-)[,.…]*", re.IGNORECASE)
# Only words that nobody says twice on purpose: "five five" is a number, "had had" and "that that" are English.
_STAMMER = re.compile(
    r"\b(i|i'm|i've|it|it's|the|a|an|and|to|of|in|on|is|are|we|you|they|my|your|so|but|for|if|what|when|just|with)"
    r"(?:[\s,]+\1\b)+(?!')",
    re.IGNORECASE,
)
_OPENING = re.compile(r"^[a-z]|(?<=[.?!] )[a-z]")


def tidy(text: str) -> str:
    """Return spoken text without fillers, stammered function words and transcribers' marks.

    >>> tidy("Um, so it's it's at four five five five. Uh, yes.")
    "So it's at four five five five. Yes."
    """
    punctuated = bool(re.search(r"[.?!]", text) and re.search(r"[A-Z]", text))
    text = _FILLER.sub(" ", _TAG.sub(" ", text))
    text = _STAMMER.sub(r"\1", " ".join(text.split()))
    text = re.sub(r"([.?!])(?:\s*[,.])+", r"\1", re.sub(r"\s+([,.?!])", r"\1", text)).lstrip(" ,.…")
    # Where a filler opened the sentence, the word after it does now.
    return _OPENING.sub(lambda m: m[0].upper(), text) if punctuated else text
