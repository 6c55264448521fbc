"""What spaCy's language model takes for people and places, at the least cost that gives its own answer."""

from __future__ import annotations

import functools
import importlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from assets.errors import RefineryError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

BATCH = 256
_PROBES = (
    "Hi, this is Maria Lopez from Austin, I ordered it on March 3rd and paid $40.",
    "john smith called about the   refund \n\n for Dr. Ahmed Khan in New York",
    "Thanks!",
    "Please send it to Ms. O'Neil-Baker, 12 High Street, Leeds, not to XXXX XXXX.",
    " ",
    "Could you tell Acme Corp. that Priya Raman will be in Paris from Monday until the 5th of May 2021?",
)
logger = logging.getLogger(__name__)


class Entity(NamedTuple):
    """One entity: characters `start` to `end` (exclusive) and spaCy's label."""

    start: int
    end: int
    label: str


@functools.cache
def language_model(name: str) -> Language:
    """Load a spaCy pipeline once per process, from a package or a folder; nothing is downloaded."""
    import spacy

    try:
        package = importlib.import_module(name) if name.isidentifier() else None
        nlp: Language = package.load() if package is not None and hasattr(package, "load") else spacy.load(name)
    except (ImportError, OSError):
        raise RefineryError(
            "anonymization.spacy_model", "no such spaCy pipeline is installed", "install its package or name another"
        ) from None
    if "ner" not in nlp.pipe_names:
        raise RefineryError("anonymization.spacy_model", "the pipeline has no `ner` component", "name another")
    return nlp


def stock_entities(nlp: Language, texts: Sequence[str]) -> Iterator[list[Entity]]:
    """Run spaCy with its entity recognizer alone: the same entities as the whole pipeline, at half the cost.

    The small models' recognizer has its own embedding; only where it listens to another component that one runs too.
    """
    listens = "tok2vec" in nlp.pipe_names and "tok2vec" in nlp.get_pipe_meta("ner").requires
    keep = {"ner", "tok2vec", "transformer"} if listens or _shares_embedding(nlp) else {"ner"}
    idle = [pipe for pipe in nlp.pipe_names if pipe not in keep]
    for doc in nlp.pipe(texts, disable=idle, batch_size=BATCH):
        yield entities_of(doc)


def entities_of(doc: Doc) -> list[Entity]:
    """List a document's entities."""
    return [Entity(e.start_char, e.end_char, e.label_) for e in doc.ents]


@functools.cache
def dictionary(name: str) -> frozenset[str]:
    """Return the model's own lists of English words in lower case: WordNet's, irregular forms, stop words.

    Empty where it has no such list: then no word is taken for an ordinary one.
    """
    nlp = language_model(name)
    lookups = getattr(nlp.get_pipe("lemmatizer"), "lookups", None) if "lemmatizer" in nlp.pipe_names else None
    if lookups is None or not lookups.has_table("lemma_index"):
        return frozenset()
    irregular = lookups.get_table("lemma_exc") if lookups.has_table("lemma_exc") else {}
    return (
        frozenset(word for words in lookups.get_table("lemma_index").values() for word in words)
        | frozenset(word for words in irregular.values() for word in words)
        | nlp.Defaults.stop_words
    )


@functools.cache
def deeds_and_qualities(name: str) -> frozenset[str]:
    """Return which of those words are verbs, adjectives or adverbs, and so rarely the name of a place."""
    nlp = language_model(name)
    lookups = getattr(nlp.get_pipe("lemmatizer"), "lookups", None) if "lemmatizer" in nlp.pipe_names else None
    if lookups is None or not lookups.has_table("lemma_index"):
        return frozenset()
    kinds = lookups.get_table("lemma_index")
    return frozenset(word for kind in ("verb", "adj", "adv") for word in kinds.get(kind, ()))


@functools.cache
def function_words(name: str) -> frozenset[str]:
    """Return the language's stop words."""
    return frozenset(language_model(name).Defaults.stop_words)


@functools.cache
def recognizer(name: str, fast: bool) -> Callable[[Sequence[str]], Iterable[list[Entity]]]:
    """Return what finds entities in many texts: the fast decoder if it agrees with spaCy here, else spaCy."""
    nlp = language_model(name)
    if fast:
        from assets.anonymization.fast_ner import Unsupported, fast_entities

        try:
            quick = fast_entities(nlp)
            if [list(found) for found in quick(_PROBES)] == list(stock_entities(nlp, _PROBES)):
                return quick
            logger.warning("fast NER differs from spaCy on this model; using spaCy")
        except Unsupported as why:
            logger.warning("fast NER does not know this model (%s); using spaCy", why)
    return functools.partial(stock_entities, nlp)


def _shares_embedding(nlp: Language) -> bool:
    model = getattr(nlp.get_pipe("ner"), "model", None)
    return model is not None and any("listener" in node.name for node in model.walk())
