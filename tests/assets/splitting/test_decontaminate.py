import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.errors import RefineryError
from assets.splitting.benchmarks import read_texts
from assets.splitting.decontaminate import HeldOut, copies, words
from assets.splitting.params import DecontaminationParams

PARAMS = DecontaminationParams()
LONG = "the label on my parcel was torn and the depot sent it back to you before i could collect it on friday"


def found(question, answer, *held, params=PARAMS):
    return copies([(question, answer)], held, params)[0]


def test_a_passage_of_a_held_out_text_is_found_in_a_longer_one():
    mail = f"good morning to all of you, i hope this finds you well. {LONG}. kind regards and thanks for your patience"
    assert found(mail, "we are sorry", HeldOut("bench", LONG)) == {"bench"}
    assert found(LONG, "we are sorry", HeldOut("bench", mail)) == {"bench"}


def test_a_few_shared_words_are_no_copy():
    other = "the label on my parcel was torn and i would like to know how to print another one for the next time"
    assert found(other, "print it", HeldOut("bench", LONG)) == set()


def test_a_phrase_of_the_house_betrays_nothing_and_a_copy_in_it_is_found_all_the_same():
    opening = "thank you for keeping bees with us, i am writing about the order i placed on your pages last week"
    desk = [(f"{opening} {n}", "noted") for n in "abcdefghijkl"]
    params = DecontaminationParams(max_similarity=1)
    assert not any(copies(desk, [HeldOut("bench", opening)], params))
    assert copies(desk[:3], [HeldOut("bench", opening)], params) == [{"bench"}] * 3
    assert copies(desk, [HeldOut("bench", f"{opening} c")], params)[2] == {"bench"}, "equal texts are always copies"


def test_half_the_world_asks_whether_there_is_parking():
    test = HeldOut("test", "is there parking", "yes, behind the barn for all our guests, day and night, free of charge")
    assert found("is there parking", "no, but there is a tram every ten minutes from the gate", test) == set()
    assert found("is there parking", "yes, behind the barn for all our guests, day and night, free of charge", test)
    assert found("is there parking", "no", HeldOut("bench", "Is there parking?")) == {"bench"}


def test_an_answer_that_a_benchmark_expects_is_found_and_a_stock_answer_of_the_test_is_not():
    assert found("where is it", LONG, HeldOut("bench", LONG)) == {"bench"}
    assert found("where is it", LONG, HeldOut("test", "what happened to my second order of last month", LONG)) == set()


def test_texts_without_words_are_no_copies_of_each_other():
    assert found("", "", HeldOut("bench", "?!")) == set()


def test_scripts_without_white_space_are_compared_by_sign():
    asked = "我的包裹显示已送达但是我没有收到请问应该怎么办呢谢谢"
    assert found(asked + "你好", "好的", HeldOut("bench", asked)) == {"bench"}


texts = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=9).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(texts, min_size=1, max_size=6), st.lists(texts, min_size=1, max_size=6), st.sampled_from([0.5, 0.8, 1]))
def test_the_search_misses_no_two_texts_that_are_alike(trained, held, limit):
    """Against every pair of texts, for the search promises to be exact."""
    params = DecontaminationParams(n=50, max_similarity=limit)  # no text is that long: similarity alone decides

    def shingles(text):
        said = words(text)
        return {tuple(said[i : i + 3]) for i in range(len(said) - 2)} or {tuple(said)}

    def alike(a, b):
        a, b = shingles(a), shingles(b)
        return len(a & b) >= limit * len(a | b)

    expected = [{str(n) for n, text in enumerate(held) if alike(one, text)} for one in trained]
    made = copies([(one, "") for one in trained], [HeldOut(str(n), text) for n, text in enumerate(held)], params)
    assert made == expected


def test_every_kind_of_file_gives_its_texts(tmp_path: Path):
    rows = [
        {"q": "Where is my order now?", "label": "order", "turns": [{"role": "user", "content": "It is late again."}]}
    ]
    (tmp_path / "a.jsonl").write_text(json.dumps(rows[0]) + "\n\n")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    (tmp_path / "a.txt").write_text("Where is my order now?\nIt is late again.\n")
    (tmp_path / "b.txt").write_text("Where is my\norder now?\n\nIt is late again.\n")
    expected = ["Where is my order now?", "It is late again."]
    assert (
        read_texts(tmp_path / "a.jsonl")
        == read_texts(tmp_path / "a.parquet")
        == read_texts(tmp_path / "a.txt")
        == expected
    )
    assert read_texts(tmp_path / "b.txt") == ["Where is my\norder now?", "It is late again."]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"q\n", "JSONL, Parquet or plain text"),
        ("a.jsonl", b'{"q": "one two three"}\n{', "a.jsonl, line 2: not JSON"),
        ("a.jsonl", b"\xff\xfe", "not UTF-8"),
        ("a.parquet", b"PAR1", "not Parquet"),
        ("a.txt", b"one two", "holds no text of 3 words"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RefineryError, match=said):
        read_texts(tmp_path / name)
    with pytest.raises(RefineryError, match=r"nowhere\.txt: the benchmark file cannot be opened"):
        read_texts(tmp_path / "nowhere.txt")
