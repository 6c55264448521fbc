"""Mail that no customer wrote: bounces, absence notes, advertising.

Known by what it means and by its form. A multinomial logistic regression is learnt from the letters of `prototypes`, of
each its embedding and seven signs of form (who is spoken of, whether it asks, what it offers, the fields and codes of
delivery reports after RFC 3464 and RFC 3463), so that no phrase decides, and a customer who writes about a bounced mail
or a holiday is one. How far a letter leans to a kind is a statistic; how far is too far is a limit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from assets.embedding import embed
from assets.precision import Precision
from assets.validation.non_answers import essence
from assets.validation.prototypes import AUTO_REPLY, BOUNCE, CUSTOMER, SPAM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

KINDS = ("bounce", "auto_reply", "spam")
_SIGNS = tuple(
    re.compile(sign, re.IGNORECASE)
    for sign in (
        r"\?(?:\s|$)",
        r"!",
        r"\b(?:i|my|me|mine|i'm|i've|im|ive)\b",
        r"\b(?:you|your|yours)\b",
        r"https?:|www\.|\b(?:click|link|reply|call us|contact us|apply|order now|sign up)\b",
        r"[$€£]\s?\d|\d ?(?:%|percent)|\b(?:free|prices?|offer)\b",
        r"\b[45]\.\d{1,3}\.\d{1,3}\b|\b[45][0-5]\d\b(?= ?[- ])|rfc ?822|-mta\b|-recipient\b|diagnostic-code|daemon|"
        r"postmaster",
    )
)
_WEIGHT_OF_SIGNS = 0.2
"""What a sign weighs beside a unit vector."""


def likenesses(texts: Sequence[str], vectors: Floats, *, model: str, tokens: int, precision: Precision) -> Floats:
    """Return how much more each letter is like the nearest of the `KINDS` than like a customer's, shape (n, 3).

    From 0 to 1, where 0.5 is as much; to the kinds that are not its nearest a letter has likeness 0.

    Args:
        texts: Letters.
        vectors: Their unit embeddings, without courtesies, shape (n, d).
        model: What they were embedded with, as in `embed`.
        tokens: The same.
        precision: The same.
    """
    if not texts:
        return np.zeros((0, len(KINDS)), dtype=np.float32)
    weights, bias = _learnt(model, tokens, precision)
    leaning = _seen(texts, vectors) @ weights + bias
    kinds, customer = leaning[:, :-1], leaning[:, -1:]
    most = kinds == kinds.max(axis=1, keepdims=True)
    return np.where(most, 1 / (1 + np.exp(customer - kinds)), 0).astype(np.float32)


@cache
def _learnt(model: str, tokens: int, precision: Precision) -> tuple[Any, Any]:
    """Return the weights (d + signs, 4) and biases (4,) of the kinds, the customers' last."""
    from sklearn.linear_model import LogisticRegression

    groups = (BOUNCE, AUTO_REPLY, SPAM, CUSTOMER)
    letters = [letter for group in groups for letter in group]
    vectors = embed([essence(letter) for letter in letters], model=model, tokens=tokens, precision=precision)
    kinds = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    learnt = LogisticRegression(C=5, class_weight="balanced", max_iter=1000).fit(_seen(letters, vectors), kinds)
    return learnt.coef_.T, learnt.intercept_


def _seen(texts: Sequence[str], vectors: Floats) -> Floats:
    signs = np.array([[bool(sign.search(text)) for sign in _SIGNS] for text in texts], dtype=np.float32)
    return np.hstack([vectors, _WEIGHT_OF_SIGNS * signs])
