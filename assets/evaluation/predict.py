"""Ask every approach the frozen test set: `python -m assets.evaluation.predict REQUEST.json OUT.parquet`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from assets import base_model, child, released, shots, tables
from assets.errors import RefineryError
from assets.evaluation.params import PredictionParams
from assets.ledger import Ledger, Published
from assets.reader import Reader, by_group
from assets.training import ADAPTER, ANSWER, MODEL, RESULT, TASKS, Approach, Form, TrainingResult, put, read_result

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

ZERO_SHOT, FEW_SHOT = "zero_shot", "few_shot"
LABELLED = tuple(task for task in TASKS if task != ANSWER)
Row = dict[str, Any]


class PredictionRequest(BaseModel):
    """Ask these approaches the test part of this release."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    release: Path
    base_model: Path
    prompts: Path | None = None
    """The table few_shot_prompts as Parquet."""
    trained: dict[Approach, Path] = {}
    """By approach the folder its training wrote: `training.json`, and `adapter/` or `model/`."""
    fold: int | None = None
    """Cross-validation: ask this fold of the training part, left out by what was trained, instead of the test part."""
    params: PredictionParams = PredictionParams()


@dataclass(frozen=True)
class Question:
    """A test example as one approach puts it to the model."""

    row: Row
    encoded: base_model.Encoded
    group: str
    shots: int


def predict(request: PredictionRequest, out: Path) -> pa.Table:
    """Score and answer the frozen test set with every approach, and write the predictions to `out`.

    The examples are those whose ids hash lowest, spread over the sources: the same ones every night,
    while they exist. Decoding is greedy; likelihoods are taken in fp32 from the model's logits. The
    classification tasks are asked of the base model and of what was trained: few-shot prompts show answers.
    What was trained is asked in the form it was trained in.

    Raises:
        RefineryError: The release is not whole, has no test example, or what was trained belongs to another one.
    """
    import torch

    release, params = released.open_release(request.release), request.params
    tokenizer = base_model.load_tokenizer(request.base_model)
    rows = released.subset(_part(release, request.fold), params.max_test, by=("source",), seed=params.seed)
    if not rows:
        raise RefineryError(f"release {release.release}", "holds no test example", "release a dataset that does")
    proved = {approach: _proved(approach, request, release, tokenizer) for approach in sorted(request.trained)}
    spoken = {r["example_id"] for r in released.subset(rows, params.max_generated, by=("source",), seed=params.seed)}
    if params.threads:
        torch.set_num_threads(params.threads)
    labelled = {task: _labelled(release, task, params) for task in LABELLED}
    labels = {task: sorted({r["output"] for r in release.examples("train", task=task)}) for task in LABELLED}
    found: list[Row] = []
    for approach, form, model in _models(request, proved):
        asked = [_asked(row, form, tokenizer) for row in rows]
        found += _ask(approach, asked, model, tokenizer, spoken, params)
        found += _choose(approach, labelled, labels, model, tokenizer, params)
        if approach == ZERO_SHOT and request.prompts is not None:
            prompts = {p["category"]: p for p in pq.read_table(request.prompts).to_pylist()}
            shown = [_few_shot(row, prompts, params.max_prompt_tokens, tokenizer) for row in rows]
            found += _ask(FEW_SHOT, shown, model, tokenizer, spoken, params)
    occurs = {task: _occurrences(release, task) for task in TASKS}
    for prediction in found:
        prediction["answer_occurs"] = occurs[prediction["task"]][_said(prediction["reference"])]
    table = tables.PREDICTIONS.of(sorted(found, key=lambda p: (p["approach"], p["example_id"])))
    print(f"peak memory {child.peak_bytes() >> 20} MiB", flush=True)  # noqa: T201
    making = out.with_name(f".{out.name}")
    pq.write_table(table, making, compression="zstd")
    making.replace(out)
    return table


def _part(release: released.Release, fold: int | None) -> list[Row]:
    """Return the examples that are asked: the test part, or what people wrote of a fold of the training part."""
    if fold is None:
        return release.examples("test")
    return [r for r in release.examples("train") if r["fold"] == fold and r["origin"] == "human"]


def _models(request: PredictionRequest, proved: Mapping[Approach, TrainingResult]) -> Iterator[tuple[str, Form, Any]]:
    """Yield every model that is asked, one at a time: the base model, each adapter on it, each model in its place."""
    from peft import PeftModel

    model = base_model.load_model(request.base_model, request.params.dtype)
    yield ZERO_SHOT, "instruction", model
    folders = {approach: request.trained[approach] for approach in proved}
    for approach, folder in folders.items():
        if (folder / ADAPTER).is_dir():
            adapted = PeftModel.from_pretrained(model, str(folder / ADAPTER))
            yield approach, proved[approach].form, adapted.eval()
            model = adapted.unload()
    del model
    for approach, folder in folders.items():
        if (folder / MODEL).is_dir():
            yield approach, proved[approach].form, base_model.load_model(folder / MODEL, request.params.dtype)


def predictions(file: Path) -> Published:
    """Account for the predictions in a file: each is derived from its test example."""
    table, ledger = tables.PREDICTIONS.conform(pq.read_table(file)), Ledger([])
    for row in table.select(["prediction_id", "example_id"]).to_pylist():
        ledger.derive(row["prediction_id"], [row["example_id"]])
    return ledger.close(table, key="prediction_id")


def _labelled(release: released.Release, task: str, params: PredictionParams) -> list[Row]:
    """Return the test examples of a classification task that every approach is asked."""
    rows = release.examples("test", task=task)
    return released.subset(rows, params.max_labelled, by=("source",), seed=params.seed)


