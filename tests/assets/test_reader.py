import pytest

from assets import base_model
from assets.reader import Reader
from tests import models

QUESTIONS = ["Is there a pool?", "Does Oak Inn have breakfast, and until when is it served?", "Wifi?", "Dogs?"]


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    return base_model.load_tokenizer(tiny_model)


@pytest.fixture(scope="module")
def model(tiny_model):
    return base_model.load_model(tiny_model, "float32")


@pytest.fixture(scope="module")
def reader(model, tokenizer):
    return Reader(model, pad=tokenizer.pad_token_id, end=tokenizer.eos_token_id)


@pytest.fixture(scope="module", params=["You help guests.", None])
def examples(request, tokenizer):
    """Prompts that share a system message, or only the template's own beginning."""
    system = [{"role": "system", "content": request.param}] if request.param else []
    answers = ["Yes, until 9 pm.", "No.", "Free for all guests of the house.", "No."]
    return [
        base_model.encode([*system, {"role": "user", "content": q}, {"role": "assistant", "content": a}], tokenizer)
        for q, a in zip(QUESTIONS, answers, strict=True)
    ]


def alone(model, example):
    """The same likelihood from one plain forward over the whole conversation."""
    import torch

    ids = torch.tensor([example.input_ids])
    with torch.inference_mode():
        log_probabilities = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
    answer = ids[0, example.answer_start :]
    return -log_probabilities[example.answer_start - 1 :].gather(1, answer[:, None]).sum().item()


@pytest.mark.parametrize("batch_tokens", [64, 4096])
def test_likelihoods_in_batches_with_a_shared_beginning_are_those_of_each_example_alone(
    reader, model, examples, batch_tokens
):
    expected = [alone(model, e) for e in examples]
    assert reader.nll(examples, batch_tokens=batch_tokens) == pytest.approx(expected, rel=1e-4)


def test_a_single_example_and_none_are_scored_too(reader, model, examples):
    assert reader.nll(examples[:1], batch_tokens=64) == pytest.approx([alone(model, examples[0])], rel=1e-4)
    assert reader.nll([], batch_tokens=64) == []


@pytest.mark.parametrize("batch_size", [1, 3])
def test_answers_written_in_batches_are_those_written_alone(reader, model, examples, batch_size, tokenizer):
    import torch

    prompts = [e.input_ids[: e.answer_start] for e in examples]
    expected = [
        model.generate(
            input_ids=torch.tensor([p]),
            attention_mask=torch.ones(1, len(p), dtype=torch.long),
            max_new_tokens=12,
            do_sample=False,
            pad_token_id=tokenizer.pad_token_id,
        )[0, len(p) :].tolist()
        for p in prompts
    ]
    ended = [e[: e.index(tokenizer.eos_token_id)] if tokenizer.eos_token_id in e else e for e in expected]
    assert reader.write(prompts, max_new_tokens=12, batch_size=batch_size) == ended


def test_an_answer_ends_at_the_end_of_turn():
    """The real model closes a short answer by itself."""
    tokenizer = base_model.load_tokenizer(models.packaged())
    real = Reader(base_model.load_model(models.packaged()), pad=tokenizer.pad_token_id, end=tokenizer.eos_token_id)
    asked = [{"role": "user", "content": "What is the capital of France? Answer in one short sentence."}]
    written = real.write([base_model.encode_prompt(asked, tokenizer)], max_new_tokens=40, batch_size=1)[0]
    assert tokenizer.eos_token_id not in written
    assert len(written) < 40
    assert "Paris" in tokenizer.decode(written)
