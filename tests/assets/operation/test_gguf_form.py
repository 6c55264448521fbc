"""The forms llama.cpp reads give the numbers that transformers gives: on the real model, served as it is served."""

import json

import httpx
import pytest
from safetensors.numpy import load_file, save_file

from assets import base_model
from assets.errors import RefineryError
from assets.language_model import served
from assets.operation import gguf_form
from tests import models

TEXTS = ("The capital of France is", "Hello, how can I", "To reset your password, click", "Dear customer, we")
EXACT = 0.02
"""Nats by which two exact engines may differ: llama.cpp keeps keys and values in 16 bits."""


def adapted(base, out, *, strong=0.1, **config):
    """Save a random adapter that changes what the model says, and return the model with it."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    lora = LoraConfig(**{"r": 8, "lora_alpha": 16, "target_modules": "all-linear", "task_type": "CAUSAL_LM"} | config)
    model = get_peft_model(base_model.load_model(base, "float32"), lora)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "lora_B" in name:
                weights.normal_(0, strong)
    model.save_pretrained(out)
    return model.eval()


def said(gguf, adapter=None):
    """Ask the server for the ten likeliest first tokens after each text: by token its log-probability."""
    server = served(gguf, key="k", adapter=adapter, context=256)
    asked = {"n_predict": 1, "n_probs": 10, "temperature": 0}
    answers = [
        httpx.post(
            f"{server.listening_address}/completion",
            json={**asked, "prompt": text},
            headers={"authorization": "Bearer k"},
            timeout=120,
        ).json()
        for text in TEXTS
    ]
    return [
        {t["id"]: t["logprob"] for t in answer["completion_probabilities"][0]["top_logprobs"]} for answer in answers
    ]


def off(found, model, tokenizer):
    """Return by how much the server's log-probabilities differ from transformers'."""
    import torch

    errors = []
    with torch.no_grad():
        for text, top in zip(TEXTS, found, strict=True):
            true = torch.log_softmax(model(torch.tensor([tokenizer.encode(text)])).logits[0, -1].float(), -1)
            errors += [abs(true[token].item() - value) for token, value in top.items()]
    return errors


def mean(values):
    return sum(values) / len(values)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The real model with an adapter, in transformers' form and in llama.cpp's: exact, and as packaged."""
    out, base = tmp_path_factory.mktemp("gguf"), models.packaged()
    model = adapted(base, out / "adapter")
    gguf_form.write_adapter(out / "adapter", base, out / "adapter.gguf")
    gguf_form.write_model(base, base_model.packaged_gguf(), out / "exact.gguf", form="F32")
    return out, base, model, base_model.load_tokenizer(base)


def test_an_adapter_says_in_llama_cpp_what_it_says_in_transformers(real):
    out, _, model, tokenizer = real
    errors = off(said(out / "exact.gguf", out / "adapter.gguf"), model, tokenizer)
    assert max(errors) < EXACT
    with model.disable_adapter():
        assert mean(off(said(out / "exact.gguf", out / "adapter.gguf"), model, tokenizer)) > 10 * EXACT, (
            "it does change"
        )


def test_the_four_bits_of_the_packaged_model_add_their_noise_and_no_more(real):
    out, _, model, tokenizer = real
    packed = mean(off(said(base_model.packaged_gguf(), out / "adapter.gguf"), model, tokenizer))
    with model.disable_adapter():
        noise = mean(off(said(base_model.packaged_gguf()), model, tokenizer))
        other = mean(off(said(base_model.packaged_gguf(), out / "adapter.gguf"), model, tokenizer))
    assert packed < 3 * noise
    assert packed < other / 2


def test_rows_left_in_transformers_order_would_be_seen(real, tmp_path, monkeypatch):
    out, base, model, tokenizer = real
    monkeypatch.setattr(gguf_form, "_heads", lambda _: {})
    gguf_form.write_adapter(out / "adapter", base, tmp_path / "wrong.gguf")
    assert max(off(said(out / "exact.gguf", tmp_path / "wrong.gguf"), model, tokenizer)) > 5 * EXACT


def test_equal_adapters_give_equal_bytes(real, tmp_path):
    out, base, *_ = real
    gguf_form.write_adapter(out / "adapter", base, tmp_path / "again.gguf")
    assert (tmp_path / "again.gguf").read_bytes() == (out / "adapter.gguf").read_bytes()


def test_a_tuned_model_in_eight_bits_is_near_its_exact_form_and_keeps_tokenizer_and_template(real, tmp_path):
    _, base, model, tokenizer = real
    gguf_form.write_model(base, base_model.packaged_gguf(), tmp_path / "model.gguf")
    with model.disable_adapter():
        assert mean(off(said(tmp_path / "model.gguf"), model, tokenizer)) < 0.15
    assert gguf_form.chat_template(tmp_path / "model.gguf") == tokenizer.chat_template


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"use_dora": True}, "use_dora"),
        ({"use_rslora": True}, "use_rslora"),
        ({"rank_pattern": {"q_proj": 4}}, "rank_pattern"),
        ({"alpha_pattern": {"q_proj": 4}}, "alpha_pattern"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"bias": "all"}, "plain LoRA"),
        ({"peft_type": "IA3"}, "plain LoRA"),
    ],
)
def test_an_adapter_that_is_more_than_plain_lora_is_refused(changed, said, tiny_model, tmp_path):
    adapted(tiny_model, tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changed))
    with pytest.raises(RefineryError, match=said):
        gguf_form.write_adapter(tmp_path / "adapter", tiny_model, tmp_path / "a.gguf")
    assert not (tmp_path / "a.gguf").exists()


def test_every_switch_refused_is_one_that_peft_knows():
    from peft import LoraConfig

    known = set(LoraConfig().to_dict())
    assert [name for name in gguf_form._OTHER_MATHS if name not in known] == []


def test_a_tensor_of_no_adapted_layer_is_named(tiny_model, tmp_path):
    adapted(tiny_model, tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_model.safetensors"
    weights = load_file(file)
    weights["base_model.model.model.embed_tokens.lora_embedding_A"] = next(iter(weights.values()))
    save_file(weights, file)
    with pytest.raises(RefineryError, match="embed_tokens"):
        gguf_form.write_adapter(tmp_path / "adapter", tiny_model, tmp_path / "a.gguf")


def test_a_model_of_another_build_is_refused(tiny_model, tmp_path):
    with pytest.raises(RefineryError, match="other tensors than its base"):
        gguf_form.write_model(tiny_model, base_model.packaged_gguf(), tmp_path / "m.gguf")
    config = tiny_model / "config.json"
    other = tmp_path / "gpt"
    other.mkdir()
    (other / "config.json").write_text(json.dumps(json.loads(config.read_text()) | {"model_type": "gpt2"}))
    with pytest.raises(RefineryError, match="no Llama"):
        gguf_form.write_model(other, base_model.packaged_gguf(), tmp_path / "m.gguf")
