"""Files below a root, a folder or any fsspec URL: each there whole or not at all; writers exclude each other."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import fsspec

LOCK_SECONDS = 600
"""How long a lock object of an object store is believed; a folder's lock goes with its holder."""


class Files:
    """The files below a root; paths are relative to it."""

    def __init__(self, root: str | Path) -> None:
        self.root = str(root).rstrip("/")
        # Other processes publish too: a listing remembered is a listing out of date.
        self._fs, self._base = fsspec.core.url_to_fs(self.root, use_listings_cache=False)
        self.local = isinstance(self._fs, fsspec.implementations.local.LocalFileSystem)

    def names(self, folder: str) -> list[str]:
        """Return the names of what is in a folder; of none, nothing."""
        try:
            return [str(f).rsplit("/", 1)[-1] for f in self._fs.ls(self._at(folder), detail=False)]
        except FileNotFoundError:
            return []

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """Hold the lock of this name; nobody takes a second while he holds one, so no deadlock."""
        path = f"locks/{name}"
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

    def _put(self, path: str, content: bytes, *, private: bool) -> None:
        """Write a file so that it is there whole or not at all."""
        if not self.local:
            self._fs.pipe_file(self._at(path), content)  # a single PUT is atomic
            return
        target = Path(self._at(path))
        if private:
            make_private(target.parent, Path(self._base))
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

    def written_at(self, path: str) -> float:
        """Return when a file was written (seconds since 1970)."""
        return float(self._fs.modified(self._at(path)).timestamp())

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        self._fs.rm(self._at(path), recursive=True)

    def _at(self, path: str) -> str:
        return f"{self._base}/{path}"


def file_name(partition: str) -> str:
    """Return a file name for a partition key, whatever is in it.

    >>> file_name("2026-01-01"), file_name("../../x")
    ('2026-01-01', '%2E%2E%2F%2E%2E%2Fx')
    """
    return quote(partition, safe="").replace(".", "%2E")


def make_private(folder: Path, base: Path) -> None:
    """Create a folder of the restricted zone and its parents up to the root, for the owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in (folder, *folder.parents):
        if part == base:
            break
        part.chmod(0o700)
