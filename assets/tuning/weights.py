"""What of the base model is trained: an adapter on top of it, or its own weights; and how it is kept."""

from __future__ import annotations

import shutil
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets import base_model
from assets.errors import RefineryError
from assets.training import ADAPTER, MODEL, FullParams, LoraParams, Params, version_of

if TYPE_CHECKING:
    from torch import Tensor, nn


def trainable(folder: Path, params: Params) -> Any:
    """Load the base model with what is to be trained of it; it answers as the base model does until it is."""
    import torch
    from transformers import set_seed

    if params.threads:
        torch.set_num_threads(params.threads)
    set_seed(params.seed)  # peft draws the first weights from the global generator
    return _unfrozen(folder, params) if isinstance(params, FullParams) else _adapted(folder, params)


def _adapted(folder: Path, params: LoraParams) -> Any:
    """Load the base model frozen, with fresh adapters in fp32 on top."""
    from peft import LoraConfig, get_peft_model

    modules = params.target_modules if isinstance(params.target_modules, str) else list(params.target_modules)
    lora = LoraConfig(
        r=params.r,
        lora_alpha=params.lora_alpha,
        lora_dropout=params.lora_dropout,
        target_modules=modules,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(base_model.load_model(folder, params.dtype), lora)


def _unfrozen(folder: Path, params: FullParams) -> Any:
    """Load the base model in fp32 and free all its weights, or the layers that are named.

    The fp32 weights are the masters, under bf16 arithmetic: an update of a thousandth of a weight is lost in
    bf16's eight bits (Micikevicius et al. 2018, arXiv:1710.03740). A trained parameter costs 16 bytes (weight,
    gradient, AdamW's two moments), a frozen one 4: 2.2 GB for a model of 135 million, before activations.
    """
    model = base_model.load_model(folder, "float32")
    if params.layers is not None:
        for name, weight in model.named_parameters():
            weight.requires_grad_(any(fnmatchcase(name, pattern) for pattern in params.layers))
        if not any(weight.requires_grad for weight in model.parameters()):
            do = "name parameters of the model, such as model.layers.2[0-9].*, or null for all"
            raise RefineryError("tuning.full.layers", "names no layer of the base model", do)
    return model


def trained_parameters(model: nn.Module) -> int:
    """Count the parameters that are trained."""
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


def learnt_state(model: nn.Module) -> dict[str, Tensor]:
    """Return the trained weights by name, as they are now."""
    return {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}


def save(model: Any, params: Params, base: Path, out: Path) -> str:
    """Write the adapter or the model, whole or not at all, and return its version: the hash of its weights.

    Nothing in it tells where it was made. A full model is written in the type it was trained to compute in.
    """
    import torch

    name = MODEL if isinstance(params, FullParams) else ADAPTER
    making, target = out / f".{name}", out / name
    for left in (making, target):
        shutil.rmtree(left, ignore_errors=True)
    if isinstance(params, FullParams):
        model.to(getattr(torch, params.dtype)).save_pretrained(str(making))
        base_model.load_tokenizer(base).save_pretrained(str(making))
    else:
        model.peft_config["default"].base_model_name_or_path = base_model.identity(base)
        model.save_pretrained(str(making), save_embedding_layers=False)
        (making / "README.md").unlink(missing_ok=True)  # peft's empty card
    making.replace(target)
    return version_of(target)
