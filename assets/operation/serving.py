"""The embedded server of a package: its base model and its adapter as GGUF, within this process."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from assets import language_model
from assets.base_model import PACKAGED, packaged_gguf
from assets.errors import RefineryError
from assets.folder import sha256_of
from assets.operation.gguf_form import chat_template
from assets.operation.packaged import MODEL_GGUF, Package
from assets.operation.params import ServingParams

VLLM = "serve it with vLLM, see docs/serving.md"


def base_gguf(identity: str, stated: Path | None = None) -> Path:
    """Return the GGUF of a base model.

    Args:
        identity: Name and hash, as `base_model.identity` gives them.
        stated: The one the settings name; without it there is the packaged model's.

    Raises:
        RefineryError: None is known, or there is no such file.
    """
    if stated is not None:
        if not stated.is_file():
            raise RefineryError("operation.serving.base_gguf", f"{stated} does not exist", "correct the path")
        return stated
    name, _, sha256 = identity.partition("@")
    if name != PACKAGED or not sha256_of(packaged_gguf()).startswith(sha256):
        do = f"name it under operation.serving.base_gguf, or {VLLM}"
        raise RefineryError(f"base model {identity}", "is not here as GGUF", do)
    return packaged_gguf()


def start(package: Package, params: ServingParams, *, key: str) -> Any:
    """Start the embedded server of a package on a free port of the loopback.

    Args:
        package: What is served.
        params: How.
        key: What its API asks for.

    Returns:
        The server, as `language_model.served` returns it.

    Raises:
        RefineryError: The package has no form for it, or was made for another base model or chat template.
    """
    facts, where = package.facts, f"model package {package.version}"
    if facts.not_embedded or facts.approach == "few_shot_endpoint":
        raise RefineryError(where, facts.not_embedded or "is prompts for a model elsewhere", VLLM)
    own = package.gguf()
    whole = own if own is not None and own.name == MODEL_GGUF else None
    gguf = whole or base_gguf(facts.base_model, params.base_gguf)
    if hashlib.sha256(chat_template(gguf).encode()).hexdigest() != facts.template_sha256:
        what = f"was made under another chat template than that of {gguf.name}"
        raise RefineryError(where, what, "serve it with the base model it was made for")
    return language_model.served(
        gguf,
        key=key,
        adapter=None if whole else own,
        name=package.version,
        context=params.context,
        parallel=params.parallel,
    )
