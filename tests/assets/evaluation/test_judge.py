"""A judge is asked in both orders; what depends on the order is a tie, and counted."""

import json

import pytest

from assets import released
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


def test_nothing_is_judged_without_an_endpoint_or_without_being_told_to(release, predictions, tmp_path):
    found, outcomes, server = verdicts(release, predictions, fair, tmp_path, EvaluationParams())
    assert (found, outcomes, server.requests) == ({}, {}, [])
    knobs = LanguageModelParams()
    packaged = LanguageModel(knobs, endpoint(knobs, {}), home=tmp_path, guards=Guards(None, None))
    assert judged(release, predictions, PARAMS, packaged).rows == []
