from datetime import UTC, datetime

from assets import tables
from checks import collection
from checks import customers as promises
from tests.promises import assert_each_promise_can_fail

ONCE = {
    "customer_id_is_unique": lambda rows: [*rows, rows[0]],
    "customer_id_is_a_pseudonym": lambda rows: [rows[0] | {"customer_id": "C-101"}],
}


def ids(count):
    return [{"customer_id": f"{n:032x}"} for n in range(count)]


def test_each_promise_on_customers_can_fail():
    assert_each_promise_can_fail(
        tables.CUSTOMERS,
        collection.CUSTOMERS,
        good=[row | {"source": "desk", "source_id": "7"} for row in ids(2)],
        bad=ONCE | {"every_customer_can_be_traced": lambda rows: [rows[0] | {"source_id": None}]},
    )


def test_each_promise_on_clean_customers_can_fail():
    assert_each_promise_can_fail(
        tables.CLEAN_CUSTOMERS,
        promises.CLEAN_CUSTOMERS,
        good=[row | {"source": "desk", "merged_ids": ["a" * 32]} for row in ids(2)],
        bad=ONCE
        | {
            "every_customer_can_be_traced": lambda rows: [rows[0] | {"source": None}],
            "nobody_has_many_rows": lambda rows: [rows[0] | {"merged_ids": ["a"] * 9}],
        },
    )


def test_each_promise_on_customer_features_can_fail():
    said = {"as_of": datetime(2026, 1, 1, tzinfo=UTC), "tenure_months": 3, "contacts": 2, "recency_weeks": 1}
    groups = [{"name": "land", "value": "NO"}]
    assert_each_promise_can_fail(
        tables.CUSTOMER_FEATURES,
        promises.CUSTOMER_FEATURES,
        good=[row | said | {"segment": "new", "groups": groups} for row in ids(5)],
        bad=ONCE
        | {
            "tenure_is_not_negative": lambda rows: [rows[0] | {"tenure_months": -1}],
            "recency_is_not_negative": lambda rows: [rows[0] | {"recency_weeks": -1}],
            "contacts_are_counted": lambda rows: [rows[0] | {"contacts": -1}],
            "segment_is_a_known_word": lambda rows: [rows[0] | {"segment": "rich"}],
            "no_small_group_is_told": lambda rows: [*rows[1:], rows[0] | {"groups": [{"name": "land", "value": "SE"}]}],
        },
    )
