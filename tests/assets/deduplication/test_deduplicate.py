import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from assets import tables
from assets.deduplication.deduplicate import apply, deduplicate
from assets.deduplication.params import DeduplicationParams
from assets.errors import RefineryError
from assets.ledger import balance, reasons
from tests.signing import signatures

PARAMS = DeduplicationParams()
ANSWER = (
    "Open the settings of your account, choose security, and press the button that says reset. "
    "We then send you a link by mail; follow it and choose a password that you have not used before."
)


def pair(pair_id, question="How do I reset my password?", answer=ANSWER, **more):
    return {
        "pair_id": pair_id,
        "partition": "2024-01",
        "thread_id": f"thread of {pair_id}",
        "question": question,
        "answer": answer,
        "truth_evidence": "none",
        "created_at": datetime(2024, 1, 1, tzinfo=UTC),
        **more,
    }


def deduplicated(*rows, params=PARAMS):
    pairs = tables.VALIDATED_PAIRS.of(rows)
    return deduplicate(pairs, signatures(pairs), params)


def outcomes(published):
    return {r["id"]: (r["outcome"], r["reason"], r["into"]) for r in published.ledger.to_pylist()}


def kept(published):
    return published.table.column("pair_id").to_pylist()


def clusters(published):
    return dict(zip(kept(published), published.table.column("cluster_id").to_pylist(), strict=True))


def test_pairs_equal_but_for_case_space_and_punctuation_are_exact_duplicates():
    found = deduplicated(pair("a"), pair("b", "  how do I reset\tmy password", ANSWER.upper() + "!!"))
    assert outcomes(found)["b"] == ("merged", "exact_duplicate", "a")


def test_a_pair_with_a_word_changed_in_a_long_answer_is_a_near_duplicate():
    found = deduplicated(pair("a"), pair("b", answer=ANSWER.replace("press the button", "press that button")))
    assert [reason for _, reason, _ in outcomes(found).values()] == [None, "near_duplicate"]


@pytest.mark.parametrize(
    "other",
    [
        {"question": "How do I reset my password within 2 days?"},
        {"question": "How do I close my bank account?"},
        {"answer": ANSWER.replace("have not used", "have used")},
        {"answer": ANSWER.replace("send you a link", "send [PERSON_1] a link")},
        {"answer": ANSWER.replace("the settings of your account", "the settings of your Fidelity account")},
        {"answer": ANSWER + " The link is valid for 24 hours."},
        {"answer": "We have reset it for you."},
    ],
    ids=["number", "other_question", "negation", "placeholder", "name", "number_in_answer", "other_answer"],
)
def test_what_differs_in_a_way_that_matters_is_kept(other):
    assert kept(deduplicated(pair("a"), pair("b", **other))) == ["a", "b"]


def test_numbers_that_differ_only_in_punctuation_are_not_equal():
    a, b = pair("a", answer="The fee for that is $1.50 a month."), pair("b", answer="The fee for that is $150 a month.")
    assert kept(deduplicated(a, b)) == ["a", "b"]


def test_the_survivor_has_the_best_evidence_then_the_longest_answer_then_is_newest_then_has_the_smallest_id():
    longer = ANSWER + " Please tell us."
    newer = {"created_at": datetime(2024, 2, 1, tzinfo=UTC)}
    assert kept(deduplicated(pair("a", answer=longer), pair("b", truth_evidence="reviewed"))) == ["b"]
    assert kept(deduplicated(pair("a"), pair("b", answer=longer))) == ["b"]
    assert kept(deduplicated(pair("a"), pair("b", **newer))) == ["b"]
    assert kept(deduplicated(pair("b"), pair("a"))) == ["a"]


def test_placeholders_do_not_make_an_answer_longer():
    a = pair("a", answer="[PERSON_1] [PERSON_1] [PERSON_1] it ships today")
    b = pair("b", answer="[PERSON_1] [PERSON_1] [PERSON_1] it ships today")
    assert kept(deduplicated(a, b)) == ["a"]


def test_every_pair_has_one_outcome_and_merges_name_a_survivor():
    rows = [pair(f"p{i}", answer=ANSWER.replace("link", "link " * (i % 3 + 1))) for i in range(12)]
    found = deduplicated(*rows, pair("q", "Where is my parcel right now?", "It left our house on Monday morning."))
    sums = balance(found.ledger)
    assert sums.rows_in == 13
    assert sums.rows_out == found.table.num_rows
    assert {into for _, _, into in outcomes(found).values() if into} <= set(kept(found))


