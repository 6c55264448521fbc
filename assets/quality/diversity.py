"""How much of the wording is new: rarefied word triples, and the Vendi score."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.quality.counting import Compute, Measure, coded, shares
from assets.quality.frame import Dataset, Floats, words
from assets.quality.params import QualityParams

VENDI_SAMPLE = 1000
VENDI_DRAWN = 100
_SIDES = ("asked", "said")


def diversity(data: Dataset, params: QualityParams) -> dict[str, Measure]:
    """Return both measures over the training examples; of very many, over those with the smallest ids (hashes)."""
    chosen = np.flatnonzero(data.train)[: params.diversity_sample]
    if not len(chosen):
        return {}
    texts = data.examples.iloc[chosen][list(_SIDES)]
    return {
        "diversity": _spread(_triples(texts, params.rarefaction), chosen, len(data.examples)),
        "vendi": _spread(_vendi(texts.iloc[:VENDI_SAMPLE]), chosen[:VENDI_SAMPLE], len(data.examples)),
    }


def _spread(measure: Measure, chosen: np.ndarray, size: int) -> Measure:
    """Let a measure over some of the examples be one over all of them."""
    loss = np.zeros(size)
    loss[chosen] = measure.loss
    return Measure(lambda times: measure.compute(times[:, chosen]), measure.n, loss)


def _triples(texts: pd.DataFrame, draws: int) -> Measure:
    """Rarefaction (Hurlbert 1971): draw an example, a side and a triple of it `draws` times; how many are new?

    Each example weighs the same, each of its two sides half; a side without a word counts to the
    commonest triple. A triple only one side holds has that side's share, so such triples are
    computed together.
    """
    size = len(texts)
    sides = pd.concat([texts[side] for side in _SIDES], ignore_index=True).map(_triples_of)
    drawn = sides.explode()
    side, codes = drawn.index.to_numpy(), coded(drawn)
    mass = 0.5 / sides.str.len().clip(lower=1).to_numpy(float)
    alone = ~pd.Series(codes).duplicated(keep=False).to_numpy() & (codes >= 0)
    held = np.bincount(side[alone], minlength=2 * size)
    common, row = ~alone, side % size
    shared = coded(pd.Series(np.where(codes >= 0, codes, np.nan))[common])
    classes = int(shared.max(initial=-1)) + 1

    def new(share: Floats) -> Floats:
        return -np.expm1(draws * np.log1p(-np.minimum(share, 1 - 1e-12))) / draws

    def shares_of(times: Floats) -> tuple[Floats, Floats, Floats]:
        """The shares of the shared triples, of one triple of each side, and of what says nothing."""
        total = times.sum(axis=1, keepdims=True)
        spread = times[:, row[common]]
        single = np.tile(times, 2) * mass / total
        silent = (spread * (shared < 0) * 0.5).sum(axis=1) / total[:, 0]
        many = np.array([np.bincount(shared[shared >= 0], line, classes) for line in
                         (spread * mass[side[common]])[:, shared >= 0]]).reshape(len(times), classes)  # fmt: skip
        return many / total, single, silent

    def compute(times: Floats) -> Floats:
        many, single, silent = shares_of(times)
        value = new(many).sum(axis=1) + new(single) @ held
        top = np.maximum(many.max(axis=1, initial=0), (single * (held > 0)).max(axis=1))
        return value + new(top + silent) - new(top)

    return Measure(_in_pieces(compute, classes + 4 * size), size, _seen_before(sides, side, codes, mass, row, draws))


def _in_pieces(compute: Compute, width: int) -> Compute:
    """Compute a few resamples at a time, so that the table between stays small."""
    step = max(1, 4_000_000 // max(1, width))
    return lambda times: np.concatenate([compute(times[at : at + step]) for at in range(0, len(times), step)])


def _seen_before(
    sides: pd.Series, side: np.ndarray, codes: np.ndarray, mass: Floats, row: np.ndarray, draws: int
) -> Floats:
    """Return for each example how likely one of its triples is drawn elsewhere too; a silent side: surely."""
    size = len(sides) // 2
    share = np.append(np.bincount(codes[codes >= 0], mass[side][codes >= 0]) / size, 0)[codes]
    again = np.where(codes >= 0, -np.expm1((draws - 1) * np.log1p(-np.minimum(share, 1 - 1e-12))), 1.0)
    return np.bincount(row, again * np.where(codes >= 0, mass[side], 0.5), minlength=size).astype(float)


def _triples_of(text: str) -> list[str]:
    """Return the word triples of a text; of a shorter one all it says."""
    said = words(text)
    return [" ".join(triple) for triple in zip(said, said[1:], said[2:], strict=False)] or [" ".join(said)][: len(said)]


def _vendi(texts: pd.DataFrame) -> Measure:
    """Vendi score of order 2 (Pasarkar and Dieng 2023) over TF-IDF cosines of the whole exchange.

    1 / sum of the squared eigenvalues of K/n, which needs no eigenvalues: it is 1 / mean(K * K). The
    mean over different examples is used and put to `VENDI_DRAWN` of them, so that neither a resample
    that repeats one nor the size of the dataset moves it. Two examples without words are the same.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    whole = texts[_SIDES[0]] + " " + texts[_SIDES[1]]
    size, silent = len(whole), ~whole.map(words).astype(bool).to_numpy()
    if silent.all():
        alike = np.ones((size, size))
    else:
        vectors = TfidfVectorizer(analyzer=words).fit_transform(whole)
        alike = np.square((vectors @ vectors.T).toarray())
        alike[silent], alike[:, silent] = 1.0, 1.0
    np.fill_diagonal(alike, 0.0)

    def compute(times: Floats) -> Floats:
        pairs = times.sum(axis=1) ** 2 - (times**2).sum(axis=1)
        same = np.divide(((times @ alike) * times).sum(axis=1), pairs, out=np.ones(len(times)), where=pairs > 0)
        return 1 / (1 + (VENDI_DRAWN - 1) * same)

    return Measure(compute, size, alike.mean(axis=1))


def distinct_answers(answers: pd.Series) -> Measure:
    """Different answers per example; a resample repeats rows, so its own value says nothing: no interval."""
    codes = coded(answers.where(answers != ""))
    size, different = len(codes), len(np.unique(codes[codes >= 0]))
    found, _ = shares(codes, np.ones(size), np.ones((1, size)), different)
    loss = np.where(codes >= 0, found[0][codes] - 1 / size, 1.0) if different else np.ones(size)

    def compute(times: Floats) -> Floats:
        return np.where((times == 1).all(axis=1), different / size, np.nan)

    return Measure(compute, size, loss)
