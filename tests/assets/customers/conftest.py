"""Customers for tests: what a row does not say is said for it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from assets import tables


@pytest.fixture
def customers() -> Callable[..., pa.Table]:
    """Make a table of customers; of each its id, what is known and its attributes may be said."""

    def make(*rows: dict) -> pa.Table:
        said = []
        for n, row in enumerate(rows):
            attributes = [{"name": k, "value": v} for k, v in row.get("attributes", {}).items() if v is not None]
            known = [{"type": k, "value": v} for k, v in row.get("known", {}).items()]
            base = {"customer_id": f"c{n:03}", "source": "people", "source_id": str(n)}
            said.append(base | row | {"attributes": attributes, "known": known})
        return tables.CUSTOMERS.of(said)

    return make


def day(number: int) -> datetime:
    """A day of January 2026, from its first on."""
    return datetime(2026, 1, number, 12, tzinfo=UTC)
