"""What is served is the package: a LoRA trained on the real model answers through the openai client, guarded."""

import json
import os
import re
import subprocess
import sys
import time

import httpx
import openai
import pytest
from starlette.testclient import TestClient

from assets import base_model, tables
from assets.errors import RefineryError
from assets.ledger import summary
from assets.operation import serving
from assets.operation.package import Chosen, model_package
from assets.operation.packaged import FOLDER, Facts, Package, asked, open_package
from assets.operation.params import ServingParams
from assets.operation.server import front
from assets.training import LoraParams, TrainingRequest
from assets.tuning.train import train
from assets.tuning.trained import trained as trained_rows
from dagster_project.resources.lake import Lake
from tests import models

ANSWER = "Yes, Oak Inn has parking for all guests."
PARAMS = LoraParams(r=4, batch_size=8, max_steps=24, eval_steps=12, warmup_steps=2, learning_rate=3e-3, threads=1)
SHOTS = [{"question": f"Is there thing number {n}?", "answer": "Yes, there is."} for n in range(3)]
ASKED = [{"role": "user", "content": "Does Oak Inn have parking?"}]


@pytest.fixture(scope="module")
def home(tmp_path_factory, release):
    """A home with three packages of the real base model: a trained adapter, few-shot prompts, and neither."""
    home, base = tmp_path_factory.mktemp("served"), models.packaged()
    folder = "artifacts/lora_adapter/v1"
    result = train(TrainingRequest(release=release, base_model=base, params=PARAMS), home / folder)
    assert result.validation_loss < result.base_validation_loss - 0.5
    said = {"task": "answer", "reference": "Yes.", "answer": "Yes.", "answer_tokens": 4, "nll": 8.0, "thread_id": "t"}
    approaches = ("zero_shot", "few_shot", "lora")
    stated = json.loads((release / "release.json").read_text())["release"]
    prompt = {"template": "Examples:\n{shots}\n\nQuestion: {question}\nAnswer:", "shots": SHOTS, "release": stated}
    lake, packages = Lake(home), []
    for approach in approaches:
        chosen = Chosen(
            recommendation=tables.RECOMMENDATION.of([{"approach": approach}]),
            predictions=tables.PREDICTIONS.of({**said, "approach": a, "example_id": "e"} for a in approaches),
            scores=tables.APPROACH_SCORES.of([]),
            prompts=tables.FEW_SHOT_PROMPTS.of([{**prompt, "category": "*"}]),
            trained=[trained_rows(tables.LORA_ADAPTER, [result], folder=folder).table],
        )
        place = {"release": release, "base": base, "home": home, "words": models.WORDS, "max_prompt_tokens": 640}
        packages += model_package(chosen, **place).table.to_pylist()
    home_of = {row["approach"]: row["version"] for row in packages}
    rows, rival = [], None
    for n, (version, outcome) in enumerate([(home_of["zero_shot"], "first"), (home_of["lora"], "promoted")], 1):
        row = {"decision_id": str(n), "number": n, "version": version, "outcome": outcome, "champion": version}
        rows.append({**row, "rival": rival, "reasons": ["made up"]})
        rival = version
    made = summary(tables.CHAMPIONS.of(rows), key="decision_id", parents=[])
    lake.publish("champions", {None: made}, fingerprints={None: "as it was"}, run_id="test")
    return home, home_of


def package(home, approach):
    folder, versions = home
    return open_package(folder / FOLDER / versions[approach])


@pytest.fixture(scope="module")
def few_shot(home):
    """The few-shot package's front, and the embedded server behind it."""
    found, params = package(home, "few_shot"), ServingParams(context=1024, parallel=1)
    inner = serving.start(found, params, key="k")
    with TestClient(front(found, params, address=inner.listening_address, key="k")) as browser:
        yield browser, inner, found


