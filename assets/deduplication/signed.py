"""The signatures of many pairs, side by side."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from assets.embedding import matrix
from assets.signature import BOUNDARY, MARKS, Codes, grams, identities, kinds, said


class Ragged:
    """Rows of different lengths, held as one array and where each row starts."""

    def __init__(self, column: pa.ChunkedArray | pa.Array) -> None:
        column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        lengths = np.asarray(column.value_lengths().fill_null(0), dtype=np.int64)
        self.values = np.asarray(column.flatten(), dtype=np.int64)
        self.starts = np.concatenate([[0], np.cumsum(lengths)])

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, i: int) -> Codes:
        return self.values[self.starts[i] : self.starts[i + 1]]

    @property
    def rows(self) -> NDArray[np.int64]:
        """The row of each value."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))


class Signed:
    """What `pair_signatures` holds of n pairs, as arrays; a row is named by its place."""

    def __init__(self, signatures: pa.Table) -> None:
        self.table = signatures
        self.question, self.answer = Ragged(signatures["question_words"]), Ragged(signatures["answer_words"])
        self.question_terms, self.answer_terms = (
            Ragged(signatures["question_terms"]),
            Ragged(signatures["answer_terms"]),
        )

    def __len__(self) -> int:
        return self.table.num_rows

    def matrix(self, name: str) -> NDArray[np.int64]:
        """Return a column of keys as a matrix, a row a pair."""
        values = np.asarray(self.table[name].combine_chunks().flatten())
        return values.reshape(len(self), -1) if len(self) else values.reshape(0, 1)

    def hashes(self, name: str) -> NDArray[np.int64]:
        """Return a column of hashes."""
        return np.asarray(self.table[name], dtype=np.int64)

    @cached_property
    def embeddings(self) -> dict[str, NDArray[np.float32]]:
        """The unit embeddings of each side; zeros, which are like nothing, where an answer says nothing."""
        return {side: matrix(self.table[f"{side}_embedding"]) for side in ("question", "answer")}

    def cosines(self, side: str, pairs: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the cosine of one side of each of the pairs (k, 2), a slice at a time."""
        vectors = self.embeddings[side]
        found = [np.einsum("ij,ij->i", vectors[p[:, 0]], vectors[p[:, 1]]) for p in _slices(pairs)]
        return np.concatenate(found) if found else np.zeros(0, np.float32)

    @cached_property
    def marks(self) -> NDArray[np.int64]:
        """One number for the numbers, placeholders and telling words of each pair, in order, side by side."""
        kinds_of: dict[tuple[bytes, bytes], int] = {}
        return np.array(
            [
                kinds_of.setdefault((_marked(self.question[i]), _marked(self.answer[i])), len(kinds_of))
                for i in range(len(self))
            ],
            dtype=np.int64,
        )

    def joined(self, i: int) -> Codes:
        """Return the runs of three words in question and answer joined."""
        return grams(np.concatenate([said(self.question[i]), said(self.answer[i])]), 3)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """How many words of each answer say something: placeholders do not."""
        plain = ~np.isin(kinds(self.answer.values), (BOUNDARY, MARKS[1]))
        return np.bincount(self.answer.rows, plain, minlength=len(self)).astype(np.int64)


def _marked(codes: Codes) -> bytes:
    return identities(codes[np.isin(kinds(codes), MARKS)]).tobytes()


def _slices(pairs: NDArray[np.int64], size: int = 65_536) -> list[NDArray[np.int64]]:
    return [pairs[start : start + size] for start in range(0, len(pairs), size)]
