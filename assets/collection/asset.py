"""Collection's door: one table a kind of record, each read from its sources."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets import tables
from checks.expectations import audited
from checks.suites import PROMISES
from dagster_project.failures import plainly
from dagster_project.metadata import card


def _collected(table: tables.Table, framework: str) -> dg.AssetsDefinition:
    """Build the asset of one kind of record."""

    @dg.asset(name=table.name, description=table.meaning, **card(table, framework, PROMISES[table.name]))
    @plainly
    def collected(context: dg.AssetExecutionContext) -> Iterator[Any]:
        records = context.resources.desk.collect(table.name, context.partition_keys if table.partitioned else [])
        yield from audited(context, records, PROMISES[table.name])

    return collected


tickets = _collected(tables.TICKETS, "BusinessDataCollector")
chats = _collected(tables.CHATS, "BusinessDataCollector")
calls = _collected(tables.CALLS, "BusinessDataCollector")
articles = _collected(tables.ARTICLES, "BusinessDataCollector")
external_documents = _collected(tables.EXTERNAL_DOCUMENTS, "ExternalDataAugmentor")
customers = _collected(tables.CUSTOMERS, "TabularDataProcessor")
