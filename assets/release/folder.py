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

RELEASE = "release.json"


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def intact(folder: Path, release: Mapping[str, Any]) -> bool:
    """Whether the folder holds exactly this release, byte for byte."""
    try:
        if json.loads((folder / RELEASE).read_text(encoding="utf-8")) != release:
            return False
        return all(sha256_of(folder / path) == facts["sha256"] for path, facts in release["files"].items())
    except (OSError, ValueError):
        return False


@contextmanager
def workplace(parent: Path) -> Iterator[Path]:
    """Open an empty folder beside the releases; whatever is left of it goes at the end."""
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".making-") as private:
        folder = Path(private) / "release"  # a folder of its own: the temporary one is closed to others
        folder.mkdir()
        yield folder


def put_in_place(made: Path, target: Path) -> None:
    """Bring everything to disk, then rename: after a crash the release is there whole, or not at all."""
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
