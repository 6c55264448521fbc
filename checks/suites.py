"""Every table's promises in one place, found by name: `checks.<room>.<TABLE>`; and their hash."""

import hashlib
import importlib
import json

from assets.tables import TABLES
from checks import Promise
from dagster_project.metadata import AFTER_GATE


def _promises(name: str) -> tuple[Promise, ...]:
    suite = importlib.import_module(f"checks.{TABLES[name].room}")
    return tuple(getattr(suite, name.upper()))


PROMISES: dict[str, tuple[Promise, ...]] = {name: _promises(name) for name in TABLES}


def checks_sha256() -> str:
    """Hash every promise the dataset was made under: a verdict given under others is stale."""
    said = {name: promises for name, promises in PROMISES.items() if TABLES[name].room not in AFTER_GATE}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
