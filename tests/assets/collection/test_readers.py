import bz2
import gzip
import json
import lzma
import sys
import uuid
import zipfile
from datetime import date, datetime
from decimal import Decimal

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.collection.calendar import Calendar
from assets.collection.collect import collect
from assets.collection.params import CollectionParams, SourceParams
from assets.collection.rows import rows_of
from assets.errors import RefineryError
from assets.ledger import balance

JANUARY = Calendar("day", date(2026, 1, 1), date(2026, 1, 31))


def source(path, kind, **more):
    fields = more.pop("fields", {"id": "id"})
    return SourceParams(
        name="desk", gives="articles", kind=kind, path=str(path), fields=fields, constants={"created_at": "2026-01-01"},
        **more,
    )  # fmt: skip


def read(path, kind, params=None, **more):
    """Return (row number, values or fault) of everything that was read."""
    return [
        (r.number, r.fault or {k: v for k, v in r.values.items() if not k.startswith("_")})
        for r in rows_of(source(path, kind, **more), params or CollectionParams())
    ]


def put(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def parquet(rows, schema=None):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema), sink, row_group_size=2)
    return sink.getvalue().to_pybytes()


def test_a_quoted_cell_of_a_csv_may_hold_line_ends_quotes_and_the_delimiter(tmp_path):
    path = put(tmp_path, "t.csv", 'id,text\r\n1,"two\nlines, and ""quotes"""\r\n2,b\r\n')
    assert read(path, "csv") == [(1, {"id": "1", "text": 'two\nlines, and "quotes"'}), (2, {"id": "2", "text": "b"})]


def test_a_row_with_too_many_or_too_few_cells_is_set_aside_alone(tmp_path):
    path = put(tmp_path, "t.csv", "id,text\n1,a\n2,b,c\n3\n4,d\n")
    assert [r[1] if isinstance(r[1], str) else r[1]["id"] for r in read(path, "csv")] == [
        "1", "wrong_number_of_fields", "wrong_number_of_fields", "4",
    ]  # fmt: skip


def test_a_quote_that_is_never_closed_costs_one_row_and_not_the_file(tmp_path):
    for after in ("3,c", '3,"c"'):
        path = put(tmp_path, "t.csv", f'id,text\n1,a\n2,"open\n{after}\n4,d\n')
        assert read(path, "csv") == [
            (1, {"id": "1", "text": "a"}),
            (2, "broken_csv"),
            (3, {"id": "3", "text": "c"}),
            (4, {"id": "4", "text": "d"}),
        ]


def test_a_csv_may_have_its_names_in_the_settings_and_another_delimiter(tmp_path):
    path = put(tmp_path, "t.csv", "1;a\n")
    assert read(path, "csv", header=["id", "text"], delimiter=";") == [(1, {"id": "1", "text": "a"})]
    assert read(path, "csv", header=False, delimiter=";") == [(1, {"column_1": "1", "column_2": "a"})]


def test_a_broken_line_of_a_jsonl_is_set_aside_and_the_next_is_read(tmp_path):
    path = put(tmp_path, "t.jsonl", '{"id": 1}\n{"id": 2\n\n[3]\n{"id": 4}')
    assert read(path, "jsonl") == [(1, {"id": 1}), (2, "broken_json"), (3, {"value": [3]}), (4, {"id": 4})]


def test_bytes_the_encoding_does_not_know_cost_their_row_only(tmp_path):
    table = put(tmp_path, "t.csv", b"id,text\n1,caf\xe9\n2,caf\xc3\xa9\n")
    assert read(table, "csv") == [(1, "undecodable"), (2, {"id": "2", "text": "café"})]
    assert read(table, "csv", encoding="latin-1")[0] == (1, {"id": "1", "text": "café"})
    lines = put(tmp_path, "t.jsonl", b'{"id": "\xff"}\n{"id": 2}\n')
    assert read(lines, "jsonl") == [(1, "undecodable"), (2, {"id": 2})]
    document = put(tmp_path, "t.json", b'[{"id": "\xff"}, {"id": 2}]')
    assert read(document, "json") == [(1, "undecodable"), (2, {"id": 2})]
    article = put(tmp_path, "t.md", b"# Title\n\xff")
    assert read(article, "markdown") == [(1, "undecodable")]


