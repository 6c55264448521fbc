"""Features speak of a stated moment, and of nobody in a small group."""

from collections import Counter

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from assets import tables
from assets.customers.anonymity import OTHER, anonymous
from assets.customers.clean import clean_customers
from assets.customers.features import customer_features
from assets.customers.params import CustomersParams
from tests.assets.customers.conftest import day

K = 5


def records(*said: tuple[str, int, str]) -> pa.Table:
    return tables.ANONYMIZED_RECORDS.of(
        {"record_id": f"r{n}", "customer_id": who, "created_at": day(on), "channel": via}
        for n, (who, on, via) in enumerate(said)
    )


def made(customers, contacts, **knobs):
    params = CustomersParams(**knobs)
    table = customer_features(clean_customers(customers, params).table, records(*contacts), params).table
    return {row["customer_id"]: row for row in table.to_pylist()}


def test_tenure_frequency_and_recency_are_measured_up_to_the_last_record(customers):
    people = customers({"since": day(1).replace(year=2025)}, {}, {"since": day(20)})
    contacts = [("c000", 2, "mail"), ("c000", 10, "phone"), ("c000", 11, "phone"), ("c001", 25, "chat"), ("x", 30, "")]
    found = made(people, contacts)
    assert {row["as_of"] for row in found.values()} == {day(30)}
    ann, bob, eve = (found[f"c00{n}"] for n in range(3))
    told = ("tenure_months", "contacts", "recency_weeks", "channel", "segment")
    assert [ann[name] for name in told] == [12, 3, 2, "phone", "frequent"]
    assert ann["frequency"] == 3.0, "the records reach back less than a month, which counts as one"
    assert [bob[name] for name in told] == [0, 1, 0, "chat", "new"]
    assert [eve[name] for name in told] == [0, 0, None, None, "silent"]


def test_a_stated_day_looks_at_nothing_after_it_and_two_rows_of_a_person_are_one(customers):
    who = {"name": "Ann Lee", "email": "ann@example.org", "phone": "415 555 0132"}
    found = made(customers({"known": who}, {"known": who}), [("c000", 2, "a"), ("c001", 3, "a"), ("c001", 9, "b")],
                 as_of="2026-01-05")  # fmt: skip
    assert [(row["contacts"], row["channel"]) for row in found.values()] == [(2, "a")]


def test_no_features_of_fewer_people_than_a_group_needs(customers):
    columns = {"land": {"type": "category", "use": "group"}}
    rows = [{"attributes": {"land": "NO"}}] * (K - 1)
    found = made(customers(*rows), [("c000", 2, "a")], columns=columns)
    assert all(row["groups"] == [] and row["features"] == [] for row in found.values())


def test_numbers_and_dates_become_ranks_of_bands_and_rare_words_other(customers):
    columns = {
        "land": {"type": "category", "use": "group"},
        "born": {"type": "date", "use": "group", "bands": (30, 50)},
        "pay": {"type": "number", "use": "feature", "bands": 2},
        "old": {"type": "boolean", "use": "feature"},
    }
    rows = [
        {"attributes": {"land": "NO" if n < 10 else "SE" if n < 18 else "DK", "born": f"{1960 + 20 * (n % 2)}-05-05",
                        "pay": str(n), "old": "yes" if n % 2 else "no"}}
        for n in range(20)
    ]  # fmt: skip
    found = made(customers(*rows), [("c000", 2, "a")], columns=columns)
    groups = [{g["name"]: g["value"] for g in row["groups"]} for row in found.values()]
    assert Counter(g["land"] for g in groups) == {"NO": 10, "other": 10}
    assert {g["born"] for g in groups} == {"30 to 50", "50 and more"}
    features = [{f["name"]: f["value"] for f in row["features"]} for row in found.values()]
    assert features[0] == {"land=NO": 1.0, "land=other": 0.0, "born": 2.0, "pay": 0.0, "old": 0.0}
    assert features[19]["pay"] == features[19]["old"] == 1.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from("abcdef")] * 3), min_size=K, max_size=60), st.integers(2, K))
def test_every_combination_of_groups_is_held_by_k_people(rows, k):
    columns = {name: [row[n] for row in rows] for n, name in enumerate("xyz")}
    found = anonymous(columns, k)
    assert min(Counter(zip(*found.values(), strict=True)).values()) >= k
    assert all(
        after in (before, OTHER) for name in "xyz" for before, after in zip(columns[name], found[name], strict=True)
    )
