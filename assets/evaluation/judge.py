"""A language model as judge of answers, asked in both orders (Zheng et al., 2023, arXiv:2306.05685).

Judges lean to what stands first, to length and to their own kind of prose: a verdict that changes with the order is a
tie, and how often that happens is stated beside the preference. A judge supports the metrics; it replaces none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv
from pydantic import BaseModel, ConfigDict

from assets import released
from assets.errors import RefineryError
from assets.evaluation.params import EvaluationParams
from assets.evaluation.resampling import measured
from assets.evaluation.scores import ORDER
from assets.language_model import LanguageModel, Prompt, Reply
from assets.metrics import Metric, accuracy, cells, kappa, ratio
from assets.training import ANSWER

PREFERENCE, CONSISTENCY = "judge_preference", "judge_consistency"
AGREEMENT, KAPPA = "judge_agreement", "judge_kappa"
WORDS = ("worse", "equal", "better")
"""What an answer is, held against the other's: the judge's verdict of both orders, and a person's."""
_ASKED = (
    "A customer asked `question`; `reference` is the answer that was right. Say which of the answers `first` and "
    "`second` serves the customer better: says what the reference says, adds nothing false, is clear. Length and "
    "eloquence are no merits. If neither is better, say tie."
)
_MAX_TOKENS = 32
_METRICS = (Metric(PREFERENCE, ("preferred", "one"), ratio), Metric(CONSISTENCY, ("consistent", "one"), ratio))
_COLUMNS = ("example_id", "approach", "against", "verdict")
_TEXT = csv.ConvertOptions(column_types=dict.fromkeys((*_COLUMNS, "baseline"), pa.string()))  # an id may look like 12e3
Row = dict[str, Any]


class Choice(BaseModel):
    """The form a verdict comes in."""

    model_config = ConfigDict(extra="forbid")
    better: Literal["first", "second", "tie"]


class Judged(NamedTuple):
    """Rows for evaluation_results, and what became of the prompts and of people's verdicts."""

    rows: list[Row]
    outcomes: dict[str, int]
    passed_over: int = 0
    """People's verdicts on answers that were not given this time, or against another's than are asked about."""


def judged(release: Path, predictions: pa.Table, params: EvaluationParams, model: LanguageModel) -> Judged:
    """Have an endpoint compare each approach's answers with those of one, `judge.against`.

    `judge_preference` is the share of answers preferred to the other's, a tie counting one half; `judge_consistency` is
    the share of pairs on which both orders agree. Nothing is asked unless an endpoint is named and the settings want
    examples. A pair that was not judged in both orders is in neither share. Where people judged some of the pairs,
    `judge_agreement` is the share on which the judge says the same as they, `judge_kappa` that beyond chance; verdicts
    on other answers are counted, for the test set changes with the data.

    Args:
        release: Folder of the release whose test questions were asked.
        predictions: A table in the form of `tables.PREDICTIONS`.
        params: The knobs.
        model: Who judges, within its budget, and only what the second detector lets leave.

    Raises:
        RefineryError: The people's verdicts cannot be read, or one of them names no approach or is no verdict.
    """
    if not params.judge.examples or model.at.packaged:
        return Judged([], {})
    questions = {row["example_id"]: row["input"] for row in released.open_release(release).examples("test")}
    frame = predictions.to_pandas()
    spoken = frame[(frame["task"] == ANSWER) & frame["answer"].notna() & frame["example_id"].isin(questions)]
    told_by_people = people(params.judge.verdicts) if params.judge.verdicts else []
    there = set(zip(spoken["example_id"], spoken["approach"], strict=True))
    said = [
        row
        for row in told_by_people
        if (row["example_id"], row["approach"]) in there and row["against"] == params.judge.against
    ]
    pairs = [*_pairs(spoken, params)]
    asked = [_prompt(questions, pair, swapped) for pair in pairs for swapped in (False, True)]
    with model.session("judge") as session:
        replies = session.ask(asked)
    told = [
        {**pair, **verdict}
        for pair, there, back in zip(pairs, replies[::2], replies[1::2], strict=True)
        if (verdict := _verdict(there, back))
    ]
    outcomes = Counter(reply.outcome for reply in replies)
    rows = [*_rows(told, params), *_agreement(told, said, params)]
    return Judged(rows, dict(sorted(outcomes.items())), len(told_by_people) - len(said))