def test_other_encodings_and_byte_order_marks_are_understood(tmp_path):
    assert read(put(tmp_path, "a.csv", "id\nü\n".encode("utf-8-sig")), "csv") == [(1, {"id": "ü"})]
    assert read(put(tmp_path, "b.csv", "id\nü\n".encode("utf-16")), "csv", encoding="utf-16") == [(1, {"id": "ü"})]


def test_an_unknown_encoding_is_an_error_that_names_it(tmp_path):
    with pytest.raises(RefineryError, match=r"sources\.desk: unknown encoding 'latin-99'"):
        read(put(tmp_path, "t.csv", "id\n1\n"), "csv", encoding="latin-99")


@pytest.mark.parametrize(
    ("kind", "name"), [("csv", "t.csv"), ("jsonl", "t.jsonl"), ("json", "t.json"), ("csv", "t.csv.gz")]
)
def test_an_empty_file_has_no_rows(tmp_path, kind, name):
    assert read(put(tmp_path, name, b""), kind) == []


def test_a_table_of_a_header_only_has_no_rows(tmp_path):
    assert read(put(tmp_path, "t.csv", "id,text\n"), "csv") == []
    assert read(put(tmp_path, "t.json", "[]"), "json") == []


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_packed_files_are_unpacked(tmp_path, suffix, pack):
    assert read(put(tmp_path, f"t.jsonl{suffix}", pack(b'{"id": 1}\n')), "jsonl") == [(1, {"id": 1})]


def test_every_member_of_a_zip_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("b.csv", "id\n2\n")
        archive.writestr("a.csv", "id\n1\n")
    assert [values for _, values in read(tmp_path / "t.zip", "csv")] == [{"id": "1"}, {"id": "2"}]


