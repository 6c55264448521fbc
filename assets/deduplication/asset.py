"""Deduplication's door."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.deduplication.deduplicate import deduplicate
from checks.deduplication import UNIQUE_PAIRS
from checks.expectations import audited
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.UNIQUE_PAIRS, "TextPreprocessor", UNIQUE_PAIRS))
@plainly
def unique_pairs(context: dg.AssetExecutionContext, relevant_pairs: pa.Table) -> Iterator[Any]:
    """Pairs that say something no other pair says."""
    yield from audited(context, deduplicate(relevant_pairs, context.resources.settings.deduplication), UNIQUE_PAIRS)
