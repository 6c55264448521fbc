"""Texts as weighted stems: which words two of them share, and how telling those are.

Sublinear term frequency times inverse document frequency, unit length (Salton and Buckley 1988), over Snowball stems;
the weights are the desk's own. Placeholders stand for anybody and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from assets.validation.wording import UNTELLING, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AT_ONCE = 1024


def stems(text: str) -> list[str]:
    """Return the stems of a text's words, in order; placeholders are left out.

    >>> stems("Routers restarted by [PERSON_1]")
    ['router', 'restart', 'by']
    """
    return [_stem(word.lower()) for word in words(text) if not word.startswith("[")]


@cache
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


@cache
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


def weighed(*parts: Sequence[str], most: float = 1.0, stop: bool = True) -> list[Any]:
    """Return for each list of texts its sparse matrix of weighted stems, all over one vocabulary.

    Args:
        *parts: Lists of texts; together they decide how telling a stem is.
        most: Stems in a larger share of all texts tell nothing and are left out.
        stop: Whether words that are in every question are left out.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    silent = frozenset(_stem(word) for word in UNTELLING) if stop else frozenset()
    everything = [text for part in parts for text in part]
    vectorizer = TfidfVectorizer(
        analyzer=lambda text: [s for s in stems(text) if s not in silent],
        sublinear_tf=True,
        max_df=max(1.0 / max(len(everything), 1), most) if most < 1 else 1.0,
        dtype=np.float32,
    )
    try:
        vectorizer.fit(everything)
    except ValueError:  # no text holds a word
        from scipy.sparse import csr_matrix

        return [csr_matrix((len(part), 1), dtype=np.float32) for part in parts]
    return [vectorizer.transform(part) for part in parts]


def rowwise(a: Any, b: Any) -> NDArray[np.float32]:
    """Return the cosine of each row of one sparse unit matrix with the same row of another."""
    return np.asarray(a.multiply(b).sum(axis=1), dtype=np.float32).ravel()


def blocks(n: int) -> list[slice]:
    """Cut n rows into runs short enough to hold their similarities to a whole reference."""
    return [slice(start, start + _AT_ONCE) for start in range(0, n, _AT_ONCE)]
