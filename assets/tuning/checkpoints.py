"""What a killed training goes on from: checkpoints of this very request that were written to their end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from assets import released
from assets.training import TrainingRequest

WHOLE = "whole.json"
"""Stands in a checkpoint once every file of it is written, and says how long training took and what it held."""
_FOLDER = "checkpoints"


def opened(request: TrainingRequest, release: released.Release, out: Path) -> Path:
    """Return the folder of checkpoints, emptied of those that another request or a kill left behind."""
    folder, files = out / _FOLDER, {name: file.sha256 for name, file in sorted(release.files.items())}
    asked = json.dumps([release.release, files, request.version], sort_keys=True)
    stated = folder / "request.json"
    if not stated.is_file() or stated.read_text(encoding="utf-8") != asked:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write(stated, asked)
    for torn in folder.glob("*/checkpoint-*"):
        if not (torn / WHOLE).is_file():
            shutil.rmtree(torn)
    return folder


def last_whole(folder: Path) -> str | None:
    """Return the last checkpoint of a stage, if it has one."""
    steps = {int(f.name.rpartition("-")[2]): f for f in folder.glob("checkpoint-*")}
    return str(steps[max(steps)]) if steps else None


def before(folder: Path) -> dict[str, Any]:
    """Return what the last checkpoint says of the time and memory before it."""
    last = last_whole(folder)
    return dict(json.loads((Path(last) / WHOLE).read_text(encoding="utf-8"))) if last else {}


def write(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    making = file.with_name(f".{file.name}")
    making.write_text(text, encoding="utf-8")
    making.replace(file)
