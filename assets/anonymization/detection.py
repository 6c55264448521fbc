"""All layers of detection, joined: language model, patterns of Presidio and the house, what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from assets.anonymization import domain, house, locales, spoken
from assets.anonymization.growth import countries, grown
from assets.anonymization.known import Identities, identities
from assets.anonymization.names import NameFilter
from assets.anonymization.ner import deeds_and_qualities, dictionary, function_words, recognizer
from assets.anonymization.params import AnonymizationParams
from assets.anonymization.placeholders import PLACEHOLDER
from assets.anonymization.rampart import rampart
from assets.anonymization.recognizers import presidio
from assets.anonymization.spans import CHECKED, GUESSED, KNOWN, Span, resolve
from assets.anonymization.text import View, plain

Mode = Literal["every_detector", "without_language_model", "patterns_and_known", "standard"]
"""How a text is looked at: by every detector; in a language the model does not read, by the patterns that speak none,
the second detector and what is known; what is published (an article), by patterns and what is known; or, where `recall`
is standard, as Presidio does, and for what is known."""
SHORTEST_PHONE = 7
"""Digits below which a phone number is more likely a section of a statute or a price."""


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
        self._keep = frozenset(word.lower() for word in (*words.keep, *params.keep))
        self._high = params.recall == "high"
        self._house = house.compiled(tuple(spec for spec in words.patterns if self._high or spec.promised))
        self.agents = identities(tuple(("name", name) for name in domain.agents(params.agents).names), self.ordinary)
        self._presidio = presidio(
            params.spacy_model, params.phone_regions, frozenset(params.entities), params.min_score
        )
        self._recognize = recognizer(params.spacy_model, params.fast_ner)
        self._filter = NameFilter(
            self._keep,
            dictionary(params.spacy_model),
            frozenset(words.common_names),
            self.ordinary,
            deeds_and_qualities(params.spacy_model),
            function_words(params.spacy_model),
        )
        self._patterns: dict[str, list[Span] | None] = {}
        self._guesses: dict[str, list[Span] | None] = {}
        self._second: dict[str, list[Span] | None] = {}

    def known(self, known: tuple[tuple[str, str], ...]) -> Identities:
        """Index what is known of a record's people."""
        return identities(known, self.ordinary)

    def prepare(self, texts: Iterable[tuple[str, str]]) -> None:
        """Run what pays in batches, each distinct text once: the language model and Presidio, over (kind, text)."""
        views = [(kind, plain(text).text) for kind, text in dict.fromkeys(texts)]
        views = [(kind, view) for kind, view in views if any(c.isalnum() for c in view)]
        _detect(self._presidio.patterns, (view for _, view in views), self._patterns)
        named = [view for kind, view in views if kind in self.params.names_in]
        _detect(lambda batch: map(self._presidio.guesses, self._recognize(batch)), named, self._guesses)
        if self._high:
            _detect(rampart().find, named, self._second)

    def find_all(self, texts: Sequence[str], known: tuple[tuple[str, str], ...], kind: str) -> list[list[Span]]:
        """Find the spans of a record's texts, in reading order (`prepare` has seen them).

        Raises:
            Unreadable: A detector gave up on one of the texts.
        """
        views = [plain(text) for text in texts]
        befores = ["\n".join(v.text for v in views[max(0, i - house.TURNS) : i]) for i in range(len(views))]
        foreign = self._foreign(views)
        found = [self._find(*text, kind) for text in zip(views, befores, foreign, strict=True)]
        named = self._named(texts, found) if self._high else identities((), self.ordinary)
        on_file = (self.known(known), self.agents)
        return [
            self._resolved(text, view, [*spans, *(s for who in (*on_file, named) for s in who.find(view))])
            for text, view, spans in zip(texts, views, found, strict=True)
        ]

    def modes(self, texts: Sequence[str], kind: str) -> list[Mode]:
        """Tell in which mode each text of a record that says anything is looked at."""
        views = [plain(text) for text in texts]
        told = zip(views, self._foreign(views), strict=True)
        said = [foreign for view, foreign in told if any(c.isalnum() for c in view.text)]
        if kind not in self.params.names_in:
            return ["patterns_and_known"] * len(said)
        if not self._high:
            return ["standard"] * len(said)
        return ["without_language_model" if foreign else "every_detector" for foreign in said]

    def find_field(self, value: str, known: tuple[tuple[str, str], ...]) -> list[Span]:
        """Find patterns and whole known values in a short field, no guesses and no single names.

        Raises:
            Unreadable: A pattern did not come to an end.
        """
        view = plain(value)
        spans = _moved(view, self._house_spans(view, ""))
        spans += [s for who in (self.known(known), self.agents) for s in who.find(view, single_names=False)]
        return self._resolved(value, view, spans)

    def _find(self, view: View, before: str, foreign: bool, kind: str) -> list[Span]:
        """Spans (of the original text) that detectors find in one text."""
        people = kind in self.params.names_in
        patterns = self._patterns.get(view.text, [])
        guesses = self._guesses.get(view.text, []) if people else []
        if self._high and foreign:
            guesses = []  # the model reads English; of another language it takes every noun for a name
        second = self._second.get(view.text, []) if people else []
        if patterns is None or guesses is None or second is None:
            raise Unreadable
        own = self._house_spans(view, before, foreign)
        if not self._high:
            return _moved(view, [*patterns, *guesses, *own])
        dialable = [s for s in patterns if s.type != "PHONE" or _digits(view.text, s) >= SHORTEST_PHONE]
        abroad = locales.find(view.text, self.params.identifiers_of)
        found = [*dialable, *guesses, *second, *own, *abroad]
        if people:
            found += [*countries(view.text), *self._filter.foreign(view.text)]
            found += [] if foreign else self._filter.answer(view.text)
        sure = [s for s in found if s.layer == CHECKED]
        found = [s for s in found if s.type != "ADDRESS" or s.layer != GUESSED or not _overlaps(s, sure)]
        likely = grown(view.text, self._filter.plausible(view.text, found), self._filter.ordinary)
        return _moved(view, [*likely, *spoken.find(view.text, before[-house.BEFORE :])])

    def _foreign(self, views: Sequence[View]) -> list[bool]:
        """Tell by text whether it is in another language than the model's; of one too short, its record tells."""
        whole = self._filter.speaks("\n".join(view.text for view in views)) is False
        said = (self._filter.speaks(view.text) for view in views)
        return [whole if speaks is None else not speaks for speaks in said]

    def _house_spans(self, view: View, before: str, foreign: bool = False) -> list[Span]:
        try:
            return house.find(self._house, view.text, before, foreign=foreign)
        except TimeoutError:
            raise Unreadable from None

    def _named(self, texts: Sequence[str], found: Sequence[Sequence[Span]]) -> Identities:
        """People named in full somewhere in the record, to be found again where only part of the name is used."""
        full: dict[str, None] = {}
        for text, spans in zip(texts, found, strict=True):
            for span in spans:
                if span.type == "PERSON":
                    words = text[span.start : span.end].split()
                    names = [word for word in words if not self._filter.ordinary(word.strip(".,'’-").lower())]
                    if len(names) > 1 and names[0][:1].isupper():
                        full[" ".join(names)] = None
        return identities(tuple(("name", name) for name in full), self.ordinary, GUESSED)

    def _resolved(self, text: str, view: View, spans: Iterable[Span]) -> list[Span]:
        """Keep what the settings mask, leave placeholders alone, and join overlaps."""
        kinds, kept = self.params.entities, self.params.actions
        wanted = [
            s for s in spans if s.type in kinds and kept.get(s.type) != "keep" and s.score >= self.params.min_score
        ]
        taken = [m.span() for m in PLACEHOLDER.finditer(text)]
        free = [
            s for s in wanted if s.layer == KNOWN or not any(s.start < end and start < s.end for start, end in taken)
        ]
        return [_outside(s, taken) for s in resolve(free) if _outside(s, taken)[0] < _outside(s, taken)[1]]


