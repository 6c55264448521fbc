import json

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from assets import base_model, tables
from assets.errors import RefineryError
from assets.evaluation import frozen
from assets.evaluation.params import PredictionParams
from assets.evaluation.predict import PredictionRequest, predict, predicted, predictions
from assets.ledger import balance
from assets.reader import Reader
from assets.released import open_release
from tests import models

PARAMS = PredictionParams(max_test=10, max_generated=4, max_new_tokens=4, dtype="float32", threads=1)
SHOTS = [{"pair_id": "p", "question": f"Is there thing {n}?", "answer": "Yes."} for n in range(5)]


@pytest.fixture(scope="module")
def prompts(tmp_path_factory):
    file = tmp_path_factory.mktemp("prompts") / "few_shot_prompts.parquet"
    prompt = {"k": 5, "shots": SHOTS, "template": "Examples:\n{shots}\n\nQuestion: {question}\nAnswer:"}
    rows = [{**prompt, "prompt_id": category, "category": category} for category in ("house", "*")]
    pq.write_table(tables.FEW_SHOT_PROMPTS.of(rows), file)
    return file


@pytest.fixture(scope="module")
def adapter(tiny_model, release, tmp_path_factory):
    """An adapter that changes the model, with the facts a training states."""
    import torch
    from peft import LoraConfig, get_peft_model

    folder = tmp_path_factory.mktemp("adapter")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        lora = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
        get_peft_model(base_model.load_model(tiny_model, "float32"), lora).save_pretrained(folder / "adapter")
    (folder / "training.json").write_text(models.trained("lora", release, tiny_model).model_dump_json())
    return folder


@pytest.fixture(scope="module")
def request_(release, tiny_model, prompts, adapter):
    return PredictionRequest(
        release=release, base_model=tiny_model, prompts=prompts, trained={"lora": adapter}, params=PARAMS
    )


@pytest.fixture(scope="module")
def table(request_, tmp_path_factory):
    return predict(request_, tmp_path_factory.mktemp("out") / "predictions.parquet")


def of(table, approach):
    return {r["example_id"]: r for r in table.to_pylist() if r["approach"] == approach}


def test_every_approach_is_asked_the_same_examples_of_the_test_part_alone(table):
    asked = {a: set(of(table, a)) for a in ("zero_shot", "few_shot", "lora")}
    assert asked["zero_shot"] == asked["few_shot"] == asked["lora"]
    assert len(asked["lora"]) == 10
    assert all(example.startswith("test-") for example in asked["lora"])


def test_some_are_answered_in_words_the_same_by_every_approach_and_all_are_scored(table):
    rows = table.to_pylist()
    assert all(r["nll"] > 0 for r in rows)
    spoken = {a: {e for e, r in of(table, a).items() if r["answer"] is not None} for a in ("zero_shot", "lora")}
    assert len(spoken["lora"]) == 4
    assert spoken["zero_shot"] == spoken["lora"]
    assert all((r["answer"] is None) == (r["generated_tokens"] is None) for r in rows)


def test_some_answers_are_scored_under_another_examples_question_too(table, request_, tiny_model, release, tmp_path):
    crossed = {a: {e for e, r in of(table, a).items() if r["nll_crossed"]} for a in ("zero_shot", "few_shot", "lora")}
    assert crossed["zero_shot"] == crossed["few_shot"] == crossed["lora"] != set()
    rows = {r["example_id"]: r for r in open_release(release).examples("test")}
    asked = frozen.crossed([rows[e] for e in of(table, "zero_shot")], PARAMS.max_crossed, PARAMS)
    assert set(asked) == crossed["lora"]
    assert len({row["input"] for row in asked.values()}) == len(asked), "every question is asked once"
    tokenizer, model = base_model.load_tokenizer(tiny_model), base_model.load_model(tiny_model, "float32")
    reader = Reader(model, pad=tokenizer.pad_token_id, end=tokenizer.eos_token_id)
    for example, other in asked.items():
        assert other["input"] != rows[example]["input"]
        system, _, answer = rows[example]["messages"]
        messages = [system, {"role": "user", "content": other["input"]}, answer]
        nll = reader.nll([base_model.encode(messages, tokenizer)], batch_tokens=4096)[0]
        assert of(table, "zero_shot")[example]["nll_crossed"] == pytest.approx(nll, abs=1e-3)
    none = request_.model_copy(update={"trained": {}, "params": PARAMS.model_copy(update={"max_crossed": 0})})
    assert {r["nll_crossed"] for r in predict(none, tmp_path / "p.parquet").to_pylist()} == {None}


