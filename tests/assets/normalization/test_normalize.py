"""Records through normalization: every row in has an outcome."""

from __future__ import annotations

import html
import re
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import ValidationError

from assets import tables
from assets.ledger import balance, reasons
from assets.normalization.normalize import normalize, normalize_text
from assets.normalization.params import NormalizationParams

PARAMS = NormalizationParams()


def record(record_id: str, *texts: str | None, subject: str | None = None, kind: str = "ticket") -> dict:
    turns = [{"speaker": ("customer", "agent")[i % 2], "text": t} for i, t in enumerate(texts)]
    known = [{"type": "name", "value": "Ann Lee"}]
    return {
        "record_id": record_id,
        "partition": "2024-05",
        "kind": kind,
        "subject": subject,
        "turns": turns,
        "known": known,
    }


def records(*rows: dict) -> pa.Table:
    return tables.TICKETS.of(rows)


def test_subject_and_turns_come_out_clean_and_the_rest_as_it_was():
    out = normalize(records(record("a", "<p>Hi</p>", "Press\u200b reset.", subject="RE: Fwd: AW: no\n light")), PARAMS)
    (row,) = out.table.to_pylist()
    assert row["subject"] == "no light"
    assert [(t["speaker"], t["text"]) for t in row["turns"]] == [("customer", "Hi"), ("agent", "Press reset.")]
    assert row["known"] == [{"type": "name", "value": "Ann Lee"}]
    assert out.table.schema.equals(tables.NORMALIZED_RECORDS.schema)


def test_a_turn_with_nothing_left_is_left_out_and_a_record_without_turns_dropped():
    rows = records(
        record("a", "It broke", "> It broke"),
        record("b", "> quoted\n> only", None, subject="Re:"),
        {"record_id": "c", "partition": "2024-05", "kind": "article", "subject": "Title", "turns": None},
    )
    out = normalize(rows, PARAMS)
    assert [t["text"] for t in out.table.to_pylist()[0]["turns"]] == ["It broke"]
    assert balance(out.ledger).kept == 1
    assert reasons(out.ledger) == {"empty_after_cleaning": 2}


def test_a_text_beyond_the_limit_is_quarantined_and_its_neighbours_pass():
    out = normalize(records(record("a", "x" * 2000), record("b", "fine")), NormalizationParams(max_characters=1000))
    assert out.table.column("record_id").to_pylist() == ["b"]
    assert balance(out.ledger).quarantined == 1
    assert reasons(out.ledger) == {"too_long": 1}


def test_zero_records_give_a_valid_empty_table():
    out = normalize(records(), PARAMS)
    assert out.table.num_rows == 0
    assert out.table.schema.equals(tables.NORMALIZED_RECORDS.schema)


def test_a_record_comes_out_the_same_however_the_table_is_cut():
    rows = records(*(record(str(i), f"<b>text {i}</b>", "> quoted") for i in range(7)), record("x", ">only"))

    def in_pieces(size: int, table: pa.Table, fn) -> pa.Table:
        return pa.concat_tables([fn(table.slice(i, size)) for i in range(0, len(table), size)])

    whole = normalize(rows, PARAMS)
    for size in (1, 3):
        assert normalize(rows, PARAMS, map_rows=partial(in_pieces, size)).table.equals(whole.table)


def test_a_pattern_that_does_not_compile_is_refused_by_its_number():
    with pytest.raises(ValidationError, match="pattern 2 is no regular expression"):
        NormalizationParams(boilerplate=("fine", "("))


@pytest.mark.parametrize("tag", ["", "a b", "<x>"])
def test_a_transcript_tag_that_is_no_name_is_refused(tag: str):
    with pytest.raises(ValidationError, match="not the name of a tag"):
        NormalizationParams(transcript_tags=(tag,))


def test_real_posts_lose_their_html_and_keep_their_words(refinery_data: Path):
    xml = (refinery_data / "stackexchange_qa" / "coffee_Posts.xml").read_text(encoding="utf-8")
    bodies = [html.unescape(body) for body in re.findall(r'Body="([^"]*)"', xml)]
    assert len(bodies) > 300
    for body in bodies:
        clean = normalize_text(body, PARAMS).text
        assert not re.search(r"</?(?:p|li|ul|ol|em|strong|a|blockquote|h\d)\b", clean)
        words = set(re.findall(r"[A-Za-z]{3,}", html.unescape(re.sub(r"<[^>]+>", " ", body))))
        assert words <= set(re.findall(r"[A-Za-z]{3,}", clean))


def test_real_articles_keep_their_headings_and_lose_templating(refinery_data: Path):
    pages = sorted((refinery_data / "handbook_18f").rglob("*.md"))
    articles = [p.read_text(encoding="utf-8") for p in pages if p.name != "SOURCE.md"]
    assert len(articles) > 90
    for article in articles:
        clean = normalize_text(article, PARAMS, "article").text
        assert "{%" not in clean
        assert "](" not in re.sub(r"`[^`]*`", "", clean)
        headings = re.findall(r"^#{1,4} \w+ \w+$", article, re.M)
        assert set(headings) <= set(clean.splitlines())
