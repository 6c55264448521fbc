"""Anonymization's door: the only way out of the restricted zone."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.anonymization.anonymize import anonymize_and_count
from checks.anonymization import ANONYMIZED_RECORDS
from checks.expectations import audited
from dagster_project.failures import plainly
from dagster_project.metadata import card
from dagster_project.places import installation_key


@dg.asset(**card(tables.ANONYMIZED_RECORDS, "TextPreprocessor", ANONYMIZED_RECORDS, ("presidio", "parquet")))
@plainly
def anonymized_records(context: dg.AssetExecutionContext, normalized_records: pa.Table) -> Iterator[Any]:
    """Records in which typed placeholders stand for personal data.

    Nothing downstream of this table may see a text that did not pass here.
    """
    found = context.resources
    params, key = found.settings.anonymization, installation_key()
    masked, modes = anonymize_and_count(normalized_records, params, key=key, map_rows=found.engine.map_rows)
    yield from audited(context, masked, ANONYMIZED_RECORDS, texts_by_detectors=dg.MetadataValue.json(modes))
