"""The doors of the tabular line."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.customers import clean, features
from checks.customers import CLEAN_CUSTOMERS, CUSTOMER_FEATURES
from checks.expectations import audited
from dagster_project.failures import plainly
from dagster_project.metadata import COLUMNS, card


@dg.asset(**card(tables.CLEAN_CUSTOMERS, "TabularDataProcessor", CLEAN_CUSTOMERS))
@plainly
def clean_customers(context: dg.AssetExecutionContext, customers: pa.Table) -> Iterator[Any]:
    """Customers with typed values, each person once; what was changed is flagged and counted."""
    made = clean.clean_customers(customers, context.resources.settings.customers)
    said = dg.MetadataValue.json(clean.flagged(made.table))
    yield from audited(context, made, CLEAN_CUSTOMERS, values_changed_or_doubted=said)


@dg.asset(
    ins={"anonymized_records": dg.AssetIn(metadata={COLUMNS: [*features.CONTACT]})},
    **card(tables.CUSTOMER_FEATURES, "TabularDataProcessor", CUSTOMER_FEATURES),
)
@plainly
def customer_features(
    context: dg.AssetExecutionContext, clean_customers: pa.Table, anonymized_records: pa.Table
) -> Iterator[Any]:
    """What may be known of a customer outside the restricted zone: tenure, frequency, recency, groups, encodings."""
    params = context.resources.settings.customers
    yield from audited(
        context, features.customer_features(clean_customers, anonymized_records, params), CUSTOMER_FEATURES
    )
