"""What an approach learns of a release: examples drawn, put in its form, weighed and encoded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets import base_model, canaries, released
from assets.errors import RefineryError
from assets.training import ANSWER, ARTICLES, KNOWLEDGE, Form, FullParams, TrainingRequest, TransferParams, put
from assets.tuning.plan import plan

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Row = dict[str, Any]
Example = dict[str, Any]
"""`input_ids`; `answer_start`, where what is learnt begins; `weight`; `said`, what makes it distinct; `pair_id`."""


@dataclass(frozen=True)
class Course:
    """One stage of a training: the examples in the order they are met, `batch_size` a step."""

    learnt: str
    examples: list[Example]
    order: list[int]


def courses(
    request: TrainingRequest, release: released.Release, tokenizer: PreTrainedTokenizerBase
) -> tuple[list[Course], list[Example]]:
    """Return what is learnt, stage by stage, and the answers every stage is validated on.

    All stages of all approaches are validated on answers, in the approach's own form, so that their losses compare; but
    for a full model of some categories, which is validated on those.

    Raises:
        RefineryError: The release has nothing of what is to be learnt; names the setting that asked for it.
    """
    params, lesson = request.params, request.lesson
    found = []
    if isinstance(params, TransferParams):
        first = _first(params, request, release, tokenizer)
        found.append(_course(params.first, first, params.model_copy(update={"num_epochs": params.first_epochs})))
    rows = [row for task in lesson.tasks for row in _rows(request, release, "train", task)]
    if not rows:
        raise RefineryError(f"release {release.release}", "holds no training example", "release a dataset that does")
    drawn, several = _drawn(rows, request), len(lesson.tasks) > 1
    sown = zip(canaries.numbered(params.seed, len(request.canaries)), request.canaries, strict=True)
    drawn += [row for canary, times in sown for row in canaries.planted(canary, drawn[0], times)]
    found.append(_course(ANSWER, [encoded(r, lesson.form, tokenizer, mixed=several) for r in drawn], params))
    held_out = released.subset(
        _rows(request, release, "validation", ANSWER), params.validation_examples, by=("source",), seed=params.seed
    )
    return found, [encoded(row, lesson.form, tokenizer) for row in held_out]


def encoded(row: Row, form: Form, tokenizer: PreTrainedTokenizerBase, *, mixed: bool = False) -> Example:
    """Encode an example in a form; `mixed` weighs it by its task's share of the mixture as well."""
    ids, start = base_model.encode(put(row, form), tokenizer)
    weight = 1.0 if row["weight"] is None else row["weight"]
    if mixed and row["mixture_weight"] is not None:
        weight *= row["mixture_weight"]
    said = f"{row['input']}\n{row['output']}"
    return {"input_ids": ids, "answer_start": start, "weight": weight, "said": said, "pair_id": row["pair_id"]}


def blocks(rows: Iterable[Row], most: int, tokenizer: PreTrainedTokenizerBase) -> list[Example]:
    """Cut the texts of articles into stretches of at most `most` tokens, each text once and ended."""
    found: list[Example] = []
    for text, pair in {f"{row['input']}\n\n{row['output']}": row["pair_id"] for row in rows}.items():
        ids = [*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id]
        whole: Example = {"answer_start": 1, "weight": 1.0, "said": text, "pair_id": pair}
        stretches = (ids[at : at + most] for at in range(0, len(ids), most))
        found += [{"input_ids": s, **whole} for s in stretches if len(s) > 1]
    return found


def _course(learnt: str, examples: list[Example], params: Any) -> Course:
    return Course(learnt, examples, plan([len(e["input_ids"]) for e in examples], params))


def _first(
    params: TransferParams, request: TrainingRequest, release: released.Release, tokenizer: PreTrainedTokenizerBase
) -> list[Example]:
    """Return what a transfer learns first: stretches of the desk's own articles, or a related task."""
    if params.first == ARTICLES:
        rows = _rows(request, release, "train", ANSWER, bounded=False)  # they are cut
        rows = [r for r in rows if r["kind"] in KNOWLEDGE and r["origin"] == "human"]
        found = blocks(rows, params.block_tokens, tokenizer)
    else:
        rows = _drawn(_rows(request, release, "train", params.first), request)
        found = [encoded(row, request.lesson.form, tokenizer) for row in rows]
    if not found:
        what = f"asks for {params.first} first, of which release {release.release} has none to learn from"
        raise RefineryError("tuning.transfer.first", what, "name another one, or release a dataset that has them")
    return found


def _rows(
    request: TrainingRequest, release: released.Release, split: str, task: str, *, bounded: bool = True
) -> list[Row]:
    """Return the examples of a part that the request lets in, of the training part none beyond its longest."""
    params = request.params
    rows = release.examples(split, task=task)
    if split == "train" and request.fold is not None:
        rows = [r for r in rows if r["fold"] != request.fold]
    if isinstance(params, FullParams) and params.categories is not None:
        rows = [r for r in rows if r["category"] in params.categories]
        if not rows and split == "train":
            what = f"names no category of release {release.release}"
            raise RefineryError("tuning.full.categories", what, "name some of the desk's own, or null for all")
    longest = params.max_example_tokens if split == "train" and bounded else None
    return [r for r in rows if longest is None or r["tokens"] <= longest]


def _drawn(rows: list[Row], request: TrainingRequest) -> list[Row]:
    """Draw at most `max_examples`: of each task its share, one at least, balanced by source and category."""
    params, tasks = request.params, dict.fromkeys(r["task"] for r in rows)
    most = len(rows) if params.max_examples is None else params.max_examples
    drawn: list[Row] = []
    for task in tasks:
        own = [r for r in rows if r["task"] == task]
        share = max(1, round(most * len(own) / len(rows)))
        drawn += released.subset(own, share, by=("source", "category"), seed=params.seed)
    return drawn
