"""Balancing's door."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.balancing.balance_pairs import balance_pairs
from assets.balancing.picture import picture
from checks.balancing import BALANCED_PAIRS
from checks.expectations import audited
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.BALANCED_PAIRS, "DataBalancer", BALANCED_PAIRS))
@plainly
def balanced_pairs(
    context: dg.AssetExecutionContext,
    split_pairs: pa.Table,
    rule_variants: pa.Table,
    back_translations: pa.Table,
    synthetic_pairs: pa.Table,
    pair_signatures: pa.Table,
    customer_features: pa.Table,
) -> Iterator[Any]:
    """Training pairs and made ones balanced by category, complexity and length; validation and test as they were."""
    params, made = context.resources.settings.balancing, [rule_variants, back_translations, synthetic_pairs]
    balanced = balance_pairs(split_pairs, made, pair_signatures, customer_features, params)
    told = dg.MetadataValue.md(picture(split_pairs, balanced.table, pair_signatures))
    yield from audited(context, balanced, BALANCED_PAIRS, before_and_after=told)
