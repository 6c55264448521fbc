"""Augmentation's door; all it makes is for training only."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.augmentation import rule_variants as rules
from checks.augmentation import RULE_VARIANTS
from checks.expectations import audited
from dagster_project.failures import plainly
from dagster_project.metadata import card


@dg.asset(**card(tables.RULE_VARIANTS, "RuleBasedAugmentor", RULE_VARIANTS))
@plainly
def rule_variants(context: dg.AssetExecutionContext, split_pairs: pa.Table) -> Iterator[Any]:
    """Training questions said in other words by rule, their answers unchanged."""
    variants = rules.rule_variants(split_pairs, context.resources.settings.augmentation)
    yield from audited(context, variants, RULE_VARIANTS)
