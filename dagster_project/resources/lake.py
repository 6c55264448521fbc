"""The Parquet lake: tables and their ledgers, published whole by a manifest or not at all.

A table and its ledger are written under temporary names, renamed to names that carry their content
hash, and become visible only when the manifest that names them is replaced. A reader trusts
manifests alone, so it never sees half a table, and yesterday's stays until today's is whole.

Knows neither Dagster nor pandas: `trace` must start in a fraction of a second.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote, unquote

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from assets.errors import RefineryError
from assets.ledger import LEDGER_SCHEMA, Published
from assets.tables import TABLES

WHOLE = "all"
"""The partition name of a table that has no partitions."""

LOCK_SECONDS = 600
WRITERS = 8
GRACE_SECONDS = 3600
"""How long a superseded file stays, for readers that opened its manifest before it was replaced."""


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


class Lake:
    """Tables by asset and partition under one root folder, or under any fsspec URL."""

    def __init__(self, root: str | Path) -> None:
        self.root = str(root).rstrip("/")
        # Other processes publish too: a listing remembered is a listing out of date.
        self._fs, self._base = fsspec.core.url_to_fs(self.root, use_listings_cache=False)
        self.local = isinstance(self._fs, fsspec.implementations.local.LocalFileSystem)

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

    def load(self, asset: str, manifests: Iterable[Manifest]) -> pa.Table:
        """Read exactly what these manifests name, whatever has been published since."""
        table = TABLES[asset]
        return pa.concat_tables([table.of([]), *(table.conform(self._load(asset, m.table)) for m in manifests)])

    def read_ledger(self, asset: str, partitions: Iterable[str] | None = None) -> pa.Table:
        """Read the outcomes of a table's input rows, as `read` does."""
        pieces = [self._load(asset, m.ledger) for m in self.manifests(asset, partitions).values()]
        return pa.concat_tables([LEDGER_SCHEMA.empty_table(), *pieces])

    def _published(self, asset: str) -> list[str]:
        names = self._names(f"manifests/{asset}")
        return sorted(unquote(n.removesuffix(".json")) for n in names if n.endswith(".json") and n[0] != ".")

    def _names(self, folder: str) -> list[str]:
        try:
            return [str(f).rsplit("/", 1)[-1] for f in self._fs.ls(self._at(folder), detail=False)]
        except FileNotFoundError:
            return []

    def _load(self, asset: str, path: str) -> pa.Table:
        try:
            with self._fs.open(self._at(path), "rb") as file:
                return pq.read_table(file)
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
    ) -> dict[str | None, Manifest]:
        """Make the parts of a table visible, each whole and under its own lock; a few at a time, for disks wait.

        Args:
            asset: The table.
            parts: By partition the rows and their ledger.
            fingerprints: By partition the hash of all that decided its content.
            run_id: The run that made them.
            rewrites: Of an append-only table the hash of the version whose rows are replaced; without it
                rows may only be added.

        Raises:
            RefineryError: An append-only table would lose or change a row; it stays as it was.
        """
        there = self._by_partition(f"{_zone(asset)}/{asset}", f"ledger/{asset}")

        def one(partition: str | None) -> Manifest:
            with self.lock(asset, partition):
                before = self.manifest(asset, partition)
                if before is not None and TABLES[asset].append_only and before.table_sha256 != rewrites:
                    self._refuse_loss(asset, before, parts[partition].table)
                now = self._publish(asset, partition, parts[partition], fingerprints[partition], run_id)
                if before is not None:
                    self._retire(there.get(_file(partition or WHOLE), ()), now, before)
            return now

        with ThreadPoolExecutor(WRITERS) as pool:
            return dict(zip(parts, pool.map(one, parts), strict=True))

    def _refuse_loss(self, asset: str, before: Manifest, table: pa.Table) -> None:
        """Refuse a table that does not begin with all that is published, as where another run was faster."""
        there = self.load(asset, [before])
        if not TABLES[asset].conform(table).slice(0, len(there)).equals(there):
            what = "rows published meanwhile would be lost or changed, and rows are only ever added to it"
            raise RefineryError(asset, what, "run it again; nothing was written")

    def _publish(self, asset: str, partition: str | None, part: Published, fingerprint: str, run_id: str) -> Manifest:
        table, table_sha = self._write(f"{_zone(asset)}/{asset}", partition, TABLES[asset].conform(part.table))
        ledger, ledger_sha = self._write(f"ledger/{asset}", partition, part.ledger)
        manifest = Manifest(
            table=table,
            ledger=ledger,
            rows=len(part.table),
            table_sha256=table_sha,
            ledger_sha256=ledger_sha,
            fingerprint=fingerprint,
            run_id=run_id,
            published_at=time.time(),
        )
        text = json.dumps(asdict(manifest), indent=1).encode()
        self._put(self._manifest_path(asset, partition), text, private=False)
        return manifest

    def reject(self, asset: str, run_id: str, table: pa.Table) -> str:
        """Keep a candidate that broke a critical promise, for its owner to look at; return its path."""
        path, _ = self._write(f"restricted/rejected/{asset}", run_id, table)
        return path

    @contextlib.contextmanager
    def lock(self, asset: str, partition: str | None = None) -> Iterator[None]:
        """Exclude other writers of a partition; nobody takes a second while he holds one, so no deadlock."""
        path = f"locks/{asset}/{_file(partition or WHOLE)}"
        if self.local:
            file = Path(self._at(path))
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("w") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            return
        # An object store has no flock: whoever creates the lock object holds it, for LOCK_SECONDS at most.
        stamp = f"{time.time()} {uuid.uuid4().hex}".encode()
        while not self._take(path, stamp):
            time.sleep(0.2)
        try:
            yield
        finally:
            self._remove(path, stamp)

    def _take(self, path: str, stamp: bytes) -> bool:
        try:
            self._fs.pipe_file(self._at(path), stamp, mode="create")
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                held = self._fs.cat_file(self._at(path))
                if time.time() - float(held.split()[0]) > LOCK_SECONDS:  # its holder died
                    self._remove(path, held)
            return False
        return True

    def _remove(self, path: str, stamp: bytes) -> None:
        """Remove a lock if it is still the one that bears this stamp."""
        with contextlib.suppress(FileNotFoundError):
            if self._fs.cat_file(self._at(path)) == stamp:
                self._fs.rm_file(self._at(path))

    def _write(self, folder: str, partition: str | None, table: pa.Table) -> tuple[str, str]:
        content = _parquet(table)
        digest = hashlib.sha256(content).hexdigest()
        path = f"{folder}/{_file(partition or WHOLE)}.{digest[:16]}.parquet"
        self._put(path, content, private=folder.startswith("restricted"))
        return path, digest

    @staticmethod
    def version(asset: str, table: pa.Table) -> str:
        """Return the content hash a table will be published under."""
        return hashlib.sha256(_parquet(TABLES[asset].conform(table))).hexdigest()

    def _put(self, path: str, content: bytes, *, private: bool) -> None:
        """Write a file so that it is there whole or not at all."""
        if not self.local:
            self._fs.pipe_file(self._at(path), content)  # a single PUT is atomic
            return
        target = Path(self._at(path))
        if private:
            _make_private(target.parent, Path(self._base))
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
        mode = 0o600 if private else 0o644
        try:
            with os.fdopen(os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_EXCL, mode), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _by_partition(self, *folders: str) -> Mapping[str, list[str]]:
        """Return the files of these folders by the partition they were written for, unfinished ones included."""
        found: dict[str, list[str]] = defaultdict(list)
        for folder in folders:
            for name in self._names(folder):
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
        return f"manifests/{asset}/{_file(partition or WHOLE)}.json"

    def _at(self, path: str) -> str:
        return f"{self._base}/{path}"


def _zone(asset: str) -> str:
    """Return the folder of a table: the restricted zone's, if any of its columns may hold raw text."""
    return "restricted" if TABLES[asset].restricted else "lake"


def _parquet(table: pa.Table) -> bytes:
    """Return a table's bytes as they rest: equal tables give equal bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _file(partition: str) -> str:
    """Return a file name for a partition key, whatever is in it.

    >>> _file("2026-01-01"), _file("../../x")
    ('2026-01-01', '%2E%2E%2F%2E%2E%2Fx')
    """
    return quote(partition, safe="").replace(".", "%2E")


def _make_private(folder: Path, base: Path) -> None:
    """Create a folder of the restricted zone and its parents up to the root, for the owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in (folder, *folder.parents):
        if part == base:
            break
        part.chmod(0o700)
