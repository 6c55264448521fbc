"""Normalization's door."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.normalization.normalize import normalize
from checks.expectations import audited
from checks.normalization import NORMALIZED_RECORDS
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.NORMALIZED_RECORDS, "TextPreprocessor", NORMALIZED_RECORDS))
@plainly
def normalized_records(
    context: dg.AssetExecutionContext,
    tickets: pa.Table,
    chats: pa.Table,
    calls: pa.Table,
    articles: pa.Table,
    external_documents: pa.Table,
) -> Iterator[Any]:
    """All records in one table, free of mark-up, quoted replies, signatures and broken encoding."""
    records = pa.concat_tables([tickets, chats, calls, articles, external_documents])
    found = context.resources
    cleaned = normalize(records, found.settings.normalization, map_rows=found.engine.map_rows)
    yield from audited(context, cleaned, NORMALIZED_RECORDS)
