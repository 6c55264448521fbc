import json
import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from assets import base_model, child, released
from assets.errors import RefineryError
from assets.training import LESSONS, FullParams, LoraParams, TrainingRequest, TransferParams, put
from assets.tuning import sft
from assets.tuning.learnt import blocks, courses
from assets.tuning.train import train
from tests import models

# Two layers in fp32, a step every 4 examples: seconds on one core.
TINY = {"batch_size": 4, "eval_steps": 4, "warmup_steps": 2, "dtype": "float32", "threads": 1}
LORA = {**TINY, "r": 4, "learning_rate": 5e-3}
LABELS = ("house", "rooms")


def params_of(approach, **knobs):
    own = TINY | {"learning_rate": 1e-3} if approach == "full" else LORA
    return LESSONS[approach].params(**{**own, **knobs})


def labelled(n, split, task="classify_category", **facts):
    said = {"task": task, "instruction": "Say one of: house, rooms.", "output": LABELS[n % 2], **facts}
    return models.example(n, split, **said) | {"example_id": f"{split}-{n:03}-{task}"}


def article(n, **facts):
    text = " ".join(f"Room {i} of {models.PLACES[n]} has a bed, a desk and a lamp." for i in range(6))
    return models.example(n, "train", kind="article", input=f"About {models.PLACES[n]}", output=text, **facts)


@pytest.fixture(scope="module")
def rich(tmp_path_factory):
    """A release with answers, labels and articles."""
    rows = [models.example(n, "train", mixture_weight=0.5) for n in range(8, 40)]
    rows += [
        models.example(n, split) for split, first in (("validation", 40), ("test", 48)) for n in range(first, first + 8)
    ]
    rows += [labelled(n, "train", mixture_weight=3.0) for n in range(8)]
    rows += [article(n) for n in range(6)]
    return models.release(tmp_path_factory.mktemp("rich") / "r", rows)


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    return base_model.load_tokenizer(tiny_model)


def asked(approach, release, base, **knobs):
    return TrainingRequest(release=release, base_model=base, approach=approach, params=params_of(approach, **knobs))


def learnt(request, tokenizer):
    return courses(request, released.open_release(request.release), tokenizer)


def texts(examples, tokenizer):
    return [tokenizer.decode(e["input_ids"]) for e in examples]


@pytest.mark.parametrize("approach", LESSONS)
def test_every_approach_lowers_the_loss_and_says_what_it_is(approach, rich, tiny_model, tmp_path):
    result = train(asked(approach, rich, tiny_model), tmp_path)
    assert result.validation_loss < result.base_validation_loss
    assert (result.approach, result.form) == (approach, LESSONS[approach].form)
    kept = "model" if approach == "full" else "adapter"
    assert sorted(f.name for f in tmp_path.iterdir()) == sorted([kept, "learnt.json", "training.json"])
    again = train(asked(approach, rich, tiny_model), tmp_path / "again")
    assert (again.artifact, again.losses) == (result.artifact, result.losses)


def test_the_task_alone_is_learnt_from_plain_question_to_answer(rich, tiny_model, tokenizer):
    plain, instructed = (learnt(asked(a, rich, tiny_model), tokenizer) for a in ("lora", "instruction"))
    assert [e["said"] for e in plain[0][0].examples] == [e["said"] for e in instructed[0][0].examples]
    assert not any("Answer the question." in text for text in texts(plain[0][0].examples + plain[1], tokenizer))
    assert all("Answer the question." in text for text in texts(instructed[0][0].examples + instructed[1], tokenizer))


def test_what_the_assistant_opened_with_outlives_the_instruction():
    said = [{"role": "system", "content": "Answer.\n\nThe assistant began: Hello."}, {"role": "user", "content": "Q"}]
    row = {"task": "answer", "instruction": "Answer.", "messages": said}
    assert put(row, "plain")[0] == {"role": "system", "content": "The assistant began: Hello."}
    assert put({**row, "task": "triage_priority"}, "plain") == said


def test_all_tasks_are_learnt_each_by_its_share_and_validated_on_answers(rich, tiny_model, tokenizer):
    stages, held_out = learnt(asked("multitask", rich, tiny_model), tokenizer)
    weights = {e["said"]: e["weight"] for e in stages[0].examples}
    assert sorted(set(weights.values())) == [0.5, 1.0, 3.0], "an article's example has no share stated"
    assert sum(w == 3.0 for w in weights.values()) == 8
    assert len(held_out) == 8
    few, _ = learnt(asked("multitask", rich, tiny_model, max_examples=3), tokenizer)
    assert 3.0 in {e["weight"] for e in few[0].examples}, "no task is lost"
    assert len(few[0].examples) == 3