def test_at_most_max_per_answer_pairs_share_an_answer_and_which_does_not_hang_on_the_order():
    topics = ["invoice", "parcel", "password", "refund", "tariff", "router", "contract", "address", "login", "delivery"]
    rows = [pair(f"p{i}", f"What about the {t} I wrote of?", "We have closed this.") for i, t in enumerate(topics)]
    params = DeduplicationParams(max_per_answer=3)
    found = deduplicated(*rows, params=params)
    assert reasons(found.ledger) == {"stock_answer": 7}
    assert kept(deduplicated(*reversed(rows), params=params)) == kept(found)


def test_the_result_does_not_hang_on_the_order_of_the_rows():
    rows = [pair(f"p{i}", answer=ANSWER.replace("link", ("link", "letter", "text")[i % 3])) for i in range(9)]
    assert deduplicated(*rows).table.equals(deduplicated(*reversed(rows)).table)


def test_long_near_duplicate_questions_share_a_cluster_whatever_their_answers():
    asked = "since this morning the router blinks red and no page opens at all although I pressed reset"
    found = deduplicated(
        pair("a", asked, "Please switch it off for a minute."),
        pair("b", asked + " twice", "There is an outage in your street until noon."),
        pair("c", "Can you send me my invoice?", "We have sent it by mail."),
    )
    assert clusters(found) == {"a": "a", "b": "a", "c": "c"}


def test_a_short_question_asked_of_many_businesses_does_not_chain_them_together():
    found = deduplicated(
        pair("a", "Is there parking?", "Guests park for free behind the Acorn."),
        pair("b", "Is there parking?", "No, but a public garage is two streets away."),
        pair("c", "Is there parking", "Yes, guests park for free behind the Acorn."),
    )
    assert clusters(found) == {"a": "a", "b": "b", "c": "a"}


FRAMES = (
    "Hello team,\n\n{} I could not find this on your pages.\n\nKind regards,\n[PERSON_1]",
    "{} My account number is [ACCOUNT]. Any help would be welcome.",
)
REQUEST = (
    "After changing the Wi-Fi name half of our devices no longer connect to the Beck 7. It is an old house with solid "
    "brick walls. Will my heating stay connected when I rename the network?"
)
STEPS = (
    "Please do this:\n1. In the app tap Network, Wi-Fi, Name and password.\n2. Choose at least 12 characters.\n"
    "3. Save; the Wi-Fi restarts within 90 seconds and the hubs follow by themselves."
)
PROSE = (
    "You can change it under Network, Wi-Fi, Name and password in the app. The password needs 12 characters or more. "
    "After 90 seconds the Wi-Fi is back, and our hubs take the new password over by themselves."
)


FEW = DeduplicationParams(
    min_shared_weight=3, min_evidence=8, min_weight_asked_again=3
)  # of two texts, a word weighs 0.7
"""Two pairs alone do not show which of their words are rare, and steps and prose of one answer are far apart."""


def asked(pair_id, frame, answer, request=REQUEST):
    return pair(pair_id, FRAMES[frame].format(request), answer)


def test_one_request_in_two_frames_with_one_answer_in_other_words_is_a_semantic_duplicate():
    found = deduplicated(asked("a", 0, STEPS), asked("b", 1, PROSE), params=FEW)
    assert sorted(reason or "" for _, reason, _ in outcomes(found).values()) == ["", "semantic_duplicate"]
    apart = deduplicated(asked("a", 0, STEPS), asked("b", 1, PROSE), params=DeduplicationParams(semantic=False))
    assert kept(apart) == ["a", "b"]


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (REQUEST.replace("Beck 7", "Beck 5"), PROSE),
        (REQUEST.replace("no longer connect", "still connect"), PROSE.replace("12", "14")),
        (REQUEST, PROSE.replace("90 seconds", "45 seconds")),
        (REQUEST.replace("It is an old house", "It is not an old house"), PROSE),
    ],
    ids=["model", "other_request", "number_in_answer", "negation"],
)
def test_another_frame_does_not_hide_another_number_or_negation(request_, answer):
    assert kept(deduplicated(asked("a", 0, STEPS), asked("b", 1, answer, request_), params=FEW)) == ["a", "b"]


