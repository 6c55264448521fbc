"""Formatting's door."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.base_model import load_tokenizer
from assets.formatting.format_examples import by_task, format_examples
from checks.expectations import audited
from checks.formatting import TRAINING_EXAMPLES
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.TRAINING_EXAMPLES, "InstructionTuner", TRAINING_EXAMPLES, needs=["base_model"]))
@plainly
def training_examples(context: dg.AssetExecutionContext, balanced_pairs: pa.Table) -> Iterator[Any]:
    """Examples of every task under the base model's chat template, counted in its tokens, none cut."""
    tokenizer = load_tokenizer(context.resources.base_model)
    examples = format_examples(balanced_pairs, context.resources.settings.formatting, tokenizer)
    tasks = dg.MetadataValue.json(by_task(balanced_pairs, examples.table))
    yield from audited(context, examples, TRAINING_EXAMPLES, examples_by_task=tasks)
