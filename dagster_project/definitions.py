"""The assembly: every room's assets, their checks, resources and jobs. The only module that imports the doors."""

import os
from typing import Any

import dagster as dg

from assets.analysis import asset as analysis
from assets.anonymization import asset as anonymization
from assets.augmentation import asset as augmentation
from assets.balancing import asset as balancing
from assets.base_model import prepare
from assets.collection import asset as collection
from assets.customers import asset as customers
from assets.deduplication import asset as deduplication
from assets.evaluation import asset as evaluation
from assets.formatting import asset as formatting
from assets.normalization import asset as normalization
from assets.operation import asset as operation
from assets.pairing import asset as pairing
from assets.quality import asset as quality
from assets.release import asset as release
from assets.splitting import asset as splitting
from assets.standardization import asset as standardization
from assets.tables import TABLES
from assets.tuning import asset as tuning
from assets.validation import asset as validation
from checks.expectations import home_check, stored_check
from checks.suites import PROMISES
from dagster_project.failures import redact
from dagster_project.jobs import JOBS
from dagster_project.resources.engine import Engine
from dagster_project.resources.lake import Lake
from dagster_project.resources.language_model import language_model
from dagster_project.resources.parquet import ParquetIOManager
from dagster_project.resources.staleness import Desk
from dagster_project.retention import daily_purge, purge_restricted
from dagster_project.schedules import SCHEDULES
from dagster_project.sensors import SENSORS
from dagster_project.settings import Settings, cache_folder, load

# Nothing here may call home or draw progress bars. Dagster has its switches in dagster.yaml; these are the libraries'.
for switch, value in {
    "DAFT_ANALYTICS_ENABLED": "0",
    "DO_NOT_TRACK": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}.items():
    os.environ.setdefault(switch, value)

DOORS = [
    collection,
    normalization,
    anonymization,
    standardization,
    pairing,
    validation,
    analysis,
    customers,
    deduplication,
    splitting,
    augmentation,
    balancing,
    formatting,
    quality,
    release,
    tuning,
    evaluation,
    operation,
]


def build(settings: Settings | None = None, **overrides: Any) -> dg.Definitions:
    """Assemble the code location.

    Args:
        settings: The refinery's settings; by default those of this process. The cut of the record line
            is always that of the process, see `partitions`.
        **overrides: Resources to use instead of the real ones, by name: `lake`, `desk`, `engine`, ...
    """
    settings = settings or load()
    return dg.Definitions(
        assets=dg.load_assets_from_modules(DOORS),
        asset_checks=[*(stored_check(TABLES[name], PROMISES[name]) for name in TABLES), home_check],
        jobs=[*JOBS, purge_restricted],
        schedules=[*SCHEDULES, daily_purge],
        sensors=SENSORS,
        resources={**resources(settings), **overrides},
        # A process a step costs five to ten seconds; training has a process of its own all the same.
        executor=dg.in_process_executor,
    )


def resources(settings: Settings) -> dict[str, Any]:
    """Return the real resources: plain objects, opened when a run starts."""
    return {
        "settings": settings,
        "lake": dg.ResourceDefinition(lambda _: Lake(settings.lake_root)),
        "desk": dg.ResourceDefinition(lambda _: Desk(settings)),
        "base_model": dg.ResourceDefinition(lambda _: prepare(settings.base_model, cache_folder())),
        "language_model": dg.ResourceDefinition(language_model, required_resource_keys={"lake", "settings"}),
        "engine": dg.ResourceDefinition(lambda _: Engine(settings.workers)),
        "io_manager": dg.IOManagerDefinition(_io_manager, required_resource_keys={"lake", "settings", "desk"}),
    }


def _io_manager(context: dg.InitResourceContext) -> ParquetIOManager:
    found = context.resources
    return ParquetIOManager(found.lake, found.settings, found.desk)


redact()
defs = build()
