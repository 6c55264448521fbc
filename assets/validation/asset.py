"""Validation's door."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.validation.validate import validate
from checks.expectations import audited
from checks.validation import VALIDATED_PAIRS
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.VALIDATED_PAIRS, "DataValidator", VALIDATED_PAIRS))
@plainly
def validated_pairs(context: dg.AssetExecutionContext, qa_pairs: pa.Table) -> Iterator[Any]:
    """Pairs worth learning from, each with the scores that say so."""
    found = context.resources
    scored = validate(qa_pairs, found.settings.validation, map_rows=found.engine.map_rows)
    yield from audited(context, scored, VALIDATED_PAIRS)
