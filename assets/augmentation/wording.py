"""The words a desk knows for the same thing: `domain/synonyms.yaml`, read and checked."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assets.errors import RefineryError

_OPEN = "{rest}"


class Template(BaseModel):
    """One way to ask, and others that mean the same; `{rest}` stands for what is asked, word for word."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    ask: str = Field(description="the sentence as people write it")
    instead: tuple[str, ...] = Field(min_length=1, description="the sentences that may stand for it")

    @field_validator("ask", "instead")
    @classmethod
    def _open_once(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if any(sentence.count(_OPEN) != 1 for sentence in ([value] if isinstance(value, str) else value)):
            raise ValueError(f"each sentence holds {_OPEN} once")
        return value


class Wording(BaseModel):
    """Synonyms, registers and templates of one language; phrases in lower case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str = Field(default="en", description="language (ISO 639-1) of the words; other pairs stay as they are")
    protected: tuple[str, ...] = Field(default=(), description="product names and phrases no rule touches")
    synonyms: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="phrase -> phrases for the same")
    formal: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="plain phrase -> formal ones")
    informal: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="formal phrase -> plain ones")
    paraphrases: tuple[Template, ...] = Field(default=(), description="ways to ask the same question")

    @field_validator("synonyms", "formal", "informal")
    @classmethod
    def _lower_case(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {phrase.casefold(): others for phrase, others in value.items()}


def read_wording(path: Path) -> Wording:
    """Read the desk's wording.

    Raises:
        RefineryError: The file is missing, not YAML, or holds what no rule knows.
    """
    try:
        return Wording.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except FileNotFoundError:
        raise RefineryError(
            "augmentation.wording", f"{path} does not exist", "correct the path, or create the file"
        ) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RefineryError(f"{path}, line {line}", "not YAML", "correct the line") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "top level"
        raise RefineryError(f"{path}, {where}", first["msg"].lower(), "correct the entry") from None
