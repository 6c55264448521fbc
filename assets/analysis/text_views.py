"""Views: the words of a text in lower case, stemmed, stop words left out. For analysis only, never to train on."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import pyarrow as pa

from assets import tables
from assets.analysis.params import AnalysisParams
from assets.ledger import Ledger, Published
from assets.signature import BOUNDARY, NAME, OPENING, PLACEHOLDER, WORD, gist, spoken
from assets.tables import MapRows, serially

_STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "nb": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
"""Snowball's stemmers (Porter 2001), by ISO 639-1 code."""

_NOUNS_WITH_CAPITALS = frozenset({"de", "lb"})


def text_views(pairs: pa.Table, params: AnalysisParams, *, map_rows: MapRows = serially) -> Published:
    """Return the view of each pair's question and answer, by the rules of its language."""
    views = map_rows(
        pairs.select(["pair_id", "partition", "language", "question", "answer"]), partial(_views, params=params)
    )
    return Ledger.of(pairs, key="pair_id").close(views, key="pair_id")


def view(text: str, language: str | None, params: AnalysisParams) -> str:
    """Return one text's view; in a language without rules the words are only lower-cased.

    >>> view("Hello Ann, the invoices weren't paid within 30 days.", "en", AnalysisParams())
    'invoic not paid 30 day'
    >>> view("Die Rechnungen", "de", AnalysisParams()), view("Die Rechnungen", "xx", AnalysisParams())
    ('rechnung', 'die rechnungen')
    """
    return " ".join(stem for stem, _ in terms(text, language, params))


def terms(text: str, language: str | None, params: AnalysisParams) -> Iterator[tuple[str, int]]:
    """Yield the stems of a text's view in order, each with the kind of word it was (`assets.signature`).

    Where every noun has a capital, a capital names nobody.
    """
    code = (language or "en").split("-")[0].lower()
    stop, stem = _stop_words(code) - set(params.kept_words), _stemmer(code)
    for word, kind in spoken(gist(text), frozenset()):
        if kind not in (BOUNDARY, PLACEHOLDER) and word not in stop and word.partition("'")[0] not in stop:
            of_kind = WORD if kind in (NAME, OPENING) and code in _NOUNS_WITH_CAPITALS else kind
            yield (stem(word) if word[:1].isalpha() else word), of_kind


def _views(chunk: pa.Table, params: AnalysisParams) -> pa.Table:
    rows = chunk.to_pylist()
    sides = {
        f"{side}_view": [view(row[side] or "", row["language"], params) for row in rows]
        for side in ("question", "answer")
    }
    for name, texts in sides.items():
        chunk = chunk.append_column(name, pa.array(texts, pa.string()))
    return tables.TEXT_VIEWS.conform(chunk)


@cache
def _stop_words(code: str) -> frozenset[str]:
    """Return spaCy's stop words of a language; of one it does not know, none."""
    try:
        return frozenset(importlib.import_module(f"spacy.lang.{code}.stop_words").STOP_WORDS)
    except ModuleNotFoundError:
        return frozenset()


@cache
def _stemmer(code: str) -> Any:
    """Return a function that stems a word and remembers it: a desk's vocabulary is small."""
    if code not in _STEMMERS:
        return str
    import snowballstemmer

    return cache(snowballstemmer.stemmer(_STEMMERS[code]).stemWord)
