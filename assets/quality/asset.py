"""Quality's doors: the scorecard, and the verdict that training asks for."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.quality.funnel import stands_for
from assets.quality.paper import PLACE, paper
from assets.quality.scorecard import scorecard
from assets.quality.verdict import verdict
from checks.expectations import audited
from checks.gate import bound_to, measured_on
from checks.quality import QUALITY_REPORT, QUALITY_VERDICT
from dagster_project.accounts import accounts
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.QUALITY_REPORT, "QualityAssurance", QUALITY_REPORT))
@plainly
def quality_report(
    context: dg.AssetExecutionContext,
    training_examples: pa.Table,
    balanced_pairs: pa.Table,
    standardized_records: pa.Table,
    customer_features: pa.Table,
    consistency_findings: pa.Table,
) -> Iterator[Any]:
    """The scorecard: every measure with its definition, its interval and its share in the composite."""
    lake, settings = context.resources.lake, context.resources.settings
    dataset = training_examples, balanced_pairs, standardized_records
    bound = measured_on(training_examples, settings)
    report = scorecard(*dataset, settings.quality, customers=customer_features, findings=consistency_findings, **bound)
    merged = stands_for(lake.read_ledger("unique_pairs"))
    told = paper(report.table, dataset, accounts(lake), merged, settings.quality)
    said = {"scorecard": dg.MetadataValue.md(told.markdown), "page": dg.MetadataValue.path(settings.home / PLACE)}
    yield from audited(context, report, QUALITY_REPORT, **said)
    told.write(settings.home)


@dg.asset(**card(tables.QUALITY_VERDICT, "QualityMetrics", QUALITY_VERDICT))
@plainly
def quality_verdict(context: dg.AssetExecutionContext, quality_report: pa.Table) -> Iterator[Any]:
    """May this dataset be trained on? Bound to the hashes of the dataset, the checks and the settings."""
    found = context.resources
    judged = verdict(quality_report, **bound_to(found.lake, found.settings), params=found.settings.quality)
    yield from audited(context, judged, QUALITY_VERDICT)
