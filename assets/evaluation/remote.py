"""The few-shot prompts asked of an endpoint: what a model that is not ours to tune says to the same test questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from assets import base_model, released, shots
from assets.evaluation import frozen
from assets.evaluation.params import PredictionParams
from assets.language_model import OVER_BUDGET, PERSONAL, UNREACHABLE, LanguageModel, Prompt, Reply

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

FEW_SHOT_ENDPOINT = "few_shot_endpoint"
_WHERE = {"{shots}": "(the examples stand in `examples`)", "{question}": "(the question stands in `question`)"}
_UNTOLD = (UNREACHABLE, OVER_BUDGET, PERSONAL)
"""Outcomes that say nothing of the model: it was not asked, or what it said may not be kept."""
Row = dict[str, Any]


class Answer(BaseModel):
    """The form an answer comes in."""

    model_config = ConfigDict(extra="forbid")
    answer: str = Field(min_length=1, max_length=8000)


class Remote(NamedTuple):
    """A prediction for every prompt, and what became of the prompts."""

    rows: list[Row]
    outcomes: dict[str, int]


def few_shot_endpoint(
    release: Path,
    prompts: pa.Table,
    base: Path,
    params: PredictionParams,
    model: LanguageModel,
) -> Remote:
    """Ask an endpoint the few-shot prompts of the test examples that are answered in words by all approaches.

    Nothing is asked unless an endpoint is named (OPENAI_API_KEY, OPENAI_BASE_URL) and the settings want examples. An
    endpoint tells no likelihood of a true answer, so that it is null. An answer is cut to as many of the base model's
    tokens as the other approaches may write, so that all are scored on equally long ones. One that was refused, cut off
    or in no form that was asked for is empty, as it would be of any approach; a prompt that the endpoint did not get to
    answer, or whose answer may not be kept, has null and is in no score.

    Args:
        release: Folder of the release.
        prompts: A table in the form of `tables.FEW_SHOT_PROMPTS`.
        base: The base model, by whose tokens as many shots are shown as fit into a prompt.
        params: The knobs.
        model: Who is asked, within its budget, and only what the second detector lets leave.

    Raises:
        RefineryError: The release is refused, or the endpoint refuses the key or does not know the model.
    """
    if not params.endpoint_examples or model.at.packaged:
        return Remote([], {})
    tokenizer = base_model.load_tokenizer(base)
    opened, by_category = released.open_release(release), {prompt["category"]: prompt for prompt in prompts.to_pylist()}
    rows = frozen.spoken(frozen.scored(opened, params), params.max_generated, params)
    rows = frozen.spoken(rows, params.endpoint_examples, params)
    of = [shots.prompt_of(row, by_category) for row in rows]
    put = [shots.ask(row, prompt, params.max_prompt_tokens, tokenizer) for row, prompt in zip(rows, of, strict=True)]
    asked = [_prompt(row, prompt, at.shots, params) for row, prompt, at in zip(rows, of, put, strict=True)]
    with model.session(FEW_SHOT_ENDPOINT) as session:
        replies = session.ask(asked)
    found = [
        {
            **frozen.identity(row, FEW_SHOT_ENDPOINT),
            "answer": _said(reply, tokenizer, params.max_new_tokens),
            "answer_tokens": len(at.encoded.input_ids) - at.encoded.answer_start,
            "prompt_tokens": reply.prompt_tokens,
            "generated_tokens": reply.completion_tokens,
            "shots": at.shots,
            "shots_of": at.shots_of,
            "model": model.at.identity,
        }
        for row, at, reply in zip(rows, put, replies, strict=True)
    ]
    outcomes = Counter(reply.outcome for reply in replies)
    return Remote(frozen.with_occurrences(found, opened), dict(sorted(outcomes.items())))


def _said(reply: Reply[Answer], tokenizer: PreTrainedTokenizerBase, most: int) -> str | None:
    """Return an answer as it is scored: its first tokens, nothing where it is none; null where nobody knows it."""
    if reply.outcome in _UNTOLD:
        return None
    said = reply.value.answer.strip() if reply.value else ""
    tokens = tokenizer.encode(said, add_special_tokens=False)
    return said if len(tokens) <= most else str(tokenizer.decode(tokens[:most], skip_special_tokens=True)).strip()


def _prompt(row: Row, prompt: Mapping[str, Any], shown: int, params: PredictionParams) -> Prompt[Answer]:
    """Put the template's words as the instruction, and what customers and agents said as data.

    Also what an agent opened the conversation with: it stands in `input`, and is no instruction of ours.
    """
    words = prompt["template"]
    for place, said in _WHERE.items():
        words = words.replace(place, said)
    instruction = " ".join(filter(None, (row["instruction"], words)))
    data = {"examples": shots.numbered(prompt["shots"][:shown]), "question": row["input"]}
    return Prompt(instruction, data, Answer, max_tokens=params.endpoint_tokens)