def test_articles_are_learnt_first_and_the_gain_is_stated(rich, tiny_model, tokenizer, tmp_path):
    request = asked("transfer", rich, tiny_model, block_tokens=32)
    stages, _ = learnt(request, tokenizer)
    assert [s.learnt for s in stages] == ["articles", "answer"]
    assert all(len(e["input_ids"]) <= 32 and e["answer_start"] == 1 for e in stages[0].examples)
    assert all("<|im_start|>" not in text for text in texts(stages[0].examples, tokenizer))
    (bounded, _), _ = learnt(asked("transfer", rich, tiny_model, block_tokens=32, max_example_tokens=50), tokenizer)
    assert bounded.examples == stages[0].examples, "an article is cut, never left out for its length"
    result = train(request, tmp_path)
    first, then = result.stages
    assert (first.learnt, then.learnt) == ("articles", "answer")
    assert first.loss_before == result.base_validation_loss > first.loss_after
    assert first.loss_after == pytest.approx(then.loss_before, abs=1e-5)
    assert then.loss_after == result.validation_loss
    assert result.steps == first.steps + then.steps
    trained_at = [p.step for p in result.losses if p.split == "train"]
    assert trained_at == list(range(1, result.steps + 1))


def test_an_article_is_cut_and_nothing_of_it_is_lost(tokenizer):
    row = article(0)
    cut = blocks([row, {**row, "example_id": "again"}], 16, tokenizer)
    ids = [i for e in cut for i in e["input_ids"]]
    whole = f"{row['input']}\n\n{row['output']}"
    assert tokenizer.decode(ids[:-1]) == whole
    assert ids[-1] == tokenizer.eos_token_id


def test_a_related_task_is_learnt_first_under_its_instruction(rich, tiny_model, tokenizer):
    stages, _ = learnt(asked("transfer", rich, tiny_model, first="classify_category"), tokenizer)
    assert all("Say one of" in text for text in texts(stages[0].examples, tokenizer))
    assert not any("Answer the question." in text for text in texts(stages[1].examples, tokenizer))


@pytest.mark.parametrize("first", ["articles", "triage_priority"])
def test_a_release_without_what_is_to_be_learnt_first_names_the_setting(release, tiny_model, tmp_path, first):
    with pytest.raises(RefineryError, match=r"tuning\.transfer\.first.*none to learn from"):
        train(asked("transfer", release, tiny_model, first=first), tmp_path)


