from pathlib import Path

import pytest

from assets import base_model
from assets.errors import RefineryError
from assets.shots import load_templates, prompt_of, render
from assets.tuning.few_shot import few_shot_prompts
from assets.tuning.params import FewShotParams, RefineParams
from assets.tuning.refine import RefineRequest, refine, tried
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


def test_what_people_did_not_write_is_not_shown_however_typical_it_is(tmp_path, tokenizer):
    made_up = ("rule", "back_translation", "synthetic")
    rows = [models.example(n, "train", origin=made_up[n % 3], input="Have you parking?") for n in range(12)]
    rows += [models.example(n, "train") for n in range(12, 16)]
    shots = few_shot_prompts(models.release(tmp_path / "r", rows), FewShotParams(), tokenizer).table.to_pylist()
    assert [s["pair_id"] for p in shots for s in p["shots"] if s["pair_id"] < "pair-train-012"] == []
    assert len(shots[0]["shots"]) == 4
    with pytest.raises(RefineryError, match="that people wrote"):
        few_shot_prompts(models.release(tmp_path / "none", rows[:12]), FewShotParams(), tokenizer)


def test_the_category_decides_the_shots_only_where_whoever_asks_states_it(release, tokenizer):
    row = models.example(0, "test")
    for known, shown in ((False, "*"), (True, row["category"])):
        table = few_shot_prompts(release, FewShotParams(category_known=known), tokenizer).table
        prompts = {p["category"]: p for p in table.to_pylist()}
        assert prompt_of(row, prompts)["category"] == shown
        assert prompt_of({**row, "category": "unseen"}, prompts)["category"] == "*"


def test_the_same_release_gives_the_same_prompts(release, tokenizer):
    first, again = (few_shot_prompts(release, FewShotParams(), tokenizer).table for _ in range(2))
    assert first.equals(again)


WRONG = [
    "no places",
    "'{question} {shots}'",
    "'{shots} {question} {question}'",
    "'{shots} {shots} {question}'",
    "'{shots}'",
    "3",
    "''",
]


@pytest.mark.parametrize("text", [f"two: '{{shots}} {{question}}'\none: {wrong}" for wrong in WRONG])
def test_a_template_without_its_places_is_a_clear_error(tmp_path, release, tokenizer, text):
    file = Path(tmp_path / "prompts.yaml")
    file.write_text(text)
    with pytest.raises(RefineryError, match="one: is no prompt"):
        few_shot_prompts(release, FewShotParams(prompts=file), tokenizer)


@pytest.mark.parametrize("text", ["[]", ": :", "", "3"])
def test_a_file_that_names_no_template_is_a_clear_error(tmp_path, text):
    file = Path(tmp_path / "prompts.yaml")
    file.write_text(text)
    with pytest.raises(RefineryError, match="names no prompt"):
        load_templates(file)


def test_a_template_that_the_file_does_not_hold_is_a_clear_error(release, tokenizer):
    with pytest.raises(RefineryError, match="name one that the file holds"):
        few_shot_prompts(release, FewShotParams(template="unheard_of"), tokenizer)


def test_a_release_without_training_examples_is_a_clear_error(tmp_path, tokenizer):
    release = models.release(tmp_path / "r", [models.example(0, "test")])
    with pytest.raises(RefineryError, match="no training example"):
        few_shot_prompts(release, FewShotParams(), tokenizer)


LITTLE = {"examples": 4, "dtype": "float32", "threads": 1}


def test_the_form_whose_true_answers_are_likeliest_is_kept_with_the_evidence_of_all(tiny_model, release, tokenizer):
    params = FewShotParams(refine=RefineParams(templates=("brief", "business_assistant"), k=(3, 1), **LITTLE))
    found = tried(release, tiny_model, params)
    assert [(row["template"], row["k"], row["n"]) for row in found] == [
        ("brief", 1, 4),
        ("brief", 3, 4),
        ("business_assistant", 1, 4),
        ("business_assistant", 3, 4),
    ]
    best = min(found, key=lambda row: row["nll_per_token"])
    assert [row["chosen"] for row in found] == [row is best for row in found]
    for prompt in few_shot_prompts(release, params, tokenizer, found).table.to_pylist():
        assert (prompt["template_name"], prompt["k"]) == (best["template"], best["k"])
        assert (prompt["validation_nll"], prompt["tried"]) == (best["nll_per_token"], found)
        assert prompt["template"] == load_templates(params.prompts)[best["template"]]


def test_what_is_said_of_a_form_is_what_the_real_model_finds(tmp_path):
    from assets import base_model, shots
    from assets.reader import Reader

    tokenizer = base_model.load_tokenizer(models.packaged())
    rows = [models.example(n, "train", input="Is there a lift?", output=f"Yes, there are {n} lifts.") for n in range(3)]
    rows += [models.example(n, "validation") for n in range(2)]
    params = FewShotParams(refine=RefineParams(k=(1, 2), examples=2, threads=1))
    request = RefineRequest(release=models.release(tmp_path / "r", rows), base_model=models.packaged(), params=params)
    found = refine(request, tmp_path / "tried.json")
    prompts = {p["category"]: p for p in few_shot_prompts(request.release, params, tokenizer, found).table.to_pylist()}
    reader = Reader(base_model.load_model(models.packaged()), pad=tokenizer.pad_token_id, end=tokenizer.eos_token_id)
    asked = [shots.ask(r, prompts["*"], 1536, tokenizer) for r in rows[3:]]
    nll = reader.nll([a.encoded for a in asked], batch_tokens=4096)
    tokens = sum(len(a.encoded.input_ids) - a.encoded.answer_start for a in asked)
    chosen = next(row for row in found if row["chosen"])
    assert chosen["nll_per_token"] == pytest.approx(sum(nll) / tokens, rel=1e-3)


def test_one_form_is_not_tried(tmp_path, release):
    assert tried(release, tmp_path / "no model", FewShotParams()) == []
    assert tried(release, tmp_path / "no model", FewShotParams(refine=RefineParams(k=(4, 4)))) == []


def test_a_smaller_form_shows_the_first_shots_of_a_larger_one(release, tokenizer):
    three, five = (
        few_shot_prompts(release, FewShotParams(k_shots=k), tokenizer).table.to_pylist()[0]["shots"] for k in (3, 5)
    )
    assert three == five[:3]


def test_forms_cannot_be_tried_without_validation_examples(tiny_model, tmp_path):
    params = FewShotParams(refine=RefineParams(k=(1, 2), **LITTLE))
    release = models.release(tmp_path / "r", [models.example(n, "train") for n in range(8)])
    with pytest.raises(RefineryError, match="no validation example"):
        refine(RefineRequest(release=release, base_model=tiny_model, params=params), tmp_path / "tried.json")
