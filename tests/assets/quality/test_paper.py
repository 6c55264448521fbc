"""The report stands alone, says the same twice, and quotes nobody."""

import base64
import re
from html.parser import HTMLParser

import pytest

from assets.quality.paper import PLACE, Paper, paper
from assets.quality.params import QualityParams
from assets.quality.scorecard import scorecard
from dagster_project.accounts import Account

FAST = QualityParams(resamples=20)
LOST = [Account("validated_pairs", 110, 100, {"non_answer": 6, "too_short": 2}, {}, {"broken_turn": 2}, 0, 100)]
SMALL = 100_000


def drawn(tables: tuple, params: QualityParams = FAST) -> Paper:
    return paper(scorecard(*tables, params).table, tables, LOST, [1] * 40 + [3], params)


@pytest.fixture(scope="module")
def report(pristine, dataset) -> Paper:
    return drawn(dataset(pristine))


def test_the_file_asks_for_nothing_from_elsewhere(report):
    asked: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            asked.extend(v for k, v in attrs if k in ("src", "href", "xlink:href", "action") and not v.startswith("#"))
            assert tag not in ("script", "link", "iframe", "img", "object")

    Reader().feed(report.html)
    assert asked == []
    assert not re.search(r"@import|url\((?!#)", report.html)


def test_equal_input_gives_equal_bytes(report, pristine, dataset):
    assert drawn(dataset(pristine)) == report


def test_no_text_of_an_example_is_in_it(report, pristine):
    for row in pristine:
        for page in report:
            assert row["output"] not in page
            assert row["question"] not in page


def test_it_says_what_was_measured_what_the_gate_says_and_where_the_rows_went(report):
    page = report.html
    assert "The gate stops it: composite" in page or "The gate stops it: size 100 is below 1,000" in page
    assert "non answer 6, too short 2" in page
    assert "composite at worst" in page
    assert page.count("<svg ") == 6
    assert "pulled down most by 10 id(s)" in page


def test_the_pictures_in_the_catalog_are_small(report):
    pictures = re.findall(r"\(data:image/png;base64,([^)]+)\)", report.markdown)
    assert len(pictures) == 6
    assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in pictures)
    assert max(map(len, pictures)) < SMALL


def test_a_category_cannot_write_into_the_page(pristine, dataset):
    rows = [row | {"category": "<img src=http://x>$& \\"} for row in pristine[:30]]
    page = drawn(dataset(rows, rows)).html
    assert "<img" not in page
    assert "&lt;img src=http://x&gt;$" in page


@pytest.mark.parametrize(
    ("size", "change"),
    [(0, {}), (1, {}), (9, {"category": None}), (9, {"created_at": None}), (9, {"question": None, "output": None})],
)
def test_a_poor_dataset_has_a_report_too(size, change, pristine, dataset):
    rows = [pristine[20] | {"example_id": f"e{n}", "pair_id": f"p{n}"} | change for n in range(size)]
    assert "The gate stops it" in drawn(dataset(rows, rows[:1])).html


def test_the_file_is_put_in_its_place_whole(report, tmp_path):
    report.write(tmp_path)
    report.write(tmp_path)
    assert (tmp_path / PLACE).read_text(encoding="utf-8") == report.html
    assert [file.name for file in (tmp_path / PLACE).parent.iterdir()] == ["quality.html"]
