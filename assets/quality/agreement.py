"""Do the pairs agree with one another, and the examples with their form?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.quality.frame import words

OWN = ("human", "synthetic")
"""Origins whose answers are their own; a variant copies its parent's."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*(?:_\d+)?\]")
_NOT = frozenset({"no", "not", "never", "none", "nor", "cannot", "without", "unfortunately"})


def answers_agree(frame: pd.DataFrame, same_answer: float) -> NDArray[np.bool_]:
    """Say for each row whether it answers as the commonest answer in its cluster does.

    The commonest counts only answers that stand in the dataset in their own right.
    """
    agree = np.ones(len(frame), bool)
    own = frame[frame["origin"].isin(OWN) & frame["cluster_id"].notna() & frame["output"].notna()]
    for _, cluster in own.groupby("cluster_id", sort=False):
        if len(cluster) > 1:
            standard = _commonest(cluster["output"])
            agree[cluster.index] = [says_the_same(text, standard, same_answer) for text in cluster["output"]]
    return agree


def says_the_same(one: str, other: str, same_answer: float) -> bool:
    """Whether two answers share numbers, polarity and at least `same_answer` of their words.

    >>> says_the_same("Breakfast is free.", "Breakfast is not free.", 0.5)
    False
    >>> says_the_same("We open at 9.", "We open at 10.", 0.5)
    False
    >>> says_the_same("Yes, breakfast is free.", "Breakfast is free, yes!", 0.5)
    True
    """
    one, other = _PLACEHOLDER.sub(" ", one), _PLACEHOLDER.sub(" ", other)
    these, those = set(words(one)), set(words(other))
    if _numbers(one) != _numbers(other) or _negated(these) != _negated(those):
        return False
    return these == those or len(these & those) >= same_answer * len(these | those)


def labels_agree(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Say for each row whether its category is the commonest of its source and cluster.

    Sources are kept apart: two desks may name one thing differently.
    """
    agree = np.ones(len(frame), bool)
    labelled = frame[frame["category"].notna() & frame["cluster_id"].notna()]
    for _, cluster in labelled.groupby(["source", "cluster_id"], sort=False):
        if len(cluster) > 1:
            agree[cluster.index] = cluster["category"] == _commonest(cluster["category"])
    return agree


def well_formed(frame: pd.DataFrame) -> NDArray[np.bool_]:
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


def _numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(text))


def _negated(said: set[str]) -> bool:
    return any(word in _NOT or word.endswith(("n't", "n’t")) for word in said)
