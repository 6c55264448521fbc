"""Typed values, each person once, gaps and outliers by policy, and nothing changed in silence."""

import csv
from itertools import combinations

import pytest
from pydantic import ValidationError

from assets.customers.clean import clean_customers, flagged
from assets.customers.matching import clusters, plain
from assets.customers.params import CustomersParams, MatchingParams
from assets.errors import RefineryError
from assets.ledger import reasons


def params(**columns):
    return CustomersParams(columns=columns)


def numbers(made, name="pay"):
    cells = [{c["name"]: c["number"] for c in row["cells"]} for row in made.table.to_pylist()]
    return [row.get(name) for row in cells]


ANN = {"name": "Ann-Marie Müller", "email": "ann@example.org", "birth_date": "1980-01-01", "phone": "+1 415 555 0132"}
SPELLED = ANN | {"name": "Müller, Ann Marie", "email": "ann@exmaple.org"}
SON = {"name": "Bob Müller", "email": "bob@example.org", "birth_date": "2004-03-09", "phone": "+1 415 555 0132"}


def test_a_person_who_is_there_twice_becomes_one_and_fills_the_own_gaps(customers):
    made = clean_customers(
        customers(
            {"known": ANN, "attributes": {"land": "NO"}, "consent": "training"},
            {"known": SPELLED, "attributes": {"pay": "10"}, "consent": "none"},
            {"known": SON},
            {"known": ANN, "attributes": {"land": "NO"}, "consent": "training"},
        ),
        params(pay={"type": "number"}),
    )
    assert reasons(made.ledger) == {"exact_duplicate": 1, "fuzzy_duplicate": 1}
    ann, son = sorted(made.table.to_pylist(), key=lambda row: -len(row["merged_ids"]))
    assert ann["merged_ids"] == ["c001", "c003"]
    assert ann["flags"] == ["from_duplicate:pay"]
    assert ann["consent"] is None, "the rows disagree"
    assert son["merged_ids"] == []


def test_people_who_only_share_a_house_and_a_name_stay_apart(customers):
    house = {"address": "18 Quarry Bend Reno 94117", "phone": "+1 415 555 0132", "email": "the.vales@example.org"}
    family = (("Ann Vale", "1954-03-11"), ("Peter Vale", "1951-07-22"), ("Zoe Vale", "1988-12-05"))
    rows = [{"known": {**house, "name": name, "birth_date": born}} for name, born in family]
    assert len(clean_customers(customers(*rows), params()).table) == 3


@pytest.mark.parametrize(("file", "least"), [("dataset1.csv", 0.95), ("dataset3_part.csv", 0.95)])
def test_the_public_duplicates_are_found(refinery_data, file, least):
    """FEBRL's persons with typing errors; rec_id, the truth, is not looked at."""
    with (refinery_data / "febrl_persons" / file).open() as source:
        rows = list(csv.DictReader(source, skipinitialspace=True))[:700]
    truth = [row.pop("rec_id").split("-")[1] for row in rows]
    fields = [{k: text for k, v in row.items() if (text := plain(v or ""))} for row in rows]
    found = clusters(fields, MatchingParams())
    pairs = list(combinations(range(len(rows)), 2))
    same, said = ({(i, j) for i, j in pairs if of[i] == of[j]} for of in (truth, found))
    assert 2 * len(same & said) / (len(same) + len(said)) >= least


def test_a_wrong_value_is_none_and_says_so(customers):
    columns = {"pay": {"type": "number", "minimum": 0}, "born": {"type": "date"}, "old": {"type": "boolean"}}
    made = clean_customers(
        customers(
            {"attributes": {"pay": "1,200.50 EUR", "born": "19800229", "old": "No"}},
            {"attributes": {"pay": "-3", "born": "1981-02-30", "old": "perhaps"}},
        ),
        params(**columns),
    )
    assert numbers(made) == [1200.5, None]
    assert flagged(made.table) == {"out_of_range:pay": 1, "wrong_type:born": 1, "wrong_type:old": 1}


@pytest.mark.parametrize(
    ("policy", "filled"),
    [({"missing": "median"}, 20.0), ({"missing": "mode"}, 10.0), ({"missing": "constant", "constant": "7"}, 7.0)],
)
def test_a_gap_is_filled_by_policy_and_flagged(customers, policy, filled):
    pays = ("10", "10", "20", "30", "40", None)
    made = clean_customers(
        customers(*({"attributes": {"pay": pay, "n": "x"}} for pay in pays)), params(pay={"type": "number", **policy})
    )
    assert numbers(made)[-1] == filled
    assert flagged(made.table) == {"filled:pay": 1}


def test_a_row_without_what_it_needs_is_dropped_and_the_ledger_says_for_which_column(customers):
    made = clean_customers(
        customers({"attributes": {"pay": "1"}}, {"attributes": {"n": "x"}}), params(pay={"missing": "drop"})
    )
    (line,) = [row for row in made.ledger.to_pylist() if row["outcome"] == "dropped"]
    assert (line["reason"], line["position"]) == ("missing_value", "pay")


@pytest.mark.parametrize("rule", ["mad", "iqr"])
def test_an_outlier_is_flagged_or_pulled_in_and_never_in_silence(customers, rule):
    rows = [{"attributes": {"pay": str(100 + n)}} for n in range(20)] + [{"attributes": {"pay": "90000"}}]
    policy = {"type": "number", "rule": rule}
    kept = clean_customers(customers(*rows), params(pay=policy))
    assert (numbers(kept)[-1], flagged(kept.table)) == (90000.0, {"outlier:pay": 1})
    pulled = clean_customers(customers(*rows), params(pay=policy | {"outliers": "winsorise"}))
    assert 119 < numbers(pulled)[-1] < 160
    assert flagged(pulled.table) == {"winsorised:pay": 1}
    assert numbers(pulled)[:-1] == numbers(kept)[:-1]


def test_where_most_values_are_equal_none_is_an_outlier(customers):
    rows = [{"attributes": {"pay": "0"}}] * 20 + [{"attributes": {"pay": "9"}}]
    assert flagged(clean_customers(customers(*rows), params(pay={"type": "number"})).table) == {}


def test_a_policy_about_no_column_and_one_without_sense_are_errors(customers):
    with pytest.raises(RefineryError, match="no customer has a value for salary"):
        clean_customers(customers({"attributes": {"pay": "1"}}), params(salary={"type": "number"}))
    for wrong in ({"missing": "median"}, {"missing": "constant"}, {"use": "group"}, {"bands": (3, 1)}):
        with pytest.raises(ValidationError):
            params(pay=wrong)
