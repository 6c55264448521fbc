"""The scorecard as a page."""

from assets.quality.params import QualityParams
from assets.quality.report import as_markdown
from assets.quality.scorecard import scorecard


def test_the_page_shows_the_composite_every_measure_and_no_row(rows, dataset):
    report = scorecard(*dataset(rows), QualityParams(resamples=20)).table
    page = as_markdown(report)
    assert all(f"| {name} " in page for name in report["measure"].to_pylist())
    assert "Composite 0." in page
    assert "100 examples" in page
    assert not [row for row in rows if row["output"] in page or row["question"] in page]


def test_the_page_says_what_was_not_measured_and_calls_the_rest_no_composite(rows, dataset):
    for row in rows:
        row["truth_evidence"] = None
    page = as_markdown(scorecard(*dataset(rows), QualityParams(resamples=0)).table)
    assert "No composite: accuracy not measured; the measured parts alone come to 0.8" in page
    assert "| accuracy ↑ | not measured |" in page


def test_an_empty_dataset_has_a_page(dataset):
    page = as_markdown(scorecard(*dataset([]), QualityParams()).table)
    assert "No composite" in page
    assert "0 examples" in page


def test_every_table_of_the_page_has_equal_columns(rows, dataset):
    page = as_markdown(scorecard(*dataset(rows), QualityParams(resamples=20)).table)
    assert {line.count("|") for line in page.splitlines() if line.startswith("|")} == {7}
