import random

from assets.deduplication.near import near_pairs
from assets.deduplication.words import jaccard, shingles


def test_every_link_is_verified_on_the_texts_and_nearly_all_true_ones_are_found():
    words = random.Random(7)
    vocabulary = [f"w{i}" for i in range(400)]
    texts = []
    for _ in range(150):
        text = words.choices(vocabulary, k=60)
        texts.append(" ".join(text))
        text[words.randrange(60)] = "changed"
        texts.append(" ".join(text))
    sets = [shingles(t, 3) for t in texts]
    true = {(i, j) for i in range(len(texts)) for j in range(i + 1, len(texts)) if jaccard(sets[i], sets[j]) >= 0.8}
    found = set(near_pairs(texts, threshold=0.8))
    assert found <= true
    assert len(found) >= 0.95 * len(true)
    assert len(true) >= 150


def test_texts_are_compared_only_within_their_kind():
    assert near_pairs(["one two three", "one two three"], threshold=0.8, within=[0, 1]) == []
