"""Adapters and models as llama.cpp reads them: GGUF files, written with the `gguf` package alone.

llama.cpp turns the halves of each attention head where transformers interleaves them, so the rows of the query and
key projections change places (`LlamaModel.permute` of llama.cpp's own converter). Without it a model loads, and
answers worse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.errors import RefineryError

_LAYERS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
_ONCE = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
_FACTOR = re.compile(r"base_model\.model\.model\.layers\.(\d+)\.(.+?)\.lora_([AB])\.weight")
_WEIGHT = re.compile(r"model\.layers\.(\d+)\.(.+)\.weight")
_OTHER_MATHS = (
    "alora_invocation_tokens", "alpha_pattern", "fan_in_fan_out", "layer_replication", "lora_bias", "modules_to_save",
    "rank_pattern", "target_parameters", "trainable_token_indices", "use_dora", "use_qalora", "use_rslora",
)  # fmt: skip
"""Switches of peft under which an adapter is more than two factors with one scale."""

Array = NDArray[Any]


def write_adapter(adapter: Path, base: Path, out: Path) -> None:
    """Write the adapter that peft saved in `adapter` as GGUF.

    Args:
        adapter: Folder with `adapter_model.safetensors` and `adapter_config.json`.
        base: Hugging Face folder of the base model.
        out: The file to write; equal adapters give equal bytes.

    Raises:
        RefineryError: The base model is no Llama, or the adapter is more than plain LoRA.
    """
    from gguf import GGUFWriter
    from safetensors.numpy import load_file

    heads = _heads(base)
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    beyond = [name for name in _OTHER_MATHS if config.get(name)]
    if config.get("peft_type") != "LORA" or config.get("bias") != "none" or beyond:
        raise _refused(f"is not plain LoRA ({', '.join(beyond) or 'its type or its biases'})")
    writer = GGUFWriter(out, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(config["lora_alpha"]))
    for name, factor in sorted(load_file(adapter / "adapter_model.safetensors").items()):
        found = _FACTOR.fullmatch(name)
        if found is None or found[2] not in _LAYERS:
            raise _refused(f"has a tensor of no layer that llama.cpp adapts: {name}")
        values = _turned(found[2], factor, heads) if found[3] == "B" else factor
        target = f"blk.{found[1]}.{_LAYERS[found[2]]}.weight.lora_{found[3].lower()}"
        writer.add_tensor(target, np.ascontiguousarray(values, dtype=np.float32))
    _close(writer)


def write_model(model: Path, base_gguf: Path, out: Path, *, form: str = "Q8_0") -> None:
    """Write a fully tuned model as GGUF; tokenizer and chat template are those of its base's GGUF.

    Args:
        model: Hugging Face folder of the tuned model.
        base_gguf: The base model as GGUF: training changes weights and nothing else.
        out: The file to write.
        form: How matrices are kept: Q8_0 (8 bits and a scale for every 32 weights), F16 or F32.

    Raises:
        RefineryError: The model is no Llama, or has other tensors than its base.
    """
    from gguf import GGUFReader, GGUFValueType, GGUFWriter
    from gguf.constants import GGMLQuantizationType
    from gguf.quants import quantize

    heads, reader, writer = _heads(model), GGUFReader(base_gguf), GGUFWriter(out, "llama")
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name not in ("general.architecture", "general.file_type"):
            inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), field.types[0], inner)
    kind = GGMLQuantizationType[form]
    wanted = {tensor.name: tuple(int(n) for n in reversed(tensor.shape)) for tensor in reader.tensors}
    weights = {_name(name): (name, values) for name, values in _weights(model).items()}
    if {name: values.shape for name, (_, values) in weights.items()} != wanted:
        raise RefineryError("the full model", "has other tensors than its base model's GGUF", "serve it with vLLM")
    for target, (name, values) in sorted(weights.items()):
        found = _WEIGHT.fullmatch(name)
        turned = _turned(found[2], values, heads) if found else values
        if turned.ndim == 1 or form == "F32":
            writer.add_tensor(target, turned)
        else:
            writer.add_tensor(target, quantize(turned, kind), raw_dtype=kind)
    _close(writer)


def chat_template(gguf: Path) -> str:
    """Return the chat template that a GGUF file will be served under; '' if it has none."""
    from gguf import GGUFReader

    field = GGUFReader(gguf).get_field("tokenizer.chat_template")
    return str(field.contents()) if field else ""


def _heads(folder: Path) -> Mapping[str, int]:
    """Return by projection how many heads its rows are of."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config.get("model_type") != "llama":
        raise RefineryError("the base model", "is no Llama: its form as GGUF is not known here", "serve it with vLLM")
    heads = config["num_attention_heads"]
    return {"self_attn.q_proj": heads, "self_attn.k_proj": config.get("num_key_value_heads") or heads}


def _turned(layer: str, rows: Array, heads: Mapping[str, int]) -> Array:
    """Return the rows in llama.cpp's order: of each head the halves, where transformers has them one by one.

    >>> _turned("self_attn.q_proj", np.arange(4), {"self_attn.q_proj": 1}).tolist()
    [0, 2, 1, 3]
    """
    if layer not in heads:
        return rows
    n = heads[layer]
    return rows.reshape(n, 2, len(rows) // n // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def _weights(model: Path) -> dict[str, Array]:
    """Read the weights in fp32: numpy knows no bfloat16."""
    from safetensors.torch import load_file

    files = sorted(model.glob("*.safetensors"))
    return {name: value.float().numpy() for file in files for name, value in load_file(file).items()}


def _name(name: str) -> str:
    found = _WEIGHT.fullmatch(name)
    if found and found[2] in _LAYERS:
        return f"blk.{found[1]}.{_LAYERS[found[2]]}.weight"
    return f"{_ONCE.get(name.removesuffix('.weight'), name)}.weight"


def _close(writer: Any) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _refused(what: str) -> RefineryError:
    return RefineryError("the adapter", f"{what}, and has no form as GGUF", "train plain LoRA, or serve it with vLLM")
