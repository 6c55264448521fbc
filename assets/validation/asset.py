"""Validation's door."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.validation.relate import relate
from assets.validation.validate import score_pairs, validate
from checks.expectations import audited
from checks.validation import RELEVANT_PAIRS, SCORED_PAIRS, VALIDATED_PAIRS
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.SCORED_PAIRS, "DataValidator", SCORED_PAIRS))
@plainly
def scored_pairs(context: dg.AssetExecutionContext, qa_pairs: pa.Table) -> Iterator[Any]:
    """Every pair with the statistics it is judged by; a changed limit leaves them as they are."""
    found = context.resources
    scored = score_pairs(qa_pairs, found.settings.validation.scoring, map_rows=found.engine.map_rows)
    yield from audited(context, scored, SCORED_PAIRS)


@dg.asset(**card(tables.VALIDATED_PAIRS, "DataValidator", VALIDATED_PAIRS))
@plainly
def validated_pairs(context: dg.AssetExecutionContext, scored_pairs: pa.Table) -> Iterator[Any]:
    """Pairs worth learning from, each with the scores that say so."""
    yield from audited(context, validate(scored_pairs, context.resources.settings.validation), VALIDATED_PAIRS)


@dg.asset(**card(tables.RELEVANT_PAIRS, "DataValidator", RELEVANT_PAIRS))
@plainly
def relevant_pairs(
    context: dg.AssetExecutionContext, validated_pairs: pa.Table, scored_pairs: pa.Table
) -> Iterator[Any]:
    """Valid pairs that belong together and to the desk, each with what speaks for its truth."""
    related = relate(validated_pairs, scored_pairs, context.resources.settings.validation.desk)
    yield from audited(context, related, RELEVANT_PAIRS)
