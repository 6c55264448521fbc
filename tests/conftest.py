"""What every test stands on: one refinery of its own per session, no network, no telemetry."""

import os
import tempfile
from pathlib import Path

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
