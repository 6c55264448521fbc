"""A few-shot prompt as a model meets it: the same for who chooses the shots, who asks, and who serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from assets import base_model
from assets.errors import RefineryError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

ANY = "*"
"""The category whose prompt serves questions of any other."""
Row = Mapping[str, Any]


class Asked(NamedTuple):
    """A question behind its shots: its tokens, the shots that fitted, whose they are, and who begins alike."""

    encoded: base_model.Encoded
    shots: int
    shots_of: str
    group: str


def load_templates(file: Path) -> dict[str, str]:
    """Read the named templates; {shots} and then {question} stand in each, once.

    Raises:
        RefineryError: The file cannot be read, or one of its texts is no prompt.
    """
    try:
        stated = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        stated = None
    if not isinstance(stated, dict) or not stated:
        raise RefineryError(str(file), "names no prompt", "state texts by name, each a prompt")
    for name, template in stated.items():
        before, place, after = str(template).partition("{question}")
        if before.count("{shots}") != 1 or "{shots}" in after or "{question}" in after or not place:
            where = f"{file}, {name}"
            raise RefineryError(where, "is no prompt", "state a text that holds {shots} and then {question}, once each")
    return {str(name): str(template) for name, template in stated.items()}


def render(template: str, shots: Iterable[Mapping[str, str]], question: str) -> str:
    r"""Fill the prompt: the shots numbered as question and answer, the new question last.

    >>> render("{shots}; {question}?", [{"question": "a {question}", "answer": "b"}], "c")
    'Question 1: a {question}\nAnswer 1: b; c?'
    """
    before, after = template.split("{question}")
    return before.replace("{shots}", numbered(shots)) + question + after


def numbered(shots: Iterable[Mapping[str, str]]) -> str:
    """Number the shots as question and answer."""
    shown = (f"Question {n}: {shot['question']}\nAnswer {n}: {shot['answer']}" for n, shot in enumerate(shots, 1))
    return "\n\n".join(shown)


def prompt_of(row: Row, prompts: Mapping[str, Row]) -> Row:
    """Return the prompt of an example's category where whoever asks states one, else the one of any.

    Nobody else is told the category, so that figures compare only where it would be stated in service, too.
    """
    any_ = prompts[ANY]
    return prompts.get(row["category"], any_) if any_["category_known"] else any_


def ask(row: Row, prompt: Row, most: int, tokenizer: PreTrainedTokenizerBase) -> Asked:
    """Put an example's question behind a prompt's shots; if that is too long, behind fewer of them.

    Args:
        row: A row of training_examples.
        prompt: A row of few_shot_prompts.
        most: Longest prompt, in tokens.
        tokenizer: The model's.
    """
    system = system_of(row)
    for shots in range(len(prompt["shots"]), -1, -1):
        text = render(prompt["template"], prompt["shots"][:shots], row["input"])
        asked = [*system, {"role": "user", "content": text}, {"role": "assistant", "content": row["output"]}]
        encoded = base_model.encode(asked, tokenizer)
        if encoded.answer_start <= most:
            break
    group = " ".join([prompt["prompt_id"], str(shots), *(m["content"] for m in system)])
    return Asked(encoded, shots, prompt["category"], group)


def system_of(row: Row) -> list[dict[str, str]]:
    """Return an example's instruction, which every approach is given alike."""
    return [m for m in row["messages"][:1] if m["role"] == "system"]
