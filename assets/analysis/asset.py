"""Analysis' door."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.analysis import sign as signatures
from assets.analysis import text_views as views
from checks.analysis import PAIR_SIGNATURES, TEXT_VIEWS
from checks.expectations import audited
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.TEXT_VIEWS, "TextPreprocessor", TEXT_VIEWS))
@plainly
def text_views(context: dg.AssetExecutionContext, validated_pairs: pa.Table) -> Iterator[Any]:
    """Each pair's words in lower case, stemmed and without stop words: to compare and to count, never to train on."""
    found = context.resources
    viewed = views.text_views(validated_pairs, found.settings.analysis, map_rows=found.engine.map_rows)
    yield from audited(context, viewed, TEXT_VIEWS)


@dg.asset(**card(tables.PAIR_SIGNATURES, "TextPreprocessor", PAIR_SIGNATURES))
@plainly
def pair_signatures(context: dg.AssetExecutionContext, scored_pairs: pa.Table) -> Iterator[Any]:
    """What comparing each pair with all others takes, computed once: word codes, MinHash bands, embeddings."""
    found = context.resources
    signed = signatures.sign(scored_pairs, found.settings.analysis, map_rows=found.engine.map_rows)
    yield from audited(context, signed, PAIR_SIGNATURES)
