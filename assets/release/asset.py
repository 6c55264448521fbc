"""Release's door: nothing passes it without a verdict on exactly this dataset."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.release import release as release_room
from checks.expectations import audited
from checks.gate import admit, bound_to
from checks.release import DATASET_RELEASE
from dagster_project.accounts import accounts, as_markdown
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.DATASET_RELEASE, "FineTuningFramework", DATASET_RELEASE))
@plainly
def dataset_release(
    context: dg.AssetExecutionContext, training_examples: pa.Table, quality_verdict: pa.Table
) -> Iterator[Any]:
    """The dataset as files to train on and to hand over, each with its hash, and its dataset card."""
    settings, bound = context.resources.settings, bound_to(context.resources.lake, context.resources.settings)
    admit(quality_verdict, **bound)
    terms = {"licences": settings.collection.licences, "credits": settings.credits}
    place = {"home": settings.home, "dataset_sha256": bound["dataset_sha256"]}
    released = release_room.release(training_examples, quality_verdict, settings.release, **place, **terms)
    rows = dg.MetadataValue.md(as_markdown(accounts(context.resources.lake)))
    yield from audited(context, released, DATASET_RELEASE, where_the_rows_went=rows)
