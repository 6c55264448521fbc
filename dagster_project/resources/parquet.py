"""The IO manager: how a step's tables come out of the lake and go back into it."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from assets.ledger import Published
from assets.tables import TABLES
from dagster_project.failures import plain_words
from dagster_project.metadata import COLUMNS, KNOBS
from dagster_project.resources.lake import WHOLE, Lake
from dagster_project.resources.staleness import SOURCES, Desk, fingerprint
from dagster_project.settings import Settings


class ParquetIOManager(dg.IOManager):
    """Reads what manifests name; publishes a step's table with its ledger, partition by partition.

    Remembers what a step read: a fingerprint speaks of the inputs that were used, not of those that
    are there when the step ends.
    """

    def __init__(self, lake: Lake, settings: Settings, desk: Desk) -> None:
        self._lake, self._settings, self._desk = lake, settings, desk
        self._read: dict[tuple[str, str], dict[str, dict[str, str]]] = {}

    def load_input(self, context: dg.InputContext) -> pa.Table:
        """Return the parent's table, or the columns asked for: the partitions of this run, or all of them."""
        asset = context.asset_key.path[-1]
        keys = list(context.asset_partition_keys) if context.has_asset_partitions else None
        manifests = self._lake.manifests(asset, keys)
        step = (str(context.step_context.run_id), context.step_context.step.key)
        self._read.setdefault(step, {})[asset] = {k: m.table_sha256 for k, m in manifests.items()}
        with plain_words():
            columns = (context.definition_metadata or {}).get(COLUMNS)
            return self._lake.load(asset, manifests.values(), columns)

    def handle_output(self, context: dg.OutputContext, obj: Published) -> None:
        """Publish table and ledger of every partition of this run."""
        asset = context.asset_key.path[-1]
        keys: list[str | None] = list(context.asset_partition_keys) if context.has_asset_partitions else [None]
        parts = _parts(asset, obj, keys)
        read = self._read.pop((context.run_id, context.step_key), {})
        knobs = str((context.output_metadata or {}).get(KNOBS, ""))
        fingerprints = {k: self._fingerprint(asset, k, read, knobs) for k in parts}
        sources: dict[str | None, str] = {
            k: self._desk.fingerprint(asset, k or WHOLE) for k in parts if asset in SOURCES
        }
        with plain_words():
            done = self._lake.publish(asset, parts, fingerprints=fingerprints, run_id=context.run_id, sources=sources)
        for key, manifest in done.items():
            said: dict[str, Any] = {
                "dagster/row_count": manifest.rows,
                "sha256": manifest.table_sha256,
                "path": manifest.table,
            }
            if key is None:
                context.add_output_metadata(said)
            else:
                context.step_context.add_asset_metadata(metadata=said, asset_key=context.asset_key, partition_key=key)

    def _fingerprint(self, asset: str, key: str | None, read: Mapping[str, Mapping[str, str]], knobs: str) -> str:
        inputs = {
            parent: {p: sha for p, sha in parts.items() if key is None or p == key or not TABLES[parent].partitioned}
            for parent, parts in read.items()
        }
        source = self._desk.fingerprint(asset, key or WHOLE) if asset in SOURCES else ""
        return fingerprint(asset, inputs, self._settings, source=source, knobs=knobs)


def _parts(asset: str, published: Published, keys: list[str | None]) -> dict[str | None, Published]:
    """Cut a step's table and ledger by partition; each of the run's partitions gets one, empty or not."""
    if keys == [None]:
        return {None: published}
    parts: dict[str | None, Published] = {}
    for key in keys:
        rows, lines = (t.filter(pc.equal(t.column("partition"), key)) for t in published)
        parts[key] = Published(rows, lines)
    strays = sum(map(len, published)) - sum(len(t) for part in parts.values() for t in part)
    if strays:
        raise dg.DagsterInvariantViolationError(
            f"{asset}: {strays} row(s) of table or ledger are of a partition that is not in this run"
        )
    return parts
