"""What every table says of itself, and how ids are made."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from assets import tables
from assets.tables import TABLES, Table, content_hash, keyed_id

EVERY = pytest.mark.parametrize("table", TABLES.values(), ids=lambda t: t.name)


@EVERY
def test_every_table_and_column_says_what_it_is(table: Table) -> None:
    assert table.meaning.endswith(".")
    assert all(c.meaning for c in table.columns)
    assert len({c.name for c in table.columns}) == len(table.columns)


@EVERY
def test_every_table_can_be_empty_and_its_first_column_is_a_text_key(table: Table) -> None:
    assert table.of([]).schema.equals(table.schema)
    assert table.schema.field(table.key).type == pa.string()


@EVERY
def test_a_table_is_partitioned_if_and_only_if_it_has_the_column(table: Table) -> None:
    assert not table.partitioned or "partition" in table.schema.names


def test_raw_words_are_in_the_restricted_zone_alone_and_anonymized_records_is_the_door() -> None:
    restricted = {t.name for t in TABLES.values() if t.restricted}
    assert restricted == {t.name for t in tables.COLLECTED} | {
        "normalized_records",
        "customers",
        "clean_customers",
    }
    raw = {c.name for c in tables.NORMALIZED_RECORDS.columns if c.raw}
    assert raw == {"source_id", "known", "subject", "turns"}
    beyond = {c.name for t in TABLES.values() if not t.restricted for c in t.columns}
    assert not beyond & {"source_id", "known"}


def test_a_missing_column_is_null_and_an_unknown_one_an_error_that_quotes_nothing() -> None:
    (row,) = tables.TICKETS.of([{"record_id": "a"}]).to_pylist()
    assert row["subject"] is None
    with pytest.raises(KeyError, match="no column") as caught:
        tables.TICKETS.of([{"record_id": "a", "subjct": "bob@example.com"}])
    assert "bob" not in str(caught.value)


def test_another_tables_columns_are_selected_ordered_and_cast() -> None:
    other = pa.table(
        {"extra": [1], "created_at": pa.array([datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("s", "UTC"))}
    )
    fitted = tables.QA_PAIRS.conform(other)
    assert fitted.schema.equals(tables.QA_PAIRS.schema)
    assert fitted.column("created_at").to_pylist() == [datetime(2026, 1, 1, tzinfo=UTC)]
    assert fitted.column("pair_id").to_pylist() == [None]


def test_a_pseudonym_needs_the_key_and_keeps_its_parts_apart() -> None:
    made = keyed_id(b"key", "desk", 17)
    assert made == keyed_id(b"key", "desk", "17")
    assert len(made) == 32
    assert (
        len({made, keyed_id(b"other", "desk", 17), keyed_id(b"key", "desk1", 7), keyed_id(b"key", "desk", 1, 7)}) == 4
    )


def test_a_content_hash_changes_with_any_text_and_with_where_one_ends() -> None:
    assert len({content_hash("a", "b"), content_hash("ab"), content_hash("b", "a"), content_hash("a", "B")}) == 4
    assert content_hash("a", "b") == content_hash("a", "b")
