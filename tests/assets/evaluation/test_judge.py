"""A judge is asked in both orders; what depends on the order is a tie, and counted."""

import json

import pandas as pd
import pytest

from assets import released
from assets.errors import RefineryError
from assets.evaluation.judge import judged
from assets.evaluation.params import EvaluationParams, JudgeParams, ScoreParams
from assets.language_model import Guards, LanguageModel, LanguageModelParams, endpoint
from tests.assets.evaluation.test_scores import predicted
from tests.endpoint import Fault, asked_of, fake, model

PARAMS = EvaluationParams(judge=JudgeParams(examples=8), scores=ScoreParams(resamples=100))


@pytest.fixture(scope="module")
def predictions(release):
    """Good answers of lora and bad ones of the prompts, to the questions of the release."""
    rows = released.open_release(release).examples("test")
    said = {"lora": "A good answer.", "few_shot": "A bad answer.", "zero_shot": "A bad answer."}
    return predicted(
        [
            {
                "prediction_id": f"{approach}-{row['example_id']}",
                "approach": approach,
                "task": "answer",
                "reference": row["output"],
                "answer": answer,
                **{name: row[name] for name in ("example_id", "thread_id", "source")},
            }
            for approach, answer in said.items()
            for row in rows
        ]
    )


def fair(body, _):
    data = asked_of(body)
    good = ["good" in data[place] for place in ("first", "second")]
    return {"better": "tie" if good[0] == good[1] else ("first", "second")[good[1]]}


def verdicts(release, predictions, behave, home, params=PARAMS, **how):
    with fake(behave) as server:
        found = judged(release, predictions, params, model(server.url, home, **how))
    return {(row["metric"], row["approach"]): row for row in found.rows}, found.outcomes, server


def test_the_better_answers_are_preferred_wherever_they_stand(release, predictions, tmp_path):
    found, outcomes, server = verdicts(release, predictions, fair, tmp_path)
    assert found["judge_preference", "lora"]["value"] == 1.0
    assert found["judge_preference", "zero_shot"]["value"] == 0.5
    assert {a for _, a in found} == {"lora", "zero_shot"}
    assert all(row["n"] == 8 for row in found.values())
    assert outcomes == {"answered": 32}
    first = asked_of(json.loads(server.requests[0]))
    assert set(first) == {"question", "reference", "first", "second"}
    assert first["question"].startswith("Does ")


def test_a_judge_who_takes_what_stands_first_prefers_nobody_and_is_found_out(release, predictions, tmp_path):
    found, _, _ = verdicts(release, predictions, lambda *_: {"better": "first"}, tmp_path)
    assert found["judge_preference", "lora"]["value"] == 0.5
    assert found["judge_consistency", "lora"]["value"] == 0.0


def test_a_pair_not_judged_in_both_orders_is_left_out_and_every_prompt_counted(release, predictions, tmp_path):
    def behave(body, n):
        return Fault(content="I cannot say") if "bad" in asked_of(body)["first"] else {"better": "first"}

    found, outcomes, _ = verdicts(release, predictions, behave, tmp_path)
    assert found == {}
    assert outcomes == {"answered": 8, "not_json": 24}


def told_by_people(release, file, verdicts, **words):
    """A file of a verdict on each of these answers of lora, in the order of their ids."""
    ids = [row["example_id"] for row in released.open_release(release).examples("test")]
    rows = [
        {"example_id": id, "approach": "lora", "baseline": "few_shot", "verdict": said, **words}
        for id, said in zip(ids, verdicts, strict=False)
    ]
    pd.DataFrame(rows).to_csv(file, index=False)
    return EvaluationParams(judge=JudgeParams(examples=99, verdicts=file), scores=ScoreParams(resamples=100))


def noted(body, _):
    """Better, worse and equal in turn, by the length of the question, wherever the answer stands."""
    data = asked_of(body)
    good = "first" if "good" in data["first"] else "second"
    other = {"first": "second", "second": "first"}[good]
    return {"better": (good, other, "tie")[int(data["question"].encode().hex(), 16) % 3]}


