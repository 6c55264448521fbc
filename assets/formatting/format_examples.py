"""Pairs to training examples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from assets import tables
from assets.base_model import encode
from assets.errors import RefineryError
from assets.formatting.conversation import draft
from assets.formatting.instructions import Instructions
from assets.formatting.params import FormattingParams
from assets.formatting.template import control_marks
from assets.ledger import Ledger, Published

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TASK = "answer"
_CARRIED = ("pair_id", "thread_id", "source", "kind", "category", "origin", "licence", "split", "fold", "weight")


def format_examples(pairs: pa.Table, params: FormattingParams, tokenizer: PreTrainedTokenizerBase) -> Published:
    """Put each pair under the base model's chat template: one example of the task 'answer' a pair.

    The loss is taken on the last `answer_tokens` of its `tokens`: what follows the templated
    `messages[:-1]` with the generation prompt, up to and with the end of turn. An example that
    does not fit is quarantined whole; no turn of it is ever cut.

    Args:
        pairs: A table in the form of `tables.BALANCED_PAIRS`.
        params: The knobs of formatting.
        tokenizer: The base model's own tokenizer, with its chat template.

    Raises:
        RefineryError: The domain file or the chat template cannot be used.
    """
    words, marks = Instructions.load(params.instructions), control_marks(tokenizer)
    if any(marks.search(text) for text in words.texts):
        where, what = str(params.instructions), "holds a control token of the base model"
        raise RefineryError(where, what, "say it in plain words")

    ledger, kept = Ledger.of(pairs, key="pair_id"), []
    for pair in pairs.to_pylist():
        if fault := _fault(pair, words, marks):
            ledger.quarantine(pair["pair_id"], fault)
            continue
        example = _example(pair, words, tokenizer)
        if misfit := _misfit(example, params):
            ledger.quarantine(pair["pair_id"], misfit)
            continue
        ledger.keep(pair["pair_id"], into=example["example_id"])
        kept.append(example)
    return ledger.close(tables.TRAINING_EXAMPLES.of(kept), key="example_id")


def _example(pair: Mapping[str, Any], words: Instructions, tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    texts = draft(pair, words)
    encoded = encode(texts["messages"], tokenizer)
    return {
        "example_id": tables.content_hash(pair["pair_id"], TASK),
        "task": TASK,
        **{name: pair[name] for name in _CARRIED},
        **texts,
        "tokens": len(encoded.input_ids),
        "answer_tokens": len(encoded.input_ids) - encoded.answer_start,
    }


def _fault(pair: Mapping[str, Any], words: Instructions, marks: re.Pattern[str]) -> str | None:
    """Say why the pair cannot be put as a conversation."""
    history = pair["history"] or []
    if not (pair["question"] or "").strip():
        return "no_question"
    if not (pair["answer"] or "").strip():
        return "no_answer"
    if pair["item_type"] not in words.tasks.answer:
        return "unknown_item_type"
    if any(turn["role"] not in ("user", "assistant") for turn in history):
        return "unknown_role"
    texts = (pair["question"], pair["answer"], *(turn["content"] or "" for turn in history))
    return "template_token_in_text" if any(marks.search(text) for text in texts) else None


def _misfit(example: Mapping[str, Any], params: FormattingParams) -> str | None:
    """Say why the example is too long."""
    if example["tokens"] > params.max_tokens:
        return "too_many_tokens"
    return "too_many_answer_tokens" if example["answer_tokens"] > params.max_answer_tokens else None
