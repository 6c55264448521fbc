"""Customers come in as they are, one row an id, and no row is lost."""

import json

import pytest
from pydantic import ValidationError

from assets.collection.customers import collect_customers, survey_customers
from assets.collection.params import CollectionParams, SourceParams
from assets.errors import RefineryError
from assets.ledger import balance
from assets.tables import keyed_id

KEY = b"a key for tests"


def source(folder, **more):
    return SourceParams(
        **{
            "name": "people",
            "gives": "customers",
            "kind": "jsonl",
            "path": f"{folder}/people.jsonl",
            "fields": {"id": "no?", "created_at": "joined?", "updated_at": "changed?", "consent": "agrees?"},
            "known": [{"type": "name", "path": "name?"}],
            "attributes": {"income": "pay?", "land": "land?"},
        }
        | more
    )


def collected(folder, *rows, **more):
    (folder / "people.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return collect_customers([source(folder, **more)], CollectionParams(), key=KEY)


def test_a_customer_bears_the_pseudonym_that_his_records_bear(tmp_path):
    made = collected(tmp_path, {"no": 7, "name": "Ann Lee", "pay": "1200", "joined": "2024-05-01", "agrees": "service"})
    (row,) = made.table.to_pylist()
    assert row["customer_id"] == keyed_id(KEY, "people", "customer", "7")
    assert row["known"] == [{"type": "name", "value": "Ann Lee"}]
    assert row["attributes"] == [{"name": "income", "value": "1200"}]
    assert (row["since"].isoformat(), row["consent"]) == ("2024-05-01T00:00:00+00:00", "service")


def test_rows_of_one_id_become_one_the_latest_speaks_and_all_are_known(tmp_path):
    made = collected(
        tmp_path,
        {"no": 7, "name": "Ann Lee", "pay": "1", "changed": "2024-06-01"},
        {"no": 7, "name": "Ann Orr", "pay": "2", "changed": "2024-05-01"},
        {"name": "Nobody"},
        {"no": 8, "name": {"first": "Bo"}},
        {"no": 9, "land": "Norway"},
    )
    assert balance(made.ledger)[:5] == (5, 2, 0, 1, 2)
    row = next(r for r in made.table.to_pylist() if r["source_id"] == "7")
    assert row["attributes"] == [{"name": "income", "value": "1"}]
    assert [k["value"] for k in row["known"]] == ["Ann Lee", "Ann Orr"]
    faults = {(r["reason"], r["position"][-5:]) for r in made.ledger.to_pylist() if r["outcome"] == "quarantined"}
    assert faults == {("missing_id", "row 3"), ("wrong_type", "row 4")}


def test_a_survey_changes_with_any_value_and_with_nothing_else(tmp_path):
    one = {"no": 7, "name": "Ann Lee", "pay": "1"}
    seen = survey_customers(collected(tmp_path, one))
    assert survey_customers(collected(tmp_path, one)) == seen
    assert survey_customers(collected(tmp_path, one | {"pay": "2"})) != seen
    assert survey_customers(collected(tmp_path, one, {"name": "x"})) != seen


def test_an_attribute_no_row_has_is_an_error_and_only_customers_have_any(tmp_path):
    with pytest.raises(RefineryError, match="no column 'salary'"):
        collected(tmp_path, {"no": 1}, attributes={"income": "salary"})
    with pytest.raises(ValidationError, match="tickets have no attributes"):
        source(tmp_path, gives="tickets", fields={"id": "no", "created_at": "at"})
