"""Whatever was recommended becomes a folder that can be served, proved and told apart by its content."""

import json
import shutil

import pyarrow as pa
import pytest
import yaml

from assets import base_model, tables
from assets.errors import RefineryError
from assets.operation.package import Chosen, model_package
from assets.operation.packaged import FOLDER, MARKS, asked, open_package
from assets.training import FullParams, LoraParams, TrainingRequest
from assets.tuning.train import train
from assets.tuning.trained import trained as trained_rows
from tests import models

FAST = {"batch_size": 4, "max_steps": 2, "eval_steps": 2, "dtype": "float32", "threads": 1}
PARAMS = {"lora": LoraParams(r=4, **FAST), "instruction": LoraParams(r=4, **FAST), "full": FullParams(**FAST)}
TABLES = {"lora": tables.LORA_ADAPTER, "instruction": tables.INSTRUCTION_ADAPTER, "full": tables.FULL_MODEL}
SHOTS = [{"pair_id": "secret-pair", "question": f"Is there thing {n}?", "answer": "Yes."} for n in range(3)]


class House:
    """A refinery's home in which three approaches were trained on the tests' release."""

    def __init__(self, home, release, base):
        self.home, self.release, self.base = home, release, base
        self.trained = {}
        for approach, params in PARAMS.items():
            folder = f"artifacts/{TABLES[approach].name}/v1"
            asked_for = TrainingRequest(release=release, base_model=base, approach=approach, params=params)
            result = train(asked_for, home / folder)
            self.trained[approach] = trained_rows(TABLES[approach], [result], folder=folder).table

    def chosen(self, approach, **others):
        """The tables that recommend an approach, every one measured alike."""
        said = {"task": "answer", "reference": "Yes, there is.", "answer": "Yes.", "answer_tokens": 4, "nll": 8.0}
        approaches = ("zero_shot", "few_shot", *PARAMS)
        rows = [
            {**said, "approach": a, "example_id": f"e{n}", "thread_id": f"t{n}"} for a in approaches for n in (0, 1)
        ]
        score = {"task": "answer", "source": "all", "subset": "all", "metric": "nll_per_token", "n": 2, "threads": 2}
        scores = [{**score, "approach": a, "value": 2.0, "low": 1.5, "high": 2.5} for a in approaches]
        scores += [{**score, "approach": a, "baseline": "zero_shot", "value": -0.5} for a in PARAMS]
        scores += [{**score, "approach": a, "source": "desk", "value": 9.0} for a in PARAMS]
        stated = json.loads((self.release / "release.json").read_text())["release"]
        prompt = {"template": "See:\n{shots}\n\nQuestion: {question}\nAnswer:", "shots": SHOTS, "release": stated}
        made = {
            "recommendation": tables.RECOMMENDATION.of([{"approach": approach}]),
            "predictions": tables.PREDICTIONS.of(rows),
            "scores": tables.APPROACH_SCORES.of(scores),
            "prompts": tables.FEW_SHOT_PROMPTS.of([{**prompt, "category": c} for c in ("house", "*")]),
            "trained": list(self.trained.values()),
        }
        return Chosen(**made | others)

    def pack(self, approach, **others):
        made = model_package(self.chosen(approach, **others), release=self.release, base=self.base, home=self.home)
        (row,) = made.table.to_pylist()
        return row, open_package(self.home / row["folder"])


@pytest.fixture(scope="module")
def house(tmp_path_factory, release, tiny_model):
    return House(tmp_path_factory.mktemp("home"), release, tiny_model)


@pytest.fixture(scope="module")
def lora(house):
    return house.pack("lora")


def test_an_adapter_is_packed_with_all_that_serving_it_takes(house, lora):
    row, package = lora
    names = set(package.facts.files)
    assert names >= {"README.md", "predictions.parquet", "adapter.gguf", "tokenizer/tokenizer.json"}
    assert {"adapter/adapter_model.safetensors", "adapter/adapter_config.json"} <= names
    assert any("chat_template" in name for name in names)
    assert (row["kind"], row["approach"], row["not_embedded"]) == ("adapter", "lora", None)
    assert row["artifact"] == house.trained["lora"]["artifact"][0].as_py()
    assert row["nll_per_token"] == 2.0
    tokenizer = base_model.load_tokenizer(package.folder / "tokenizer")
    assert base_model.template_sha256(tokenizer) == package.facts.template_sha256
    assert package.facts.system is None, "it was trained without an instruction"


def test_equal_input_gives_equal_bytes_and_a_damaged_package_is_made_again(house, lora):
    row, package = lora
    before = {f: f.read_bytes() for f in package.folder.rglob("*") if f.is_file()}
    shutil.rmtree(package.folder)
    assert house.pack("lora")[0] == row
    assert {f: f.read_bytes() for f in package.folder.rglob("*") if f.is_file()} == before
    (package.folder / "adapter.gguf").write_bytes(b"damaged")
    with pytest.raises(RefineryError, match=r"adapter\.gguf: the file is not the one that was written"):
        open_package(package.folder)
    house.pack("lora")
    assert open_package(package.folder).version == row["version"]
    assert [f.name for f in (house.home / FOLDER).iterdir() if f.name.startswith(".")] == []


def test_another_measurement_is_another_version(house, lora):
    predictions = house.chosen("lora").predictions
    other = predictions.set_column(
        predictions.schema.get_field_index("nll"), "nll", pa.array([7.0] * len(predictions), pa.float64())
    )
    assert house.pack("lora", predictions=other)[0]["version"] != lora[0]["version"]


