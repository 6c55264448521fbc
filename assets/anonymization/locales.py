"""Identifiers of other countries: Presidio's own recognizers, whatever language the text is in."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from assets.anonymization.spans import CHECKED, PATTERN, Span

COUNTRIES = {
    "GB": {"UkNinoRecognizer": "SSN", "UkDrivingLicenceRecognizer": "LICENSE"},
    "DE": {"DeTaxIdRecognizer": "TAX_ID", "DeSocialSecurityRecognizer": "SSN", "DeVatIdRecognizer": "TAX_ID"},
    "ES": {"EsNifRecognizer": "TAX_ID", "EsNieRecognizer": "TAX_ID"},
    "IN": {"InPanRecognizer": "TAX_ID", "InAadhaarRecognizer": "SSN", "InVoterRecognizer": "LICENSE"},
}
"""Country (ISO 3166) to recognizers and the type of what they find. The US's are among Presidio's stock; for France it
has none, and phone numbers and IBANs are found for every country."""
_FEWEST_DIGITS, _LIKELY = 4, 0.5


def find(text: str, countries: Sequence[str]) -> list[Span]:
    """Find the identifiers of some countries in a plain text: with valid check digits, or named for what they are.

    >>> [(s.type, s.start, s.end) for s in find("My NI number is AB 12 34 56 C", ("GB",))]
    [('SSN', 16, 29)]
    """
    if sum(c.isdecimal() for c in text) < _FEWEST_DIGITS:
        return []
    lower = text.lower()
    spans = []
    for recognizer, kind in _recognizers(tuple(countries)):
        named = any(word.lower() in lower for word in recognizer.context or ())
        spans += [
            Span(r.start, r.end, kind, max(r.score, _LIKELY), CHECKED if r.score >= 1 else PATTERN)
            for r in recognizer.analyze(text=text, entities=recognizer.supported_entities, nlp_artifacts=None)
            if r.score >= _LIKELY or named
        ]
    return spans


@functools.cache
def _recognizers(countries: tuple[str, ...]) -> tuple[tuple[Any, str], ...]:
    from presidio_analyzer import predefined_recognizers

    known = [pair for country in countries for pair in COUNTRIES.get(country, {}).items()]
    return tuple((getattr(predefined_recognizers, name)(), kind) for name, kind in known)
