"""Presidio's decisions without its detours.

The recognizers, their context words, the thresholds and the removal of duplicates are Presidio's own objects, called in
the order of `AnalyzerEngine.analyze`. What differs is when they are called: a recognizer runs only on a text that meets
a condition without which it can find nothing, and the text is lemmatised only where a context word could matter.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from assets.anonymization.ner import Entity, language_model
from assets.anonymization.spans import CHECKED, GUESSED, PATTERN, Span

if TYPE_CHECKING:
    from presidio_analyzer import RecognizerResult
    from spacy.tokens import Doc

TYPES = {
    "PERSON": "PERSON",
    "LOCATION": "LOCATION",
    "NRP": "NRP",
    "ORGANIZATION": "ORGANIZATION",
    "DATE_TIME": "DATE_TIME",
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "US_SSN": "SSN",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "US_BANK_NUMBER": "ACCOUNT",
    "US_ITIN": "TAX_ID",
    "US_PASSPORT": "PASSPORT",
    "US_DRIVER_LICENSE": "LICENSE",
    "MEDICAL_LICENSE": "LICENSE",
    "UK_NHS": "HEALTH_ID",
    "IP_ADDRESS": "IP",
    "MAC_ADDRESS": "MAC",
    "CRYPTO": "CRYPTO",
}
"""Presidio's entity type to ours; what is not here (URL, UUID) we do not take from Presidio."""

