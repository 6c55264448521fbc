import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

from assets import child, tables, training
from assets.errors import RefineryError
from assets.ledger import balance
from assets.released import open_release
from assets.training import LoraParams, TrainingRequest, read_learnt
from assets.tuning.train import train
from assets.tuning.trained import trained as trained_rows
from tests import models

# Two layers in fp32, a step every 4 examples: seconds on one core.
FAST = LoraParams(r=4, batch_size=4, eval_steps=4, warmup_steps=2, learning_rate=5e-3, dtype="float32", threads=1)


def with_(**knobs):
    return FAST.model_copy(update=knobs)


def weights(out):
    return (out / "adapter/adapter_model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def request_(tiny_model, release):
    return TrainingRequest(release=release, base_model=tiny_model, params=FAST)


@pytest.fixture(scope="module")
def trained(request_, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained")
    return out, train(request_, out)


def test_training_lowers_the_validation_loss_and_says_how_it_went(trained):
    out, result = trained
    assert result.validation_loss < result.base_validation_loss
    assert (result.steps, result.examples, result.distinct_examples) == (12, 48, 48)
    assert result.tokens > result.answer_tokens > 48
    assert [p.step for p in result.losses if p.split == "train"] == list(range(1, 13))
    assert [p.step for p in result.losses if p.split == "validation"] == [0, 4, 8, 12]
    assert result.validation_loss == min(p.loss for p in result.losses if p.split == "validation")
    assert json.loads((out / "training.json").read_text()) == json.loads(result.model_dump_json())
    assert sorted(f.name for f in out.iterdir()) == ["adapter", "learnt.json", "training.json"]
    assert read_learnt(out) == {f"pair-train-{n:03}" for n in range(48)}


def test_the_adapter_is_safetensors_and_does_not_tell_where_it_was_made(trained, tiny_model):
    out, result = trained
    assert sorted(f.name for f in (out / "adapter").iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    config = json.loads((out / "adapter/adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"]) == (4, 32)
    assert str(tiny_model.parent) not in json.dumps(config)
    assert config["base_model_name_or_path"] == result.base_model


def test_its_row_is_derived_from_the_release(trained):
    published = trained_rows(tables.LORA_ADAPTER, [trained[1]], folder="artifacts/lora_adapter/1")
    row = published.table.to_pylist()[0]
    assert row["folder"] == "artifacts/lora_adapter/1"
    assert LoraParams.model_validate_json(row["params"]) == FAST
    assert balance(published.ledger).derived == 1


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(request_, trained, tmp_path):
    again = train(request_, tmp_path / "again")
    assert weights(tmp_path / "again") == weights(trained[0])
    assert again.losses == trained[1].losses
    other = request_.model_copy(update={"params": with_(seed=8)})
    train(other, tmp_path / "other")
    assert weights(tmp_path / "other") != weights(trained[0])


def test_what_is_done_is_not_done_again(request_, trained):
    out, result = trained
    written = (out / "training.json").stat().st_mtime_ns
    assert train(request_, out) == result
    assert (out / "training.json").stat().st_mtime_ns == written


def test_what_another_trainer_made_is_made_anew(request_, trained, tmp_path):
    shutil.copytree(trained[0], out := tmp_path / "out")
    said = json.loads((out / "training.json").read_text())
    (out / "training.json").write_text(json.dumps(said | {"made_with": "another", "train_loss": 9.9}))
    assert train(request_, out).train_loss == trained[1].train_loss


def test_the_version_of_a_request_tells_apart_whatever_decides_the_outcome(request_, tiny_model, tmp_path, monkeypatch):
    shutil.copytree(tiny_model, other := tmp_path / tiny_model.name)
    weights_ = (other / "model.safetensors").read_bytes()
    (other / "model.safetensors").write_bytes(weights_[:-1] + bytes([weights_[-1] ^ 1]))
    asked = [{}, {"params": with_(seed=8)}, {"fold": 0}, {"base_model": other}, {"release": tmp_path}]
    versions = [request_.model_copy(update=update).version for update in asked]
    monkeypatch.setattr(training, "made_with", lambda: "another trainer")
    assert len({*versions, request_.version}) == len(asked) + 1
    monkeypatch.undo()
    assert request_.version == versions[0]


def test_all_code_that_trains_counts_for_its_version():
    """Whatever of the house is loaded where training happens, but for words, tables and plumbing."""
    loaded = (
        "import assets.tuning.sft, assets.tuning.train, sys; print(*(m for m in sys.modules if m[:7] == 'assets.'))"
    )
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    modules = {name.removeprefix("assets.").replace(".", "/") for name in done.stdout.split()}
    assert modules - {"errors", "tables", "ledger", "folder", "tuning"} == {*training.CODE}


def test_examples_longer_than_asked_for_are_left_in_the_release(request_, release, tmp_path):
    lengths = sorted(row["tokens"] for row in open_release(release).examples("train"))
    longest = lengths[len(lengths) // 2]
    result = train(request_.model_copy(update={"params": with_(max_example_tokens=longest)}), tmp_path)
    assert result.examples == sum(length <= longest for length in lengths) < len(lengths)


def test_a_killed_training_goes_on_from_its_last_checkpoint_and_ends_the_same(request_, trained, tmp_path):
    asked, out = tmp_path / "request.json", tmp_path / "out"
    asked.write_text(request_.model_dump_json())
    command = [sys.executable, "-m", "assets.tuning.train", str(asked), str(out)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as first:
        for line in first.stdout:
            if line.startswith("step 6/"):
                first.send_signal(signal.SIGKILL)
                break
    assert not (out / "training.json").exists()
    assert (out / "checkpoints/answer/checkpoint-4/whole.json").exists()
    (out / "checkpoints/answer/checkpoint-5").mkdir()  # torn: the kill came while it was written

    lines = []
    child.run("assets.tuning.train", request_, out, on_line=lines.append)
    steps = [int(m[1]) for line in lines if (m := re.match(r"step (\d+)/12 train", line))]
    assert steps == list(range(5, 13))
    resumed = json.loads((out / "training.json").read_text())
    assert resumed["steps"] == trained[1].steps
    assert [p["loss"] for p in resumed["losses"]] == [p.loss for p in trained[1].losses]
    assert weights(out) == weights(trained[0])
    assert not (out / "checkpoints").exists()
    assert all(re.fullmatch(r"step \d+/12 (train|validation) \d+\.\d{4}", line) for line in lines), "numbers only"


def in_two_processes(request, folder, *command):
    """Train as `accelerate launch` does on several GPUs, here on the processor."""
    (asked := folder / "request.json").write_text(request.model_dump_json())
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command = [*launcher, *command, str(asked), str(folder / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads((folder / "out/training.json").read_text()), done.stdout


def test_two_processes_share_every_batch_and_learn_the_same(request_, trained, tmp_path):
    result, _ = in_two_processes(request_, tmp_path, "-m", "assets.tuning.train")
    assert [p["step"] for p in result["losses"]] == [p.step for p in trained[1].losses]
    for shared, alone in zip(result["losses"], trained[1].losses, strict=True):
        assert shared["loss"] == pytest.approx(alone.loss, rel=1e-4)
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == ["adapter", "learnt.json", "training.json"]


SHORT_OF_MEMORY = """
import os
from assets import child
from assets.training import TrainingRequest
from assets.tuning import sft
from assets.tuning.train import train

real, most = sft.answer_nll, 150

def answer_nll(model, inputs):
    nll, weights = real(model, inputs)
    if os.environ["RANK"] == "1" and inputs["input_ids"].numel() > most:
        if model.training:
            nll.sum().backward()
        raise MemoryError
    return nll, weights

sft.answer_nll = answer_nll
child.main(train, TrainingRequest)
"""


def test_where_one_of_two_processes_lacks_memory_both_halve_their_passes(request_, trained, tmp_path):
    (script := tmp_path / "short.py").write_text(SHORT_OF_MEMORY)
    result, said = in_two_processes(request_, tmp_path, str(script))
    assert (trained[1].micro_batch_tokens, result["micro_batch_tokens"]) == (2048, 128)
    assert said.count("out of memory: from here on passes of 128 tokens") == 1
    for short, alone in zip(result["losses"], trained[1].losses, strict=True):
        assert short["loss"] == pytest.approx(alone.loss, rel=1e-3), "what failed halfway is not learnt twice"


def test_a_process_a_gpu_is_launched_where_there_are_several(monkeypatch):
    import torch

    started = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(os, "execv", lambda _, command: started.append(command))
    child._spread()
    assert "--num_processes=4" in started[0]
    assert started[0][1:3] == ["-m", "accelerate.commands.launch"]
    monkeypatch.setenv("LOCAL_RANK", "0")
    child._spread()
    assert len(started) == 1, "what was launched does not launch again"


def test_a_refusal_is_told_though_a_launcher_has_the_last_word():
    refusal = json.dumps({"where": "release r", "what": "is gone", "do": "look"})
    assert str(child._reported("m", 1, f"{refusal}\nChildFailedError: rank 1\n")).startswith("release r")


def test_checkpoints_of_another_request_are_not_gone_on_from(request_, tmp_path):
    stale = tmp_path / "checkpoints/answer/checkpoint-99"
    stale.mkdir(parents=True)
    (stale / "whole.json").write_text("{}")
    (tmp_path / "checkpoints/request.json").write_text("another")
    assert train(request_.model_copy(update={"params": with_(max_steps=1)}), tmp_path).steps == 1


def test_training_stops_when_the_validation_loss_no_longer_falls_and_keeps_the_best_weights(request_, tmp_path):
    reckless = with_(learning_rate=3.0, num_epochs=5, eval_steps=2, patience=1, schedule="constant", max_grad_norm=9.0)
    result = train(request_.model_copy(update={"params": reckless}), tmp_path)
    validated = {p.step: p.loss for p in result.losses if p.split == "validation" and p.step}
    assert result.steps < 60
    assert result.best_step == min(validated, key=validated.get) < result.steps


def test_an_example_of_no_weight_teaches_nothing(tiny_model, tmp_path):
    one_by_one = with_(micro_batch_tokens=16, max_steps=2, validation_examples=0)
    outs = []
    for answer in ("No.", "A thing nobody should learn."):
        rows = [models.example(n, "train") for n in range(7)]
        rows.append(models.example(7, "train", weight=0.0, input="Is it so?", output=answer))
        release = models.release(tmp_path / f"r{len(outs)}", rows)
        outs.append(tmp_path / f"out{len(outs)}")
        params = one_by_one.model_copy(update={"batch_size": 8})
        result = train(TrainingRequest(release=release, base_model=tiny_model, params=params), outs[-1])
        assert result.validation_loss is None
        assert result.best_step == result.steps
    assert weights(outs[0]) == weights(outs[1])


def test_cutting_a_batch_into_passes_changes_nothing_but_the_memory(request_, trained, tmp_path):
    small = train(request_.model_copy(update={"params": with_(micro_batch_tokens=16)}), tmp_path)
    for whole, cut in zip(trained[1].losses, small.losses, strict=True):
        assert cut.loss == pytest.approx(whole.loss, rel=1e-3)


def test_a_release_that_is_not_approved_is_not_trained_on(tiny_model, tmp_path):
    refused = models.release(tmp_path / "r", passed=False)
    with pytest.raises(RefineryError, match="verdict did not pass"):
        train(TrainingRequest(release=refused, base_model=tiny_model, params=FAST), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_refusal_in_the_child_is_the_parents_error(tiny_model, tmp_path):
    refused = models.release(tmp_path / "r", passed=False)
    request = TrainingRequest(release=refused, base_model=tiny_model, params=FAST)
    with pytest.raises(RefineryError, match="verdict did not pass"):
        child.run("assets.tuning.train", request, tmp_path / "out")


def test_the_real_base_model_learns_in_twenty_steps(release, tmp_path):
    params = LoraParams(max_steps=20, num_epochs=2, batch_size=2, eval_steps=20, validation_examples=8, threads=1)
    result = train(TrainingRequest(release=release, base_model=models.packaged(), params=params), tmp_path)
    assert result.steps == 20
    assert result.validation_loss < 0.7 * result.base_validation_loss
    assert result.trainable_parameters == 4_884_480
