"""Deduplication's door."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.deduplication import consistency
from assets.deduplication.deduplicate import deduplicate
from checks.deduplication import CONSISTENCY_FINDINGS, UNIQUE_PAIRS
from checks.expectations import audited
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.UNIQUE_PAIRS, "TextPreprocessor", UNIQUE_PAIRS))
@plainly
def unique_pairs(
    context: dg.AssetExecutionContext, relevant_pairs: pa.Table, pair_signatures: pa.Table
) -> Iterator[Any]:
    """Pairs that say something no other pair says."""
    params = context.resources.settings.deduplication
    yield from audited(context, deduplicate(relevant_pairs, pair_signatures, params), UNIQUE_PAIRS)


@dg.asset(**card(tables.CONSISTENCY_FINDINGS, "QualityAssurance", CONSISTENCY_FINDINGS))
@plainly
def consistency_findings(
    context: dg.AssetExecutionContext, unique_pairs: pa.Table, pair_signatures: pa.Table
) -> Iterator[Any]:
    """What does not agree and a person should look at: contradictions, outdated answers, doubtful categories."""
    params = context.resources.settings.deduplication
    found = consistency.consistency_findings(unique_pairs, pair_signatures, params)
    yield from audited(context, found, CONSISTENCY_FINDINGS)
