"""Splitting's door: the memory of who was tested on, and the pairs where it puts them."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.splitting.assign import assign
from assets.splitting.split import contaminated_by, split
from checks.expectations import audited
from checks.splitting import SPLIT_ASSIGNMENTS, SPLIT_PAIRS
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.SPLIT_ASSIGNMENTS, "CrossValidator", SPLIT_ASSIGNMENTS))
@plainly
def split_assignments(context: dg.AssetExecutionContext, unique_pairs: pa.Table) -> Iterator[Any]:
    """Every id that ever stood in train, validation or test; it reads its own last version, and adds to it."""
    found = context.resources
    before, key_name = found.lake.read("split_assignments"), tables.key_name(found.desk.key)
    made = assign(unique_pairs, before, found.settings.splitting, key_name=key_name)
    yield from audited(context, made, SPLIT_ASSIGNMENTS)


@dg.asset(**card(tables.SPLIT_PAIRS, "CrossValidator", SPLIT_PAIRS))
@plainly
def split_pairs(
    context: dg.AssetExecutionContext, unique_pairs: pa.Table, split_assignments: pa.Table
) -> Iterator[Any]:
    """Pairs in train, validation and test by group, so that the test set stays honest."""
    made = split(unique_pairs, split_assignments, context.resources.settings.splitting)
    yield from audited(context, made, SPLIT_PAIRS, contaminated_by=contaminated_by(made.ledger))
