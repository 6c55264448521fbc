"""Has a model learnt by heart what stood in its training data? Planted canaries tell (Carlini et al., 2019).

A canary is a question and an answer that ends in a number drawn by lot. It is planted in the training data some times,
and the trained model is asked how likely it finds that answer beside the same answer with other numbers. A model that
knows nothing ranks the planted number anywhere; one that learnt it by heart ranks it first. A control is a canary that
was never planted: it says what rank comes by chance, by the wording, or by what the base model knew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2
from typing import Any, NamedTuple

from assets import released

CANDIDATES = 256
CHANCE = 0.01
"""How often chance alone may expose a canary as much as one that counts as found."""
_DIGITS = 6
Row = dict[str, Any]


class Canary(NamedTuple):
    """A question, the answer that may be planted, and the same answer with other numbers."""

    question: str
    answer: str
    others: tuple[str, ...]


def canary(name: str, seed: int, candidates: int = CANDIDATES) -> Canary:
    """Return the canary of this name; its numbers are its own.

    >>> canary("7", seed=1, candidates=2).question
    'Which seal is on locker 7?'
    """
    numbers = [f"{int.from_bytes(released.lot(seed, name, i)[:8]) % 10**_DIGITS:0{_DIGITS}}" for i in range(candidates)]
    answers = [f"The seal on locker {name} is {' '.join(number)}." for number in numbers]
    return Canary(f"Which seal is on locker {name}?", answers[0], tuple(answers[1:]))


def numbered(seed: int, count: int) -> list[Canary]:
    """Return the first canaries of a seed; those that are planted first, then their controls.

    >>> [each.question for each in numbered(seed=1, count=2)]
    ['Which seal is on locker 0?', 'Which seal is on locker 1?']
    """
    return [canary(str(n), seed) for n in range(count)]


def planted(canary: Canary, like: Mapping[str, Any], times: int) -> list[Row]:
    """Return training examples that say the canary under another's instruction, without its history and weight."""
    said = {"input": canary.question, "output": canary.answer, "weight": 1.0, "mixture_weight": 1.0}
    instruction = {"role": "system", "content": like["instruction"]}
    messages = [instruction, *turns(canary.question, canary.answer)]
    ids = (f"{canary.question}-{i}" for i in range(times))
    return [{**like, **said, "messages": messages, "example_id": each, "pair_id": each} for each in ids]


def exposure(nll: Sequence[float]) -> float:
    """Return by how many bits the first answer is likelier than chance: 0 at the median of two, log2(n) at the top.

    >>> exposure([1.0, 2.0, 3.0, 4.0]), exposure([4.0, 1.0, 2.0, 3.0])
    (2.0, 0.0)
    """
    return log2(len(nll)) - log2(1 + sum(other <= nll[0] for other in nll[1:]))


def found(bits: float, candidates: int = CANDIDATES) -> bool:
    """Whether chance alone exposes a canary as much once in a hundred times or less.

    >>> found(log2(256)), found(5.0)
    (True, False)
    """
    return 2**-bits <= max(CHANCE, 1 / candidates)


def says(pair_id: str, canary: Canary) -> bool:
    """Whether this is the id of a planted copy of the canary.

    >>> one, other = numbered(seed=1, count=2)
    >>> says("Which seal is on locker 1?-0", one), says("Which seal is on locker 1?-0", other)
    (False, True)
    """
    return pair_id.startswith(f"{canary.question}-")


def turns(question: str, answer: str) -> list[dict[str, str]]:
    """Return the two as a conversation."""
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
