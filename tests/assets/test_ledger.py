"""Promise 1: nothing vanishes without a name, and nothing comes from nowhere."""

from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.ledger import LEDGER_SCHEMA, Balance, Ledger, Unaccounted, balance, reasons, summary


def table(*ids: str, partitions: list[str] | None = None) -> pa.Table:
    columns = {"id": pa.array(ids, pa.string())}
    return pa.table(columns | ({"partition": pa.array(partitions, pa.string())} if partitions else {}))


def rows(ledger: pa.Table) -> dict[str, dict[str, object]]:
    return {row["id"]: {k: v for k, v in row.items() if v is not None and k != "id"} for row in ledger.to_pylist()}


def test_an_input_nobody_mentions_is_kept() -> None:
    published = Ledger(["a", "b"]).close(table("a", "b"), key="id")
    assert rows(published.ledger) == {"a": {"outcome": "kept"}, "b": {"outcome": "kept"}}


def test_every_outcome_is_written_down_with_what_it_needs_to_be_traced() -> None:
    ledger = Ledger(["a", "b", "c", "d"], ["day 1", "day 1", "day 2", "day 2"])
    ledger.keep("a", into="p1")
    ledger.derive("p2", ["a"])
    ledger.drop("b", "too_short")
    ledger.merge("c", "a", "near_duplicate")
    ledger.quarantine("d", "no_date", position="tickets.csv, row 7")
    published = ledger.close(table("p1", "p2", partitions=["day 1", "day 1"]), key="id")
    assert rows(published.ledger) == {
        "a": {"partition": "day 1", "outcome": "kept", "into": "p1"},
        "b": {"partition": "day 1", "outcome": "dropped", "reason": "too_short"},
        "c": {"partition": "day 2", "outcome": "merged", "into": "a", "reason": "near_duplicate"},
        "d": {"partition": "day 2", "outcome": "quarantined", "reason": "no_date", "position": "tickets.csv, row 7"},
        "p2": {"partition": "day 1", "outcome": "derived", "parents": ["a"]},
    }
    assert published.ledger.schema.equals(LEDGER_SCHEMA)
    assert balance(published.ledger) == Balance(rows_in=4, kept=1, dropped=1, merged=1, quarantined=1, derived=1)
    assert balance(published.ledger).rows_out == len(published.table)
    assert reasons(published.ledger) == {"near_duplicate": 1, "no_date": 1, "too_short": 1}


@pytest.mark.parametrize(
    ("out", "decide"),
    [
        pytest.param(["a"], lambda _: None, id="a row vanished"),
        pytest.param(["a", "b", "x"], lambda _: None, id="a row came from nowhere"),
        pytest.param(["a", "b"], lambda ledger: ledger.drop("b", "spam"), id="a dropped row is in the table"),
        pytest.param(["a", "b"], lambda ledger: ledger.merge("b", "a"), id="a merged row is in the table"),
        pytest.param(["a", "b"], lambda ledger: ledger.keep("b", into="p"), id="a renamed row kept its old id"),
        pytest.param(["a", "b"], lambda ledger: ledger.derive("c", ["a"]), id="a derived row is not in the table"),
        pytest.param(["a", "b", "b"], lambda _: None, id="a row comes out twice"),
        pytest.param(
            ["p"], lambda ledger: [ledger.keep("a", into="p"), ledger.keep("b", into="p")], id="two kept into one"
        ),
        pytest.param(["a", "b"], lambda ledger: ledger.derive("a", ["b"]), id="a row is kept and derived"),
    ],
)
def test_a_table_that_does_not_balance_is_refused(out: list[str], decide: Callable[[Ledger], None]) -> None:
    ledger = Ledger(["a", "b"])
    decide(ledger)
    with pytest.raises(Unaccounted):
        ledger.close(table(*out), key="id")


def test_a_row_has_one_outcome_and_must_have_come_in() -> None:
    ledger = Ledger(["a"])
    ledger.drop("a", "spam")
    with pytest.raises(Unaccounted, match="two outcomes"):
        ledger.keep("a")
    with pytest.raises(Unaccounted, match="never came in"):
        ledger.drop("b", "spam")
    with pytest.raises(Unaccounted, match="twice"):
        Ledger(["a", "a"])


@pytest.mark.parametrize("reason", ["Too short", "bob@example.com", "", "x" * 65, "1st", "two\nlines"])
def test_a_reason_cannot_quote_a_row(reason: str) -> None:
    with pytest.raises(Unaccounted, match="snake_case") as caught:
        Ledger(["a"]).drop("a", reason)
    assert not reason or reason not in str(caught.value)


def test_the_errors_of_a_ledger_count_rows_and_do_not_name_them() -> None:
    with pytest.raises(Unaccounted) as caught:
        Ledger(["secret-a"]).close(table("secret-b"), key="id")
    assert str(caught.value) == "1 row(s) vanished, 1 came from nowhere"


def test_a_ledger_opened_on_tables_accounts_for_all_their_rows_in_their_partitions() -> None:
    ledger = Ledger.of(table("a", partitions=["d1"]), table("b", partitions=["d2"]), key="id")
    assert rows(ledger.close(table("a", "b", partitions=["d1", "d2"]), key="id").ledger) == {
        "a": {"partition": "d1", "outcome": "kept"},
        "b": {"partition": "d2", "outcome": "kept"},
    }
    with pytest.raises(Unaccounted, match="twice"):
        Ledger.of(table("a"), table("a"), key="id")


def test_a_summary_derives_from_whole_tables() -> None:
    published = summary(table("size", "balance"), key="id", parents=["training_examples"])
    assert balance(published.ledger) == Balance(0, 0, 0, 0, 0, 2)
    assert published.ledger.column("parents").to_pylist() == [["training_examples"]] * 2


@given(st.lists(st.sampled_from(["kept", "dropped", "merged", "quarantined"]), max_size=30), st.integers(0, 5))
def test_rows_in_and_rows_out_always_add_up(outcomes: list[str], derived: int) -> None:
    ids = [f"r{n}" for n in range(len(outcomes))]
    ledger = Ledger(ids)
    for row, outcome in zip(ids, outcomes, strict=True):
        if outcome == "dropped":
            ledger.drop(row, "spam")
        elif outcome == "merged":
            ledger.merge(row, "r0")
        elif outcome == "quarantined":
            ledger.quarantine(row, "no_date")
    for n in range(derived):
        ledger.derive(f"d{n}", ids[:1])
    out = [i for i, o in zip(ids, outcomes, strict=True) if o == "kept"] + [f"d{n}" for n in range(derived)]
    sums = balance(ledger.close(table(*out), key="id").ledger)
    assert sums.rows_in == len(ids) == sums.kept + sums.dropped + sums.merged + sums.quarantined
    assert sums.rows_out == len(out)
    assert sums.kept == outcomes.count("kept")
