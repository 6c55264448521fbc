"""PromptBasedTuner: per category the examples a few-shot prompt shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from assets import base_model, released, tables
from assets.errors import RefineryError
from assets.ledger import Published, summary
from assets.tuning.params import FewShotParams

if TYPE_CHECKING:
    import numpy as np

ANY = "*"


class Wording(BaseModel):
    """The words around the shots."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    template: str
    shot: str

    @field_validator("template")
    @classmethod
    def _open_places(cls, text: str) -> str:
        if any(text.count(place) != 1 for place in ("{shots}", "{question}")):
            raise ValueError("must hold {shots} and {question} once each")
        return text

    @classmethod
    def load(cls, file: Path) -> Wording:
        """Read the section `few_shot` of the domain's prompts."""
        try:
            return cls.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))["few_shot"])
        except (OSError, KeyError, TypeError, yaml.YAMLError, ValidationError) as error:
            do = "state few_shot with a template that holds {shots} and {question}, and a shot"
            raise RefineryError(str(file), f"cannot be used ({type(error).__name__})", do) from None


def render(template: str, shot: str, shots: Sequence[dict[str, str]], question: str) -> str:
    """Fill a prompt; a brace in a text stays what it is.

    >>> render("{shots} Q: {question}", "{n}. {question} - {answer}", [{"question": "a{n}?", "answer": "b"}], "c?")
    '1. a{n}? - b Q: c?'
    """
    raise NotImplementedError
