"""What every way of pairing finds in a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypedDict

Record = Mapping[str, Any]
"""One row of `standardized_records`."""


class Message(TypedDict):
    """An earlier turn, as chat templates name it."""

    role: str
    content: str


class Exchange(NamedTuple):
    """A question and its answer, before it is given an id.

    `anchor` says where in the record the answer stands: the position of its turn, or the slug of its heading.
    """

    question: str
    answer: str
    anchor: str
    history: tuple[Message, ...] = ()
    truth_evidence: str = "none"


class Unpaired(Exception):  # noqa: N818 - reads as a sentence where it is raised
    """The record holds no pair; `reason` is a word of the ledger."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
