"""Splitting's door."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.splitting.split import split
from checks.expectations import audited
from checks.splitting import SPLIT_PAIRS
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.SPLIT_PAIRS, "CrossValidator", SPLIT_PAIRS))
@plainly
def split_pairs(context: dg.AssetExecutionContext, unique_pairs: pa.Table) -> Iterator[Any]:
    """Pairs assigned to train, validation and test by group, so that the test set stays honest."""
    yield from audited(context, split(unique_pairs, context.resources.settings.splitting), SPLIT_PAIRS)
