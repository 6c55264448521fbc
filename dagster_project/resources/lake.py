"""The Parquet lake: tables and their ledgers, published whole by a manifest or not at all.

A table and its ledger are written under temporary names, renamed to names that carry their content
hash, and become visible only when the manifest that names them is replaced. A reader trusts
manifests alone, so it never sees half a table, and yesterday's stays until today's is whole.

Knows neither Dagster nor pandas: `trace` must start in a fraction of a second.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import struct
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, NamedTuple
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assets.errors import RefineryError
from assets.ledger import LEDGER_SCHEMA, Outcomes, Published, tally
from assets.tables import TABLES
from dagster_project.resources.files import Files, file_name
from dagster_project.resources.index import Segment, merged, segment

WHOLE = "all"
"""The partition name of a table that has no partitions."""

WRITERS = 8
GRACE_SECONDS = 3600
"""How long a superseded file stays, for readers that opened its manifest before it was replaced."""
ROW_GROUP = 4096
"""Rows that are unpacked together: who wants one row of a large table reads no more than these."""
SEGMENTS = 8
"""Files an asset's index may consist of; one more, and they are made one."""


@dataclass(frozen=True)
class Manifest:
    """What one partition of one table is made of; paths are relative to the lake's root."""

    table: str
    ledger: str
    rows: int
    table_sha256: str
    ledger_sha256: str
    fingerprint: str
    run_id: str
    published_at: float
    outcomes: Outcomes | None = None
    """What the ledger sums up to; None in a manifest of a lake that is older than these sums."""
    source: str = ""
    """Hash of the source rows, for a collected table."""
    purged_at: float | None = None
    """When the table's file went, its retention over; the ledger stays, and the hashes say what was there."""


