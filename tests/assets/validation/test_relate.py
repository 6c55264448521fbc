"""A small desk of seven matters, judged as a whole."""

import numpy as np
import pyarrow as pa
import pytest

from assets import tables
from assets.ledger import balance, reasons
from assets.validation.params import DeskParams, ValidationParams
from assets.validation.relate import relate
from assets.validation.stock import put_offs
from assets.validation.validate import apply, score_pairs, validate

PARAMS = ValidationParams(desk=DeskParams(least_pairs=40, reference_pairs=100, min_relevance=0.4))
MATTERS = {
    "router": (
        "How do I reset the {} router?",
        "Hold the reset button of the {} router for {} seconds until it blinks.",
    ),
    "refund": (
        "When do I get the refund for my {} shoes?",
        "We refund {} shoes within {} days to the card you paid with.",
    ),
    "boiler": ("Why does the {} boiler leak water?", "Close the water tap of the {} boiler and book a visit for ${}."),
    "parking": (
        "Where can I park near the {} office?",
        "Guests park behind the {} office, the first {} hours are free.",
    ),
    "password": ("How can I change my {} password?", "Open your {} profile and set a password of {} letters."),
    "delivery": ("Where is my {} parcel?", "A {} parcel takes {} working days, the tracking number is in your mail."),
    "invoice": ("Why is my {} invoice higher?", "The {} invoice counts the fee for {} more months of the contract."),
}
ADDED = ("old", "new", "blue", "green", "small", "large", "second", "first", "spare", "cheap")


def desk(**more):
    rows = []
    for category, (question, answer) in MATTERS.items():
        for n, word in enumerate(ADDED):
            said = {"question": question.format(word), "answer": answer.format(word, n + 20)}
            ident = f"{category}{n}"
            rows.append(
                {"pair_id": ident, "record_id": ident, "kind": "ticket", "source": "desk", "category": category}
                | {"origin": "human", "truth_evidence": "none", "partition": "2024-01"}
                | said
                | more.get(ident, {})
            )
    return rows


def related(rows, params=PARAMS):
    scored = score_pairs(tables.QA_PAIRS.of(rows), params.scoring).table
    return relate(validate(scored, params).table, scored, params.desk)


@pytest.fixture(scope="module")
def told():
    wrong = {
        "router3": {"answer": MATTERS["invoice"][1].format("blue", 4)},
        "parking5": {"answer": MATTERS["router"][1].format("large", 4)},
        "boiler2": {
            "question": "Which beans make the best espresso?",
            "answer": "Dark roasted arabica beans taste best, ground finely and brewed at high pressure.",
        },
    }
    article = {
        "question": "What should I know about refunds?",
        "answer": "We refund shoes within 23 days to the card you paid with.",
    }
    return [*desk(**wrong), desk()[0] | article | {"pair_id": "kb", "record_id": "kb", "kind": "article"}]


@pytest.fixture(scope="module")
def scored(told):
    return score_pairs(tables.QA_PAIRS.of(told), PARAMS.scoring).table


@pytest.fixture(scope="module")
def judged(scored):
    return relate(validate(scored, PARAMS).table, scored, PARAMS.desk)


def test_a_wrong_answer_and_a_stray_are_found_among_good_pairs(judged, told):
    found = {line["id"]: line["reason"] for line in judged.ledger.to_pylist() if line["outcome"] == "dropped"}
    assert found["router3"] == found["parking5"] == "irrelevant_answer"
    assert found["boiler2"] in ("off_topic", "irrelevant_answer")
    assert len(found) <= 3 + 0.05 * len(told)


def test_an_answer_agrees_with_the_article_that_has_its_number(judged):
    kept = {row["pair_id"]: row["truth_evidence"] for row in judged.table.to_pylist()}
    assert {i for i, evidence in kept.items() if evidence == "agrees_with_article"} - {"kb"} == {"refund3"}


def test_what_a_pair_is_judged_does_not_hang_on_the_order_of_rows(scored, judged):
    turned = scored.take(list(reversed(range(len(scored)))))
    assert relate(validate(turned, PARAMS).table, turned, PARAMS.desk).table.equals(judged.table)


def test_a_customers_word_gives_way_to_an_article_and_a_reviewers_does_not():
    kb = {"pair_id": "kb", "record_id": "kb", "kind": "article"}
    said = {"refund3": {"truth_evidence": "customer_confirmed"}, "refund4": {"truth_evidence": "reviewed"}}
    rows = [desk(**said)[n] for n in (13, 14)] + [desk()[10 + n] | kb | {"pair_id": f"kb{n}"} for n in (3, 4)]
    kept = {row["pair_id"]: row["truth_evidence"] for row in related(rows).table.to_pylist()}
    assert (kept["refund3"], kept["refund4"]) == ("agrees_with_article", "reviewed")


@pytest.mark.parametrize(
    "rows",
    [[], desk()[:1], desk()[::30], [row | {"category": None} for row in desk()], [desk()[0]] * 60],
    ids=["none", "one", "three", "no categories", "all the same"],
)
def test_whatever_the_desk_every_pair_has_an_outcome(rows):
    rows = [row | {"pair_id": f"p{n}", "record_id": f"p{n}"} for n, row in enumerate(rows)]
    table, ledger = related(rows)
    assert table.schema == tables.RELEVANT_PAIRS.schema
    assert balance(ledger).rows_in == len(rows)
    assert balance(ledger).kept >= 0.9 * len(rows), reasons(ledger)


def test_a_small_desk_is_judged_by_what_is_usual_elsewhere():
    table, _ = related(desk()[:5], ValidationParams())
    assert table.column("domain").to_pylist() == [None] * 5
    assert min(table.column("relevance").to_pylist()) > 0.25


def test_apply_learns_from_the_file_it_is_given(told):
    plain = [{"id": row["pair_id"], **{k: row[k] for k in ("question", "answer", "category")}} for row in told]
    found = {row["id"]: row for row in apply(plain, PARAMS)}
    assert found["router3"]["reasons"] == ["irrelevant_answer"]
    assert found["router4"]["keep"]
    assert pa.array([row["scores"]["relevance"] for row in found.values()], pa.float64()).null_count == 0


def test_an_answer_given_to_anything_is_a_put_off():
    questions = [row["question"] for row in desk()[::7]]
    answers = ["Colleagues from the workshop know about it."] * 9 + [desk()[9]["answer"]]
    hit = put_offs([str(n) for n in range(10)], questions, answers, longest=25, fewest=3, spread=2.0, reference=100)
    assert hit.tolist() == [True] * 9 + [False]
    assert not np.any(put_offs(["a"], ["x"], ["y"], longest=25, fewest=3, spread=2.0, reference=100))