def _asked(row: Row, form: Form, tokenizer: PreTrainedTokenizerBase) -> Question:
    """Put the question in a form, without a shot."""
    messages = put(row, form)
    group = " ".join(m["content"] for m in messages[:1] if m["role"] == "system")
    return Question(row, base_model.encode(messages, tokenizer), group, shots=0)


def _few_shot(row: Row, prompts: Mapping[str, Row], most: int, tokenizer: PreTrainedTokenizerBase) -> Question:
    """Put the question behind the shots of its category."""
    asked = shots.ask(row, shots.prompt_of(row, prompts), most, tokenizer)
    return Question(row, asked.encoded, asked.group, asked.shots)


def _ask(
    approach: str,
    questions: Sequence[Question],
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    spoken: set[str],
    params: PredictionParams,
) -> list[Row]:
    """Return one prediction a question; those not in `spoken` are scored only."""
    reader = Reader(model, pad=tokenizer.pad_token_id, end=tokenizer.eos_token_id)
    encoded = [q.encoded for q in questions]
    nll = by_group(
        [q.group for q in questions],
        lambda at: reader.nll([encoded[i] for i in at], batch_tokens=params.batch_tokens),
    )
    print(f"{approach}: likelihood of {len(nll)} answers", flush=True)  # noqa: T201
    asked = [q for q in questions if q.row["example_id"] in spoken]
    prompts = [q.encoded.input_ids[: q.encoded.answer_start] for q in asked]
    written = by_group(
        [q.group for q in asked],
        lambda at: reader.write(
            [prompts[i] for i in at], max_new_tokens=params.max_new_tokens, batch_size=params.batch_size
        ),
    )
    print(f"{approach}: {len(written)} answers written", flush=True)  # noqa: T201
    answers = {q.row["example_id"]: ids for q, ids in zip(asked, written, strict=True)}
    return [_row(approach, q, total, answers, tokenizer) for q, total in zip(questions, nll, strict=True)]


def _choose(
    approach: str,
    labelled: Mapping[str, Sequence[Row]],
    labels: Mapping[str, Sequence[str]],
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    params: PredictionParams,
) -> list[Row]:
    """Return for each example the label the model finds likeliest, of those that training knows.

    A free answer would have to hit a label's very letters, which measures obedience more than knowledge.
    """
    reader, found = Reader(model, pad=tokenizer.pad_token_id, end=tokenizer.eos_token_id), []
    for task, rows in labelled.items():
        for row in rows:
            options = [*labels[task], *({row["output"]} - {*labels[task]})]
            asked = [[*row["messages"][:-1], {"role": "assistant", "content": label}] for label in options]
            encoded = [base_model.encode(messages, tokenizer) for messages in asked]
            nll = reader.nll(encoded, batch_tokens=params.batch_tokens)
            true = options.index(row["output"])
            question = Question(row, encoded[true], group="", shots=0)
            chosen = options[min(range(len(labels[task])), key=nll.__getitem__)] if labels[task] else None
            found.append(_row(approach, question, nll[true], {}, tokenizer) | {"answer": chosen})
    print(f"{approach}: {len(found)} labels chosen", flush=True)  # noqa: T201
    return found


def _row(
    approach: str, question: Question, nll: float, answers: Mapping[str, list[int]], tokenizer: PreTrainedTokenizerBase
) -> Row:
    row, (ids, start) = question.row, question.encoded
    answer = answers.get(row["example_id"])
    return {
        "prediction_id": tables.content_hash(approach, row["example_id"]),
        "approach": approach,
        **{name: row[name] for name in ("task", "example_id", "pair_id", "thread_id", "source", "category", "kind")},
        "reference": row["output"],
        "answer": None if answer is None else str(tokenizer.decode(answer, skip_special_tokens=True)).strip(),
        "nll": round(nll, 4),
        "answer_tokens": len(ids) - start,
        "prompt_tokens": start,
        "generated_tokens": None if answer is None else len(answer),
        "shots": question.shots,
    }


def _occurrences(release: released.Release, task: str) -> Counter[str]:
    """Count the released pairs that share an answer, but for case and white space."""
    pairs = {r["pair_id"]: r["output"] for split in tables.SPLITS for r in release.examples(split, task=task)}
    return Counter(_said(answer) for answer in pairs.values())


def _said(answer: str) -> str:
    return " ".join(answer.casefold().split())


def _proved(
    approach: Approach, request: PredictionRequest, release: released.Release, tokenizer: PreTrainedTokenizerBase
) -> TrainingResult:
    """Refuse what was not trained so, on this release, for this model and chat template; return how it was trained."""
    folder, do = request.trained[approach], "train it again on the release to be evaluated"
    try:
        stated = read_result(folder)
    except (FileNotFoundError, ValidationError):
        raise RefineryError(f"{approach} {folder.name}", f"has no readable {RESULT}", do) from None
    expected = {
        "approach": approach,
        "release": release.release,
        "base_model": base_model.identity(request.base_model),
        "template_sha256": base_model.template_sha256(tokenizer),
        "fold": request.fold,
    }
    for name, value in expected.items():
        if getattr(stated, name) != value:
            raise RefineryError(f"{approach} {folder.name}", f"was trained with another {name}", do)
    if not any((folder / name).is_dir() for name in (ADAPTER, MODEL)):
        raise RefineryError(f"{approach} {folder.name}", f"holds neither {ADAPTER} nor {MODEL}", do)
    return stated


if __name__ == "__main__":
    child.main(predict, PredictionRequest)
