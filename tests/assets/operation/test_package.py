"""Whatever was recommended becomes a folder that can be served, proved and told apart by its content."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from assets import base_model, released, tables
from assets.conversation import draft
from assets.errors import RefineryError
from assets.instructions import Instructions
from assets.operation.contest import compare
from assets.operation.package import Chosen, model_package
from assets.operation.packaged import FOLDER, MARKS, Package, Told, asked, open_package
from assets.operation.params import OperationParams, PromotionParams
from assets.shots import ask
from assets.training import FullParams, LoraParams, TrainingRequest, put
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
        self.home, self.release = home, release
        self.place = {"base": base, "home": home, "words": models.WORDS, "max_prompt_tokens": 640}
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
        prompt = {
            "prompt_id": "1",
            "template": "See:\n{shots}\n\nQuestion: {question}\nAnswer:",
            "shots": SHOTS,
            "release": stated,
        }
        made = {
            "recommendation": tables.RECOMMENDATION.of([{"approach": approach}]),
            "predictions": tables.PREDICTIONS.of(rows),
            "scores": tables.APPROACH_SCORES.of(scores),
            "prompts": tables.FEW_SHOT_PROMPTS.of([{**prompt, "category": c} for c in ("house", "*")]),
            "trained": list(self.trained.values()),
        }
        return Chosen(**made | others)

    def pack(self, approach, gguf=None, **others):
        made = model_package(self.chosen(approach, **others), release=self.release, gguf=gguf, **self.place)
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
    assert package.facts.instructions == {}, "it was trained without an instruction"


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


def test_a_package_of_before_a_metric_was_measured_can_still_be_contended_with(lora, tmp_path):
    _, package = lora
    pq.write_table(package.marks().drop_columns(["question_gain"]), tmp_path / MARKS)
    older = Package(tmp_path, package.facts).marks()
    assert older.schema.names == package.marks().schema.names
    figures = {figure.metric: figure for figure in compare(package.marks(), older, PromotionParams())}
    assert figures["question_gain"].champion is None
    assert figures["nll_per_token"].champion == figures["nll_per_token"].value == 2.0


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
    assert stated["instructions"] == package.facts.instructions == models.WORDS.tasks.answer
    assert {p["max_tokens"] for p in stated["prompts"]} == {640}
    assert {p["category"] for p in stated["prompts"]} == {"house", "*"}
    assert "secret-pair" not in (package.folder / "prompts.json").read_text()


def test_not_to_fine_tune_packs_the_base_model_under_its_instruction(house):
    row, package = house.pack("do_not_fine_tune")
    assert (row["approach"], row["recommended"], row["kind"]) == ("zero_shot", "do_not_fine_tune", "prompts")
    assert package.prompt(Told()) is None
    assert asked(package, [{"role": "user", "content": "Q"}]) == [
        {"role": "system", "content": "Answer the question."},
        {"role": "user", "content": "Q"},
    ]


def test_a_full_model_is_packed_whole_and_says_why_it_has_no_embedded_form(house):
    row, package = house.pack("full")
    assert row["kind"] == "model"
    assert {"model/model.safetensors", "model/config.json", "model/tokenizer.json"} <= set(package.facts.files)
    assert "is not here as GGUF" in row["not_embedded"], "the tests' random model is no packaged one"


def test_a_full_models_gguf_is_made_after_the_one_that_the_settings_name(house, tmp_path):
    row, _ = house.pack("full", gguf=tmp_path / "gone.gguf")
    assert row["not_embedded"].startswith("operation.serving.base_gguf: ")
    named = OperationParams(serving={"base_gguf": "my.gguf"})
    assert named.told("model_package") != OperationParams().told("model_package"), "it is packed again once it is named"


def test_an_instruction_adapter_is_asked_under_its_instruction(house):
    _, package = house.pack("instruction")
    said = [{"role": "user", "content": "Q"}]
    for told, first in ((Told(), "qa"), (Told(item_type="policy"), "policy"), (Told(category="house"), "qa")):
        assert asked(package, said, told)[0]["content"] == models.WORDS.tasks.answer[first]


def test_a_question_is_put_behind_the_shots_of_its_category_and_the_clients_own_instruction_stands(house):
    _, package = house.pack("few_shot")
    said = [{"role": "system", "content": "Mine."}, {"role": "user", "content": "Is there a {question}?"}]
    put = asked(package, said, Told(category="house"), shots=2)
    assert put[0]["content"] == "Mine."
    assert put[1]["content"].count("Answer ") == 2
    assert put[1]["content"].endswith("Question: Is there a {question}?\nAnswer:")
    assert asked(package, said, Told(category="unseen"), shots=2) == put
    assert "Answer 1" not in asked(package, said, shots=0)[1]["content"]
    assert said[1]["content"] == "Is there a {question}?", "what was handed in is left as it was"


CONVERSATIONS = (
    [],
    [("user", "Good day."), ("user", "We are two.")],
    [("user", "Hello."), ("assistant", "What can I do?"), ("assistant", "We are open."), ("user", " First: ")],
    [("assistant", "Welcome to the Oak Inn!")],
    [("assistant", "Welcome!"), ("user", "Thanks."), ("assistant", "How many are you?")],
)


LABELLED, LABELS = "classify_category", "Say one of: house, rooms."


@pytest.fixture(scope="module")
def talks(tmp_path_factory, tiny_model):
    """A house whose test questions were asked in conversations, each drafted as formatting does it."""
    rows = [models.example(n, split) for split, ns in (("train", range(8)), ("validation", range(8, 12))) for n in ns]
    for n, segment in ((20, "new"), (21, "frequent"), (22, "silent")):
        about = f"{LABELS} {models.WORDS.about(segment)}"
        rows.append(models.example(n, "train", task=LABELLED, instruction=about))
    pairs = {}
    for n, said in enumerate(CONVERSATIONS * 3):
        history = [{"role": role, "content": content} for role, content in said]
        item_type = ("qa", "policy", "procedure")[n % 3]
        for task in ("answer", "classify_category"):
            row = models.example(n, "test", task=task, category="house") | {"example_id": f"test-{n:03}-{task}"}
            pair = {"history": history, "question": f"{row['input']}\n"}
            asked_under = models.WORDS.tasks.answer[item_type] if task == "answer" else LABELS
            row |= {"instruction": asked_under, **draft(pair, asked_under, row["output"], models.WORDS)}
            told = Told(item_type=item_type, task=task)
            pairs[row["example_id"]] = ([*history, {"role": "user", "content": pair["question"]}], told)
            rows.append(row)
    home = tmp_path_factory.mktemp("talks")
    return House(home, models.release(home / "release", rows), tiny_model), pairs


@pytest.mark.parametrize("approach", ["zero_shot", "few_shot", "lora", "instruction", "full"])
def test_every_test_question_is_served_as_it_was_measured(talks, approach):
    house, pairs = talks
    recommended = "do_not_fine_tune" if approach == "zero_shot" else approach
    _, package = house.pack(recommended)
    tokenizer, opened = base_model.load_tokenizer(house.place["base"]), released.open_release(house.release)
    prompt = house.chosen(approach).prompts.to_pylist()[-1]
    for task in ("answer", "classify_category"):
        for row in opened.examples("test", task=task):
            client, told = pairs[row["example_id"]]
            served = base_model.encode_prompt(asked(package, client, told, shots=3), tokenizer)
            form = "plain" if approach in ("lora", "full") else "instruction"
            measured = base_model.encode(put(row, form), tokenizer)
            if (approach, task) == ("few_shot", "answer"):
                measured = ask(row, prompt, 4096, tokenizer).encoded
            assert served == measured.input_ids[: measured.answer_start], row["example_id"]


def test_words_that_have_changed_since_the_release_are_refused(talks):
    house, _ = talks
    others = ({"opening": "You said first:"}, {"speakers": {"user": "You", "assistant": "We"}},
              {"tasks": {"answer": {"qa": "Answer the question."}}})  # fmt: skip
    for other in others:
        words = Instructions.model_validate(models.WORDS.model_dump() | other)
        with pytest.raises(RefineryError, match=r"formatting\.instructions: is not what release .* was framed in"):
            model_package(house.chosen("lora"), release=house.release, **house.place | {"words": words})


def test_the_instruction_of_labels_tells_of_no_customer_though_every_example_does(talks):
    house, _ = talks
    told = {row["instruction"] for row in released.open_release(house.release).examples("train", task=LABELLED)}
    assert told == {f"{LABELS} The customer is {who}." for who in ("new", "frequent", "silent")}
    assert house.pack("few_shot")[1].facts.instructions[LABELLED] == LABELS


def test_the_figures_of_labels_are_those_of_the_bare_instruction_that_prompts_are_asked_labels_under(talks):
    house, _ = talks
    said = {"task": "classify_category", "reference": "house", "thread_id": "t", "answer_tokens": 2, "nll": 1.0}
    chosen = house.chosen("few_shot")
    rows = [{**said, "approach": a, "example_id": "c", "answer": b} for a, b in (("zero_shot", "house"), ("lora", "x"))]
    score = {"task": "classify_category", "source": "all", "subset": "all", "metric": "macro_f1", "n": 1, "threads": 1}
    scores = tables.APPROACH_SCORES.of(
        {**score, "approach": a, "value": v} for a, v in (("zero_shot", 0.75), ("lora", 0.5))
    )
    _, package = house.pack(
        "few_shot",
        predictions=pa.concat_tables([chosen.predictions, tables.PREDICTIONS.of(rows)]),
        scores=pa.concat_tables([chosen.scores, scores]),
    )
    marked = [row for row in package.marks().to_pylist() if row["task"] == "classify_category"]
    assert [row["said"] == row["truth"] for row in marked] == [True]
    assert [s.value for s in package.facts.metrics if s.metric == "macro_f1"] == [0.75]
    with pytest.raises(RefineryError, match="no predictions"):
        house.pack("few_shot", predictions=tables.PREDICTIONS.of(rows))
    text = (package.folder / "README.md").read_text()
    assert "those of the bare instruction" in text
    assert "a category's own, shown where one is stated, were not measured" in text


def test_prompts_for_an_endpoint_name_the_model_that_answered(house):
    said = {"approach": "few_shot_endpoint", "task": "answer", "thread_id": "t", "reference": "Yes.", "answer": "Yes."}
    rows = [{**said, "example_id": f"e{n}", "answer_tokens": 4, "model": "api.example/gpt-4o"} for n in (0, 1)]
    row, package = house.pack("few_shot_endpoint", predictions=tables.PREDICTIONS.of(rows))
    assert row["base_model"] == package.facts.base_model == "api.example/gpt-4o"
    assert row["template_sha256"] is None
    assert json.loads((package.folder / "prompts.json").read_text())["model"] == "api.example/gpt-4o"
    text = (package.folder / "README.md").read_text()
    assert "| endpoint | `api.example/gpt-4o` |" in text
    assert "as one JSON object, `examples` (the shots) and `question`" in text
    assert "tiny" not in text
    assert "base_model" not in yaml.safe_load(text.split("---\n")[1])
    for models_ in ({}, {"model": "other/one"}):
        mixed = [rows[0], {**rows[1], "model": None, **models_}]
        with pytest.raises(RefineryError, match="does not know which model answered"):
            house.pack("few_shot_endpoint", predictions=tables.PREDICTIONS.of(mixed))


def test_what_cannot_be_proved_is_not_packed(house, tmp_path):
    with pytest.raises(RefineryError, match="was not trained"):
        house.pack("transfer")
    with pytest.raises(RefineryError, match="no predictions"):
        house.pack("lora", predictions=tables.PREDICTIONS.of([]))
    other = models.release(tmp_path / "other", [models.example(n, s) for n, s in enumerate(("train", "test"))])
    with pytest.raises(RefineryError, match="trained with another release"):
        model_package(house.chosen("lora"), release=other, **house.place)
    with pytest.raises(RefineryError, match="of another release"):
        model_package(house.chosen("few_shot"), release=other, **house.place)
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
        model_package(house.chosen("lora"), release=silent, **house.place)


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
