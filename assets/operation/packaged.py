"""A package as its readers see it: opened whole and unchanged, or not at all; and how it wants to be asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from assets.errors import RefineryError
from assets.folder import prove
from assets.shots import ANY, render

FOLDER = Path("artifacts/model_package")
PACKAGE, CARD, MARKS, PROMPTS = "package.json", "README.md", "predictions.parquet", "prompts.json"
ADAPTER_GGUF, MODEL_GGUF, TOKENIZER = "adapter.gguf", "model.gguf", "tokenizer"

Kind = Literal["prompts", "adapter", "model"]
Message = dict[str, str]
_AGAIN = "materialise model_package again, or serve another version"


class PackagedFile(BaseModel):
    """One file of a package."""

    model_config = ConfigDict(frozen=True)
    sha256: str
    bytes: int


class Score(BaseModel):
    """One measurement on the frozen test set; with a baseline, the difference from it."""

    model_config = ConfigDict(frozen=True)
    task: str
    metric: str
    baseline: str | None
    value: float
    low: float | None
    high: float | None
    n: int
    threads: int


class Facts(BaseModel):
    """What `package.json` states beside the version."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Kind
    approach: str
    recommended: str
    release: str
    verdict_id: str
    base_model: str
    artifact: str | None
    """Version of what was trained."""
    template_sha256: str
    control_tokens: tuple[str, ...]
    """What no text may spell out: it would end or forge a turn."""
    system: str | None
    """The instruction it was asked under; none where it was trained without."""
    not_embedded: str | None
    """Why it has no form for the embedded server, where it has none."""
    metrics: tuple[Score, ...]
    files: Mapping[str, PackagedFile]

    @property
    def version(self) -> str:
        """The hash of it all."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Package:
    """A package whose files are those that were packed."""

    folder: Path
    facts: Facts

    @property
    def version(self) -> str:
        """The hash of its content."""
        return self.facts.version

    def marks(self) -> pa.Table:
        """Return how it did on each test example, in the form of `marks.MARKS`."""
        return pq.read_table(self.folder / MARKS)

    def prompts(self) -> dict[str, dict[str, Any]]:
        """Return by category the few-shot prompt: its template and shots; none of another approach's package."""
        file = self.folder / PROMPTS
        stated = json.loads(file.read_text(encoding="utf-8"))["prompts"] if PROMPTS in self.facts.files else []
        return {prompt["category"]: prompt for prompt in stated}

    def gguf(self) -> Path | None:
        """Return the adapter or the model as the embedded server reads it."""
        names = [name for name in (ADAPTER_GGUF, MODEL_GGUF) if name in self.facts.files]
        return self.folder / names[0] if names else None


def open_package(folder: Path) -> Package:
    """Open a package, or refuse.

    Raises:
        RefineryError: There is no readable `package.json`, it is of another version than the folder's name says, or
            a file is missing or changed.
    """
    where = f"model package {folder.name}"
    try:
        stated = json.loads((folder / PACKAGE).read_bytes())
        version = stated.pop("version")
        package = Package(folder, Facts.model_validate(stated))
    except FileNotFoundError:
        raise RefineryError(where, "is not there", "see `refinery package` for those that are") from None
    except (ValidationError, ValueError, LookupError, AttributeError, TypeError):
        raise RefineryError(where, f"{PACKAGE} is not what is written there", _AGAIN) from None
    if not package.version == version == folder.name:
        raise RefineryError(where, f"{PACKAGE} does not state what was packed", _AGAIN)
    for name, file in package.facts.files.items():
        prove(folder / name, file.sha256, where=f"{where}, {name}", do=_AGAIN)
    return package


def asked(
    package: Package, messages: Sequence[Message], *, category: str | None = None, shots: int | None = None
) -> list[Message]:
    """Put a client's conversation as the package was measured: its instruction first, the question behind its shots.

    Args:
        package: The package.
        messages: The conversation, the question last. A system message of the client's own stands for the instruction.
        category: The question's category, whose few-shot prompt is used; else that of any other.
        shots: Shots shown at most.
    """
    said, system = list(messages), package.facts.system
    if system and said[0]["role"] != "system":
        said.insert(0, {"role": "system", "content": system})
    if (prompts := package.prompts()) and said[-1]["role"] == "user":
        prompt = prompts.get(category or ANY) or prompts[ANY]
        text = render(prompt["template"], prompt["shots"][:shots], said[-1]["content"])
        said[-1] = {"role": "user", "content": text}
    return said
