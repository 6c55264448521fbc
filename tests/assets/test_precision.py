"""The format that models compute in is the machine's own where nobody states one, and stated afterwards."""

import pytest
import torch

from assets import base_model, precision
from assets.precision import fastest, on_the_processor, resolved
from assets.training import LoraParams, TrainingRequest
from assets.tuning.train import train


@pytest.fixture
def processor(monkeypatch):
    """A processor of these capabilities, without a GPU, asked anew."""

    def of(**capabilities: bool) -> None:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        for remembered in (fastest, on_the_processor):
            remembered.cache_clear()

    yield of
    for remembered in (fastest, on_the_processor):
        remembered.cache_clear()


@pytest.mark.parametrize(
    ("can", "type_"),
    [
        ({"avx2": True, "amx_bf16": False}, "float32"),
        ({"avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
        ({}, "float32"),
    ],
)
def test_bfloat16_is_taken_where_the_processor_has_instructions_for_it(processor, can, type_):
    processor(**can)
    assert resolved("auto") == on_the_processor() == type_
    assert (resolved("bfloat16"), resolved("float32")) == ("bfloat16", "float32")


def test_a_gpu_has_them(processor, monkeypatch):
    processor(avx2=True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert (fastest(), on_the_processor()) == ("bfloat16", "float32")


@pytest.mark.parametrize(("can", "type_"), [({}, torch.float32), ({"amx_bf16": True}, torch.bfloat16)])
def test_a_model_is_read_in_it(processor, tiny_model, can, type_):
    processor(**can)
    assert base_model.load_model(tiny_model).dtype == type_


def test_what_was_trained_states_the_type_and_is_not_trained_again(release, tiny_model, tmp_path):
    knobs = LoraParams(r=4, batch_size=8, max_steps=2, validation_examples=0, threads=1)
    request = TrainingRequest(release=release, base_model=tiny_model, params=knobs)
    result = train(request, tmp_path)
    assert result.params.dtype == precision.fastest() != "auto"
    written = (tmp_path / "training.json").stat().st_mtime_ns
    assert train(request, tmp_path) == result
    assert (tmp_path / "training.json").stat().st_mtime_ns == written
