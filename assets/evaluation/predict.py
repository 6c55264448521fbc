"""Ask every approach the frozen test set: `python -m assets.evaluation.predict REQUEST.json OUT.parquet`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from assets import base_model, child, released, shots, tables
from assets.errors import RefineryError
from assets.evaluation import frozen
from assets.evaluation.params import PredictionParams
from assets.ledger import Ledger, Published
from assets.reader import Reader, by_group
from assets.training import ADAPTER, MODEL, RESULT, Approach, Form, TrainingResult, put, read_result

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

ZERO_SHOT, FEW_SHOT = "zero_shot", "few_shot"
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
    shots_of: str | None = None


@dataclass(frozen=True)
class Paper:
    """The answers every approach is asked for."""

    rows: list[Row]
    crossed: Mapping[str, Row]
    """By example one that asks another's question."""
    spoken: set[str]
    """Examples that are answered in words as well."""


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
    rows = frozen.scored(release, params, fold=request.fold)
    proved = {approach: _proved(approach, request, release, tokenizer) for approach in sorted(request.trained)}
    spoken = {row["example_id"] for row in frozen.spoken(rows, params.max_generated, params)}
    paper = Paper(rows, frozen.crossed(rows, params.max_crossed, params), spoken)
    if params.threads:
        torch.set_num_threads(params.threads)
    labelled = {task: frozen.labelled(release, task, params) for task in frozen.LABELLED}
    labels = {task: sorted({r["output"] for r in release.examples("train", task=task)}) for task in frozen.LABELLED}
    found: list[Row] = []
    for approach, form, model in _models(request, proved):
        found += _ask(approach, paper, partial(_asked, form=form, tokenizer=tokenizer), model, tokenizer, params)
        found += _choose(approach, labelled, labels, model, tokenizer, params)
        if approach == ZERO_SHOT and request.prompts is not None:
            prompts = {p["category"]: p for p in pq.read_table(request.prompts).to_pylist()}
            shown = partial(_few_shot, prompts=prompts, most=params.max_prompt_tokens, tokenizer=tokenizer)
            found += _ask(FEW_SHOT, paper, shown, model, tokenizer, params)
    found = frozen.with_occurrences(found, release)
    table = tables.PREDICTIONS.of(sorted(found, key=lambda p: (p["approach"], p["example_id"])))
    print(f"peak memory {child.peak_bytes() >> 20} MiB", flush=True)  # noqa: T201
    making = out.with_name(f".{out.name}")
    pq.write_table(table, making, compression="zstd")
    making.replace(out)
    return table


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


def predicted(request: PredictionRequest, prompts: pa.Table, on_line: Callable[[str], object] = print) -> pa.Table:
    """Predict in a process of its own, few-shot prompts included; see `predict`."""
    with tempfile.TemporaryDirectory() as scratch:
        pq.write_table(prompts, shown := Path(scratch) / "prompts.parquet")
        asked = request.model_copy(update={"prompts": shown})
        child.run("assets.evaluation.predict", asked, out := Path(scratch) / "out.parquet", on_line=on_line)
        return pq.read_table(out)


def predictions(asked: pa.Table, elsewhere: Sequence[Row] = ()) -> Published:
    """Join what was asked here and elsewhere, and account for it: each prediction is derived from its test example."""
    rows = sorted([*asked.to_pylist(), *elsewhere], key=lambda p: (p["approach"], p["example_id"]))
    ledger = Ledger([])
    for row in rows:
        ledger.derive(row["prediction_id"], [row["example_id"]])
    return ledger.close(tables.PREDICTIONS.of(rows), key="prediction_id")


def withheld(said: Published, leaks: Sequence[int]) -> Published:
    """Leave out the answers in which somebody known was found: a model may spell a name by chance, or by heart.

    Likelihoods stay, and `generated_tokens` tells that something was written.

    Args:
        said: Predictions and their ledger.
        leaks: By row how much personal data is in it.
    """
    rows = [{**row, "answer": None} if leak else row for row, leak in zip(said.table.to_pylist(), leaks, strict=True)]
    return said._replace(table=tables.PREDICTIONS.of(rows))


def _asked(row: Row, form: Form, tokenizer: PreTrainedTokenizerBase) -> Question:
    """Put the question in a form, without a shot."""
    messages = put(row, form)
    group = " ".join(m["content"] for m in messages[:1] if m["role"] == "system")
    return Question(row, base_model.encode(messages, tokenizer), group, shots=0)


def _few_shot(row: Row, prompts: Mapping[str, Row], most: int, tokenizer: PreTrainedTokenizerBase) -> Question:
    """Put the question behind its prompt's shots."""
    asked = shots.ask(row, shots.prompt_of(row, prompts), most, tokenizer)
    return Question(row, asked.encoded, asked.group, asked.shots, asked.shots_of)


def _ask(
    approach: str,
    paper: Paper,
    put: Callable[[Row], Question],
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    params: PredictionParams,
) -> list[Row]:
    """Return one prediction a row, put to the model as the approach puts it; those not spoken are scored only."""
    reader = Reader(model, pad=tokenizer.pad_token_id, end=tokenizer.eos_token_id)
    questions = [put(row) for row in paper.rows]
    nll = _likelihoods(questions, reader, params)
    crossed = _likelihoods([put(row) for row in paper.crossed.values()], reader, params)
    print(f"{approach}: likelihood of {len(nll)} answers, of {len(crossed)} of them crossed", flush=True)  # noqa: T201
    asked = [q for q in questions if q.row["example_id"] in paper.spoken]
    prompts = [q.encoded.input_ids[: q.encoded.answer_start] for q in asked]
    written = by_group(
        [q.group for q in asked],
        lambda at: reader.write(
            [prompts[i] for i in at], max_new_tokens=params.max_new_tokens, batch_size=params.batch_size
        ),
    )
    print(f"{approach}: {len(written)} answers written", flush=True)  # noqa: T201
    answers = {q.row["example_id"]: ids for q, ids in zip(asked, written, strict=True)}
    under = dict(zip(paper.crossed, crossed, strict=True))
    rows = (_row(approach, q, total, answers, tokenizer) for q, total in zip(questions, nll, strict=True))
    return [row | {"nll_crossed": under.get(row["example_id"])} for row in rows]


def _likelihoods(questions: Sequence[Question], reader: Reader, params: PredictionParams) -> list[float]:
    """Return the negative log-likelihood of each question's true answer, nats."""
    encoded = [q.encoded for q in questions]
    found = by_group(
        [q.group for q in questions],
        lambda at: reader.nll([encoded[i] for i in at], batch_tokens=params.batch_tokens),
    )
    return [round(nll, 4) for nll in found]


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
            found.append(_row(approach, question, round(nll[true], 4), {}, tokenizer) | {"answer": chosen})
    print(f"{approach}: {len(found)} labels chosen", flush=True)  # noqa: T201
    return found


def _row(
    approach: str, question: Question, nll: float, answers: Mapping[str, list[int]], tokenizer: PreTrainedTokenizerBase
) -> Row:
    row, (ids, start) = question.row, question.encoded
    answer = answers.get(row["example_id"])
    return {
        **frozen.identity(row, approach),
        "answer": None if answer is None else str(tokenizer.decode(answer, skip_special_tokens=True)).strip(),
        "nll": nll,
        "answer_tokens": len(ids) - start,
        "prompt_tokens": start,
        "generated_tokens": None if answer is None else len(answer),
        "shots": question.shots,
        "shots_of": question.shots_of,
    }


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
