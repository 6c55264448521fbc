from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assets.anonymization.placeholders import Roster
from assets.anonymization.spans import Span, resolve
from assets.anonymization.text import fold, plain

TEXT = st.text(alphabet=st.characters(exclude_categories=[]), max_size=40)


@given(TEXT, st.data())
def test_every_span_of_a_view_leads_back_into_the_text(text, data):
    for view in (plain(text), fold(plain(text))):
        if not view.text:
            continue
        start = data.draw(st.integers(0, len(view.text) - 1))
        end = data.draw(st.integers(start + 1, len(view.text)))
        a, b = view.original(start, end)
        assert 0 <= a <= b <= len(text)
        assert view.original(0, len(view.text))[1] == len(text)


SPANS = st.builds(
    lambda start, length, kind, layer: Span(start, start + length, kind, 0.5, layer),
    st.integers(0, 30), st.integers(0, 8), st.sampled_from(["PERSON", "EMAIL", "CARD"]), st.integers(0, 3),
)  # fmt: skip


@given(st.lists(SPANS))
def test_resolving_leaves_no_overlap_and_loses_no_character(spans):
    out = resolve(spans)
    assert all(a.end <= b.start for a, b in pairwise(out))
    covered = {i for s in spans for i in range(s.start, s.end)}
    assert covered == {i for s in out for i in range(s.start, s.end)}
    assert out == resolve(reversed(spans))


def test_of_two_people_of_one_name_a_bare_name_means_the_last():
    roster = Roster()
    assert [roster.number("PERSON", m) for m in ("Ann Lee", "Bob Lee", "Lee", "Bob's", "ANN")] == [1, 2, 2, 2, 1]


def test_numbers_go_on_after_those_of_the_source():
    assert Roster(taken=3).number("PERSON", "Ann") == 4