def test_answers_alike_are_not_crossed(release):
    rows = [models.example(n, "test", output=("Yes.", "yes. ", "No.")[n % 3]) for n in range(9)]
    for example, other in frozen.crossed(rows, 9, PARAMS).items():
        own = next(r for r in rows if r["example_id"] == example)
        question = next(r for r in rows if r["input"] == other["input"])
        assert (own["output"] == "No.") != (question["output"] == "No.")
        assert other["output"] == own["output"] == other["messages"][-1]["content"]


def test_the_adapter_speaks_for_lora_only(table, request_, tmp_path):
    zero, lora = of(table, "zero_shot"), of(table, "lora")
    assert all(zero[e]["nll"] != lora[e]["nll"] for e in zero)
    assert all(zero[e]["prompt_tokens"] != lora[e]["prompt_tokens"] for e in zero), "it is asked without instruction"
    bare = predict(request_.model_copy(update={"trained": {}, "prompts": None}), tmp_path / "p.parquet")
    assert {e: r["nll"] for e, r in of(bare, "zero_shot").items()} == {e: r["nll"] for e, r in zero.items()}


def test_only_prompts_that_may_know_the_category_show_its_own_shots(table, request_, prompts, tmp_path):
    assert {r["shots_of"] for r in of(table, "few_shot").values()} == {"*"}
    assert {r["shots_of"] for r in of(table, "zero_shot").values()} == {None}
    rows = [{**row, "category_known": True} for row in pq.read_table(prompts).to_pylist()]
    pq.write_table(tables.FEW_SHOT_PROMPTS.of(rows), tmp_path / "informed.parquet")
    asked = request_.model_copy(update={"trained": {}, "prompts": tmp_path / "informed.parquet"})
    found = of(predict(asked, tmp_path / "p.parquet"), "few_shot")
    assert {(r["category"], r["shots_of"]) for r in found.values()} == {("house", "house"), ("rooms", "*")}


def test_few_shot_shows_five_shots_or_as_many_as_fit(table, request_, tmp_path):
    assert {r["shots"] for r in of(table, "few_shot").values()} == {5}
    assert {r["shots"] for r in of(table, "lora").values()} == {0}
    tight = request_.model_copy(update={"params": PARAMS.model_copy(update={"max_prompt_tokens": 90})})
    shown = of(predict(tight, tmp_path / "p.parquet"), "few_shot").values()
    assert all(0 < r["shots"] < 5 for r in shown)
    assert all(r["prompt_tokens"] <= 90 for r in shown)


def test_the_test_set_is_the_same_every_time_while_its_examples_exist(table, request_, tmp_path):
    again = predict(request_, tmp_path / "p.parquet")
    assert again.equals(table)
    gone = sorted(of(table, "zero_shot"))[0]
    rows = [models.example(n, "test") for n in range(48, 64)]
    left = models.release(tmp_path / "r", [r for r in rows if r["example_id"] != gone])
    shrunk = request_.model_copy(update={"release": left, "trained": {}, "prompts": None})
    asked = set(of(predict(shrunk, tmp_path / "q.parquet"), "zero_shot"))
    assert asked > set(of(table, "zero_shot")) - {gone}


def test_the_likeliest_label_is_chosen_by_the_base_model_and_the_adapter(request_, tiny_model, adapter, tmp_path):
    asked = {"task": "classify_category", "instruction": "Say one of: house, rooms."}
    labelled = [models.example(n, "test", **asked, output=("house", "rooms")[n % 2]) for n in range(6)]
    for row in labelled:
        row["example_id"] += "-c"
    labelled += [
        models.example(n, "train", **asked, output=("house", "rooms")[n % 2]) | {"example_id": f"train-{n}-c"}
        for n in range(2)
    ]
    answers = [models.example(n, split) for split in ("train", "validation", "test") for n in range(4)]
    folder = models.release(tmp_path / "r", [*answers, *labelled])
    (tmp_path / "adapter").symlink_to(adapter / "adapter")
    stated = json.loads((adapter / "training.json").read_text())
    stated["release"] = json.loads((folder / "release.json").read_text())["release"]
    (tmp_path / "training.json").write_text(json.dumps(stated))
    params = PARAMS.model_copy(update={"max_labelled": 4})
    other = request_.model_copy(update={"release": folder, "trained": {"lora": tmp_path}, "params": params})
    rows = [r for r in predict(other, tmp_path / "p.parquet").to_pylist() if r["task"] == "classify_category"]
    assert {(r["approach"], r["reference"]) for r in rows} == {
        (a, x) for a in ("zero_shot", "lora") for x in ("house", "rooms")
    }
    assert len(rows) == 8
    assert all(r["answer"] in ("house", "rooms") and r["answer_occurs"] == 4 for r in rows)
    model, tokenizer = base_model.load_model(request_.base_model, "float32"), base_model.load_tokenizer(tiny_model)
    for row in (r for r in rows if r["approach"] == "zero_shot"):
        asked_ = next(e for e in labelled if e["example_id"] == row["example_id"])["messages"][:-1]
        said = [[*asked_, {"role": "assistant", "content": label}] for label in ("house", "rooms")]
        reader = Reader(model, pad=tokenizer.pad_token_id, end=tokenizer.eos_token_id)
        nll = [reader.nll([base_model.encode(m, tokenizer)], batch_tokens=4096)[0] for m in said]
        assert row["answer"] == ("house", "rooms")[int(nll[1] < nll[0])]


