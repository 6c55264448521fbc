"""What pairs are balanced by within a category: how complex they are, and how long."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

BANDS = {"complexity": ("simple", "middling", "complex"), "length": ("short", "medium", "long")}
_WORD, _SENTENCE = re.compile(r"[^\W_]+"), re.compile(r"[^.!?\n]*[^\W_][^.!?\n]*")


def complexity(pair: Mapping[str, Any]) -> float:
    """Return how hard a pair is to follow: the grade of its texts, and one for every earlier turn.

    The grade is the Automated Readability Index (Senter and Smith, 1967), in US school years: letters a word and
    words a sentence, so that it asks for no dictionary and no one language.

    >>> complexity({"question": "Is it on?", "answer": "Yes. It is.", "history": []}) < 0
    True
    """
    text = f"{pair['question']}\n{pair['answer']}"
    words = _WORD.findall(text)
    sentences = max(1, len(_SENTENCE.findall(text)))
    letters, n = sum(map(len, words)), max(1, len(words))
    return round(4.71 * letters / n + 0.5 * n / sentences - 21.43 + len(pair["history"] or ()), 3)


def length(pair: Mapping[str, Any]) -> int:
    """Return how many words question and answer have."""
    return len(_WORD.findall(pair["question"])) + len(_WORD.findall(pair["answer"]))


def bands(values: Sequence[float], reference: Sequence[float], names: Sequence[str]) -> list[str]:
    """Name for each value the third of the reference values it falls into; equal values fall alike.

    >>> bands([1, 5, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9], ["low", "middle", "high"])
    ['low', 'middle', 'high']
    """
    edges = np.quantile(np.asarray(reference, float), [1 / 3, 2 / 3]) if len(reference) else np.zeros(2)
    return [names[at] for at in np.searchsorted(edges, np.asarray(values, float), side="left")]


def shares(sizes: Mapping[str, int], total: int) -> dict[str, int]:
    """Share a number of places out so that the largest groups give way first, and none gets more than it has.

    >>> shares({"a": 10, "b": 4, "c": 2}, 12)
    {'a': 6, 'b': 4, 'c': 2}
    """
    given, left = dict.fromkeys(sizes, 0), min(total, sum(sizes.values()))
    waiting = sorted(sizes, key=lambda name: (sizes[name], name))
    for at, name in enumerate(waiting):
        given[name] = min(sizes[name], left // (len(waiting) - at))
        left -= given[name]
    for name in reversed(waiting):  # what the division left over
        more = min(left, sizes[name] - given[name])
        given[name], left = given[name] + more, left - more
    return given
