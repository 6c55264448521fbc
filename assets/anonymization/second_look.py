"""A look at anonymized texts before they leave the machine: does the second detector still see somebody?"""

from __future__ import annotations

from collections.abc import Sequence

from assets.anonymization import domain
from assets.anonymization.names import NameFilter
from assets.anonymization.ner import dictionary
from assets.anonymization.params import AnonymizationParams
from assets.anonymization.placeholders import PLACEHOLDER
from assets.anonymization.rampart import rampart
from assets.anonymization.text import plain


def second_look(texts: Sequence[str], params: AnonymizationParams) -> list[int]:
    """Count by text what the second detector sees that can be a person, place or number; placeholders are none.

    Raises:
        RefineryError: The detector is not installed.
    """
    words = domain.pii_domain(params.patterns)
    keep = frozenset(word.lower() for word in (*words.keep, *params.keep))
    names = NameFilter(
        keep, dictionary(params.spacy_model), frozenset(words.common_names), frozenset(words.ordinary_words)
    )
    # A dash where a placeholder stood: the detector would read its letters as a name's.
    views = [plain(PLACEHOLDER.sub("-", text)).text for text in texts]
    return [len(names.plausible(view, spans)) for view, spans in zip(views, rampart().find(views), strict=True)]
