from datetime import UTC, datetime

import pytest

from assets.collection.mapping import Unreadable, field, moment, text_of


def value(mapping, row):
    return field(mapping).get(row)


def test_the_exact_name_of_a_field_comes_before_everything_else():
    assert value("a.b", {"a.b": "exact", "a": {"b": "nested"}}) == "exact"
    assert value("Consumer consent provided?", {"Consumer consent provided?": "Yes"}) == "Yes"
    assert value("{odd}", {"odd": "x"}) == "x"


def test_an_expression_reaches_into_nested_rows():
    row = {"events": [{"who": "bot", "n": 1}, {"who": "ann", "n": 2}]}
    assert value("events[?who=='ann'].n", row) == [2]
    assert value("events[-1].n", row) == 2


def test_an_empty_part_of_a_template_leaves_with_the_words_before_it():
    mapping = "{street}, {city} ({state})"
    assert value(mapping, {"street": "1 Elm", "city": "Rome", "state": "NY"}) == "1 Elm, Rome (NY)"
    assert value(mapping, {"street": None, "city": "Rome", "state": ""}) == "Rome"
    assert value(mapping, {"street": "", "city": None, "state": None}) is None
    assert value("Where: {street}, {city}", {"street": "", "city": "Rome"}) == "Where: Rome"


def test_names_are_expected_and_optional_names_and_expressions_are_not():
    assert field("status").names == ("status",)
    assert field("status?").names == ()
    assert field("a.b[0]").names == ()
    assert field("{Type}: {Sub-type?}").names == ("Type",)


def test_an_expression_that_does_not_fit_the_row_is_a_verdict_on_the_row_and_quotes_nothing():
    with pytest.raises(Unreadable) as told:
        value("join(', ', names)", {"names": "Ann Secret"})
    assert str(told.value) == "wrong_type"


@pytest.mark.parametrize(
    ("raw", "text"),
    [("", None), (" \n", None), (7, "7"), (0, "0"), (False, "false"), (["a", None, "", "b"], "a, b"), ([], None)],
)
def test_values_become_texts(raw, text):
    assert text_of(raw) == text


def test_a_text_that_utf8_cannot_write_is_refused():
    with pytest.raises(Unreadable, match="undecodable"):
        text_of("lone \ud800 surrogate")


@pytest.mark.parametrize(
    ("raw", "formats"),
    [
        ("2026-01-02T03:04:05Z", ()),
        ("2026-01-02 04:04:05+01:00", ()),
        (1767323045, ()),
        (1767323045000, ()),
        ("1767323045", ()),
        ("01/02/2026 03:04:05 AM", ("%Y", "%m/%d/%Y %I:%M:%S %p")),
    ],
)
def test_dates_come_in_many_forms_and_leave_as_utc(raw, formats):
    assert moment(raw, formats, "UTC") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_date_without_a_zone_is_in_the_zone_of_its_source():
    assert moment("2026-07-01 12:00", (), "America/New_York") == datetime(2026, 7, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize("raw", ["yesterday", "", None, "31/02/2026", True, 10**30, "0001-01-01"])
def test_what_is_no_date_is_none(raw):
    assert moment(raw, ("%d/%m/%Y",), "Asia/Tokyo") is None
