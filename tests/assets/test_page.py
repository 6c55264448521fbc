"""The pages stand alone, hold what they are given, and are there whole."""

import re

import pytest

from assets import page
from assets.page import Column

COLUMNS = [Column("part", "name"), Column("rows", "number"), Column("", "said")]


def test_a_page_asks_for_nothing_from_elsewhere_and_leaves_empty_parts_out():
    made = page.html("A <page>", "about", ["<p>one</p>", "", "<p>two</p>"], ["small"])
    assert "<title>A &lt;page&gt;</title>" in made
    assert "<p>one</p>\n<p>two</p>" in made
    assert not re.search(r"<script|<link|@import|url\(", made)


def test_a_cell_says_on_a_phone_what_it_is_of():
    made = page.table("Sizes", COLUMNS, [("train", "7", "seven")], chosen=[0])
    assert '<tr class=chosen><td class="name">train</td><td class="number" data-of="rows">7</td>' in made
    assert page.table("Sizes", COLUMNS, []) == ""


def test_a_row_too_short_for_its_table_is_a_fault():
    with pytest.raises(ValueError, match="zip"):
        page.table("Sizes", COLUMNS, [("train",)])


def test_a_page_is_put_in_its_place_whole(tmp_path):
    place = tmp_path / "reports/x.html"
    page.write("one", place)
    page.write("two", place)
    assert (place.read_text(), len(list(place.parent.iterdir()))) == ("two", 1)
