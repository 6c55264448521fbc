"""From a source's path to its files, unpacked and bounded in size."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from assets.errors import RefineryError

if TYPE_CHECKING:
    from assets.collection.params import SourceParams

_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_PACKED = (*_OPENERS, ".zip")
_BREAKS = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
_GLOB = "*?["


class File(NamedTuple):
    """One file of a source: where it lies, what it is called there, and what changes when it does."""

    fs: Any
    path: str
    name: str
    mark: str | None
    """Changes with the file; null where its place cannot tell (then it is read anew each time)."""


def files_of(source: SourceParams, suffixes: tuple[str, ...]) -> list[File]:
    """Return a source's files, sorted by name.

    Raises:
        RefineryError: Nothing lies there.
    """
    paths = (source.path,) if isinstance(source.path, str) else source.path
    return [file for path in paths for file in _found(source, path, suffixes)]


def beside(source: SourceParams) -> list[File]:
    """Return the file whose rows stand beside the source's own, if there is one."""
    return _found(source, source.beside, ())[:1] if source.beside else []


def _found(source: SourceParams, path: str, suffixes: tuple[str, ...]) -> list[File]:
    import fsspec

    where = f"sources.{source.name}"
    try:
        fs, root = fsspec.core.url_to_fs(path)
        fs.invalidate_cache()
        if any(mark in root for mark in _GLOB):
            names = [p for p in fs.glob(root) if fs.isfile(p)]
            root = root[: min(root.index(mark) for mark in _GLOB if mark in root)].rpartition("/")[0]
        elif fs.isdir(root):
            names = [p for p in fs.find(root) if _plain(p).endswith(suffixes)]
        else:
            names = [root] if fs.exists(root) else []
            root = root.rpartition("/")[0]
        files = [File(fs, p, p[len(root) :].lstrip("/"), _mark(fs, p)) for p in sorted(names)]
    except (OSError, ValueError, ImportError) as fault:
        raise RefineryError(where, f"cannot open {path} ({type(fault).__name__})", "correct its path") from None
    files = [f for f in files if not any(fnmatch(f.name, pattern) for pattern in source.exclude)]
    if not files:
        raise RefineryError(where, f"there is no file at {path}", "correct its path, or remove the source")
    return files


def _plain(path: str) -> str:
    """Return a path without the suffix of its packing."""
    pure = PurePosixPath(path)
    return str(pure.with_suffix("")) if pure.suffix in _PACKED else path


def _mark(fs: Any, path: str) -> str | None:
    info = fs.info(path)
    return f"{info['mtime']}:{info['size']}:{info.get('ino')}" if "mtime" in info else None


class Stream(io.RawIOBase):
    """The unpacked bytes of a file; where they break off early, it ends there and says why in `fault`."""

    def __init__(self, source: IO[bytes], limit: int) -> None:
        self._source, self._left = source, limit
        self.fault: str | None = None
        self.tail = b"\n"

    def readable(self) -> bool:
        """Say yes: it is read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as much as comes in one go."""
        if self.fault:
            return 0
        try:
            chunk = (
                self._source.read1(len(buffer)) if hasattr(self._source, "read1") else self._source.read(len(buffer))
            )
        except _BREAKS:
            self.fault = "truncated_file"
            return 0
        if len(chunk) > self._left:
            chunk, self.fault = chunk[: self._left], "too_large"
        self._left -= len(chunk)
        buffer[: len(chunk)] = chunk
        self.tail = chunk[-1:] or self.tail
        return len(chunk)


@contextmanager
def opened(file: File, where: str, limit: int) -> Iterator[Iterator[tuple[str, Stream]]]:
    """Open a file; a zip gives each of its members, in order of name."""
    with as_it_is(file, where) as raw:
        yield _streams(raw, file.name, limit)


@contextmanager
def as_it_is(file: File, where: str) -> Iterator[IO[bytes]]:
    """Open a file without unpacking it."""
    try:
        raw = file.fs.open(file.path, "rb")
    except OSError as fault:
        raise RefineryError(where, f"cannot open {file.path} ({type(fault).__name__})", "correct its path") from None
    with raw:
        yield raw


def _streams(raw: IO[bytes], name: str, limit: int) -> Iterator[tuple[str, Stream]]:
    suffix = PurePosixPath(name).suffix
    if suffix != ".zip":
        yield name, Stream(_OPENERS[suffix](raw) if suffix in _OPENERS else raw, limit)
        return
    try:
        archive = zipfile.ZipFile(raw)
        members = sorted(m for m in archive.namelist() if not m.endswith("/"))
    except _BREAKS:
        broken = Stream(io.BytesIO(), limit)
        broken.fault = "truncated_file"
        yield name, broken
        return
    for member in members:
        try:
            stream = Stream(archive.open(member), limit)
        except (*_BREAKS, RuntimeError, NotImplementedError):  # encrypted, or packed in a way we do not know
            stream = Stream(io.BytesIO(), limit)
            stream.fault = "unreadable_member"
        yield f"{name}/{member}", stream
