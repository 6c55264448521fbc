"""Pairs to training examples."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from assets import tables
from assets.base_model import encode
from assets.conversation import draft
from assets.errors import RefineryError
from assets.formatting.mixture import mixture
from assets.formatting.params import FormattingParams, Task
from assets.formatting.template import control_marks
from assets.instructions import Instructions
from assets.ledger import Ledger, Published

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Row = Mapping[str, Any]
ANSWER: Task = "answer"
LABELS: dict[Task, str] = {"classify_category": "category", "triage_priority": "priority"}
"""The classification tasks, and the column whose values are their labels."""
_CARRIED = ("pair_id", "thread_id", "source", "kind", "category", "origin", "licence", "split", "fold")


def format_examples(pairs: pa.Table, params: FormattingParams, tokenizer: PreTrainedTokenizerBase) -> Published:
    """Put each pair under the base model's chat template: an example of the task 'answer', and of what else it teaches.

    A pair with a `category_weight` teaches to tell categories too, one with a `priority_weight` to tell priorities
    (see balancing). The loss is taken on the last `answer_tokens` of an example's `tokens`: what follows the templated
    `messages[:-1]` with the generation prompt, up to and with the end of turn. A pair whose answer does not fit is
    quarantined whole; no turn is ever cut. A request that does not fit under a task's longer instruction gives no
    example of that task.

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

    if params.customer_segment and words.customer is None:
        do = "state it there, or leave formatting.customer_segment off"
        raise RefineryError(f"{params.instructions}: customer", "is missing", do)

    ledger, rows = Ledger.of(pairs, key="pair_id"), pairs.to_pylist()
    asked = dict(_label_instructions(rows, params, words))
    made: list[dict[str, Any]] = []
    for pair in rows:
        fault = _fault(pair, words, marks)
        answer = None if fault else _example(ANSWER, pair, words.tasks.answer[pair["item_type"]], words, tokenizer)
        if answer is None or (fault := _misfit(answer, params)):
            ledger.quarantine(pair["pair_id"], str(fault))
            continue
        ledger.keep(pair["pair_id"], into=answer["example_id"])
        made.append(answer)
        segment = pair["customer_segment"] if params.customer_segment else None
        about = f" {words.about(segment)}" if segment else ""
        for task, instruction in asked.items():
            if pair[f"{LABELS[task]}_weight"] is not None and not marks.search(pair[LABELS[task]]):
                example = _example(task, pair, instruction + about, words, tokenizer)
                if not _misfit(example, params):
                    ledger.derive(example["example_id"], [pair["pair_id"]])
                    made.append(example)
    _mix(made, params)
    return ledger.close(tables.TRAINING_EXAMPLES.of(made), key="example_id")


def by_task(pairs: pa.Table, examples: pa.Table) -> dict[str, dict[str, int]]:
    """Count by task the examples, and the pairs that could teach it and gave none: too long, or a task left out."""
    made = Counter(examples.column("task").to_pylist())
    could = {task: len(pairs) - pairs.column(f"{column}_weight").null_count for task, column in LABELS.items()}
    return {
        task: {"examples": made[task], "left_out": n - made[task]} for task, n in {ANSWER: len(pairs), **could}.items()
    }


def _label_instructions(
    pairs: Sequence[Row], params: FormattingParams, words: Instructions
) -> Iterator[tuple[Task, str]]:
    """Yield the classification tasks there are labels for, each with its instruction."""
    for task, column in LABELS.items():
        labels = sorted({pair[column] for pair in pairs if pair[f"{column}_weight"] is not None})
        if not labels or not params.importance.get(task):
            continue
        if (instruction := words.classify(task, labels)) is None:
            do = f"state it there, or leave {task} out of formatting.importance"
            raise RefineryError(f"{params.instructions}: tasks.{task}", "is missing", do)
        yield task, instruction


def _example(
    task: Task, pair: Row, instruction: str, words: Instructions, tokenizer: PreTrainedTokenizerBase
) -> dict[str, Any]:
    column = LABELS.get(task)
    texts = draft(pair, instruction, pair[column or "answer"], words)
    encoded = encode(texts["messages"], tokenizer)
    return {
        "example_id": tables.content_hash(pair["pair_id"], task),
        "task": task,
        **{name: pair[name] for name in _CARRIED},
        **texts,
        "tokens": len(encoded.input_ids),
        "answer_tokens": len(encoded.input_ids) - encoded.answer_start,
        "weight": pair[f"{column}_weight" if column else "weight"],
    }


def _mix(examples: list[dict[str, Any]], params: FormattingParams) -> None:
    """Give every example what its task counts in the mixture; validation and test count as they are."""
    sizes = Counter(e["task"] for e in examples if e["split"] == "train")
    shares = mixture(sizes, params.importance, params.temperature)
    for example in examples:
        example["mixture_weight"] = shares.get(example["task"], 1.0) if example["split"] == "train" else 1.0


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
