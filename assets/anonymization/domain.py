"""The domain's own words: house patterns, words to keep, the desk's people."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assets.errors import RefineryError


class PatternSpec(BaseModel):
    """One house pattern; the group `value`, if the expression has one, is what is masked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    entity: str
    regex: str = Field(min_length=1)
    score: float = Field(default=0.6, ge=0, le=1)
    context: tuple[str, ...] = Field(
        default=(), description="One of these words must stand before it or in the other speaker's turn before."
    )
    near: int = Field(default=40, ge=0, description="How many characters before the match count as its context.")
    check: str | None = Field(default=None, pattern="^(luhn|iban)$", description="The check digits it must carry.")
    ignore_case: bool = True
    language: str | None = Field(
        default=None, description="ISO 639-1 code of its words; skipped in texts that are seen to be in another."
    )
    promised: bool = Field(default=False, description="Also looked for where `recall` is standard.")


class PiiDomain(BaseModel):
    """What `domain/pii_patterns.yaml` may say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    patterns: tuple[PatternSpec, ...] = ()
    keep: tuple[str, ...] = Field(default=(), description="Product, company and other words no detector may mask.")
    ordinary_words: tuple[str, ...] = Field(
        default=(), description="Words that are names too: alone they are masked only when capitalised."
    )
    common_names: tuple[str, ...] = Field(
        default=(), description="Names that a dictionary lists as words; a guess made of words alone is no person."
    )


class Agents(BaseModel):
    """What `domain/agents.yaml` may say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: tuple[str, ...] = Field(default=(), description="Full names of the people who answer for the desk.")


Model = TypeVar("Model", PiiDomain, Agents)


def pii_domain(path: Path) -> PiiDomain:
    """Read the house patterns; a file that does not parse is an error, never an empty list."""
    return _read(path, PiiDomain)


def agents(path: Path) -> Agents:
    """Read the names of the desk's people."""
    return _read(path, Agents)


def _read(path: Path, model: type[Model]) -> Model:
    try:
        return _parsed(path.read_text(encoding="utf-8"), path, model)
    except (OSError, UnicodeDecodeError):
        raise RefineryError(str(path), "the file cannot be read", "create it or correct the setting") from None


@functools.lru_cache(maxsize=16)  # by content: a server that lives for months must see an edited file
def _parsed(text: str, path: Path, model: type[Model]) -> Model:
    try:
        return model.model_validate(yaml.safe_load(text) or {})
    except yaml.YAMLError:
        raise RefineryError(str(path), "the file is not YAML", "correct it") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RefineryError(str(path), f"{where}: {first['msg']}", "correct it") from None