def test_a_model_trained_whole_takes_the_place_of_the_base_model(request_, release, tiny_model, adapter, tmp_path):
    import torch

    model = base_model.load_model(tiny_model, "float32")
    with torch.no_grad():
        model.model.layers[0].mlp.up_proj.weight.mul_(1.5)
    model.save_pretrained(tmp_path / "model")
    (tmp_path / "training.json").write_text(models.trained("full", release, tiny_model).model_dump_json())
    asked = request_.model_copy(update={"trained": {"lora": adapter, "full": tmp_path}, "prompts": None})
    found = predict(asked, tmp_path / "p.parquet")
    zero, lora, full = (of(found, approach) for approach in ("zero_shot", "lora", "full"))
    assert all(full[e]["nll"] not in (zero[e]["nll"], lora[e]["nll"]) for e in zero)
    alone = predict(asked.model_copy(update={"trained": {"full": tmp_path}}), tmp_path / "p.parquet")
    assert {e: r["nll"] for e, r in of(alone, "full").items()} == {e: r["nll"] for e, r in full.items()}


@pytest.mark.parametrize(("approach", "same"), [("instruction", True), ("multitask", True), ("transfer", False)])
def test_each_approach_is_asked_in_the_form_it_was_trained_in(
    request_, release, tiny_model, adapter, tmp_path, approach, same
):
    (tmp_path / "adapter").symlink_to(adapter / "adapter")
    (tmp_path / "training.json").write_text(models.trained(approach, release, tiny_model).model_dump_json())
    found = predict(request_.model_copy(update={"trained": {approach: tmp_path}}), tmp_path / "p.parquet")
    zero, asked = of(found, "zero_shot"), of(found, approach)
    assert all((zero[e]["prompt_tokens"] == asked[e]["prompt_tokens"]) is same for e in zero)


def test_an_answer_that_other_pairs_share_is_counted(tiny_model, tmp_path):
    rows = [
        models.example(0, "train", output="Closed as duplicate."),
        models.example(1, "test", output="closed  as Duplicate."),
        models.example(2, "test", output="Nobody else says this."),
    ]
    release = models.release(tmp_path / "r", rows)
    table = predict(PredictionRequest(release=release, base_model=tiny_model, params=PARAMS), tmp_path / "p.parquet")
    assert {r["example_id"]: r["answer_occurs"] for r in table.to_pylist()} == {"test-001": 2, "test-002": 1}


def test_each_prediction_is_derived_from_its_example_wherever_it_was_asked(table):
    published = predictions(table)
    assert published.table.equals(table)
    assert balance(published.ledger).derived == len(table)
    far = {**table.to_pylist()[0], "approach": "few_shot_endpoint", "prediction_id": "far", "nll": None}
    joined = predictions(table, [far])
    assert joined.table.filter(pc.equal(joined.table["approach"], "few_shot_endpoint")).num_rows == 1
    assert balance(joined.ledger).derived == len(table) + 1


def test_a_process_of_its_own_gives_the_same_predictions(table, request_, prompts):
    bare = request_.model_copy(update={"prompts": None})
    assert predicted(bare, pq.read_table(prompts), on_line=lambda _: None).equals(table)


@pytest.mark.parametrize("name", ["release", "base_model", "template_sha256", "approach"])
def test_an_adapter_trained_on_something_else_is_refused(request_, adapter, tmp_path, name):
    import shutil

    other = shutil.copytree(adapter, tmp_path / "other")
    stated = json.loads((other / "training.json").read_text())
    (other / "training.json").write_text(json.dumps({**stated, name: "multitask" if name == "approach" else "another"}))
    with pytest.raises(RefineryError, match=f"another {name}"):
        predict(request_.model_copy(update={"trained": {"lora": other}}), tmp_path / "p.parquet")
    assert not (tmp_path / "p.parquet").exists()


def test_a_release_without_test_examples_is_a_clear_error(tiny_model, tmp_path):
    release = models.release(tmp_path / "r", [models.example(0, "train")])
    with pytest.raises(RefineryError, match="no test example"):
        predict(PredictionRequest(release=release, base_model=tiny_model, params=PARAMS), tmp_path / "p.parquet")