NER_SCORE = 0.85
"""Presidio's score of an entity from spaCy, which gives none."""
_LABELS = {"PERSON": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION", "NORP": "NRP", "ORG": "ORGANIZATION"}
_LABELS |= {"DATE": "DATE_TIME", "TIME": "DATE_TIME"}
_CHECKED = frozenset({"CREDIT_CARD", "IBAN_CODE", "UK_NHS", "CRYPTO", "MEDICAL_LICENSE", "EMAIL_ADDRESS"})
_DIGITS = {
    "CreditCardRecognizer": 13,
    "UsBankRecognizer": 8,
    "UsLicenseRecognizer": 1,
    "UsItinRecognizer": 9,
    "UsPassportRecognizer": 8,
    "UsSsnRecognizer": 9,
    "NhsRecognizer": 10,
    "PhoneRecognizer": 6,
    "MedicalLicenseRecognizer": 7,
}
"""The fewest digits a text must hold for the recognizer's expressions to match."""
_SHAPES: dict[str, Callable[[str], object]] = {
    "EmailRecognizer": lambda text: "@" in text,
    "IbanRecognizer": re.compile(r"[A-Z]{2}[0-9]{2}").search,
    "IpRecognizer": lambda text: text.count(".") >= 3 or text.count(":") >= 2,
    "MacAddressRecognizer": lambda text: text.count(":") >= 5 or text.count("-") >= 5 or text.count(".") >= 2,
    "CryptoRecognizer": re.compile(r"[A-Za-z0-9]{25}").search,
}


class Presidio:
    """Presidio's recognizers for one set of wanted types.

    Args:
        model: Name of the spaCy pipeline.
        regions: Regions of the phone recognizer.
        wanted: Entity types (ours) to look for.
        min_score: Weakest result to return.
    """

    def __init__(self, model: str, regions: tuple[str, ...], wanted: frozenset[str], min_score: float) -> None:
        from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
        from presidio_analyzer.nlp_engine import SpacyNlpEngine

        logging.getLogger("presidio-analyzer").disabled = True  # it quotes the texts it cannot validate
        self.min_score = min_score
        self.wanted = frozenset(theirs for theirs, ours in TYPES.items() if ours in wanted)
        self.nlp = language_model(model)
        self.recognizers = [r for r in _stock_recognizers(regions) if self.wanted & set(r.supported_entities)]
        self._gates = {r.id: _gate(r, min_score) for r in self.recognizers}
        self._enhancer = LemmaContextAwareEnhancer()
        self._engine = cast(Any, SpacyNlpEngine(models=[{"lang_code": "en", "model_name": model}]))
        self._engine.nlp = {"en": self.nlp}

    def guesses(self, entities: Iterable[Entity]) -> list[Span]:
        """Turn spaCy's entities into spans, as Presidio's SpacyRecognizer does."""
        named = ((e, _LABELS.get(e.label)) for e in entities)
        return [
            Span(e.start, e.end, TYPES[name], NER_SCORE, GUESSED)
            for e, name in named
            if name in self.wanted and self.min_score <= NER_SCORE
        ]

    def patterns(self, texts: Sequence[str]) -> list[list[Span]]:
        """Find what the pattern recognizers find in each text."""
        raw = [self._matches(text) for text in texts]
        unsure = [i for i, results in enumerate(raw) if any(self._listens(r) for r in results)]
        off = [p for p in self.nlp.pipe_names if p in ("ner", "parser")]
        for i, doc in zip(unsure, self.nlp.pipe([texts[i] for i in unsure], disable=off), strict=True):
            raw[i] = self._enhanced(texts[i], raw[i], doc)
        return [self._decided(results) for results in raw]

    def _matches(self, text: str) -> list[RecognizerResult]:
        digits = sum(c.isdecimal() for c in text)
        lower = text.lower()
        return [
            result
            for recognizer in self.recognizers
            if self._gates[recognizer.id](text, lower, digits)
            for result in recognizer.analyze(text=text, entities=list(self.wanted), nlp_artifacts=None)
        ]

    def _listens(self, result: RecognizerResult) -> bool:
        """Whether a context word could change what becomes of the result."""
        return bool(result.score < 1.0 and self._by_id[result.recognition_metadata["recognizer_identifier"]].context)

    @functools.cached_property
    def _by_id(self) -> dict[str, Any]:
        return {r.id: r for r in self.recognizers}

    def _enhanced(self, text: str, results: list[RecognizerResult], doc: Doc) -> list[RecognizerResult]:
        from presidio_analyzer.nlp_engine import NlpArtifacts

        artifacts = NlpArtifacts(
            entities=[],
            tokens=doc,
            tokens_indices=[token.idx for token in doc],
            lemmas=[token.lemma_ for token in doc],
            nlp_engine=self._engine,
            language="en",
        )
        enhanced: list[RecognizerResult] = self._enhancer.enhance_using_context(
            text=text, raw_results=results, nlp_artifacts=artifacts, recognizers=self.recognizers
        )
        return enhanced

    def _decided(self, results: list[RecognizerResult]) -> list[Span]:
        from presidio_analyzer import EntityRecognizer

        strong = [r for r in results if r.score >= self.min_score and r.entity_type in self.wanted]
        return [
            Span(r.start, r.end, TYPES[r.entity_type], round(r.score, 4), _layer(r))
            for r in EntityRecognizer.remove_duplicates(strong)
        ]


@functools.cache
def presidio(model: str, regions: tuple[str, ...], wanted: frozenset[str], min_score: float) -> Presidio:
    """Build the recognizers once per process and setting."""
    return Presidio(model, regions, wanted, min_score)


def _layer(result: RecognizerResult) -> int:
    return CHECKED if result.entity_type in _CHECKED and result.score >= 1.0 else PATTERN


def _gate(recognizer: Any, min_score: float) -> Callable[[str, str, int], object]:
    """Return a cheap condition that every text in which the recognizer can decide something fulfils."""
    from presidio_analyzer import PatternRecognizer

    digits, shape = _DIGITS.get(recognizer.name, 0), _SHAPES.get(recognizer.name)
    stems: tuple[str, ...] = ()
    by_pattern = getattr(type(recognizer), "validate_result", None) is PatternRecognizer.validate_result
    if by_pattern and all(p.score < min_score for p in recognizer.patterns):
        # a lemma may drop or change the end of a word (saving -> save), so only its beginning must occur
        stems = tuple(word.lower()[: max(2, len(word) - 1)] for word in recognizer.context or ())

    def gate(text: str, lower: str, count: int) -> object:
        return count >= digits and (shape is None or shape(text)) and (not stems or any(s in lower for s in stems))

    return gate


def _stock_recognizers(regions: tuple[str, ...]) -> list[Any]:
    """Presidio's own recognizers for English; its e-mail recognizer without its look-up of domains over the network."""
    import tldextract
    from presidio_analyzer import RecognizerRegistry
    from presidio_analyzer.predefined_recognizers import EmailRecognizer, PhoneRecognizer

    suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    class OfflineEmailRecognizer(EmailRecognizer):
        def validate_result(self, pattern_text: str) -> bool:
            return bool(suffixes(pattern_text).fqdn)

    registry: Any = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    swapped: dict[str, Any] = {
        "EmailRecognizer": OfflineEmailRecognizer(name="EmailRecognizer"),
        "PhoneRecognizer": PhoneRecognizer(supported_regions=regions, name="PhoneRecognizer"),
    }
    stock = [swapped.get(r.name, r) for r in registry.recognizers if r.name != "SpacyRecognizer"]
    return sorted(stock, key=lambda r: r.name)
