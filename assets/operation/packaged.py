"""A package as its readers see it: opened whole and unchanged, or not at all; and how it wants to be asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from assets.conversation import put, transcript, turns
from assets.errors import RefineryError
from assets.folder import prove
from assets.instructions import Framing, ItemType
from assets.operation.marks import ANSWER
from assets.operation.marks import MARKS as COLUMNS
from assets.shots import ANY, render, system_of
from assets.training import put as in_form

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


class Told(BaseModel):
    """What is known of a question beside its words."""

    model_config = ConfigDict(frozen=True)
    category: str | None = None
    """Chooses the few-shot prompt; else that of any category is used."""
    item_type: ItemType | None = None
    """Chooses the instruction; else it is that of a question (qa)."""
    task: Literal["answer", "classify_category", "triage_priority"] = "answer"
    """Labels are asked for by an instruction of their own, without shots."""


class Facts(BaseModel):
    """What `package.json` states beside the version."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Kind
    approach: str
    recommended: str
    release: str
    verdict_id: str
    base_model: str
    """Name and hash; of prompts for an endpoint its host and model."""
    artifact: str | None
    """Version of what was trained."""
    template_sha256: str | None
    """The chat template it must be asked under; an endpoint has its own."""
    control_tokens: tuple[str, ...]
    """What no text may spell out: it would end or forge a turn."""
    instructions: Mapping[str, str]
    """What it was asked under, by type of item and by task of labels; of answers none where it was trained without."""
    framing: Framing
    """The words around a conversation of several turns."""
    category_known: bool | None
    """Whether it was measured behind the shots of a question's own category, or of all; null without shots."""
    not_embedded: str | None
    """Why it has no form for the embedded server, where it has none."""
    metrics: tuple[Score, ...]
    files: Mapping[str, PackagedFile]

    def instruction(self, told: Told) -> str | None:
        """Return what a question is asked under."""
        if told.task != ANSWER:
            return self.instructions.get(told.task)
        asked_for = (told.item_type, *get_args(ItemType))
        return next((self.instructions[name] for name in asked_for if name in self.instructions), None)

    @property
    def version(self) -> str:
        """The hash of it all."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


_NOTHING = Told()


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
        """Return how it did on each test example, in the form of `marks.MARKS`; what an older package lacks is null."""
        stored = pq.read_table(self.folder / MARKS)
        for field in (field for field in COLUMNS if field.name not in stored.column_names):
            stored = stored.append_column(field, pa.nulls(len(stored), field.type))
        return stored.select(COLUMNS.names)

    def prompt(self, told: Told) -> dict[str, Any] | None:
        """Return the few-shot prompt of a question: its template, shots and longest; none where none is shown."""
        if told.task != ANSWER or PROMPTS not in self.facts.files:
            return None
        stated = json.loads((self.folder / PROMPTS).read_text(encoding="utf-8"))["prompts"]
        prompts = {prompt["category"]: prompt for prompt in stated}
        return prompts.get(told.category) or prompts.get(ANY)

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
    package: Package, messages: Sequence[Message], told: Told = _NOTHING, *, shots: int | None = None
) -> list[Message]:
    """Put a client's conversation as the package was measured: its instruction first, the question behind its shots.

    Args:
        package: The package.
        messages: The conversation, the question last. System messages of the client's own, which come first, stand for
            the instruction.
        told: What the client says of the question.
        shots: Shots shown at most.
    """
    facts = package.facts
    own = [m["content"] for m in messages if m["role"] == "system"]
    *history, question = messages[len(own) :]
    instruction = "\n\n".join(own) or facts.instruction(told) or ""
    conversation = turns(history, question["content"])
    row = {"task": told.task, "instruction": instruction, "messages": put(conversation, instruction, facts.framing)}
    said = in_form(row, "instruction" if instruction else "plain")
    if (prompt := package.prompt(told)) is None:
        return said
    text = render(prompt["template"], prompt["shots"][:shots], transcript(conversation, facts.framing))
    return [*system_of({"messages": said}), {"role": "user", "content": text}]