@pytest.fixture
def configured(home, tmp_path, monkeypatch):
    """The command line, pointed at this home."""
    monkeypatch.setenv("REFINERY_HOME", str(home[0]))
    monkeypatch.delenv("REFINERY_SERVE_TOKEN", raising=False)

    def refinery(*arguments):
        command = [sys.executable, "-m", "dagster_project.cli", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    return refinery


def test_the_trained_champion_answers_through_the_openai_client(home):
    """`refinery serve` as a person starts it: the champion answers as it was trained, its base model does not."""
    environment = {**os.environ, "REFINERY_HOME": str(home[0]), "REFINERY_SERVE_TOKEN": "secret"}
    command = [sys.executable, "-m", "dagster_project.cli", "serve", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        try:
            line = process.stdout.readline()
            address = re.search(r"http://\S+/v1", line)[0]
            client = openai.OpenAI(base_url=address, api_key="secret", max_retries=0, timeout=60)
            for _ in range(100):
                try:
                    client.models.list()
                    break
                except openai.APIConnectionError:
                    time.sleep(0.1)
            assert {m.id for m in client.models.list()} == {"champion", home[1]["lora"]}
            got = client.chat.completions.create(model="champion", messages=ASKED, max_tokens=30)
            assert got.choices[0].message.content.strip() == ANSWER
            assert got.choices[0].finish_reason == "stop"
            assert got.model == home[1]["lora"]
            pieces = client.chat.completions.create(model="champion", messages=ASKED, max_tokens=30, stream=True)
            assert "".join(p.choices[0].delta.content or "" for p in pieces if p.choices).strip() == ANSWER
            with pytest.raises(openai.NotFoundError, match="ask for champion"):
                client.chat.completions.create(model="gpt-4o", messages=ASKED)
            with pytest.raises(openai.AuthenticationError):
                client.with_options(api_key="wrong").models.list()
            assert httpx.get(address + "/models", headers={"host": "evil.example"}).status_code == 421
        finally:
            process.terminate()
            printed = line + process.stdout.read()
    assert "Oak Inn" not in printed, "nothing that is asked or answered is logged"
    assert len(printed.splitlines()) == 1


def test_the_prompt_reaches_the_model_as_it_was_measured(few_shot):
    """llama.cpp's reading of the conversation has the very tokens of transformers'."""
    browser, inner, found = few_shot
    talk = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "What can I do?"}, *ASKED]
    put = asked(found, talk, shots=3)
    known = {"authorization": "Bearer k"}
    text = httpx.post(f"{inner.listening_address}/apply-template", json={"messages": put}, headers=known).json()
    body = {"content": text["prompt"], "parse_special": True}
    tokens = httpx.post(f"{inner.listening_address}/tokenize", json=body, headers=known).json()["tokens"]
    tokenizer = base_model.load_tokenizer(models.packaged())
    assert tokens == base_model.encode_prompt(put, tokenizer)
    body = {"model": "champion", "messages": talk, "max_tokens": 4}
    answer = browser.post("/v1/chat/completions", json=body).json()
    assert answer["usage"]["prompt_tokens"] == len(tokens), "instruction and three shots are put before the talk"


def test_a_label_is_asked_for_without_shots(few_shot):
    browser = few_shot[0]
    said = [{"role": "system", "content": "Say one of: house, rooms."}, *ASKED]
    body = {"model": "champion", "messages": said, "max_tokens": 2, "metadata": {"task": "classify_category"}}
    bare = len(base_model.encode_prompt(said, base_model.load_tokenizer(models.packaged())))
    assert browser.post("/v1/chat/completions", json=body).json()["usage"]["prompt_tokens"] == bare
    body["metadata"] = {"task": "answer", "anything": "else"}
    assert browser.post("/v1/chat/completions", json=body).json()["usage"]["prompt_tokens"] > bare


def test_a_prompt_that_is_too_long_shows_fewer_shots(few_shot):
    _, inner, found = few_shot
    params = ServingParams(max_prompt_tokens=80)
    with TestClient(front(found, params, address=inner.listening_address, key="k")) as browser:
        body = {"model": "champion", "messages": ASKED, "max_tokens": 2}
        assert 40 < browser.post("/v1/chat/completions", json=body).json()["usage"]["prompt_tokens"] <= 80


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"n": 2}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"lora": [{"id": 0, "scale": 0.0}]}, "lora"),
        ({"messages": [{"role": "user", "content": "a secret <|im_end|> b"}]}, "control token"),
        ({"messages": [*ASKED, {"role": "assistant", "content": "a secret"}]}, "messages"),
        ({"messages": [*ASKED, {"role": "system", "content": "a secret"}, *ASKED]}, "messages"),
        ({"messages": [{"role": "system", "content": "a secret"}]}, "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages"),
        ({"metadata": {"item_type": "a secret"}}, "metadata.item_type"),
        ({"metadata": {"task": "a secret"}}, "metadata.task"),
        ({"metadata": {"task": "triage_priority"}}, "nothing was measured of triage_priority"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]}, "messages"),
    ],
)
def test_what_is_not_understood_is_refused_by_name_and_never_quoted(wrong, said, few_shot):
    browser = few_shot[0]
    got = browser.post("/v1/chat/completions", json={"model": "champion", "messages": ASKED, **wrong})
    assert got.status_code == 400
    assert said in got.json()["error"]["message"]
    assert "secret" not in got.text


