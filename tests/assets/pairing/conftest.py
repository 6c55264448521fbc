"""Records as the room before pairing hands them over."""

from datetime import UTC, datetime

import pytest

from assets import tables
from assets.pairing.pair import pair
from assets.pairing.params import PairingParams


def record(kind, *turns, subject=None, record_id="r1", **more):
    return {
        "record_id": record_id,
        "partition": "2024-01",
        "kind": kind,
        "source": "desk",
        "thread_id": f"t-{record_id}",
        "created_at": datetime(2024, 1, 2, tzinfo=UTC),
        "subject": subject,
        "turns": [{"speaker": speaker, "text": text} for speaker, text in turns],
        **more,
    }


@pytest.fixture
def make():
    return record


@pytest.fixture
def pairs():
    """Pair some records, and give the pairs and the ledger as rows."""

    def run(*records, **knobs):
        table, ledger = pair(tables.STANDARDIZED_RECORDS.of(records), PairingParams(**knobs), key=b"key")
        return table.to_pylist(), ledger.to_pylist()

    return run
