import numpy as np
import pyarrow as pa
import pytest

from assets import tables
from assets.analysis.params import AnalysisParams
from assets.analysis.sign import sign
from assets.analysis.text_views import text_views, view
from assets.signature import coded, gist, identities, kinds, normalise
from dagster_project.definitions import defs
from tests.signing import scored

PARAMS = AnalysisParams()
PAIRS = tables.VALIDATED_PAIRS.of(
    [
        {
            "pair_id": "a",
            "partition": "2024-01",
            "language": "en",
            "question": "Where is it?",
            "answer": "It's coming.",
        },
        {
            "pair_id": "b",
            "partition": "2024-02",
            "language": "de",
            "question": "Wo ist es?",
            "answer": "Die Rechnungen.",
        },
        {"pair_id": "c", "partition": "2", "language": None, "question": None, "answer": ""},
    ]
)
SCORED = scored(PAIRS)


@pytest.mark.parametrize(
    ("text", "language", "seen"),
    [
        ("The invoices were paid.", "en", "invoic paid"),
        ("Die Rechnungen wurden bezahlt.", "de", "rechnung bezahlt"),
        ("You can't return 2 items.", "en", "not return 2 item"),
        ("[PERSON_1] asks about [ORDER]", "en", "ask"),
        ("Ein Wort", "zz", "ein wort"),
        ("", "en", ""),
    ],
)
def test_a_view_is_lower_cased_stemmed_and_free_of_stop_words_in_its_language(text, language, seen):
    assert view(text, language, PARAMS) == seen


def test_a_pairs_view_and_signature_hang_on_the_pair_alone():
    views, whole, apart = text_views(PAIRS, PARAMS).table, sign(SCORED, PARAMS).table, PAIRS.slice(1, 1)
    assert sign(scored(apart), PARAMS).table.equals(whole.slice(1, 1))
    assert text_views(apart, PARAMS).table.equals(views.slice(1, 1))


def test_a_pair_is_embedded_once_and_one_that_says_nothing_not_at_all():
    embedded = sign(SCORED, PARAMS).table.column("question_embedding")
    assert embedded.to_pylist() == SCORED.column("question_vector").to_pylist()
    assert embedded.is_null().to_pylist() == [False, False, True]


def test_a_signature_holds_no_text():
    texts = {f.name for f in tables.PAIR_SIGNATURES.schema if f.type == pa.string()}
    assert texts == {"pair_id", "partition"}


def test_no_pairs_have_no_views_and_no_signatures():
    none = PAIRS.slice(0, 0)
    assert (text_views(none, PARAMS).table.num_rows, sign(scored(none), PARAMS).table.num_rows) == (0, 0)


def test_no_training_text_comes_from_a_view():
    """Of all that the training examples are made from, directly or not, nothing reads the views."""
    graph = defs.resolve_asset_graph()
    parents = {k.path[-1]: {p.path[-1] for p in graph.get(k).parent_keys} for k in graph.get_all_asset_keys()}
    made_from, waiting = set(), ["training_examples"]
    while waiting:
        name = waiting.pop()
        made_from.add(name)
        waiting += parents[name] - made_from
    assert "pair_signatures" in made_from
    assert "text_views" not in made_from


def test_courtesies_and_signatures_are_no_part_of_what_is_said():
    one = "Dear team,\n\nThe tank stays cold since Monday.\n\nKind regards,\n[PERSON_1]\nHome Support, Mon-Fri"
    assert normalise(gist(one)) == "the tank stays cold since monday"
    assert gist("Hi") == "Hi"
    late = "I ask for the second time.\n\nHarbour office,\n\nwhen does the ferry to the islands leave on Sundays?"
    assert "ferry" in gist(late)


def test_numbers_names_and_negations_are_still_known_in_the_codes():
    codes = coded("Is the Beck 7 red? It isn't.", frozenset({"not"}))
    assert kinds(codes).tolist() == [6, 0, 5, 2, 0, 1, 6, 0, 4, 1]
    assert (identities(codes)[8] == identities(coded("not", frozenset()))).all()


def test_no_code_or_key_can_be_taken_for_a_number_that_means_somebody():
    row = sign(SCORED.slice(0, 1), PARAMS).table.drop_columns(["pair_id", "partition"]).to_pylist()[0]
    values = [v for name, found in row.items() if "embedding" not in name for v in np.ravel(found)]
    assert max(values) < 0