class Lake(Files):
    """Tables by asset and partition under one root folder, or under any fsspec URL."""

    # reading

    def manifest(self, asset: str, partition: str | None = None) -> Manifest | None:
        """Return what is published, or None where nothing is."""
        path = self._manifest_path(asset, partition)
        try:
            return Manifest(**json.loads(self._fs.cat_file(self._at(path))))
        except FileNotFoundError:
            return None

    def manifests(self, asset: str, partitions: Iterable[str] | None = None) -> dict[str, Manifest]:
        """Return the manifests of what is published: of these partitions, or of all in order of their names."""
        found = {p: self.manifest(asset, p) for p in (self._published(asset) if partitions is None else partitions)}
        return {p: m for p, m in found.items() if m is not None}

    def read(self, asset: str, partitions: Iterable[str] | None = None) -> pa.Table:
        """Read a table: the named partitions, or all that are published; none at all reads as empty.

        Raises:
            RefineryError: A manifest names a file that is not there.
        """
        return self.load(asset, self.manifests(asset, partitions).values())

    def load(self, asset: str, manifests: Iterable[Manifest], columns: Sequence[str] | None = None) -> pa.Table:
        """Read exactly what these manifests name, whatever has been published since; all columns, or some."""
        manifests, empty = [_there(asset, m) for m in manifests], TABLES[asset].of([])
        if columns is not None:
            return pa.concat_tables([empty.select(columns), *(self._load(asset, m.table, columns) for m in manifests)])
        return pa.concat_tables([empty, *(TABLES[asset].conform(self._load(asset, m.table)) for m in manifests)])

    def select(self, asset: str, columns: Sequence[str], partitions: Iterable[str] | None = None) -> pa.Table:
        """Read some columns of a table, as `read` does; what was purged is left out."""
        there = [m.table for m in self.manifests(asset, partitions).values() if m.purged_at is None]
        empty = TABLES[asset].of([]).select(columns)
        return pa.concat_tables([empty, *(self._load(asset, path, columns) for path in there)])

    def read_ledger(self, asset: str, partitions: Iterable[str] | None = None) -> pa.Table:
        """Read the outcomes of a table's input rows, as `read` does."""
        pieces = [self._load(asset, m.ledger) for m in self.manifests(asset, partitions).values()]
        return pa.concat_tables([LEDGER_SCHEMA.empty_table(), *pieces])

    def outcomes(self, asset: str, manifest: Manifest) -> Outcomes:
        """Return the sums of a ledger, without reading it where its manifest states them."""
        if manifest.outcomes is not None:
            return manifest.outcomes
        return tally(self._load(asset, manifest.ledger, use_threads=False))

    def ledger_lines(self, asset: str, manifest: Manifest, lines: Iterable[int]) -> list[dict[str, Any]]:
        """Return some lines of a ledger, unpacking only the row groups that hold them."""
        return self._rows_at(asset, manifest.ledger, sorted(lines), LEDGER_SCHEMA.names)

    def row(self, asset: str, manifest: Manifest, id: str, columns: Sequence[str]) -> dict[str, Any] | None:
        """Return some columns of one row of a table, times as text; no more texts are unpacked than its row group's."""
        key = TABLES[asset].key
        with self._opened(asset, _there(asset, manifest).table) as file:
            # No threads for one row: Arrow's may outlive a process as short as a trace, which then ends in an abort.
            ids = file.read(columns=[key], use_threads=False).column(key)
            at = pc.indices_nonzero(pc.is_in(ids, value_set=_only(id))).to_pylist()
        return next(iter(self._rows_at(asset, manifest.table, at, columns)), None)

    def segments(self, asset: str) -> list[Segment]:
        """Open the index of an asset's ledgers; an entry counts only if a manifest names its ledger."""
        while True:
            try:
                return [Segment(self._fs.open(self._at(path), "rb")) for path in self._segment_paths(asset)]
            except FileNotFoundError:
                continue  # another process has just made one file of several

    def segment_of(self, asset: str, manifest: Manifest) -> Segment:
        """Index a ledger that the index lacks, for this process alone."""
        ledger = self._load(asset, manifest.ledger, use_threads=False)
        return Segment(io.BytesIO(segment({file_of(manifest.ledger): ledger})))

    def _published(self, asset: str) -> list[str]:
        names = self.names(f"manifests/{asset}")
        return sorted(unquote(n.removesuffix(".json")) for n in names if n.endswith(".json") and n[0] != ".")

    def _load(
        self, asset: str, path: str, columns: Sequence[str] | None = None, *, use_threads: bool = True
    ) -> pa.Table:
        with self._opened(asset, path) as file:
            return file.read(columns=None if columns is None else list(columns), use_threads=use_threads)

    def _rows_at(self, asset: str, path: str, rows: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
        """Return the rows at these places of a file, in ascending order."""
        found: list[dict[str, Any]] = []
        with self._opened(asset, path) as file:
            sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
            for number, start in enumerate(accumulate(sizes, initial=0)):
                inside = [row - start for row in rows if number < len(sizes) and start <= row < start + sizes[number]]
                if inside:
                    group = file.read_row_group(number, columns=list(columns), use_threads=False)
                    group = group.cast(pa.schema([(f.name, _written(f.type)) for f in group.schema]))
                    found += [row for at in inside for row in group.slice(at, 1).to_pylist()]
        return found

    @contextlib.contextmanager
    def _opened(self, asset: str, path: str) -> Iterator[pq.ParquetFile]:
        try:
            with self._fs.open(self._at(path), "rb") as file:
                yield pq.ParquetFile(file)
        except FileNotFoundError:
            where, what = f"{asset} ({path})", "its manifest names a file that is gone"
            do = "restore it from a backup" if TABLES[asset].append_only else "materialise the asset again"
            raise RefineryError(where, what, do) from None

    # publishing

    def publish(
        self,
        asset: str,
        parts: Mapping[str | None, Published],
        *,
        fingerprints: Mapping[str | None, str],
        run_id: str,
        rewrites: str | None = None,
        sources: Mapping[str | None, str] | None = None,
    ) -> dict[str | None, Manifest]:
        """Make the parts of a table visible, each whole and under its own lock; a few at a time, for disks wait.

        Their ids are in the index before a manifest names them.

        Args:
            asset: The table.
            parts: By partition the rows and their ledger.
            fingerprints: By partition the hash of all that decided its content.
            run_id: The run that made them.
            rewrites: Of an append-only table the hash of the version whose rows are replaced; without it
                rows may only be added.
            sources: By partition the hash of the source rows, for a collected table.

        Raises:
            RefineryError: An append-only table would lose or change a row; it stays as it was.
        """
        there = self._by_partition(f"{_zone(asset)}/{asset}", f"ledger/{asset}")
        ledgers = {partition: _Content.of(partition, part.ledger) for partition, part in parts.items()}
        with self._locked(f"index/{asset}"):
            self._index(asset, segment({ledgers[partition].name: part.ledger for partition, part in parts.items()}))

        def one(partition: str | None) -> Manifest:
            with self.lock(asset, partition):
                before = self.manifest(asset, partition)
                if before is not None and TABLES[asset].append_only and before.table_sha256 != rewrites:
                    self._refuse_loss(asset, before, parts[partition].table)
                why = fingerprints[partition], (sources or {}).get(partition, "")
                now = self._publish(asset, partition, parts[partition], ledgers[partition], why, run_id)
                if before is not None:
                    self._retire(there.get(file_name(partition or WHOLE), ()), now, before)
            return now

        with ThreadPoolExecutor(WRITERS) as pool:
            done = dict(zip(parts, pool.map(one, parts), strict=True))
        self._fold(asset)
        return done

    def _refuse_loss(self, asset: str, before: Manifest, table: pa.Table) -> None:
        """Refuse a table that does not begin with all that is published, as where another run was faster."""
        there = self.load(asset, [before])
        if not TABLES[asset].conform(table).slice(0, len(there)).equals(there):
            what = "rows published meanwhile would be lost or changed, and rows are only ever added to it"
            raise RefineryError(asset, what, "run it again; nothing was written")

    def _publish(
        self,
        asset: str,
        partition: str | None,
        part: Published,
        ledger: _Content,
        why: tuple[str, str],
        run_id: str,
    ) -> Manifest:
        """Write a table and what names it; `why` is its fingerprint and the hash of its source rows."""
        table = _Content.of(partition, TABLES[asset].conform(part.table))
        manifest = Manifest(
            table=self._write(f"{_zone(asset)}/{asset}", table),
            ledger=self._write(f"ledger/{asset}", ledger),
            rows=len(part.table),
            table_sha256=table.sha256,
            ledger_sha256=ledger.sha256,
            fingerprint=why[0],
            run_id=run_id,
            published_at=time.time(),
            outcomes=tally(part.ledger),
            source=why[1],
        )
        self.put_manifest(asset, partition, manifest)
        return manifest

    def put_manifest(self, asset: str, partition: str | None, manifest: Manifest) -> None:
        """Replace what is said of a partition; its lock must be held."""
        text = json.dumps(asdict(manifest), indent=1).encode()
        self._put(self._manifest_path(asset, partition), text, private=False)

    def reject(self, asset: str, run_id: str, table: pa.Table) -> str:
        """Keep a candidate that broke a critical promise, for its owner to look at; return its path."""
        return self._write(f"restricted/rejected/{asset}", _Content.of(run_id, table))

    def lock(self, asset: str, partition: str | None = None) -> contextlib.AbstractContextManager[None]:
        """Exclude other writers of a partition."""
        return self._locked(f"{asset}/{file_name(partition or WHOLE)}")

    def _segment_paths(self, asset: str) -> list[str]:
        folder = f"index/{asset}"
        return [f"{folder}/{name}" for name in sorted(self.names(folder)) if name.endswith(".idx")]

    def _index(self, asset: str, content: bytes) -> str:
        path = f"index/{asset}/{hashlib.sha256(content).hexdigest()[:16]}.idx"
        self._put(path, content, private=False)
        return path

    def _fold(self, asset: str) -> None:
        """Make one segment of too many, without what is dead in them, and with what they lack."""
        if len(self._segment_paths(asset)) <= SEGMENTS:
            return
        with self._locked(f"index/{asset}"):
            before = [f"index/{asset}/{name}" for name in self.names(f"index/{asset}")]  # and what a killed writer left
            segments = self.segments(asset)
            covered = {name for one in segments for name in one.ledgers}
            named = {file_of(m.ledger): m for m in self.manifests(asset).values()}
            segments += [self.segment_of(asset, named[name]) for name in sorted(named.keys() - covered)]
            whole = self._index(asset, merged(segments, named.keys()))
            for path in set(before) - {whole}:
                self._fs.rm_file(self._at(path))

    def _write(self, folder: str, content: _Content) -> str:
        path = f"{folder}/{content.name}"
        self._put(path, content.data, private=folder.startswith("restricted"))
        return path

    @staticmethod
    def version(asset: str, table: pa.Table) -> str:
        """Return the content hash a table will be published under."""
        return hashlib.sha256(_parquet(TABLES[asset].conform(table))).hexdigest()

    def _by_partition(self, *folders: str) -> Mapping[str, list[str]]:
        """Return the files of these folders by the partition they were written for, unfinished ones included."""
        found: dict[str, list[str]] = defaultdict(list)
        for folder in folders:
            for name in self.names(folder):
                found[name.lstrip(".").split(".")[0]].append(f"{folder}/{name}")
        return found

    def _retire(self, there: Iterable[str], now: Manifest, before: Manifest) -> None:
        """Remove a partition's older files, and what a killed writer left.

        What neither manifest names was superseded when `before` was published, or earlier: once that is
        longer ago than the grace period, nobody reads it any more.
        """
        if now.published_at - before.published_at < GRACE_SECONDS:
            return
        for path in set(there) - {now.table, now.ledger, before.table, before.ledger}:
            with contextlib.suppress(FileNotFoundError):
                self._fs.rm_file(self._at(path))

    def _manifest_path(self, asset: str, partition: str | None) -> str:
        return f"manifests/{asset}/{file_name(partition or WHOLE)}.json"


class _Content(NamedTuple):
    """A file to be written, its hash, and its name, which carries the hash."""

    name: str
    sha256: str
    data: bytes

    @classmethod
    def of(cls, partition: str | None, table: pa.Table) -> _Content:
        data = _parquet(table)
        digest = hashlib.sha256(data).hexdigest()
        return cls(f"{file_name(partition or WHOLE)}.{digest[:16]}.parquet", digest, data)


def _there(asset: str, manifest: Manifest) -> Manifest:
    """Return a manifest whose file is still there."""
    if manifest.purged_at is not None:
        what = "was purged when its retention was over"
        raise RefineryError(
            f"{asset} ({manifest.table})", what, "collect its partition again, where the source still has it"
        )
    return manifest


def _zone(asset: str) -> str:
    """Return the folder of a table: the restricted zone's, if any of its columns may hold raw text."""
    return "restricted" if TABLES[asset].restricted else "lake"


def _parquet(table: pa.Table) -> bytes:
    """Return a table's bytes as they rest: equal tables give equal bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", row_group_size=ROW_GROUP)
    return sink.getvalue().to_pybytes()


# pyarrow imports pandas, which takes longer than all of a trace, to make an Arrow value of a Python one and a Python
# value of a time. These two do without.


def _only(text: str) -> pa.Array:
    """Return an array of one text."""
    data = text.encode()
    return pa.StringArray.from_buffers(1, pa.py_buffer(struct.pack("=ii", 0, len(data))), pa.py_buffer(data))


def _written(type_: pa.DataType) -> pa.DataType:
    """Return a type with text in the place of times.

    >>> _written(pa.list_(pa.struct([("at", pa.timestamp("us", "UTC"))])))
    ListType(list<item: struct<at: string>>)
    """
    if pa.types.is_timestamp(type_):
        return pa.string()
    if pa.types.is_list(type_):
        return pa.list_(_written(type_.value_type))
    if pa.types.is_struct(type_):
        return pa.struct([(inner.name, _written(inner.type)) for inner in type_])
    return type_


def file_of(path: str) -> str:
    """Return the file name of a path, by which the index knows a ledger."""
    return path.rsplit("/", 1)[-1]


def partition_of(name: str) -> str:
    """Return the partition a file was written for, from its name.

    >>> partition_of(file_name("../../x") + ".0f3a.parquet")
    '../../x'
    """
    return unquote(name.split(".")[0])
