"""What the business takes from outside, chosen by its domain (ExternalDataAugmentor.augment_with_industry_data)."""

from __future__ import annotations

from collections.abc import Iterable

from assets.collection.params import SourceParams


def chosen(sources: Iterable[SourceParams], domain: str | None) -> list[SourceParams]:
    """Return the sources of the desk, and of those from outside the ones about a domain, or about none.

    An industry report, a public data set or a regulatory document of another domain is not read.

    >>> from assets.collection.params import External
    >>> rules = External(category="regulatory_document", domains=("honey",), provenance="Food Office")
    >>> common = {"gives": "external_documents", "kind": "jsonl", "path": "x", "fields": {"id": "i"}}
    >>> stated = {"created_at": "2026-01-01", "licence": "CC0-1.0"}
    >>> source = SourceParams(name="rules", external=rules, constants=stated, **common)
    >>> [len(chosen([source], domain)) for domain in ("honey", "heating", None)]
    [1, 0, 1]
    """
    return [s for s in sources if s.external is None or not s.external.domains or domain in (None, *s.external.domains)]


def credits(sources: Iterable[SourceParams]) -> dict[str, str]:
    """Return by source how it is to be named: its authors, where it was taken from, and when."""
    told = {}
    for source in sources:
        if (external := source.external) is not None:
            when = f", retrieved {external.retrieved.isoformat()}" if external.retrieved else ""
            told[source.name] = f"{external.attribution or source.name} ({external.provenance}{when})"
    return told