def test_no_json_a_large_request_and_a_silent_model_are_said(few_shot, tmp_path):
    browser, _, found = few_shot
    assert browser.post("/v1/chat/completions", content="{").status_code == 400
    assert browser.post("/v1/chat/completions", content="x" * (1 << 20) + "x").status_code == 413
    with TestClient(front(found, ServingParams(), address="http://127.0.0.1:9", key="k")) as lonely:
        got = lonely.post("/v1/chat/completions", json={"model": "champion", "messages": ASKED})
    assert (got.status_code, got.json()["error"]["type"]) == (502, "server_error")


def test_text_parts_and_developers_are_understood(few_shot):
    browser = few_shot[0]
    said = [
        {"role": "developer", "content": "Say yes."},
        {"role": "user", "content": [{"type": "text", "text": "Is there a pool?"}]},
    ]
    body = {"model": "champion", "messages": said, "max_completion_tokens": 2, "metadata": {"category": "house"}}
    assert browser.post("/v1/chat/completions", json=body).status_code == 200
    assert browser.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"template_sha256": "0" * 64}, "another chat template"),
        ({"base_model": "SmolLM2-135M-Instruct@0000000000000000"}, "is not here as GGUF"),
        ({"base_model": "Other-7B@0123456789abcdef"}, "is not here as GGUF"),
        ({"not_embedded": "it is no Llama"}, "it is no Llama"),
        ({"approach": "few_shot_endpoint"}, "for a model elsewhere"),
    ],
)
def test_a_package_that_does_not_match_is_refused_in_one_line(changed, said, home):
    found = package(home, "lora")
    other = Package(found.folder, Facts.model_validate(found.facts.model_dump() | changed))
    with pytest.raises(RefineryError, match=said) as refused:
        serving.start(other, ServingParams(), key="k")
    assert "\n" not in str(refused.value)


def test_the_base_models_own_file_can_be_named(home, tmp_path):
    with pytest.raises(RefineryError, match="correct the path"):
        serving.base_gguf("Other-7B@0123456789abcdef", tmp_path / "no.gguf")
    assert serving.base_gguf("Other-7B@0123456789abcdef", base_model.packaged_gguf()) == base_model.packaged_gguf()


def test_a_person_sees_the_champion_goes_back_and_appoints_another(home, configured):
    folder, versions = home
    told = configured("package")
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"champion {versions['lora']}: lora" in told.stdout
    assert "promoted" in told.stdout
    before = Lake(folder).manifest("champions")
    back = configured("rollback")
    assert back.returncode == 0, back.stdout + back.stderr
    assert versions["zero_shot"] in back.stdout
    now = Lake(folder).manifest("champions")
    assert (now.rows, now.fingerprint) == (before.rows + 1, before.fingerprint), "on record, and not stale for it"
    assert configured("package", "--appoint", versions["lora"][:8]).returncode == 0
    assert Lake(folder).read("champions")["outcome"].to_pylist()[-2:] == ["rolled_back", "appointed"]
    assert f"champion {versions['lora']}" in configured("package").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rollback", "zz"], "names no single earlier champion"),
        (["package", "--appoint", "zz"], "names no single package"),
        (["serve", "--version", "zz"], "names no packages"),
        (["serve", "--host", "0.0.0.0"], "REFINERY_SERVE_TOKEN"),
        (["serve", "--host", "192.0.2.1"], "REFINERY_SERVE_TOKEN"),
    ],
)
def test_a_mistake_is_said_in_one_line(arguments, said, configured):
    done = configured(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stdout
    assert len(done.stdout.strip().splitlines()) == 1


def test_a_taken_port_is_said(home, configured):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = configured("serve", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, "choose another --port" in done.stdout) == (2, True)
