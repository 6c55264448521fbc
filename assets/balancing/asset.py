"""Balancing's door."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.balancing.balance_pairs import balance_pairs
from checks.balancing import BALANCED_PAIRS
from checks.expectations import audited
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.BALANCED_PAIRS, "DataBalancer", BALANCED_PAIRS))
@plainly
def balanced_pairs(context: dg.AssetExecutionContext, split_pairs: pa.Table, rule_variants: pa.Table) -> Iterator[Any]:
    """Training pairs and their variants balanced by category; validation and test as they were."""
    balanced = balance_pairs(split_pairs, rule_variants, context.resources.settings.balancing)
    yield from audited(context, balanced, BALANCED_PAIRS)
