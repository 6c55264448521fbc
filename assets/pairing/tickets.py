"""Tickets: what was asked at first, and the resolution."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assets.pairing.acts import answers, confirms
from assets.pairing.exchange import Exchange, Record, Unpaired
from assets.pairing.params import PairingParams


def resolve(record: Record, params: PairingParams) -> list[Exchange]:
    """Return the one pair of a ticket: subject and description with the last answer an agent gave.

    Raises:
        Unpaired: `no_question` or `no_answer` where a side is silent.
    """
    turns = [(t["speaker"], (t["text"] or "").strip()) for t in record["turns"] or ()]
    description = next((text for speaker, text in turns if speaker == "customer" and text), "")
    question = titled(record["subject"] or "", description)
    if not question:
        raise Unpaired("no_question")
    at = _resolution(turns)
    if at is None:
        raise Unpaired("no_answer")
    confirmed = any(confirms(text) for speaker, text in turns[at + 1 :] if speaker == "customer")
    return [
        Exchange(question, turns[at][1], str(at), truth_evidence="customer_confirmed" if confirmed else "none"),
    ]


def titled(subject: str, description: str) -> str:
    """Put the subject before the description, unless the description opens with it anyway.

    >>> titled("Refund?", "Refund?  I sent it back."), titled("Refund", "I sent it back.")
    ('Refund?  I sent it back.', 'Refund I sent it back.')
    """
    subject, description = subject.strip(), description.strip()
    if _plain(description).startswith(_plain(subject)):
        return description or subject
    return f"{subject} {description}".strip()


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _resolution(turns: Sequence[tuple[str, str]]) -> int | None:
    """Find the agent's last turn that says something, else the last one with any text.

    A closing "You're welcome!" is not what the ticket was resolved with.
    """
    spoken = [i for i, (speaker, text) in enumerate(turns) if speaker == "agent" and text]
    return next((i for i in reversed(spoken) if answers(turns[i][1])), spoken[-1] if spoken else None)
