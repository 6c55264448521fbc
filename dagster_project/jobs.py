"""The three lines as jobs, and the jobs that join them. Selected by name, so no asset is imported."""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
from dagster._core.storage.tags import MAX_RUNTIME_SECONDS_TAG

from assets.tables import TABLES
from assets.training import APPROACHES
from dagster_project.metadata import HOME_CHECK, STORED_CHECK
from dagster_project.resources.knobs import TRAIN

RECORD_ROOMS = ("collection", "normalization", "anonymization", "standardization", "pairing", "validation", "analysis")
DATASET_ROOMS = (
    "customers",
    "deduplication",
    "splitting",
    "augmentation",
    "balancing",
    "formatting",
    "quality",
    "release",
)
TUNING_ROOMS = ("tuning", "evaluation", "operation")
ROOMS = (*RECORD_ROOMS, *DATASET_ROOMS, *TUNING_ROOMS)

LINES = {"record_line": RECORD_ROOMS, "dataset_line": DATASET_ROOMS, "tuning_line": TUNING_ROOMS}
LONG = {MAX_RUNTIME_SECONDS_TAG: str(72 * 3600)}
"""Tags of jobs that train: the daemon ends other runs after the six hours of `dagster.yaml`."""
LATER = {"customers": "dataset_line", "relevant_pairs": "dataset_line"}
"""Whole tables of a room of the record line, and the line they are made in."""


def line_of(table: str) -> str:
    """Return the line that makes a table.

    >>> line_of("validated_pairs"), line_of("relevant_pairs")
    ('record_line', 'dataset_line')
    """
    return LATER.get(table) or next(line for line, rooms in LINES.items() if TABLES[table].room in rooms)


def _job(name: str, tables: Iterable[str], description: str, **more: Any) -> Any:  # Dagster does not export its type
    """Build a job that makes some tables; what reads again all that rests there is left to whoever asks for it."""
    asked_for = [(t, STORED_CHECK) for t in TABLES] + [("dataset_release", HOME_CHECK)]
    by_hand = dg.AssetSelection.checks(*(dg.AssetCheckKey(dg.AssetKey(t), check) for t, check in asked_for))
    return dg.define_asset_job(
        name, selection=dg.AssetSelection.assets(*tables) - by_hand, description=description, **more
    )


def _line(name: str, description: str) -> Any:
    return _job(name, _tables_of(name), description)


def _tables_of(line: str) -> list[str]:
    return [t for t in TABLES if line_of(t) == line]


@dg.config_mapping(config_schema={"approach": dg.Enum("Approach", [dg.EnumValue(a) for a in APPROACHES.values()])})
def _trains(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Tell the asset of one approach to train, whatever the settings choose; what is trained already is not again."""
    asset = next(name for name, approach in APPROACHES.items() if approach == asked["approach"])
    return {"ops": {asset: {"config": {TRAIN: True}}}}


record_line = _line(
    "record_line", "Collect, clean, anonymise, standardise, pair and validate the records of some days."
)
dataset_line = _line("dataset_line", "From all valid pairs to a released dataset with its verdict.")
tuning_line = _job(
    "tuning_line",
    _tables_of("tuning_line"),
    "Tune the approaches on the release, evaluate them on its test set, recommend one.",
    tags=LONG,
)
execute_fine_tuning = _job(
    "execute_fine_tuning",
    _tables_of("tuning_line"),
    "Train one approach on the release beside those the settings choose, evaluate all, recommend one.",
    config=_trains,
    tags=LONG,
)
full_refresh = _job(
    "full_refresh", TABLES, "The three lines in order, for the days chosen and all that follows from them.", tags=LONG
)
JOBS = [record_line, dataset_line, tuning_line, execute_fine_tuning, full_refresh]