def lines_of(count):
    return "".join(json.dumps({"id": n, "text": f"{n * 7919 % 10007} words"}) + "\n" for n in range(count)).encode()


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_of_a_file_that_breaks_off_the_rows_before_the_break_are_kept(tmp_path, suffix, pack):
    packed = pack(lines_of(30_000))
    found = read(put(tmp_path, f"t.jsonl{suffix}", packed[: len(packed) * 2 // 3]), "jsonl")
    assert [fault for _, fault in found if isinstance(fault, str)] == ["truncated_file"]
    assert [values["id"] for _, values in found[:-1]] == list(range(len(found) - 1))


def test_a_half_row_at_the_break_is_never_taken_for_a_whole_one(tmp_path):
    whole = "id,text\n" + "".join(f"{n},{'word' * 40}{n}\n" for n in range(3000))
    packed = gzip.compress(whole.encode())
    found = read(put(tmp_path, "t.csv.gz", packed[: len(packed) // 2]), "csv")
    assert found[-1][1] == "truncated_file"
    assert all(values["text"] == f"{'word' * 40}{values['id']}" for _, values in found[:-1])


def test_a_document_that_breaks_off_is_one_entry(tmp_path):
    packed = gzip.compress(json.dumps([{"id": n, "x": n * 7919 % 10007} for n in range(9000)]).encode())
    assert read(put(tmp_path, "t.json.gz", packed[:-2000]), "json") == [(1, "truncated_file")]
    assert read(put(tmp_path, "t.zip", b"PK\x03\x04 no more"), "csv") == [(1, "truncated_file")]


def test_what_unpacks_beyond_the_limit_is_cut_there(tmp_path):
    bomb = put(tmp_path, "t.jsonl.gz", gzip.compress(b'{"id": 1}\n' * 400_000))
    found = read(bomb, "jsonl", CollectionParams(max_file_mb=1))
    assert found[-1][1] == "too_large"
    assert len(found) * 10 <= 2**20 + 20


def test_a_line_beyond_the_limit_is_set_aside_and_the_next_is_read(tmp_path):
    limits = CollectionParams(max_characters=1000)
    long = json.dumps({"id": "x" * 5000})
    assert read(put(tmp_path, "t.jsonl", f'{long}\n{{"id": 2}}\n'), "jsonl", limits) == [
        (1, "too_long"),
        (2, {"id": 2}),
    ]
    cells = put(tmp_path, "t.csv", f"id\n{'x' * 5000}\n2\n")
    assert {"id": "2"} in [values for _, values in read(cells, "csv", limits)]
    assert read(cells, "csv", limits)[0] == (1, "too_long")


def test_rows_of_a_json_document_may_lie_deeper(tmp_path):
    path = put(tmp_path, "t.json", json.dumps({"page": {"items": [{"id": 1}]}}))
    assert read(path, "json", rows="page.items") == [(1, {"id": 1})]
    with pytest.raises(RefineryError, match=r"has no list at `page\.rows`"):
        read(path, "json", rows="page.rows")


def test_nested_mappings_explode_into_rows_that_keep_their_parents_fields_and_keys(tmp_path):
    nested = {"hotel": {"7": {"name": "Elm", "docs": {"0": {"title": "Pets?"}, "1": {"title": "Wifi?"}}}}}
    path = put(tmp_path, "t.json", json.dumps(nested))
    steps = [{"key": "domain"}, {"key": "entity"}, {"key": "doc", "path": "docs"}]
    assert read(path, "json", explode=steps) == [
        (1, {"name": "Elm", "title": "Pets?", "domain": "hotel", "entity": "7", "doc": "0"}),
        (2, {"name": "Elm", "title": "Wifi?", "domain": "hotel", "entity": "7", "doc": "1"}),
    ]


def test_lists_explode_too(tmp_path):
    path = put(tmp_path, "t.jsonl", '{"id": 1, "notes": ["a", "b"]}\n')
    assert read(path, "jsonl", explode=[{"key": "n", "path": "notes"}]) == [
        (1, {"id": 1, "value": "a", "n": "0"}),
        (2, {"id": 1, "value": "b", "n": "1"}),
    ]


def test_a_second_file_stands_beside_the_first_row_by_row(tmp_path):
    path = put(tmp_path, "t.json", '[{"id": 1}, {"id": 2}, {"id": 3}]')
    labels = put(tmp_path, "labels.json", '[{"label": "a"}, {"label": "b"}]')
    found = read(path, "json", beside=str(labels))
    assert found == [(1, {"label": "a", "id": 1}), (2, {"label": "b", "id": 2}), (3, "no_row_beside")]


def test_an_article_gives_front_matter_heading_and_body(tmp_path):
    put(tmp_path, "b.md", "---\ntitle: Pets\ntags: [a, b]\n---\n# Pets at home\n\nYes.\n\n## Dogs\n\nNo.\n")
    put(tmp_path, "a.md", "Just words.")
    put(tmp_path, "c.md", "---\ntitle: [open\n---\nText.")
    put(tmp_path, "note.txt", "not an article")
    assert read(tmp_path, "markdown") == [
        (1, {"heading": None, "body": "Just words."}),
        (1, {"title": "Pets", "tags": ["a", "b"], "heading": "Pets at home", "body": "Yes.\n\n## Dogs\n\nNo."}),
        (1, "broken_front_matter"),
    ]


POSTS = """<?xml version="1.0" encoding="utf-8"?><posts>
<row Id="1" PostTypeId="1" AcceptedAnswerId="3" Title="Q" Tags="&lt;a&gt;&lt;b-c&gt;" Body="&lt;p&gt;x&lt;/p&gt;"/>
<row Id="2" PostTypeId="2" ParentId="1" Score="9" Body="best"/>
<row Id="3" PostTypeId="2" ParentId="1" Score="-1" Body="accepted"/>
<row Id="4" PostTypeId="1" Title="R" Tags="|d|" Body="y"/>
<row Id="5" PostTypeId="2" ParentId="4" Score="2" Body="first of equals"/>
<row Id="6" PostTypeId="2" ParentId="4" Score="2" Body="second"/>
<row Id="7" PostTypeId="1" Title="S" Tags="" Body="unanswered"/>
<row Id="8" PostTypeId="2" ParentId="99" Score="1" Body="lost"/>
<row Id="9" PostTypeId="5" Body="a wiki page"/>
</posts>"""


def test_a_question_comes_with_its_accepted_answer_else_with_the_best(tmp_path):
    found = [values for _, values in read(put(tmp_path, "Posts.xml", POSTS), "stackexchange")]
    assert [(v["Id"], v["Tags"], (v["answer"] or {}).get("Body")) for v in found[:-1]] == [
        ("1", ["a", "b-c"], "accepted"), ("4", ["d"], "first of equals"), ("7", [], None),
    ]  # fmt: skip
    assert found[-1] == "answer_without_question"


def test_broken_xml_keeps_the_questions_before_the_break(tmp_path):
    cut = POSTS[: POSTS.index('<row Id="7"')] + "<row Id="
    found = [values for _, values in read(put(tmp_path, "Posts.xml", cut), "stackexchange")]
    assert [v["Id"] for v in found[:-1]] == ["1", "4"]
    assert found[-1] == "broken_xml"


def test_xml_that_defines_entities_is_not_expanded(tmp_path):
    entities = '<!DOCTYPE posts [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    bomb = f'{entities}<posts><row Id="1" PostTypeId="1" Body="&b;"/></posts>'
    assert read(put(tmp_path, "Posts.xml", bomb), "stackexchange") == [(1, "broken_xml")]


def test_a_parquet_file_keeps_its_types_and_its_nesting(tmp_path):
    rows = [
        {"id": 1, "price": Decimal("1.50"), "day": date(2026, 1, 5), "who": {"name": "Ann"}, "tags": ["a", "b"]},
        {"id": 2, "price": None, "day": None, "who": None, "tags": None},
        {"id": 3, "price": Decimal("2.00"), "day": date(2026, 1, 7), "who": {"name": "Bo"}, "tags": []},
    ]
    assert read(put(tmp_path, "t.parquet", parquet(rows)), "parquet") == list(enumerate(rows, 1))


def test_parquet_files_are_found_by_glob_and_in_any_fsspec_place(tmp_path):
    for name in ("b.parquet", "a.parquet"):
        put(tmp_path, name, parquet([{"id": name}]))
    assert [values["id"] for _, values in read(tmp_path / "*.parquet", "parquet")] == ["a.parquet", "b.parquet"]
    fsspec.filesystem("memory").pipe("/desk/t.parquet", parquet([{"id": 1}]))
    assert read("memory://desk/t.parquet", "parquet") == [(1, {"id": 1})]


def test_a_value_of_a_parquet_file_that_python_cannot_hold_costs_itself_alone(tmp_path):
    columns = {
        "id": pa.array([1, 2]),
        "day": pa.array([0, 2**60], pa.int64()).cast(pa.timestamp("ms")),
        "text": pa.Array.from_buffers(
            pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"a\xff")]
        ),
    }
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    first, second = (values for _, values in read(tmp_path / "t.parquet", "parquet"))
    assert first == {"id": 1, "day": datetime(1970, 1, 1), "text": "a"}  # noqa: DTZ001 - as the file has it
    assert (second["id"], second["day"]) == (2, None)
    desk = source(tmp_path / "t.parquet", "parquet", fields={"id": "id", "title": "text", "body": "id"})
    published = collect("articles", [desk], CollectionParams(), calendar=JANUARY, keys=JANUARY.keys(), key=b"k")
    assert [(r["outcome"], r["reason"]) for r in published.ledger.to_pylist()].count(
        ("quarantined", "undecodable")
    ) == 1


def test_a_broken_parquet_file_is_one_entry(tmp_path):
    whole = parquet([{"id": n} for n in range(6)])
    assert read(put(tmp_path, "t.parquet", whole[:-9]), "parquet") == [(1, "broken_parquet")]
    assert read(put(tmp_path, "t.parquet", b""), "parquet") == [(1, "broken_parquet")]


def a_module(folder, monkeypatch, body):
    name = f"desk_{uuid.uuid4().hex}"
    (folder / f"{name}.py").write_text(body)
    monkeypatch.syspath_prepend(folder)
    return name


def test_a_callable_of_ones_own_yields_rows(tmp_path, monkeypatch):
    body = "from types import MappingProxyType as M\ndef rows():\n  yield {'id': 1}\n  yield M({'id': 2})\n  yield 7\n"
    module = a_module(tmp_path, monkeypatch, body)
    assert read(f"{module}:rows", "python") == [(1, {"id": 1}), (2, {"id": 2}), (3, "wrong_type")]


def test_a_module_of_the_working_directory_is_found(tmp_path, monkeypatch):
    (tmp_path / "desk_beside.py").write_text("def rows():\n    return [{'id': 1}]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert read("desk_beside:rows", "python") == [(1, {"id": 1})]


def test_a_fault_in_a_callable_is_one_line_that_quotes_no_row(tmp_path, monkeypatch):
    body = "def rows():\n    yield {'id': 1}\n    raise ValueError('Ann Elm, 4111 1111 1111 1111')\nword = 7\n"
    module = a_module(tmp_path, monkeypatch, body)
    for path, complaint in (
        (f"{module}:rows", rf"sources\.desk: {module}:rows failed with ValueError; correct it"),
        (f"{module}:cols", f"{module} has no function 'cols'"),
        (f"{module}:word", f"{module} has no function 'word'"),
        ("no_such_desk:rows", "no module called 'no_such_desk'"),
        (module, "not module:function"),
    ):
        with pytest.raises(RefineryError, match=complaint) as caught:
            read(path, "python")
        assert "Ann" not in f"{caught.value}{caught.value.__cause__}"


def test_a_column_of_json_text_can_be_reached_into(tmp_path):
    path = put(tmp_path, "t.csv", 'id,extra\n1,"{""a"": 1}"\n2,{\n3,\n')
    rows = read(path, "csv", json_columns=["extra"])
    assert rows == [(1, {"id": "1", "extra": {"a": 1}}), (2, "broken_json"), (3, {"id": "3", "extra": None})]


def test_globs_folders_and_exclusions_name_files(tmp_path):
    for name in ("a.md", "deep/b.md", "LICENSE.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        put(tmp_path, name, name)
    files = [r.file for r in rows_of(source(tmp_path, "markdown", exclude=["LICENSE*"]), CollectionParams())]
    assert files == ["a.md", "deep/b.md"]
    assert [r.file for r in rows_of(source(f"{tmp_path}/*.md", "markdown"), CollectionParams())] == [
        "LICENSE.md",
        "a.md",
    ]


def test_any_fsspec_place_can_be_read():
    fsspec.filesystem("memory").pipe("/desk/t.jsonl", b'{"id": 1}\n')
    assert read("memory://desk/t.jsonl", "jsonl") == [(1, {"id": 1})]


def test_a_missing_file_is_an_error_that_names_the_source_and_the_file(tmp_path):
    with pytest.raises(RefineryError, match=rf"sources\.desk: there is no file at {tmp_path}/none\.csv"):
        read(tmp_path / "none.csv", "csv")
    with pytest.raises(RefineryError, match=r"sources\.desk: cannot open nowhere://x"):
        read("nowhere://x", "csv")


def test_an_unknown_kind_is_an_error_that_lists_the_kinds():
    with pytest.raises(
        ValueError,
        match="unknown kind 'excel'; known kinds are csv, json, jsonl, markdown, parquet, python, sql, stackexchange",
    ):
        source("x", "excel")


def test_an_option_the_kind_does_not_take_is_an_error():
    with pytest.raises(ValueError, match="kind 'jsonl' takes no `delimiter`"):
        source("x", "jsonl", delimiter=";")


SAMPLES = {
    "csv": b'id,text\n1,"a ""b"""\n2,c\n',
    "jsonl": b'{"id": 1, "text": "a"}\n{"id": 2}\n',
    "json": b'[{"id": 1, "text": ["a", {"b": null}]}, 7]',
    "markdown": b"---\nid: 1\nday: 2026-01-02\n---\n# T\n\ntext\n",
    "parquet": parquet([{"id": 1, "text": "a"}, {"id": 2, "text": None}]),
    "stackexchange": b'<posts><row Id="1" PostTypeId="1" Title="t" Tags="a"/></posts>',
}


@pytest.mark.parametrize("kind", SAMPLES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bytes_whatsoever_stop_a_reading(tmp_path, kind, data):
    sample = SAMPLES[kind]
    junk = data.draw(st.binary(max_size=12) | st.sampled_from([b"\x00", b'"', b"\xff\xfe", b"\\ud800", b"9" * 5000]))
    at = data.draw(st.integers(0, len(sample)))
    until = data.draw(st.integers(at, len(sample)))
    path = put(tmp_path, "t", sample[:at] + junk + sample[until:])
    desk = source(path, kind, fields={"id": "_row", "title": "text?", "body": "text?"})
    published = collect("articles", [desk], CollectionParams(), calendar=JANUARY, keys=JANUARY.keys(), key=b"k")
    assert balance(published.ledger).rows_in == len(read(path, kind))
