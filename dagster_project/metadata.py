"""What the catalog says of every table: one card an asset, and the facts of each materialisation."""

import ast
import hashlib
import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.ledger import Published, balance, reasons
from assets.tables import Table
from dagster_project.partitions import RECORDS

warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

ROOT = Path(__file__).resolve().parents[1]
OWNERS = ["team:support-refinery"]
GATE = "quality"
AFTER_GATE = (GATE, "release", "tuning", "evaluation", "operation")
STORED_CHECK = "stored_table_keeps_its_promises"
"""Name of the check that reads a table again; all others run within the step that makes it."""
HOME_CHECK = "nothing_personal_rests_outside"
"""Name of the check that scans all of REFINERY_HOME outside the restricted zone, on request."""
KNOBS = "knobs"
"""Output metadata that says why a result is not what the settings ask for, so that the next run makes it anew: what a
person turned for one run, or what an endpoint left unanswered."""
EVERYBODY = frozenset({"child", "errors", "ledger", "tables"})
"""Modules beside the rooms that all rooms read; what changes there for one of them leaves the others as they are."""
COLUMNS = "columns"
"""Input metadata that says which columns of a table an asset reads, where it needs no others."""
PREVIEW_ROWS = 5
PREVIEW_CHARACTERS = 80

ACCOUNTED = (
    "every_input_row_is_accounted_for",
    "ExpectColumnValuesToBeInSet",
    {"column": "rows_unaccounted_for", "value_set": [0]},
    "Every input row was kept, dropped for a reason, merged or quarantined, and every output row comes from one.",
    "critical",
)

NO_PERSONAL_DATA = (
    "no_personal_data",
    "ExpectColumnValuesToBeInSet",
    {"column": "personal_data", "value_set": [0]},
    "No known mail address, number, street line or full name is left, no number that proves itself, and no name of a "
    "thread's own people.",
    "critical",
)


def always(table: Table) -> list[tuple[str, str, dict[str, Any], str, str]]:
    """Return the promises every table makes beside its suite: one counts rows, one keeps people out of sight."""
    return [ACCOUNTED] if table.restricted else [ACCOUNTED, NO_PERSONAL_DATA]


def card(
    table: Table,
    framework: str,
    promises: Sequence[tuple[str, str, dict[str, Any], str, str]],
    kinds: Sequence[str] = ("python", "parquet"),
    needs: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what `dg.asset` is told of a table: room, class of the framework, columns, checks, partitions.

    Args:
        table: The table the asset makes.
        framework: The framework's class it serves.
        promises: Its suite, reported as asset checks from within the step.
        kinds: What the catalog shows it is made with.
        needs: Resources beyond those every asset has.
    """
    partitions = partitions_of(table)
    return {
        "group_name": table.room,
        "owners": OWNERS,
        "kinds": set(kinds),
        "tags": {"framework": framework},
        "metadata": {"dagster/column_schema": column_schema(table), "zone": zone(table)},
        "code_version": code_hash(table.room)[:12],
        "check_specs": [
            dg.AssetCheckSpec(name, asset=table.name, description=sentence, partitions_def=partitions)
            for name, _expectation, _kwargs, sentence, _severity in [*always(table), *promises]
        ],
        "partitions_def": partitions,
        "backfill_policy": dg.BackfillPolicy.single_run() if table.partitioned else None,
        "required_resource_keys": {"lake", "settings", "desk", "engine", *needs},
    }


def partitions_of(table: Table) -> dg.PartitionsDefinition | None:
    """Return how a table is cut, if it is."""
    return RECORDS if table.partitioned else None


def zone(table: Table) -> str:
    """Say where a table rests."""
    return "restricted" if table.restricted else "lake"


def column_schema(table: Table) -> dg.TableSchema:
    """Return the columns as the catalog shows them."""
    return dg.TableSchema(
        [dg.TableColumn(c.name, str(c.type), c.meaning, tags={"raw": ""} if c.raw else {}) for c in table.columns]
    )


def facts(table: Table, published: Published) -> dict[str, Any]:
    """Count what happened; show rows only of a table that may leave the restricted zone."""
    sums = balance(published.ledger)
    metadata: dict[str, Any] = {
        "rows_in": sums.rows_in,
        "rows_out": len(published.table),
        "bytes": published.table.nbytes,
        "kept": sums.kept,
        "derived": sums.derived,
    }
    left = reasons(published.ledger)
    if left:
        metadata["left_out_by_reason"] = dg.MetadataValue.json(left)
    if not table.restricted and len(published.table):
        metadata["preview"] = dg.MetadataValue.md(preview(published.table))
    return metadata


def preview(table: pa.Table) -> str:
    """Return the first rows as a Markdown table, long values cut."""
    rows = table.slice(0, PREVIEW_ROWS).to_pylist()
    head = "| " + " | ".join(table.column_names) + " |\n|" + "---|" * table.num_columns
    return "\n".join([head, *("| " + " | ".join(_cell(v) for v in row.values()) + " |" for row in rows)])


def _cell(value: object) -> str:
    text = " ".join(str("" if value is None else value).split()).replace("|", "\\|")
    return text if len(text) <= PREVIEW_CHARACTERS else text[: PREVIEW_CHARACTERS - 1] + "…"


@cache
def code_hash(room: str) -> str:
    """Return the hash of all code that decides what a room makes: its modules, what they import, and its promises.

    The verdict is bound to the promises of all that comes before it, so quality's hash holds those too.
    """
    suites = [p for p in sorted((ROOT / "checks").glob("*.py")) if p.stem == room or before_gate(room, p.stem)]
    digest = hashlib.sha256()
    own = sorted((ROOT / "assets" / room).rglob("*.py"))
    for file in [*own, *_beside(own), *suites]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _beside(files: Iterable[Path]) -> list[Path]:
    """Return the modules beside the rooms that these files import, and what those import in turn."""
    found: set[Path] = set()
    left = [*files]
    while left:
        new = {ROOT / "assets" / f"{name}.py" for name in _imported(left.pop()) - EVERYBODY} - found
        new = {file for file in new if file.is_file()}
        found |= new
        left += new
    return sorted(found)


def _imported(file: Path) -> set[str]:
    """Return the names just below `assets` that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            root, _, rest = node.module.partition(".")
            if root == "assets":
                names |= {rest.partition(".")[0]} if rest else {alias.name for alias in node.names}
    return names


def before_gate(room: str, suite: str) -> bool:
    """Whether a suite decides what the quality gate lets through."""
    return room == GATE and suite not in AFTER_GATE
