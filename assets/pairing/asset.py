"""Pairing's door."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.pairing.pair import pair
from checks.expectations import audited
from checks.pairing import QA_PAIRS
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.QA_PAIRS, "BusinessDataCollector", QA_PAIRS))
@plainly
def qa_pairs(context: dg.AssetExecutionContext, standardized_records: pa.Table) -> Iterator[Any]:
    """Questions with their answers, taken from tickets, chats, calls, articles and external documents."""
    found = context.resources
    pairs = pair(standardized_records, found.settings.pairing, key=found.desk.key)
    yield from audited(context, pairs, QA_PAIRS)
