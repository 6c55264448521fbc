"""The gate before release and training: no verdict, a stale one or a failed one lets nothing through."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from assets.errors import RefineryError
from checks.suites import checks_sha256

if TYPE_CHECKING:
    from dagster_project.resources.lake import Lake
    from dagster_project.settings import Settings

_WHERE = "quality_verdict"


def admit(verdict: pa.Table, *, dataset_sha256: str, checks_sha256: str, settings_sha256: str) -> None:
    """Return only if the verdict passed and speaks about exactly these three hashes.

    Raises:
        RefineryError: There is no single verdict, it speaks about something else, or it failed.
    """
    if verdict.num_rows != 1:
        raise RefineryError(_WHERE, f"holds {verdict.num_rows} verdicts instead of one", "materialise it again")
    row = verdict.to_pylist()[0]
    asked = {"dataset": dataset_sha256, "checks": checks_sha256, "settings": settings_sha256}
    stale = [name for name, sha256 in asked.items() if not sha256 or row[f"{name}_sha256"] != sha256]
    if stale:
        what = f"does not speak about the present {' and '.join(stale)}"
        raise RefineryError(_WHERE, what, "materialise quality_report and quality_verdict again")
    if row["passed"] is not True:
        what = f"is 'failed' ({'; '.join(row['reasons'] or ['no reason given'])})"
        raise RefineryError(_WHERE, what, "improve the dataset, or change the bounds under quality in the settings")


def bound_to(lake: Lake, settings: Settings) -> dict[str, str]:
    """Return the hashes a verdict is bound to, as they are now; of a dataset that is not there, an empty one."""
    dataset = lake.manifest("training_examples")
    return {
        "dataset_sha256": dataset.table_sha256 if dataset else "",
        "checks_sha256": checks_sha256(),
        "settings_sha256": settings.section_hash("quality"),
    }


def measured_on(examples: pa.Table, settings: Settings) -> dict[str, str]:
    """Return the hashes a scorecard is of: of the examples it was given, and of the settings it is drawn up under."""
    from dagster_project.resources.lake import Lake

    return {
        "dataset_sha256": Lake.version("training_examples", examples),
        "settings_sha256": settings.section_hash("quality"),
    }


def released_folder(release: pa.Table, verdict: pa.Table, lake: Lake, settings: Settings) -> Path:
    """Return the folder of a release that may be trained on; what opens it checks every file's hash again.

    Raises:
        RefineryError: The gate does not admit the dataset, or the release is of another one.
    """
    bound = bound_to(lake, settings)
    admit(verdict, **bound)
    stated = release.select(["dataset_sha256", "folder"]).slice(0, 1).to_pylist()
    if not stated or stated[0]["dataset_sha256"] != bound["dataset_sha256"]:
        raise RefineryError("dataset_release", "is not of the present dataset", "materialise it again")
    return settings.home / stated[0]["folder"]