def test_the_judges_agreement_with_people_is_that_of_scikit_learn(release, predictions, tmp_path):
    from sklearn.metrics import accuracy_score, cohen_kappa_score

    tests = released.open_release(release).examples("test")
    judge = [("better", "worse", "equal")[int(row["input"].encode().hex(), 16) % 3] for row in tests]
    people = [word if n % 3 else "better" for n, word in enumerate(judge)]
    params = told_by_people(release, tmp_path / "verdicts.csv", people)
    found, _, _ = verdicts(release, predictions, noted, tmp_path, params)
    agreement, beyond = found["judge_agreement", "lora"], found["judge_kappa", "lora"]
    assert agreement["n"] == beyond["n"] == len(people)
    assert agreement["value"] == pytest.approx(accuracy_score(judge, people), abs=1e-6)
    assert beyond["value"] == pytest.approx(cohen_kappa_score(judge, people), abs=1e-6)
    assert 0 < beyond["value"] < 1
    assert beyond["low"] < beyond["value"] < beyond["high"]
    assert ("judge_kappa", "zero_shot") not in found


@pytest.mark.parametrize("gone", [{"example_id": "elsewhere"}, {"approach": "full"}, {"baseline": "zero_shot"}])
def test_verdicts_on_what_was_not_answered_this_time_are_passed_over_and_counted(gone, release, predictions, tmp_path):
    params = told_by_people(release, file := tmp_path / "verdicts.csv", ["better"] * 3)
    kept = pd.read_csv(file)
    pd.concat([kept, kept.head(2).assign(**gone)]).to_csv(file, index=False)
    with fake(fair) as server:
        found = judged(release, predictions, params, model(server.url, tmp_path))
    assert found.passed_over == 2
    assert {row["metric"]: row["n"] for row in found.rows if row["approach"] == "lora"}["judge_agreement"] == 3


def test_verdicts_on_what_was_not_judged_count_for_nothing(release, predictions, tmp_path):
    params = told_by_people(release, tmp_path / "verdicts.csv", ["better"] * 8)
    few = params.model_copy(update={"judge": params.judge.model_copy(update={"examples": 1})})
    found, _, _ = verdicts(release, predictions, fair, tmp_path, few)
    assert found["judge_agreement", "lora"]["n"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"verdict": "nicer"}, "row 1 its verdict is none of worse, equal, better"),
        ({"approach": "elsewhere"}, "row 1 its approach is none of zero_shot, few_shot"),
        ({"baseline": "elsewhere"}, "row 1 its against is none of zero_shot, few_shot"),
    ],
)
def test_a_wrong_verdict_of_a_person_is_named_by_its_row(words, said, release, predictions, tmp_path):
    params = told_by_people(release, tmp_path / "verdicts.csv", ["better", "equal"], **words)
    with pytest.raises(RefineryError) as refused:
        verdicts(release, predictions, fair, tmp_path, params)
    assert said in str(refused.value).replace(":", "")
    assert "elsewhere" not in str(refused.value)


def test_a_file_of_verdicts_that_cannot_be_read_or_lacks_a_column_is_named(release, predictions, tmp_path):
    params = told_by_people(release, tmp_path / "verdicts.csv", ["better"])
    for content, said in (("example_id,approach,against\na,b,c\n", "lacks the column verdict"), ("", "can be read")):
        (tmp_path / "verdicts.csv").write_text(content)
        with pytest.raises(RefineryError, match=said):
            verdicts(release, predictions, fair, tmp_path, params)


def test_nothing_is_judged_without_an_endpoint_or_without_being_told_to(release, predictions, tmp_path):
    found, outcomes, server = verdicts(release, predictions, fair, tmp_path, EvaluationParams())
    assert (found, outcomes, server.requests) == ({}, {}, [])
    knobs = LanguageModelParams()
    packaged = LanguageModel(knobs, endpoint(knobs, {}), home=tmp_path, guards=Guards(None, None))
    assert judged(release, predictions, PARAMS, packaged).rows == []
