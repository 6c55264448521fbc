"""The words an example is framed in, read from the domain file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from assets.errors import RefineryError

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
ItemType = Literal["qa", "policy", "procedure"]


class Tasks(BaseModel):
    """One instruction a task, or one a type of item where the task has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer: dict[ItemType, Words]


class Speakers(BaseModel):
    """What the two sides are called where a conversation is shown as plain text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: Words
    assistant: Words


class Instructions(BaseModel):
    """The content of `domain/instructions.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tasks: Tasks
    opening: Words
    speakers: Speakers

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
        return (*self.tasks.answer.values(), self.opening)
