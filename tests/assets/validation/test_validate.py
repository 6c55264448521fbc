import pyarrow as pa
import pytest
from pydantic import ValidationError

from assets import tables
from assets.errors import RefineryError
from assets.ledger import balance, reasons
from assets.validation.decide import RULES, decide
from assets.validation.params import ScoringParams, ValidationParams
from assets.validation.score import SCORE_SCHEMA, score
from assets.validation.validate import apply, score_pairs, validate, validate_qa_pair

PARAMS = ValidationParams()


def validated(rows, params=PARAMS):
    return validate(score_pairs(tables.QA_PAIRS.of(rows), params.scoring).table, params)


def reason_for(pair, params=PARAMS):
    _, ledger = validated([pair], params)
    return ledger.to_pylist()[0]["reason"]


def test_a_good_pair_is_kept_with_its_scores(make):
    table, ledger = validated([make()])
    (row,) = table.to_pylist()
    assert table.schema == tables.VALIDATED_PAIRS.schema
    assert balance(ledger).kept == 1
    scores = {column.name: row[column.name] for column in tables.SCORES}
    assert None not in scores.values()
    assert all(round(value, 4) == value for value in scores.values())
    assert row["relevance"] > 0.95


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("question_too_short", {"question": "Router?"}),
        ("question_too_long", {"question": "How do I reset the router? " * 30}),
        ("answer_too_short", {"answer": "Hold the button."}),
        ("answer_too_long", {"answer": "Hold the reset button of the router. " * 80}),
        ("non_answer", {"answer": "Closed with explanation"}),
        ("non_answer", {"answer": "I'm sorry to hear that. I'll escalate this to our network team."}),
        ("unclear_question", {"question": "?? ## %% router $$ ~~ @@ !!"}),
        ("unspecific_question", {"question": "It does not work, please help me with it!"}),
        ("ungrammatical", {"question": "router router i reset !!! ,, pls"}),
        ("incomplete_answer", {"answer": "To reset the router you have to press the"}),
        ("irrelevant_answer", {"answer": "Our kitchen bakes its own bread and cake on Sundays."}),
        ("auto_reply", {"question": "Automatic reply: I am on holiday until Monday, in urgent cases ask [PERSON_1]."}),
        ("bounce", {"question": "Undeliverable: your request. Final-Recipient: rfc822; [EMAIL_1]. Status: 5.1.1"}),
        ("spam", {"question": "Congratulations! You were chosen. Claim your prize today, click here."}),
    ],
)
def test_each_limit_has_a_reason_of_its_own(make, reason, said):
    assert reason_for(make(**said), ValidationParams(min_relevance=0.25)) == reason


def test_the_first_reason_in_the_stated_order_decides(make):
    assert reason_for(make(question="Eh?", answer="Done")) == "question_too_short"
    order = [rule.reason for rule in RULES]
    found = next(apply([{"id": 1, "question": "Eh?", "answer": "Done"}], PARAMS))["reasons"]
    assert found == sorted(found, key=order.index)
    assert len(found) > 1


def test_a_changed_limit_decides_anew_without_a_new_score(make):
    scores = score(tables.QA_PAIRS.of([make(), make("p2", answer="Hold the reset button.")]), PARAMS)
    assert decide(scores, PARAMS) == [None, None]
    assert decide(scores, ValidationParams(answer_min_chars=30)) == [None, "answer_too_short"]
    assert set(ScoringParams.model_fields).isdisjoint(rule.limit for rule in RULES)
    turned = ValidationParams(answer_min_chars=30, by_kind={})
    for asset, moved in (("scored_pairs", False), ("validated_pairs", True), ("relevant_pairs", False)):
        assert (turned.told(asset) != PARAMS.told(asset)) is moved


def test_speech_is_not_judged_by_its_full_stops(make):
    said = "um um i i need to reset the router ,, please"
    assert reason_for(make(kind="ticket", question=said)) == "ungrammatical"
    assert reason_for(make(kind="call", question=said)) is None


def test_a_pair_fares_alone_as_it_does_among_others(make):
    pairs = [make(f"p{i}", question=q) for i, q in enumerate(["How do I reset it?", "Is parking free? " * 9, "Reset?"])]
    pairs += [make("p9", answer="Closed without relief"), make("p8", answer="Hold the reset button. " * 40)]
    together = score(tables.QA_PAIRS.of(pairs), PARAMS).to_pylist()
    assert together == [row for p in pairs for row in score(tables.QA_PAIRS.of([p]), PARAMS).to_pylist()]


def test_rows_may_be_cut_anywhere(make):
    table = tables.QA_PAIRS.of([make(f"p{i}", question=f"How do I reset router {i}?") for i in range(5)])

    def in_twos(rows, fn):
        return pa.concat_tables([fn(rows.slice(i, 2)) for i in range(0, len(rows), 2)])

    assert score_pairs(table, PARAMS.scoring, map_rows=in_twos) == score_pairs(table, PARAMS.scoring)


def test_no_pairs_give_an_empty_table():
    table, ledger = validated([])
    assert table.schema == tables.VALIDATED_PAIRS.schema
    assert (len(table), len(ledger)) == (0, 0)
    assert score(tables.QA_PAIRS.of([]), PARAMS).schema == SCORE_SCHEMA


def test_pairs_without_texts_are_dropped_and_harm_nobody(make):
    rows = [make("p1", question=None), make("p2", answer=None), make("p3")]
    _, ledger = validated(rows)
    assert reasons(ledger) == {"answer_too_short": 1, "question_too_short": 1}


def test_apply_gives_every_reason_and_score_of_plain_rows(make):
    rows = [{"id": i, "question": make()["question"], "answer": make()["answer"], "category": "x"} for i in range(600)]
    rows.append({"id": "bad", "question": "Why?"})
    found = list(apply(rows, PARAMS))
    assert len(found) == 601
    assert found[0]["keep"] is True
    assert found[0]["reasons"] == []
    assert set(found[0]) == {"id", "keep", "reasons", "scores"}
    assert (found[-1]["id"], found[-1]["keep"]) == ("bad", False)
    assert "non_answer" in found[-1]["reasons"]


def test_a_pair_by_itself_passes_with_the_four_scores_of_the_contract():
    passed, scores = validate_qa_pair(
        "How do I reset the router?", "Hold the reset button of the router for ten seconds.", PARAMS
    )
    assert passed
    assert list(scores) == ["question_quality", "answer_quality", "relevance", "completeness"]
    assert not validate_qa_pair("", "", PARAMS)[0]


def test_apply_names_the_row_without_an_id():
    with pytest.raises(RefineryError, match="row 2"):
        list(apply([{"id": 1}, {"question": "a secret"}], PARAMS))


@pytest.mark.parametrize(
    "wrong",
    [
        {"by_kind": {"call": {"min_beauty": 1}}},
        {"by_kind": {"call": {"min_grammar": 2}}},
        {"question_min_chars": 600},
        {"mismatched_cosines": (0.5, 0.1)},
        {"min_substance": 0},
    ],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        ValidationParams(**wrong)


def test_a_model_that_is_not_there_is_named(make):
    for model in ("package:no_such_model_package", "/no/such/folder"):
        with pytest.raises(RefineryError, match="embedding_model"):
            validated([make()], ValidationParams(embedding_model=model))
