import random

import numpy as np

from assets.deduplication.candidates import LEADERS, banded, sharing
from assets.signature import bands, coded, grams, jaccard, said


def test_nearly_all_texts_that_are_alike_share_a_band():
    words = random.Random(7)
    vocabulary = ["".join(words.choices("abcdefghijkl", k=6)) for _ in range(400)]
    texts = []
    for _ in range(150):
        text = words.choices(vocabulary, k=60)
        texts.append(" ".join(text))
        text[words.randrange(60)] = "changed"
        texts.append(" ".join(text))
    runs = [grams(said(coded(t, frozenset())), 3) for t in texts]
    alike = {(i, j) for i in range(300) for j in range(i + 1, 300) if jaccard(runs[i], runs[j]) >= 0.8}
    found = set(banded(bands(texts, size=3, bands=16, rows=8)))
    assert len(alike) >= 150
    assert len(found & alike) >= 0.95 * len(alike)


def test_texts_are_compared_only_within_their_kind():
    keys = bands(["one two three", "one two three"], size=3, bands=16, rows=8)
    assert banded(keys) == [(0, 1)]
    assert banded(keys, np.array([0, 1])) == []


def test_many_copies_are_compared_with_a_few_only():
    assert len(banded(np.zeros((1000, 1), dtype=np.int64))) < 1000 * LEADERS


def test_who_shares_a_rare_word_and_stands_close_is_a_candidate():
    grams_of_all = np.array([7, 7, 9, 9, 9])
    assert sharing(grams_of_all, np.array([0, 1, 1, 2, 2]), np.arange(3)).tolist() == [[0, 1], [1, 2]]
    assert sharing(grams_of_all[:0], grams_of_all[:0], np.arange(0)).tolist() == []