def test_the_same_question_answered_otherwise_is_kept_and_shares_its_cluster():
    other = asked("b", 1, PROSE.replace("90 seconds", "45 seconds"))
    found = deduplicated(asked("a", 0, STEPS), other, params=FEW)
    assert clusters(found) == {"a": "a", "b": "a"}


def test_the_same_answer_to_another_question_is_kept_in_a_cluster_of_its_own():
    found = deduplicated(pair("a"), pair("b", "My code for the second factor never arrives, what now?"))
    assert clusters(found) == {"a": "a", "b": "b"}


def test_no_chain_of_like_pairs_joins_its_ends():
    words = [a + b + c for a in "bcdfghklm" for b in "aeiou" for c in "npqrstvwz"]
    said = [" ".join(words[start : start + 200]) for start in range(0, 60, 12)]
    found = deduplicated(*(pair(f"p{i}", answer=text, truth_evidence="none") for i, text in enumerate(said)))
    assert 1 < found.table.num_rows < len(said)


def test_a_pair_without_a_signature_is_an_error_that_says_what_to_do():
    pairs = tables.VALIDATED_PAIRS.of([pair("a"), pair("b")])
    with pytest.raises(RefineryError, match="pair_signatures"):
        deduplicate(pairs, signatures(pairs.slice(0, 1)), PARAMS)


def test_earlier_nights_are_compared_by_their_signatures_alone():
    pairs = tables.VALIDATED_PAIRS.of([pair("old"), pair("new", truth_evidence="reviewed")])
    signed = signatures(pairs)
    blank = pa.array(["", ""])
    mute = pairs.set_column(pairs.schema.get_field_index("question"), "question", blank)
    mute = mute.set_column(pairs.schema.get_field_index("answer"), "answer", blank)
    assert outcomes(deduplicate(mute, signed, PARAMS))["old"] == ("merged", "exact_duplicate", "new")


@pytest.mark.parametrize("n", [1, 50])
def test_rows_that_are_all_the_same_become_one(n):
    assert deduplicated(*(pair(f"p{i:02}") for i in range(n))).table.num_rows == 1


def test_no_pairs_in_no_pairs_out():
    assert deduplicated().table.num_rows == 0


def test_ten_thousand_variations_of_one_text_are_compared_with_a_few_only():
    words = ("please", "kindly", "simply", "just")
    rows = [
        {"id": i, "text": f"{words[i % 4]} {words[i // 4 % 4]} open settings of account x{'abcdefghij'[i % 10] * 9}"}
        for i in range(2000)
    ]
    assert sum(r["kept"] for r in apply(rows, PARAMS)) < 200


def test_apply_keeps_the_longest_text_and_sets_rows_without_text_aside():
    rows = [
        {"id": 1, "text": "please reset the password of my account today because I cannot get in any more at all"},
        {
            "id": 2,
            "text": "Hello please reset the password of my account today because I cannot get in any more at all",
        },
        {"id": 3, "text": None},
        {"id": 4, "text": "!?"},
        {"id": 5, "text": "!?"},
        {"id": 6},
    ]
    assert [(r["id"], r["kept"], r["into"], r["reason"]) for r in apply(rows, PARAMS)] == [
        (1, False, 2, "near_duplicate"),
        (2, True, None, None),
        (3, False, None, "no_text"),
        (4, True, None, None),
        (5, False, 4, "exact_duplicate"),
        (6, False, None, "no_text"),
    ]


def test_fewer_than_one_in_a_hundred_distinct_faq_items_is_merged(refinery_data: Path):
    entities = json.loads((refinery_data / "dstc_faq_kb/knowledge.json").read_text())
    rows = [
        pair(f"{domain} {entity} {i}", doc["title"], doc["body"], thread_id=f"{domain} {entity}")
        for domain, of_domain in entities.items()
        for entity, known in list(of_domain.items())[:8]
        for i, doc in known["docs"].items()
    ]
    found = deduplicated(*rows)
    assert sum(n for why, n in reasons(found.ledger).items() if why != "exact_duplicate") < 0.01 * len(rows)
    assert max(Counter(clusters(found).values()).values()) < 0.01 * len(rows)
