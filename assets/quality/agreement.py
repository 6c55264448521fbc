"""Do the pairs agree with one another, and the examples with their form?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from assets.quality.frame import Bools, words

OWN = ("human", "synthetic")
"""Origins whose answers are their own; a variant copies its parent's."""

MOST_STANDARDS = 50
"""Answers of one cluster, the commonest first, that are tried as the one the others agree with."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*(?:_\d+)?\]")
_NOT = frozenset({"no", "not", "never", "none", "nor", "cannot", "without", "unfortunately"})


class Said(NamedTuple):
    """What is compared of an answer."""

    words: frozenset[str]
    numbers: frozenset[str]
    negated: bool

    @classmethod
    def of(cls, text: str) -> Said:
        """Read an answer, placeholders of personal data aside."""
        text = _PLACEHOLDER.sub(" ", text)
        said = frozenset(words(text))
        negated = any(word in _NOT or word.endswith(("n't", "n’t")) for word in said)
        return cls(said, frozenset(_NUMBER.findall(text)), negated)

    def agrees(self, other: Said, same_answer: float) -> bool:
        """Whether both share numbers, polarity and at least `same_answer` of their words."""
        if self.numbers != other.numbers or self.negated != other.negated:
            return False
        shared = len(self.words & other.words)
        return self.words == other.words or shared >= same_answer * (len(self.words) + len(other.words) - shared)


def says_the_same(one: str, other: str, same_answer: float) -> bool:
    """Whether two answers share numbers, polarity and at least `same_answer` of their words.

    >>> says_the_same("Breakfast is free.", "Breakfast is not free.", 0.5)
    False
    >>> says_the_same("We open at 9.", "We open at 10.", 0.5)
    False
    >>> says_the_same("Yes, breakfast is free.", "Breakfast is free, yes!", 0.5)
    True
    """
    return Said.of(one).agrees(Said.of(other), same_answer)


def answers_agree(frame: pd.DataFrame, same_answer: float) -> Bools:
    """Say for each row whether it answers as most of its cluster do.

    The standard is the answer that most rows agree with, among those that stand in the dataset in
    their own right. An answer that says nothing agrees with none.
    """
    agree = (frame["said"] != "").to_numpy(bool, copy=True)
    own = frame[frame["origin"].isin(OWN) & frame["cluster_id"].notna() & agree]
    for _, cluster in own[own["cluster_id"].duplicated(keep=False)].groupby("cluster_id", sort=False):
        agree[cluster.index] = _agree_with_most(cluster["said"].tolist(), same_answer)
    return agree


def _agree_with_most(answers: list[str], same_answer: float) -> list[bool]:
    counts = sorted(Counter(answers).items(), key=lambda item: (-item[1], item[0]))
    said = {text: Said.of(text) for text, _ in counts}
    best: tuple[int, set[str]] = (0, set())
    for standard, _ in counts[:MOST_STANDARDS]:
        same = {text for text, _ in counts if said[text].agrees(said[standard], same_answer)}
        number = sum(count for text, count in counts if text in same)
        best = max(best, (number, same), key=lambda found: found[0])
    return [answer in best[1] for answer in answers]


def labels_agree(frame: pd.DataFrame) -> Bools:
    """Say for each row whether its category is the commonest of its source and cluster; one without never is.

    Sources are kept apart: two desks may name one thing differently.
    """
    agree = frame["topic"].notna().to_numpy(bool, copy=True)
    labelled = frame[agree & frame["cluster_id"].notna()]
    for _, cluster in labelled.groupby(["source", "cluster_id"], sort=False):
        if len(cluster) > 1:
            agree[cluster.index] = cluster["topic"] == _commonest(cluster["topic"])
    return agree


def well_formed(frame: pd.DataFrame) -> Bools:
    """Say for each row whether its messages are a conversation that ends in its output."""
    return np.array([_conversation(m, o) for m, o in zip(frame["messages"], frame["output"], strict=True)], bool)


def _conversation(messages: Sequence[dict[str, Any]] | None, output: str | None) -> bool:
    if messages is None or len(messages) < 3 or len(messages) % 2 == 0:
        return False
    wanted = ["system", *["user", "assistant"] * (len(messages) // 2)]
    says = all((message["content"] or "").strip() for message in messages)
    return says and [message["role"] for message in messages] == wanted and messages[-1]["content"] == output


def _commonest(values: pd.Series) -> str:
    """Return the value that occurs most often; of equals the one that sorts first."""
    counted = Counter(values)
    return min(counted, key=lambda value: (-counted[value], value))