def _overlaps(span: Span, others: Iterable[Span]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in others)


def _digits(text: str, span: Span) -> int:
    return sum(c.isdigit() for c in text[span.start : span.end])


def _moved(view: View, spans: Iterable[Span]) -> list[Span]:
    """Translate spans of a view into spans of the original text."""
    return [s._replace(start=a, end=b) for s in spans for a, b in [view.original(s.start, s.end)]]


def _detect(
    find: Callable[[Sequence[str]], Iterable[list[Span]]], texts: Iterable[str], found: dict[str, list[Span] | None]
) -> None:
    """Fill `found` for new texts, all at once; where that fails, one by one, so that one bad text harms no other."""
    new = [text for text in dict.fromkeys(texts) if text not in found]
    try:
        found.update(zip(new, find(new), strict=True))
    except (ValueError, TimeoutError, RecursionError):  # their messages may quote the text
        for text in new:
            try:
                found[text] = next(iter(find([text])))
            except (ValueError, TimeoutError, RecursionError):
                found[text] = None


def _outside(span: Span, taken: Sequence[tuple[int, int]]) -> Span:
    """Cut a span so that it does not reach into a placeholder of the source."""
    for start, end in taken:
        if start <= span.start < end:
            span = span._replace(start=min(end, span.end))
        if start < span.end <= end:
            span = span._replace(end=max(start, span.start))
    return span
