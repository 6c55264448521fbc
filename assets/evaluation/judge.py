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
from pydantic import BaseModel, ConfigDict

from assets import released
from assets.evaluation.params import EvaluationParams
from assets.evaluation.resampling import measured
from assets.language_model import LanguageModel, Prompt, Reply
from assets.metrics import Metric, ratio
from assets.training import ANSWER

PREFERENCE, CONSISTENCY = "judge_preference", "judge_consistency"
_ASKED = (
    "A customer asked `question`; `reference` is the answer that was right. Say which of the answers `first` and "
    "`second` serves the customer better: says what the reference says, adds nothing false, is clear. Length and "
    "eloquence are no merits. If neither is better, say tie."
)
_MAX_TOKENS = 32
_METRICS = (Metric(PREFERENCE, ("preferred", "one"), ratio), Metric(CONSISTENCY, ("consistent", "one"), ratio))
Row = dict[str, Any]


class Choice(BaseModel):
    """The form a verdict comes in."""

    model_config = ConfigDict(extra="forbid")
    better: Literal["first", "second", "tie"]


class Judged(NamedTuple):
    """Rows for evaluation_results, and what became of the prompts."""

    rows: list[Row]
    outcomes: dict[str, int]


def judged(release: Path, predictions: pa.Table, params: EvaluationParams, model: LanguageModel) -> Judged:
    """Have an endpoint compare each approach's answers with those of one, `judge.against`.

    `judge_preference` is the share of answers preferred to the other's, a tie counting one half; `judge_consistency` is
    the share of pairs on which both orders agree. Nothing is asked unless an endpoint is named and the settings want
    examples. A pair that was not judged in both orders is in neither share.

    Args:
        release: Folder of the release whose test questions were asked.
        predictions: A table in the form of `tables.PREDICTIONS`.
        params: The knobs.
        model: Who judges, within its budget, and only what the second detector lets leave.
    """
    if not params.judge.examples or model.at.packaged:
        return Judged([], {})
    questions = {row["example_id"]: row["input"] for row in released.open_release(release).examples("test")}
    frame = predictions.to_pandas()
    spoken = frame[(frame["task"] == ANSWER) & frame["answer"].notna() & frame["example_id"].isin(questions)]
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
    return Judged([*_rows(told, params)], dict(sorted(outcomes.items())))


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


def _rows(told: Sequence[Row], params: EvaluationParams) -> Iterator[Row]:
    if not told:
        return
    for approach, rows in pd.DataFrame(told).groupby("approach", sort=True):
        for metric in _METRICS:
            found = measured(metric, [rows], ("judge",), params.scores)
            where = {"family": "extrinsic_metrics", "metric": metric.name, "task": ANSWER, "approach": str(approach)}
            yield {**where, **{name: found[name] for name in ("value", "low", "high", "n")}, "unit": "share"}
