"""What every test stands on: one refinery of its own per session, no network, no telemetry."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[1]

# Before anything of ours is imported: the cut of the record line is read at import.
os.environ.update(
    {
        "REFINERY_CONFIG": str(ROOT / "tests/data/refinery.yaml"),
        "REFINERY_HOME": tempfile.mkdtemp(prefix="refinery-tests-"),
        "REFINERY_KEY": "a key for tests only",
        "HF_HUB_OFFLINE": "1",
        "DO_NOT_TRACK": "true",
        "TOKENIZERS_PARALLELISM": "false",
    }
)


@pytest.fixture(autouse=True, scope="session")
def _in_the_repository() -> None:
    """Settings name domain files relative to the working directory."""
    os.chdir(ROOT)


@pytest.fixture(scope="session")
def refinery_data() -> Path:
    """The public data sets; CI must have them, a user's machine may not."""
    folder = Path(os.environ.get("REFINERY_DATA") or ROOT.parent / "shared/data")
    if not folder.is_dir():
        assert not os.environ.get("CI"), f"no public data in {folder}"
        pytest.skip(f"no public data in {folder}; set REFINERY_DATA")
    return folder


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The URL of an empty PostgreSQL database, gone after the test; CI must have a server, a user's machine may not."""
    server = os.environ.get("REFINERY_POSTGRESQL") or "postgresql://postgres@127.0.0.1:5432"
    try:
        admin = psycopg.connect(f"{server}/postgres", autocommit=True, connect_timeout=5)
    except psycopg.OperationalError:
        assert not os.environ.get("CI"), "no PostgreSQL server answers"
        pytest.skip("no PostgreSQL server answers at 127.0.0.1:5432 as postgres; set REFINERY_POSTGRESQL")
    name = f"refinery_test_{uuid.uuid4().hex}"
    with admin:
        admin.execute(f"create database {name}")
        yield f"{server.replace('postgresql:', 'postgresql+psycopg:')}/{name}"
        admin.execute(f"drop database {name} with (force)")
