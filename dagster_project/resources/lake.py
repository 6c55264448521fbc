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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
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
        self._fs, self._base = fsspec.core.url_to_fs(self.root)
        self.local = isinstance(self._fs, fsspec.implementations.local.LocalFileSystem)

    # reading

    def manifest(self, asset: str, partition: str | None = None) -> Manifest | None:
        """Return what is published, or None where nothing is."""
        path = self._manifest_path(asset, partition)
        try:
            return Manifest(**json.loads(self._fs.cat_file(self._at(path))))
        except FileNotFoundError:
            return None

    def manifests(self, asset: str) -> dict[str, Manifest]:
        """Return the manifests of every published partition, in order of their names."""
        try:
            found = self._fs.ls(self._at(f"manifests/{asset}"), detail=False)
        except FileNotFoundError:
            return {}
        names = sorted(PurePosixPath(f).name for f in found)
        keys = [unquote(n.removesuffix(".json")) for n in names if n.endswith(".json")]
        found_manifests = ((k, self.manifest(asset, None if k == WHOLE else k)) for k in keys)
        return {k: m for k, m in found_manifests if m is not None}

    def read(self, asset: str, partitions: Iterable[str] | None = None) -> pa.Table:
        """Read a table: the named partitions, or all that are published; none at all reads as empty.

        Raises:
            RefineryError: A manifest names a file that is not there.
        """
        return self._read(asset, partitions, "table")

    def read_ledger(self, asset: str, partitions: Iterable[str] | None = None) -> pa.Table:
        """Read the outcomes of a table's input rows, as `read` does."""
        return self._read(asset, partitions, "ledger")

    def _read(self, asset: str, partitions: Iterable[str] | None, part: str) -> pa.Table:
        named = self.manifests(asset) if partitions is None else {p: self.manifest(asset, p) for p in partitions}
        pieces = [self._load(asset, getattr(m, part)) for m in named.values() if m is not None]
        if part == "ledger":
            return pa.concat_tables([LEDGER_SCHEMA.empty_table(), *pieces])
        return pa.concat_tables([TABLES[asset].of([]), *(TABLES[asset].conform(p) for p in pieces)])

    def _load(self, asset: str, path: str) -> pa.Table:
        try:
            with self._fs.open(self._at(path), "rb") as file:
                return pq.read_table(file)
        except FileNotFoundError:
            where = f"{asset} ({path})"
            raise RefineryError(
                where, "its manifest names a file that is gone", "materialise the asset again"
            ) from None

    # publishing

    def publish(
        self,
        asset: str,
        parts: Mapping[str | None, Published],
        *,
        fingerprints: Mapping[str | None, str],
        run_id: str,
    ) -> dict[str | None, Manifest]:
        """Make the parts of a table visible, one partition after another, each whole.

        The caller holds `lock(asset, parts)`; in one run that is the IO manager.
        """
        zone = "restricted" if TABLES[asset].restricted else "lake"
        done = {}
        for partition, part in sorted(parts.items(), key=lambda item: str(item[0])):
            before = self.manifest(asset, partition)
            table, table_sha = self._write(f"{zone}/{asset}", partition, TABLES[asset].conform(part.table))
            ledger, ledger_sha = self._write(f"ledger/{asset}", partition, part.ledger)
            manifest = Manifest(
                table=table,
                ledger=ledger,
                rows=len(part.table),
                table_sha256=table_sha,
                ledger_sha256=ledger_sha,
                fingerprint=fingerprints[partition],
                run_id=run_id,
                published_at=time.time(),
            )
            text = json.dumps(asdict(manifest), indent=1).encode()
            self._put(self._manifest_path(asset, partition), text, private=False)
            done[partition] = manifest
            if before is not None and self.local:
                self._retire(manifest)
        return done

    def reject(self, asset: str, run_id: str, table: pa.Table) -> str:
        """Keep a candidate that broke a critical promise, for its owner to look at; return its path."""
        path, _ = self._write(f"restricted/rejected/{asset}", run_id, table)
        return path

    @contextlib.contextmanager
    def lock(self, asset: str, partitions: Iterable[str | None]) -> Iterator[None]:
        """Exclude other writers of these partitions; taken in sorted order, so two never deadlock."""
        with contextlib.ExitStack() as held:
            for partition in sorted(str(p) if p is not None else WHOLE for p in partitions):
                held.enter_context(self._lock(f"locks/{asset}/{_file(partition)}"))
            yield

    @contextlib.contextmanager
    def _lock(self, path: str) -> Iterator[None]:
        if self.local:
            file = Path(self._at(path))
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("w") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            return
        # An object store has no flock: whoever creates the lock object holds it, for LOCK_SECONDS at most.
        while not self._take(path):
            time.sleep(0.2)
        try:
            yield
        finally:
            self._fs.rm_file(self._at(path))

    def _take(self, path: str) -> bool:
        try:
            self._fs.pipe_file(self._at(path), str(time.time()).encode(), mode="create")
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError, ValueError):
                if time.time() - float(self._fs.cat_file(self._at(path))) > LOCK_SECONDS:
                    self._fs.rm_file(self._at(path))
            return False
        return True

    def _write(self, folder: str, partition: str | None, table: pa.Table) -> tuple[str, str]:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        content = sink.getvalue().to_pybytes()
        digest = hashlib.sha256(content).hexdigest()
        path = f"{folder}/{_file(partition or WHOLE)}.{digest[:16]}.parquet"
        self._put(path, content, private=folder.startswith("restricted"))
        return path, digest

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

    def _retire(self, manifest: Manifest) -> None:
        """Remove what was superseded longer ago than the grace period."""
        for path in (manifest.table, manifest.ledger):
            current = Path(self._at(path))
            partition = current.name.split(".")[0]
            for old in current.parent.glob(f"{partition}.*.parquet"):
                if old != current and time.time() - old.stat().st_mtime > GRACE_SECONDS:
                    old.unlink(missing_ok=True)

    def _manifest_path(self, asset: str, partition: str | None) -> str:
        return f"manifests/{asset}/{_file(partition or WHOLE)}.json"

    def _at(self, path: str) -> str:
        return f"{self._base}/{path}"


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
