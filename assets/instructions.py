"""The words an example is framed in, read from the domain file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from assets.errors import RefineryError

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
ItemType = Literal["qa", "policy", "procedure"]
_OPEN, _SEGMENT, _ANY = "{labels}", "{segment}", "SEGMENT"


def _once(place: str) -> AfterValidator:
    def check(words: str) -> str:
        if words.count(place) != 1:
            raise ValueError(f"holds {place} once")
        return words

    return AfterValidator(check)


OpenWords = Annotated[Words, _once(_OPEN)]


class Tasks(BaseModel):
    """One instruction a task, or one a type of item where the task has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer: dict[ItemType, Words]
    classify_category: OpenWords | None = None
    triage_priority: OpenWords | None = None


class Speakers(BaseModel):
    """What the two sides are called where a conversation is shown as plain text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: Words
    assistant: Words


class Framing(BaseModel):
    """The words around a conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    opening: Words
    speakers: Speakers


class Instructions(Framing):
    """The content of `domain/instructions.yaml`."""

    tasks: Tasks
    customer: Annotated[Words, _once(_SEGMENT)] | None = None

    @classmethod
    def load(cls, path: Path) -> Instructions:
        """Read the domain file.

        Raises:
            RefineryError: The file is missing, is not YAML, or lacks or misspells a key.
        """
        try:
            return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise RefineryError(str(path), "cannot be read", "correct formatting.instructions") from error
        except yaml.YAMLError as error:
            raise RefineryError(str(path), "is not valid YAML", "correct the file") from error
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"])) or "the file"
            raise RefineryError(f"{path}: {key}", first["msg"].lower(), "correct the file") from None

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text of the file that reaches an example."""
        others = (self.tasks.classify_category, self.tasks.triage_priority, self.opening, self.customer)
        return (*self.tasks.answer.values(), *(words for words in others if words))

    def classify(self, task: str, labels: Iterable[str]) -> str | None:
        """Return the instruction of a classification task, its labels named; null where the file has none."""
        words: str | None = getattr(self.tasks, task)
        return words and words.replace(_OPEN, ", ".join(labels))

    def about(self, segment: str) -> str:
        """Return what a task is told of the customer."""
        return (self.customer or "").replace(_SEGMENT, segment)

    def bare(self, instruction: str) -> str:
        """Return an instruction without what it tells of a customer, which is its last sentence."""
        sentence = re.escape(f" {self.about(_ANY)}").replace(_ANY, r"\w+") if self.customer else "(?!)"
        return re.sub(f"{sentence}$", "", instruction)
