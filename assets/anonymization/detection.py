"""All layers of detection, joined: language model, patterns of Presidio and the house, what is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assets.anonymization import domain, house
from assets.anonymization.known import Identities, identities
from assets.anonymization.names import plausible
from assets.anonymization.ner import recognizer
from assets.anonymization.params import AnonymizationParams
from assets.anonymization.placeholders import PLACEHOLDER
from assets.anonymization.recognizers import presidio
from assets.anonymization.spans import GUESSED, KNOWN, Span, resolve
from assets.anonymization.text import View, plain


class Unreadable(Exception):  # noqa: N818 - reads as a sentence where it is caught
    """A text no detector could read to its end; it holds none of it."""


class Detector:
    """Finds personal data in texts; each distinct text goes through language model and Presidio once.

    Args:
        params: What counts as personal data.
    """

    def __init__(self, params: AnonymizationParams) -> None:
        self.params = params
        words = domain.pii_domain(params.patterns)
        self.ordinary = frozenset(words.ordinary_words)
        self._keep = frozenset(word.lower() for word in words.keep)
        self._house = house.compiled(words.patterns)
        self.agents = identities(tuple(("name", name) for name in domain.agents(params.agents).names), self.ordinary)
        self._presidio = presidio(
            params.spacy_model, params.phone_regions, frozenset(params.entities), params.min_score
        )
        self._recognize = recognizer(params.spacy_model, params.fast_ner)
        self._found: dict[str, list[Span] | None] = {}

    def known(self, known: tuple[tuple[str, str], ...]) -> Identities:
        """Index what is known of a record's people."""
        return identities(known, self.ordinary)

    def prepare(self, texts: Iterable[tuple[str, str]]) -> None:
        """Run what pays in batches: the language model and Presidio's recognizers, over (kind, text)."""
        views = {text: plain(text).text for text in dict.fromkeys(text for _, text in texts) if text not in self._found}
        distinct = list(dict.fromkeys(v for v in views.values() if any(c.isalnum() for c in v)))
        by_view: dict[str, list[Span] | None] = dict(zip(distinct, self._detect(distinct), strict=True))
        self._found.update((text, by_view.get(view, [])) for text, view in views.items())

    def _detect(self, texts: Sequence[str]) -> list[list[Span] | None]:
        """Detect in all texts at once; where that fails, one by one, so that one bad text harms no other."""
        try:
            patterns = self._presidio.patterns(texts)
            guesses = [self._presidio.guesses(found) for found in self._recognize(texts)]
        except (ValueError, TimeoutError, RecursionError, MemoryError):  # their messages may quote the text
            if len(texts) == 1:
                return [None]
            return [self._detect([text])[0] for text in texts]
        return [[*p, *g] for p, g in zip(patterns, guesses, strict=True)]

    def find_all(self, texts: Sequence[str], known: tuple[tuple[str, str], ...], kind: str) -> list[list[Span]]:
        """Find the spans of a record's texts, in reading order (`prepare` has seen them).

        Raises:
            Unreadable: A detector gave up on one of the texts.
        """
        views = [plain(text) for text in texts]
        befores = ["\n".join(v.text for v in views[max(0, i - house.TURNS) : i]) for i in range(len(views))]
        found = [self._find(t, v, b, kind) for t, v, b in zip(texts, views, befores, strict=True)]
        named = self._named(texts, found)
        on_file = (self.known(known), self.agents)
        return [
            self._resolved(text, view, [*spans, *self._certain(view, (*on_file, named))])
            for text, view, spans in zip(texts, views, found, strict=True)
        ]

    def find_field(self, value: str, known: tuple[tuple[str, str], ...]) -> list[Span]:
        """Find patterns and whole known values in a short field, no guesses and no single names."""
        view = plain(value)
        spans = [*self._house_spans(view, "")]
        spans += [s for who in (self.known(known), self.agents) for s in who.find(view, single_names=False)]
        return self._resolved(value, view, spans)

    def _find(self, text: str, view: View, before: str, kind: str) -> list[Span]:
        """Spans (of the original text) that detectors find in one text."""
        detected = self._found[text]
        if detected is None:
            raise Unreadable
        names = kind in self.params.names_in
        need = 1 if names else self.params.name_needs
        kept = plausible(view.text, detected, self._keep, need)
        spans = [s._replace(start=a, end=b) for s in kept for a, b in [view.original(s.start, s.end)]]
        return [*spans, *self._house_spans(view, before)]

    def _house_spans(self, view: View, before: str) -> list[Span]:
        try:
            found = house.find(self._house, view.text, before)
        except TimeoutError:
            raise Unreadable from None
        found = [s for s in found if view.text[s.start : s.end].lower() not in self._keep]
        return [s._replace(start=a, end=b) for s in found for a, b in [view.original(s.start, s.end)]]

    def _named(self, texts: Sequence[str], found: Sequence[Sequence[Span]]) -> Identities:
        """People named in full somewhere in the record, to be found again where only part of the name is used."""
        full: dict[str, None] = {}
        for text, spans in zip(texts, found, strict=True):
            for span in spans:
                if span.type == "PERSON":
                    mention = text[span.start : span.end]
                    if " " in mention.strip() and mention[:1].isupper():
                        full[mention] = None
        return identities(tuple(("name", name) for name in full), self.ordinary, GUESSED)

    def _certain(self, view: View, who: Iterable[Identities]) -> list[Span]:
        return [span for identity in who for span in identity.find(view)]

    def _resolved(self, text: str, view: View, spans: Iterable[Span]) -> list[Span]:
        """Keep what the settings mask, leave placeholders alone, and join overlaps."""
        wanted = [s for s in spans if s.type in self.params.entities and (s.score >= self.params.min_score)]
        taken = [m.span() for m in PLACEHOLDER.finditer(text)]
        free = [s for s in wanted if s.layer == KNOWN or not any(s.start < end and start < s.end for start, end in taken)]
        return [_outside(s, taken) for s in resolve(free) if _outside(s, taken)[0] < _outside(s, taken)[1]]


def _outside(span: Span, taken: Sequence[tuple[int, int]]) -> Span:
    """Cut a span so that it does not reach into a placeholder of the source."""
    for start, end in taken:
        if start <= span.start < end:
            span = span._replace(start=min(end, span.end))
        if start < span.end <= end:
            span = span._replace(end=max(start, span.start))
    return span
