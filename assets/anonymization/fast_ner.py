"""spaCy's own entity recognizer, decoded a batch at a time.

spaCy walks a transition machine over every token of every text, and three quarters of its time goes into that walk.
Outside an entity the machine's state does not depend on what came before, so the scores of all tokens of a batch are
one matrix product; only tokens inside an open entity are walked, all open entities of the batch in step. Same weights,
same greedy decisions, same entities. `ner.recognizer` proves that on the model at hand before it uses this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assets.anonymization.ner import Entity

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

Floats = NDArray[np.float32]
_NEVER = np.float32(-1e30)
_BATCH_CHARACTERS = 50_000


class Unsupported(Exception):  # noqa: N818 - reads as a sentence where it is caught
    """The model is not the kind of recognizer this decoder knows; the message says how it differs."""


class FastNER:
    """Greedy decoder of a spaCy `TransitionBasedParser.v2` entity recognizer (state of three tokens, BILUO moves)."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        pipe: Any = nlp.get_pipe("ner")
        try:
            model, moves = pipe.model, pipe.moves
            self._tok2vec = _in_numpy(model.get_ref("tok2vec"))
            lower, upper = model.get_ref("lower"), model.get_ref("upper")
            weights = lower.get_param("W")
            pad, bias = lower.get_param("pad"), lower.get_param("b")
            self._upper, self._upper_bias = np.ascontiguousarray(upper.get_param("W").T), upper.get_param("b")
        except (AttributeError, KeyError, TypeError):
            raise Unsupported("its layers have other names") from None
        if weights.ndim != 4 or weights.shape[0] != 3:
            raise Unsupported("its state does not look at three tokens")
        features, self._width, self._pieces, inputs = weights.shape
        hidden = self._width * self._pieces
        self._lower = np.ascontiguousarray(weights.reshape(features * hidden, inputs).T)
        self._outside = (pad.reshape(features, hidden)[1:].sum(axis=0) + bias.reshape(hidden)).astype(np.float32)
        self._bias = bias.reshape(hidden)
        self._learn_moves([moves.get_class_name(i) for i in range(moves.n_moves)], model.attrs.get("unseen_classes"))

    def _learn_moves(self, names: Sequence[str], unseen: Iterable[int] | None) -> None:
        """Sort out what each move does: begin, stay in, end or be an entity, or be outside."""
        action = [name[:1] for name in names]
        self._label = [name[2:] for name in names]
        index = {(a, label): i for i, (a, label) in enumerate(zip(action, self._label, strict=True))}
        self._begins = np.array([a == "B" for a in action])
        self._units = np.array([a == "U" for a in action])
        self._inside = np.array([index.get(("I", label), 0) for label in self._label])
        self._last = np.array([index.get(("L", label), 0) for label in self._label])
        nameless = [a in "BU" and not label for a, label in zip(action, self._label, strict=True)]
        self._never = np.array([a in "ILM" for a in action]) | np.array(nameless)
        self._never[list(unseen or ())] = True

    def pipe(self, texts: Iterable[str]) -> Iterator[list[Entity]]:
        """Find the entities of each text."""
        batch: list[Doc] = []
        size = 0
        for text in texts:
            batch.append(self._nlp.make_doc(text))
            size += len(text)
            if size >= _BATCH_CHARACTERS:
                yield from self._decode(batch)
                batch, size = [], 0
        yield from self._decode(batch)

    def _decode(self, docs: Sequence[Doc]) -> list[list[Entity]]:
        found: list[list[Entity]] = [[] for _ in docs]
        lengths = [len(doc) for doc in docs]
        if not sum(lengths):
            return found
        starts = np.concatenate([[0], np.cumsum(lengths)])
        full = [doc for doc in docs if len(doc)]
        vectors = np.concatenate([np.asarray(v) for v in self._vectors(full)])
        parts = (vectors @ self._lower).reshape(len(vectors), 3, -1)
        closing = np.zeros(len(vectors), bool)
        closing[starts[1:][np.array(lengths) > 0] - 1] = True
        moves = self._moves_outside(parts[:, 0], closing, full)
        ends = self._walk(parts, moves, closing)
        stop = 0
        for token in np.nonzero(self._begins[moves] | self._units[moves])[0].tolist():
            if token < stop:  # inside the entity before
                continue
            stop = int(ends[token])
            at = int(np.searchsorted(starts, token, side="right")) - 1
            doc, first = docs[at], int(starts[at])
            last = doc[stop - 1 - first]
            found[at].append(Entity(doc[token - first].idx, last.idx + len(last), self._label[moves[token]]))
        return found

    def _vectors(self, docs: Sequence[Doc]) -> Sequence[Floats]:
        vectors = self._tok2vec.predict(docs)
        return [vectors] if isinstance(vectors, np.ndarray) else vectors

    def _scores(self, hidden: Floats) -> Floats:
        wide: Floats = hidden.reshape(len(hidden), self._width, self._pieces).max(axis=2)
        return wide @ self._upper + self._upper_bias

    def _moves_outside(self, own: Floats, closing: NDArray[np.bool_], docs: Sequence[Doc]) -> NDArray[np.intp]:
        """The best move at every token, were no entity open there."""
        from spacy.attrs import IS_SPACE

        scores = self._scores(own + self._outside)
        scores[:, self._never] = _NEVER
        space = np.concatenate([doc.to_array([IS_SPACE]).reshape(-1) for doc in docs]).astype(bool)
        scores[np.ix_(space, self._begins | self._units)] = _NEVER
        scores[np.ix_(closing, self._begins)] = _NEVER
        return scores.argmax(axis=1)

    def _walk(self, parts: Floats, moves: NDArray[np.intp], closing: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Follow every entity that could begin to its end, all in step; return where each ends (exclusive)."""
        ends = np.arange(1, len(moves) + 1)
        begun = np.nonzero(self._begins[moves])[0]
        at = begun + 1
        while len(begun):
            scores = self._scores(parts[at, 0] + parts[begun, 1] + parts[at - 1, 2] + self._bias)
            rows, move = np.arange(len(begun)), moves[begun]
            ends_here = closing[at] | (scores[rows, self._last[move]] > scores[rows, self._inside[move]])
            ends[begun[ends_here]] = at[ends_here] + 1
            begun, at = begun[~ends_here], at[~ends_here] + 1
        return ends


def _in_numpy(model: Any) -> Any:
    """Copy a network so that numpy multiplies its matrices: three times as fast as BLIS where AVX-512 is."""
    from thinc.api import NumpyOps

    copied = model.copy()
    for node in copied.walk():
        node.ops = NumpyOps(use_blis=False)
    return copied


def fast_entities(nlp: Language) -> Callable[[Sequence[str]], Iterator[list[Entity]]]:
    """Return the fast decoder of this pipeline's entity recognizer.

    Raises:
        Unsupported: It is of another architecture.
    """
    return FastNER(nlp).pipe
