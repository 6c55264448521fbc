"""A folder that appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assets.errors import RefineryError


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def intact(folder: Path, stated_in: str, facts: Mapping[str, Any]) -> bool:
    """Whether the folder states exactly these facts in the file `stated_in`, and holds the `files` they name."""
    try:
        if json.loads((folder / stated_in).read_text(encoding="utf-8")) != facts:
            return False
        return all(sha256_of(folder / path) == file["sha256"] for path, file in facts["files"].items())
    except (OSError, ValueError):
        return False


def prove(file: Path, sha256: str, *, where: str, do: str) -> None:
    """Return only if the file is the one that was written.

    Raises:
        RefineryError: It is missing, or another one.
    """
    try:
        found = sha256_of(file)
    except FileNotFoundError:
        raise RefineryError(where, "the file is missing", do) from None
    if found != sha256:
        raise RefineryError(where, "the file is not the one that was written", do)


@contextmanager
def workplace(parent: Path) -> Iterator[Path]:
    """Open an empty folder beside those that are there; whatever is left of it goes at the end."""
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".making-") as private:
        folder = Path(private) / "whole"  # a folder of its own: the temporary one is closed to others
        folder.mkdir()
        yield folder


def put_in_place(made: Path, target: Path) -> None:
    """Bring everything to disk, then rename: after a crash the folder is there whole, or not at all."""
    for path in sorted(made.rglob("*")):
        _fsync(path)
    _fsync(made)
    if target.exists():  # damaged, or we would not have come here
        target.replace(made.parent / "damaged")
    made.replace(target)
    _fsync(target.parent)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
