"""The number format a model computes in: stated, or the one that its machine multiplies fastest."""

from __future__ import annotations

from functools import cache
from typing import Literal

Precision = Literal["auto", "bfloat16", "float32"]
MEANING = "bfloat16, float32, or auto: bfloat16 on a GPU or a processor with instructions for it, else float32."


def resolved(stated: Precision) -> Precision:
    """Return a format that is no `auto`: the name of a torch dtype.

    >>> resolved("float32")
    'float32'
    """
    return fastest() if stated == "auto" else stated


@cache
def fastest() -> Precision:
    """Return what models are read and trained in; emulated bfloat16 takes many times as long as float32."""
    import torch

    return "bfloat16" if torch.cuda.is_available() else on_the_processor()


@cache
def on_the_processor() -> Precision:
    """Return what the processor multiplies fastest, whatever else there is."""
    import torch

    native = any(torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16", "sve_bf16", "bf16"))
    return "bfloat16" if native else "float32"