def test_what_is_kept_of_the_predictions_holds_no_text(lora):
    _, package = lora
    assert package.marks().num_rows == 2
    assert b"there is" not in (package.folder / MARKS).read_bytes()
    assert "Yes" not in str(package.marks().to_pylist())


def test_the_card_says_what_it_is_how_good_and_under_which_terms(lora):
    _, package = lora
    text = (package.folder / "README.md").read_text()
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["library_name"] == "peft"
    assert front["language"] == ["en"]
    assert front["model-index"][0]["results"][0]["metrics"] == [{"type": "nll_per_token", "value": 2.0}]
    for part in (
        "Intended use", "Limits", package.facts.release, "The house of houses", "CC-BY-4.0", "1.5 to 2.5",
        "| answer | nll_per_token | zero_shot | -0.5 |", "distinct examples in 2 steps", "learning_rate", "verdict-1",
    ):  # fmt: skip
        assert part in text, part
    assert "| 9 |" not in text, "one source's score is not the whole's"
    from huggingface_hub import ModelCard

    assert ModelCard(text).data.base_model == "tiny"


def test_prompts_are_packed_with_template_shots_and_model(house):
    row, package = house.pack("few_shot")
    assert (row["kind"], row["artifact"]) == ("prompts", None)
    stated = json.loads((package.folder / "prompts.json").read_text())
    assert stated["model"].startswith("tiny@")
    assert stated["system"] == package.facts.system == "Answer the question."
    assert {p["category"] for p in stated["prompts"]} == {"house", "*"}
    assert "secret-pair" not in (package.folder / "prompts.json").read_text()


def test_not_to_fine_tune_packs_the_base_model_under_its_instruction(house):
    row, package = house.pack("do_not_fine_tune")
    assert (row["approach"], row["recommended"], row["kind"]) == ("zero_shot", "do_not_fine_tune", "prompts")
    assert package.prompts() == {}
    assert asked(package, [{"role": "user", "content": "Q"}]) == [
        {"role": "system", "content": "Answer the question."},
        {"role": "user", "content": "Q"},
    ]


def test_a_full_model_is_packed_whole_and_says_why_it_has_no_embedded_form(house):
    row, package = house.pack("full")
    assert row["kind"] == "model"
    assert {"model/model.safetensors", "model/config.json", "model/tokenizer.json"} <= set(package.facts.files)
    assert "is not here as GGUF" in row["not_embedded"], "the tests' random model is no packaged one"


def test_an_instruction_adapter_is_asked_under_its_instruction(house):
    _, package = house.pack("instruction")
    assert package.facts.system == "Answer the question."


def test_a_question_is_put_behind_the_shots_of_its_category_and_the_clients_own_instruction_stands(house):
    _, package = house.pack("few_shot")
    said = [{"role": "system", "content": "Mine."}, {"role": "user", "content": "Is there a {question}?"}]
    put = asked(package, said, category="house", shots=2)
    assert put[0]["content"] == "Mine."
    assert put[1]["content"].count("Answer ") == 2
    assert put[1]["content"].endswith("Question: Is there a {question}?\nAnswer:")
    assert asked(package, said, category="unseen", shots=2) == put
    assert "Answer 1" not in asked(package, said, shots=0)[1]["content"]
    assert said[1]["content"] == "Is there a {question}?", "what was handed in is left as it was"


def test_what_cannot_be_proved_is_not_packed(house, tmp_path):
    with pytest.raises(RefineryError, match="was not trained"):
        house.pack("transfer")
    with pytest.raises(RefineryError, match="no predictions"):
        house.pack("lora", predictions=tables.PREDICTIONS.of([]))
    other = models.release(tmp_path / "other", [models.example(n, s) for n, s in enumerate(("train", "test"))])
    with pytest.raises(RefineryError, match="trained with another release"):
        model_package(house.chosen("lora"), release=other, base=house.base, home=house.home)
    with pytest.raises(RefineryError, match="of another release"):
        model_package(house.chosen("few_shot"), release=other, base=house.base, home=house.home)
    weights = house.home / "artifacts/lora_adapter/v1/adapter/adapter_model.safetensors"
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + b"\1")
    with pytest.raises(RefineryError, match="not those that were trained"):
        house.pack("lora")
    weights.write_bytes(good)


def test_a_release_without_terms_is_not_packed(house, tmp_path):
    silent = shutil.copytree(house.release, tmp_path / "silent")
    stated = json.loads((silent / "release.json").read_text())
    del stated["files"]["README.md"]
    (silent / "release.json").write_text(json.dumps(stated))
    (silent / "README.md").unlink()
    with pytest.raises(RefineryError, match="no card that says under which terms"):
        model_package(house.chosen("lora"), release=silent, base=house.base, home=house.home)


@pytest.mark.parametrize("damage", ["version", "approach", "files"])
def test_a_package_that_states_something_else_than_was_packed_is_refused(lora, damage, tmp_path):
    _, package = lora
    copy = shutil.copytree(package.folder, tmp_path / package.version)
    stated = json.loads((copy / "package.json").read_text())
    stated[damage] = {"version": "0" * 16, "approach": "full", "files": {}}[damage]
    (copy / "package.json").write_text(json.dumps(stated))
    with pytest.raises(RefineryError, match="does not state what was packed"):
        open_package(copy)


def test_a_package_that_is_not_there_or_unreadable_is_said(lora, tmp_path):
    with pytest.raises(RefineryError, match="is not there"):
        open_package(tmp_path / "nowhere")
    for text in ("", "[]", "{}", '{"version": 1}'):
        (tmp_path / "package.json").write_text(text)
        with pytest.raises(RefineryError, match=r"package\.json is not what"):
            open_package(tmp_path)
