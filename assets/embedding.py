"""Sentence embeddings: one encoder for every room that asks what a text is about."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from assets.errors import RefineryError
from assets.precision import Precision, on_the_processor

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_PACKAGE = "package:"
_BATCH_TOKENS = 512
_STEP = 16


class _Encoder(NamedTuple):
    tokenizer: Any
    model: Any


def embed(texts: Sequence[str], *, model: str, tokens: int, precision: Precision = "float32") -> NDArray[np.float32]:
    """Return the unit embedding of each text: the mean of its first `tokens` token vectors.

    Batches have fixed shapes, the last one filled up: a matrix product may round differently in another shape, and
    so the bits of an embedding depend on its text alone, whatever texts stand beside it.
    """
    import torch

    tokenizer, encoder = _encoder(model)
    if not texts:
        return np.zeros((0, encoder.config.hidden_size), dtype=np.float32)
    encoded = tokenizer(list(texts), truncation=True, max_length=tokens)["input_ids"]
    out = np.zeros((len(texts), encoder.config.hidden_size), dtype=np.float32)
    chosen = on_the_processor() if precision == "auto" else precision
    fast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=chosen == "bfloat16")
    with torch.inference_mode(), fast:
        for rows, width in _batches([len(ids) for ids in encoded]):
            ids = torch.full((_BATCH_TOKENS // width or 1, width), tokenizer.pad_token_id)
            mask = torch.zeros_like(ids)
            # A filling row attends to one token: attention over nothing is not a number.
            mask[:, 0] = 1
            for i, row in enumerate(rows):
                ids[i, : len(encoded[row])] = torch.tensor(encoded[row])
                mask[i, : len(encoded[row])] = 1
            states = encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
            weights = mask.unsqueeze(-1).float()
            means = (states * weights).sum(1) / weights.sum(1)
            out[rows] = torch.nn.functional.normalize(means, dim=1)[: len(rows)].numpy()
    return out


def _batches(lengths: Sequence[int]) -> Iterator[tuple[list[int], int]]:
    """Yield rows of about one length, and the width that holds them: a multiple of 16."""
    by_width: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        by_width.setdefault(-(-length // _STEP) * _STEP, []).append(row)
    for width, rows in sorted(by_width.items()):
        size = _BATCH_TOKENS // width or 1
        for start in range(0, len(rows), size):
            yield rows[start : start + size], width


@cache
def _encoder(name: str) -> _Encoder:
    from transformers import AutoModel, AutoTokenizer

    folder = _folder(name)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    return _Encoder(tokenizer, model)


def _folder(name: str) -> Path:
    """Return the folder of a model, packaged or local; nothing is ever downloaded."""
    if not name.startswith(_PACKAGE):
        if (Path(name) / "config.json").is_file():
            return Path(name)
        raise RefineryError("embedding_model", "the folder holds no model", "name one with a config.json")
    package = name.removeprefix(_PACKAGE)
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise RefineryError("embedding_model", f"the package {package} is missing", f"install {package}")
    return Path(spec.origin).parent / "model"


def matrix(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """Return a column of embeddings as a matrix, a row a text; zeros, which are like nothing, where it holds none.

    >>> import pyarrow as pa
    >>> matrix(pa.chunked_array([[[1.0, 0.0], None]], type=pa.list_(pa.float16()))).tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """
    held = column.combine_chunks()
    lengths = np.asarray(held.value_lengths().fill_null(0))
    vectors = np.zeros((len(column), max(lengths.max(initial=0), 1)), dtype=np.float32)
    vectors[lengths > 0] = np.asarray(held.flatten()).reshape(-1, vectors.shape[1])
    return vectors
