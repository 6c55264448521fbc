from collections import Counter
from datetime import UTC, datetime

import pytest

from assets import tables
from assets.deduplication.consistency import consistency_findings
from assets.deduplication.deduplicate import deduplicate
from assets.deduplication.params import DeduplicationParams
from tests.assets.deduplication.test_deduplicate import PROSE, STEPS, asked, pair
from tests.signing import signatures

PARAMS = DeduplicationParams(min_shared_weight=3, min_evidence=8, min_weight_asked_again=3, min_article_cosine=0.4)
TOPICS = {
    "billing": ("the invoice of {}", "The invoice lies under Profile, Invoices, and can be paid by card."),
    "network": ("the router in the {}", "Switch the router off for a minute and wait for the green light."),
    "orders": ("the parcel for {}", "The parcel has left our house and the courier brings it tomorrow."),
}
THINGS = ("May", "June", "the kitchen", "my mother", "Bath", "the study", "the office", "our neighbour")


def found(*rows):
    pairs = tables.VALIDATED_PAIRS.of(rows)
    signed = signatures(pairs)
    return consistency_findings(deduplicate(pairs, signed, PARAMS).table, signed, PARAMS)


def kinds(published):
    return Counter(published.table.column("kind").to_pylist())


def test_the_same_question_answered_with_other_numbers_is_a_contradiction():
    published = found(
        asked("a", 0, STEPS), {**asked("b", 1, PROSE.replace("90 seconds", "45 seconds")), "truth_evidence": "reviewed"}
    )
    (row,) = published.table.to_pylist()
    assert (row["kind"], row["pair_id"], row["other_id"], row["conflicts"]) == ("contradiction", "a", "b", 1)
    assert published.ledger.column("parents").to_pylist() == [["a", "b"]]


def article(pair_id, answer, **more):
    return pair(
        pair_id, "How do I rename the Wi-Fi?", answer, kind="article", truth_evidence="agrees_with_article", **more
    )


def test_an_answer_with_a_number_the_article_no_longer_has_is_outdated():
    new = article("new", STEPS, created_at=datetime(2024, 5, 1, tzinfo=UTC))
    old = article("old", STEPS.replace("90 seconds", "45 seconds"), created_at=datetime(2024, 1, 1, tzinfo=UTC))
    said = [asked("a", 0, PROSE.replace("90 seconds", "45 seconds")), pair("b", "May I rename it?", PROSE)]
    rows = [r for r in found(new, old, *said).table.to_pylist() if r["kind"] == "outdated"]
    assert [(r["pair_id"], r["other_id"]) for r in rows] == [("a", "new")]


def labelled():
    for name, (question, answer) in TOPICS.items():
        for i, thing in enumerate(THINGS):
            said = f"What about {question.format(thing)}?"
            yield pair(f"{name}{i}", said, answer, category=name, customer_id=f"c{name}{i}")


def test_a_category_that_the_words_do_not_speak_for_is_found_with_the_right_one():
    rows = [{**row, "category": "orders"} if row["pair_id"] == "billing3" else row for row in labelled()]
    errors = [r for r in found(*rows).table.to_pylist() if r["kind"] == "label_error"]
    assert [(r["pair_id"], r["suggested"]) for r in errors] == [("billing3", "billing")]
    assert errors[0]["score"] > 0.5


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [pair("a", category="billing")],
        [pair(f"p{i}", category="billing") for i in range(6)],
        [pair(f"p{i}", category=None) for i in range(6)],
        [pair(f"p{i}", category="once" if i == 0 else "billing") for i in range(8)],
    ],
    ids=["none", "one", "one_category", "no_categories", "a_category_seen_once"],
)
def test_where_nothing_can_be_judged_nothing_is_found(rows):
    assert kinds(found(*rows))["label_error"] == 0


def test_a_contradiction_outlives_the_merging_of_its_wording():
    longer = PROSE + " Should it take longer, switch the router off and on once."
    wrong = asked("b", 1, PROSE.replace("90 seconds", "45 seconds"))
    published = found(asked("a", 0, STEPS), {**asked("c", 1, longer), "truth_evidence": "reviewed"}, wrong)
    assert {(r["pair_id"], r["other_id"]) for r in published.table.to_pylist()} == {("b", "c")}
