from pathlib import Path

import pytest

from assets import base_model
from assets.errors import RefineryError
from assets.tuning.few_shot import few_shot_prompts, render
from assets.tuning.params import FewShotParams
from tests import models


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    return base_model.load_tokenizer(tiny_model)


@pytest.fixture(scope="module")
def prompts(release, tokenizer):
    return {p["category"]: p for p in few_shot_prompts(release, FewShotParams(), tokenizer).table.to_pylist()}


def test_each_category_and_the_star_have_five_different_shots(prompts):
    assert set(prompts) == {"*", "house", "rooms"}
    for prompt in prompts.values():
        assert prompt["k"] == len({s["question"] for s in prompt["shots"]}) == 5


def test_shots_come_from_the_training_part_and_from_their_category(prompts):
    categories = {f"pair-train-{n:03}": models.example(n, "train")["category"] for n in range(48)}
    for category, prompt in prompts.items():
        assert all(s["pair_id"] in categories for s in prompt["shots"])
        assert category == "*" or {categories[s["pair_id"]] for s in prompt["shots"]} == {category}


def test_the_prompt_states_the_role_numbers_the_examples_and_ends_with_the_question(prompts, tokenizer):
    prompt = prompts["house"]
    text = render(prompt["template"], prompt["shots"], "Is there a {shots} bar?")
    assert text.startswith("You are a business assistant.")
    assert f"Question 5: {prompt['shots'][4]['question']}\nAnswer 5: {prompt['shots'][4]['answer']}" in text
    assert text.endswith("Question: Is there a {shots} bar?\nAnswer:")
    bare = render(prompt["template"], prompt["shots"], "")
    assert prompt["tokens"] == len(tokenizer.encode(bare, add_special_tokens=False))


def test_the_same_question_is_not_shown_twice_and_both_topics_of_a_category_are(tmp_path, tokenizer):
    about = {"source": "desk", "category": "house", "output": "Yes."}
    parking = [models.example(n, "train", **about, input=f"Is there parking at house {n}?") for n in range(20)]
    repeated = [models.example(n, "train", **about, input="Is there parking at house 1?") for n in range(20, 30)]
    pets = [models.example(n, "train", **about, input=f"May my dog sleep in room {n}?") for n in range(30, 42)]
    release = models.release(tmp_path / "r", [*parking, *repeated, *pets])
    shown = few_shot_prompts(release, FewShotParams(k_shots=4), tokenizer).table.to_pylist()[0]["shots"]
    questions = {s["question"] for s in shown}
    assert len(questions) == 4
    assert {q.split()[0] for q in questions} == {"Is", "May"}


def test_a_long_answer_is_not_shown_where_short_ones_are(tmp_path, tokenizer):
    rows = [models.example(n, "train", category="house") for n in range(12)]
    rows[0] = models.example(0, "train", category="house", output="Yes. " * 300)
    release = models.release(tmp_path / "r", rows)
    shots = few_shot_prompts(release, FewShotParams(), tokenizer).table.to_pylist()[0]["shots"]
    assert all(len(s["answer"]) < 100 for s in shots)


def test_a_category_too_small_for_a_prompt_of_its_own_is_served_by_the_star(tmp_path, tokenizer):
    rows = [models.example(n, "train", category="rare" if n < 3 else "house") for n in range(20)]
    table = few_shot_prompts(models.release(tmp_path / "r", rows), FewShotParams(), tokenizer).table
    assert table.column("category").to_pylist() == ["house", "*"]


def test_the_same_release_gives_the_same_prompts(release, tokenizer):
    first, again = (few_shot_prompts(release, FewShotParams(), tokenizer).table for _ in range(2))
    assert first.equals(again)


@pytest.mark.parametrize("text", ["few_shot: no places", "few_shot: '{question} {shots}'", "[]", ": :", "few_shot: 3"])
def test_a_template_without_its_places_is_a_clear_error(tmp_path, release, tokenizer, text):
    file = Path(tmp_path / "prompts.yaml")
    file.write_text(text)
    with pytest.raises(RefineryError, match="is no prompt"):
        few_shot_prompts(release, FewShotParams(prompts=file), tokenizer)


def test_a_release_without_training_examples_is_a_clear_error(tmp_path, tokenizer):
    release = models.release(tmp_path / "r", [models.example(0, "test")])
    with pytest.raises(RefineryError, match="no training example"):
        few_shot_prompts(release, FewShotParams(), tokenizer)