def people(file: Path) -> list[Row]:
    """Read people's verdicts: example_id, approach, against (or baseline), verdict.

    Raises:
        RefineryError: The file cannot be read, lacks a column, or names an unknown approach or verdict; names file and
            row.
    """
    where, do = str(file), "correct the file of evaluation.judge.verdicts"
    try:
        table = pq.read_table(file) if file.suffix == ".parquet" else csv.read_csv(file, convert_options=_TEXT)
    except (OSError, pa.ArrowInvalid):
        raise RefineryError(where, "is no CSV or Parquet file that can be read", do) from None
    table = table.rename_columns(["against" if name == "baseline" else name for name in table.column_names])
    if lacking := [name for name in _COLUMNS if name not in table.column_names]:
        raise RefineryError(where, f"lacks the column {lacking[0]}", do)
    rows: list[Row] = [{name: str(row[name]) for name in _COLUMNS} for row in table.to_pylist()]
    for at, row in enumerate(rows, 1):
        for column in ("approach", "against"):
            if row[column] not in ORDER:
                raise RefineryError(f"{where}, row {at}", f"its {column} is none of {', '.join(ORDER)}", do)
        if row["verdict"] not in WORDS:
            raise RefineryError(f"{where}, row {at}", f"its verdict is none of {', '.join(WORDS)}", do)
    return rows


def _pairs(spoken: pd.DataFrame, params: EvaluationParams) -> Iterator[Row]:
    """Yield the answers of each approach beside the other's, those of the examples whose ids hash lowest."""
    ours, seed = params.judge.against, params.judge.seed
    others = spoken[spoken["approach"] == ours].set_index("example_id")["answer"]
    for approach, rows in spoken[spoken["approach"] != ours].groupby("approach", sort=True):
        both = [row for row in rows.to_dict("records") if row["example_id"] in others.index]
        for row in sorted(both, key=lambda r: released.lot(seed, r["example_id"]))[: params.judge.examples]:
            names = ("example_id", "thread_id", "reference", "answer")
            yield {**{name: row[name] for name in names}, "approach": approach, "other": others[row["example_id"]]}


def _prompt(questions: dict[str, str], pair: Row, swapped: bool) -> Prompt[Choice]:
    answers = (pair["other"], pair["answer"]) if swapped else (pair["answer"], pair["other"])
    data = {"question": questions[pair["example_id"]], "reference": pair["reference"]}
    return Prompt(_ASKED, {**data, "first": answers[0], "second": answers[1]}, Choice, max_tokens=_MAX_TOKENS)


def _verdict(there: Reply[Choice], back: Reply[Choice]) -> Row | None:
    """Return whom both orders prefer; what they do not agree on is a tie.

    >>> _verdict(*(Reply("answered", "", Choice(better=said)) for said in ("first", "second")))
    {'preferred': 1.0, 'consistent': 1.0, 'one': 1.0}
    >>> _verdict(*(Reply("answered", "", Choice(better="first")) for _ in range(2)))
    {'preferred': 0.5, 'consistent': 0.0, 'one': 1.0}
    """
    if there.value is None or back.value is None:
        return None
    scores = {"first": 1.0, "tie": 0.5, "second": 0.0}
    one, other = scores[there.value.better], 1 - scores[back.value.better]
    return {"preferred": one if one == other else 0.5, "consistent": float(one == other), "one": 1.0}


def _agreement(told: Sequence[Row], said: Sequence[Row], params: EvaluationParams) -> Iterator[Row]:
    """Yield how far judge and people agree on what both judged, a verdict of a person's each."""
    judges = {(row["example_id"], row["approach"]): row for row in told}
    both = [
        {**judge, "reference": row["verdict"], "answer": WORDS[int(2 * judge["preferred"])]}
        for row in said
        if (judge := judges.get((row["example_id"], row["approach"])))
    ]
    if both:
        counted = pd.DataFrame(both)
        counted = pd.concat([counted, table := cells(counted, WORDS)], axis=1)
        parts = tuple(table.columns)
        yield from _measured(counted, (Metric(AGREEMENT, parts, accuracy), Metric(KAPPA, parts, kappa)), params)


def _rows(told: Sequence[Row], params: EvaluationParams) -> Iterator[Row]:
    if told:
        yield from _measured(pd.DataFrame(told), _METRICS, params)


def _measured(frame: pd.DataFrame, metrics: Sequence[Metric], params: EvaluationParams) -> Iterator[Row]:
    """Yield each metric of every approach, as a row of evaluation_results."""
    for approach, rows in frame.groupby("approach", sort=True):
        for metric in metrics:
            found = measured(metric, [rows], ("judge",), params.scores)
            where = {"family": "extrinsic_metrics", "metric": metric.name, "task": ANSWER, "approach": str(approach)}
            unit = "of 1" if metric.name == KAPPA else "share"
            told = {name: found[name] for name in ("value", "low", "high", "n")}
            yield {**where, "baseline": params.judge.against, **told, "unit": unit}
