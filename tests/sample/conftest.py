"""Two small desks, made once."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sample.desk import Made, make_desk


@dataclass
class Opened:
    made: Made
    base: sqlite3.Connection
    truth: list[dict[str, Any]]

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self.base.execute(query, values).fetchall()

    def planted(self, *kinds: str) -> list[dict[str, Any]]:
        return [fact for fact in self.truth if fact["kind"] in kinds]


def _open(out: Path, *, holdout: bool) -> Opened:
    made = make_desk(out, tickets=2000, seed=7, holdout=holdout)
    base = sqlite3.connect(made.desk)
    base.row_factory = sqlite3.Row
    return Opened(made, base, pq.read_table(made.truth).to_pylist())


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    opened = _open(tmp_path_factory.mktemp("desk"), holdout=False)
    yield opened
    opened.base.close()


@pytest.fixture(scope="session")
def holdout_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    opened = _open(tmp_path_factory.mktemp("holdout"), holdout=True)
    yield opened
    opened.base.close()
