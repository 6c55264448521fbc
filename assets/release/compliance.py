"""May this dataset be passed on, and under which duties? Decided from what its parents' licences say."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from assets.errors import RefineryError
from assets.licences import UNKNOWN, Own, Terms, terms_of


def comply(examples: pa.Table, own: Own) -> None:
    """Let a dataset out for commercial use only if every licence in it is known and allows it.

    An example made from others bears the licences of all its parents (`assets.licences.inherited`), so that none of
    them gets past here under another name.

    Args:
        examples: A table in the form of `tables.TRAINING_EXAMPLES`.
        own: Terms of licences that are on no list.

    Raises:
        RefineryError: Some do not; names their sources and licences, and counts their examples.
    """
    bad = [
        f"{count:,} of {source} ({licence or UNKNOWN}: {why})"
        for (source, licence), count in counted(examples).items()
        if (why := objection(terms_of(licence, own)))
    ]
    if bad:
        what = f"not to be used commercially: {', '.join(sorted(bad))}"
        do = "leave these sources out, state the terms of your own licences under collection.licences, or release for "
        raise RefineryError("release.commercial", what, f"{do}other use")


def counted(examples: pa.Table) -> Counter[tuple[str, str | None]]:
    """Count the examples by source and licence."""
    sources, licences = (examples.column(name).to_pylist() for name in ("source", "licence"))
    return Counter(zip(sources, licences, strict=True))


def objection(terms: Terms | None) -> str | None:
    """Return what stands against commercial use, if anything does.

    >>> objection(Terms(commercial=True)), objection(Terms()), objection(None)
    (None, 'non-commercial', 'terms unknown')
    """
    if terms is None:
        return "terms unknown"
    if not terms.commercial:
        return "non-commercial"
    return None if terms.derivatives else "no derivatives"


def duties(examples: pa.Table, own: Own) -> list[tuple[str, str, str, str, int]]:
    """Return by licence whether it allows commercial use, asks for the authors' names, and for the same licence.

    Returns:
        Rows of licence, three times yes, no or unknown, and the number of examples, sorted by licence.
    """
    counts: Counter[str] = Counter()
    for (_, licence), count in counted(examples).items():
        counts[licence or UNKNOWN] += count
    rows = []
    for licence, count in sorted(counts.items()):
        terms = terms_of(licence, own)
        if terms is None:
            rows.append((licence, UNKNOWN, UNKNOWN, UNKNOWN, count))
        else:
            may = _word(objection(terms) is None)
            rows.append((licence, may, _word(terms.attribution), _word(terms.share_alike), count))
    return rows


def _word(answer: bool) -> str:
    return "yes" if answer else "no"
