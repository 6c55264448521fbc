"""Standardization's door."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.standardization.standardize import standardize
from checks.expectations import audited
from checks.standardization import STANDARDIZED_RECORDS
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.STANDARDIZED_RECORDS, "TextPreprocessor", STANDARDIZED_RECORDS))
@plainly
def standardized_records(context: dg.AssetExecutionContext, anonymized_records: pa.Table) -> Iterator[Any]:
    """Records in the house's own terms, in a wanted language, and worth reading."""
    standard = standardize(anonymized_records, context.resources.settings.standardization)
    yield from audited(context, standard, STANDARDIZED_RECORDS)