def test_a_kill_in_the_second_stage_does_not_repeat_the_first(rich, tiny_model, tmp_path):
    request = asked("transfer", rich, tiny_model, block_tokens=64, num_epochs=0.5)
    whole = train(request, tmp_path / "whole")
    (told := tmp_path / "request.json").write_text(request.model_dump_json())
    command = [sys.executable, "-u", "-m", "assets.tuning.train", str(told), str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as first:
        totals = []
        for line in first.stdout:
            totals.append(line.split()[1].partition("/")[2])
            if len(set(totals)) == 2:
                first.send_signal(signal.SIGKILL)
                break
    assert (tmp_path / "out/checkpoints/articles/taught.json").is_file()
    lines = []
    child.run("assets.tuning.train", request, tmp_path / "out", on_line=lines.append)
    assert {line.split()[1].partition("/")[2] for line in lines} == {totals[-1]}
    resumed = json.loads((tmp_path / "out/training.json").read_text())
    assert resumed["artifact"] == whole.artifact
    assert resumed["stages"][0]["loss_after"] == whole.stages[0].loss_after


def test_only_the_named_layers_change(rich, tiny_model, tmp_path):
    result = train(asked("full", rich, tiny_model, layers=["model.layers.1.mlp.*"], max_steps=4), tmp_path)
    before, after = (base_model.load_model(f, "float32").state_dict() for f in (tiny_model, tmp_path / "model"))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {f"model.layers.1.mlp.{n}_proj.weight" for n in ("gate", "up", "down")}
    assert result.trainable_parameters == 3 * 32 * 64


def test_a_model_trained_whole_is_a_folder_that_tells_not_where_it_was_made(rich, tiny_model, tmp_path):
    result = train(asked("full", rich, tiny_model, max_steps=2), tmp_path)
    assert result.trainable_parameters == sum(p.numel() for p in base_model.load_model(tiny_model).parameters())
    words = "".join(f.read_text() for f in (tmp_path / "model").glob("*.json"))
    assert str(tiny_model.parent) not in words
    template = base_model.template_sha256(base_model.load_tokenizer(tmp_path / "model"))
    assert template == result.template_sha256


def test_bf16_arithmetic_moves_fp32_weights(rich, tiny_model, tmp_path):
    result = train(asked("full", rich, tiny_model, dtype="bfloat16", learning_rate=1e-4, max_steps=8), tmp_path)
    assert result.validation_loss < result.base_validation_loss
    assert next(iter(load_file(tmp_path / "model/model.safetensors").values())).dtype == torch.bfloat16


def test_only_the_named_categories_are_learnt_and_validated(rich, tiny_model, tokenizer):
    stages, held_out = learnt(asked("full", rich, tiny_model, categories=["house"]), tokenizer)
    every, whole = learnt(asked("full", rich, tiny_model), tokenizer)
    assert 0 < len(stages[0].examples) < len(every[0].examples)
    assert 0 < len(held_out) < len(whole)


@pytest.mark.parametrize("knob", ["layers", "categories"])
def test_a_name_that_fits_nothing_is_an_error_that_names_the_setting(rich, tiny_model, tmp_path, knob):
    with pytest.raises(RefineryError, match=rf"tuning\.full\.{knob}"):
        train(asked("full", rich, tiny_model, **{knob: ["nothing"]}), tmp_path)


def test_a_fold_is_not_learnt(tiny_model, tokenizer, tmp_path):
    rows = [models.example(n, "train", fold=n % 4) for n in range(16)] + [models.example(20, "validation", fold=1)]
    request = TrainingRequest(
        release=models.release(tmp_path / "r", rows), base_model=tiny_model, params=LoraParams(**LORA), fold=1
    )
    stages, held_out = learnt(request, tokenizer)
    left = {f"{r['input']}\n{r['output']}" for r in rows[:16] if r["fold"] != 1}
    assert {e["said"] for e in stages[0].examples} == left
    assert len(held_out) == 1


def test_knobs_of_another_approach_are_refused(rich, tiny_model):
    with pytest.raises(ValueError, match="transfer is trained by TransferParams"):
        TrainingRequest(release=rich, base_model=tiny_model, approach="transfer", params=LoraParams())


@pytest.mark.parametrize("params", [LoraParams(), TransferParams(first="triage_priority"), FullParams(layers=["a"])])
def test_a_request_says_the_same_after_it_was_written(params):
    approach = next(a for a, lesson in LESSONS.items() if lesson.params is type(params))
    request = TrainingRequest(release="r", base_model="b", approach=approach, params=params)
    assert TrainingRequest.model_validate_json(request.model_dump_json()) == request


FULL_MEMORY = (
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
    MemoryError(),
)


def _short_of_memory(monkeypatch, most, fault, *, backward=False):
    """Let every pass of more than `most` tokens fail, before it is computed or after its gradients are there."""
    real = sft.answer_nll

    def answer_nll(model, inputs):
        if inputs["input_ids"].numel() > most:
            if backward and model.training:
                nll, _ = real(model, inputs)
                nll.sum().backward()
            raise fault
        return real(model, inputs)

    monkeypatch.setattr(sft, "answer_nll", answer_nll)


@pytest.mark.parametrize("fault", FULL_MEMORY, ids=["gpu", "cpu", "windows", "python"])
def test_out_of_memory_halves_the_passes_and_says_so(fault, release, tiny_model, tmp_path, monkeypatch, capsys):
    request = asked("lora", release, tiny_model, micro_batch_tokens=1024)
    whole = train(request, tmp_path / "whole")
    _short_of_memory(monkeypatch, 150, fault, backward=True)
    result = train(request, tmp_path / "short")
    assert (whole.micro_batch_tokens, result.micro_batch_tokens) == (1024, 128)
    assert "out of memory: from here on passes of 128 tokens" in capsys.readouterr().out
    for one, other in zip(whole.losses, result.losses, strict=True):
        assert other.loss == pytest.approx(one.loss, rel=1e-3), "what failed halfway is not learnt twice"


def test_an_example_that_does_not_fit_alone_is_a_clear_error(release, tiny_model, tmp_path, monkeypatch):
    _short_of_memory(monkeypatch, 10, MemoryError())
    with pytest.raises(RefineryError, match=r"one example of .* does not fit the memory"):
        train(asked("lora", release, tiny_model), tmp_path)


def test_another_fault_is_not_taken_for_want_of_memory(release, tiny_model, tmp_path, monkeypatch):
    _short_of_memory(monkeypatch, 10, RuntimeError("shapes differ"))
    with pytest.raises(RuntimeError, match="shapes differ"):
        train(asked("lora", release, tiny_model), tmp_path)
