"""Augmentation's door; all it makes is for training only."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import tables
from assets.augmentation import back_translations as trips
from assets.augmentation import rule_variants as rules
from assets.augmentation import synthetic_pairs as written
from checks.augmentation import BACK_TRANSLATIONS, RULE_VARIANTS, SYNTHETIC_PAIRS
from checks.expectations import audited
from dagster_project.failures import plainly
from dagster_project.metadata import card

ASKS = {"kinds": ("openai", "parquet"), "needs": ("language_model",)}


@dg.asset(**card(tables.RULE_VARIANTS, "RuleBasedAugmentor", RULE_VARIANTS))
@plainly
def rule_variants(context: dg.AssetExecutionContext, split_pairs: pa.Table) -> Iterator[Any]:
    """Training questions said in other words by rule, their answers unchanged."""
    variants = rules.rule_variants(split_pairs, context.resources.settings.augmentation)
    yield from audited(context, variants, RULE_VARIANTS)


@dg.asset(**card(tables.BACK_TRANSLATIONS, "AIAugmentor", BACK_TRANSLATIONS, **ASKS))
@plainly
def back_translations(context: dg.AssetExecutionContext, split_pairs: pa.Table) -> Iterator[Any]:
    """Training questions that came back otherwise worded from another language, their answers unchanged."""
    found = context.resources
    made = trips.back_translations(split_pairs, found.settings.augmentation, found.language_model)
    yield from audited(context, made.published, BACK_TRANSLATIONS, attempts=dg.MetadataValue.json(made.attempts))


@dg.asset(**card(tables.SYNTHETIC_PAIRS, "AIAugmentor", SYNTHETIC_PAIRS, **ASKS))
@plainly
def synthetic_pairs(context: dg.AssetExecutionContext, split_pairs: pa.Table) -> Iterator[Any]:
    """Questions and answers written by a language model from the desk's own articles, where training lacks them.

    The metadata say how many of its pairs survived, and why the others did not.
    """
    found = context.resources
    made = written.synthetic_pairs(split_pairs, found.settings.augmentation, found.language_model)
    yield from audited(context, made.published, SYNTHETIC_PAIRS, attempts=dg.MetadataValue.json(made.attempts))
