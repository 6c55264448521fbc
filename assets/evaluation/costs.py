"""What every approach costs: measured where it could be, else by the framework's priors (CostAnalyzer).

The printed formula adds hours to dollars and weighs the sum of both. Here hours become money at an
hourly rate, so that the total is one sum of one currency; and the weights are taken on shares: each
factor of an approach as a share of the dearest approach's, which has no unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from assets import tables
from assets.evaluation.knowledge import FACTORS, Knowledge, Known, Priors
from assets.evaluation.params import CostParams
from assets.evaluation.scores import ALL, ANSWER, PRIMARY
from assets.language_model import PRICES, LanguageModelParams
from assets.ledger import Published, summary
from assets.shots import ANY

PROMPTS, BASELINE, ENDPOINT = "prompt_based", "few_shot", "few_shot_endpoint"
MILLION = 1e6
Row = dict[str, Any]


class Rates(CostParams):
    """All rates and prices, in one currency."""

    currency: str = LanguageModelParams().currency
    input_price: float = LanguageModelParams().input_price
    output_price: float = LanguageModelParams().output_price


def rates(params: CostParams, endpoint: LanguageModelParams) -> Rates:
    """Return the knobs of the costs with an endpoint's prices, which are stated once, where its budget is.

    >>> rates(CostParams(months=3), LanguageModelParams(currency="EUR")).currency
    'EUR'
    """
    prices = endpoint.model_dump(include=set(PRICES))
    return Rates(**params.model_dump(), **prices)


class Factors(NamedTuple):
    """The framework's four factors as money."""

    development_time: float
    computational_resources: float
    data_preparation: float
    maintenance: float


def approach_costs(
    predictions: pa.Table,
    scores: pa.Table,
    trained: pa.Table,
    trials: pa.Table,
    knowledge: Knowledge,
    params: Rates,
    longest: int | None = None,
) -> Published:
    """Return one row an approach, measured or not; those that were not are told by their priors.

    An approach is measured where it was trained, or told how many tokens its prompts took: an endpoint that was not
    reached tells nothing. LoRA's trials are part of its training; what few-shot prompts are refined by is not timed.
    Where requests a month are stated, serving them is part of the computational resources. The break-even is the
    number of requests a month at which what was trained costs as much as few-shot prompts: the months' other costs,
    divided by what an answer saves. It pays from there on; what is cheaper to make and dearer to ask, up to there.

    Args:
        predictions: A table in the form of `tables.PREDICTIONS`.
        scores: A table in the form of `tables.APPROACH_SCORES`.
        trained: The tables of what was trained, one after the other.
        trials: A table in the form of `tables.TUNING_TRIALS`.
        knowledge: What is known of the approaches.
        params: Rates, prices and months.
        longest: Tokens at which an answer was cut off; null if nowhere.
    """
    learnt = {row["approach"]: row for row in trained.to_pylist()}
    _add_trials(learnt, trials.to_pylist())
    asked, told = _tokens(predictions, longest), _performance(scores)
    rows = [
        _row(
            name, kind, knowledge.approaches[kind], learnt.get(name), asked.get(name, Tokens()), told.get(name), params
        )
        for name, kind in knowledge.kinds.items()
    ]
    informed = {row["approach"] for row in predictions.to_pylist() if row["shots_of"] not in (None, ANY)}
    priors = [_priors(knowledge.approaches[kind].priors, params) for kind in knowledge.kinds.values()]
    for row, prior, share in zip(rows, priors, _weighted(priors, knowledge), strict=True):
        row["title"] += ", told the category" if row["approach"] in informed else ""
        row |= {"total": round(sum(_factors(row)), 2), "prior_total": round(sum(prior), 2), "prior_weighted": share}
    measured = [row for row in rows if row["training_seconds"] is not None]
    for row, share in zip(measured, _weighted(map(_factors, measured), knowledge), strict=True):
        row["weighted"] = share
    baseline = next(row for row in rows if row["approach"] == BASELINE)
    for row in rows:
        prompted = knowledge.kinds[row["approach"]] == PROMPTS
        row |= {"break_even": ""} if prompted else _break_even(row, baseline, row["approach"] in learnt, params)
    parents = ["predictions", "approach_scores", "tuning_trials", *_names(learnt)]
    return summary(tables.APPROACH_COSTS.of(rows), key="approach", parents=parents)


def _names(learnt: Mapping[str, Row]) -> list[str]:
    return [f"{name}_{'model' if name == 'full' else 'adapter'}" for name in sorted(learnt)]


def _add_trials(learnt: Mapping[str, Row], trials: Sequence[Row]) -> None:
    """Add to LoRA's training what led to it; the trial that became the adapter is the training itself."""
    if lora := learnt.get("lora"):
        others = [trial for trial in trials if trial["artifact"] != lora["artifact"]]
        lora |= {"seconds": lora["seconds"] + sum(trial["seconds"] for trial in others), "trials": len(others)}


class Tokens(NamedTuple):
    """What an approach was asked and answered; null where it is not told."""

    prompt: float | None = None
    """Mean tokens of a prompt."""
    answer: float | None = None
    """Mean tokens of an answer, of those that were written."""
    cut_off: float | None = None
    """Share of them that reached the longest length: they would have cost more."""


def _tokens(predictions: pa.Table, longest: int | None) -> dict[str, Tokens]:
    """Return by approach what its answers took."""
    answers = predictions.select(["approach", "task", "prompt_tokens", "generated_tokens"]).to_pandas()
    found: dict[str, Tokens] = {}
    for name, rows in answers[answers["task"] == ANSWER].groupby("approach", sort=True):
        written = rows["generated_tokens"].dropna()
        reached = written >= longest if longest and name != ENDPOINT else written.iloc[:0]
        found[str(name)] = Tokens(_mean(rows["prompt_tokens"].dropna()), _mean(written), _mean(reached))
    return found


def _mean(values: pd.Series) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None


def _performance(scores: pa.Table) -> dict[str, str]:
    """Return by approach its likelihood of the true answers, or chrF where it tells no likelihood."""
    said: dict[str, str] = {}
    for metric, form, unit in (("chrf", ".1f", "chrF"), (PRIMARY, ".3f", "nats a token")):
        for row in scores.to_pylist():
            if row["metric"] == metric and row["baseline"] is None and row["source"] == row["subset"] == ALL:
                ends = "" if row["low"] is None else f" [{row['low']:{form}}, {row['high']:{form}}]"
                said[row["approach"]] = f"{row['value']:{form}} {unit}{ends}, {row['n']} pairs"
    return said


def _row(
    name: str,
    kind: str,
    known: Known,
    learnt: Row | None,
    asked: Tokens,
    performance: str | None,
    params: Rates,
) -> Row:
    """Return an approach's costs but for what depends on the others'."""
    priors = _priors(known.priors, params)
    prompts = kind == PROMPTS
    reached = asked.prompt is not None
    seconds = learnt["seconds"] if learnt else 0.0 if prompts and reached else None
    compute = priors.computational_resources if seconds is None else seconds / 3600 * params.compute_per_hour
    request = None if asked.prompt is None else _request(asked.prompt, asked.answer or 0.0, prompts, params)
    serving = (request or 0.0) * (params.requests_a_month or 0) * params.months
    hosting = 0.0 if prompts else params.hosting_per_month * params.months
    said: Row = known.ratings.model_dump()
    if seconds is not None:
        peak = f", at most {learnt['peak_bytes'] / 2**30:.1f} GiB of memory" if learnt else ""
        said["training_time"] = _trained_in(learnt) if learnt else "none: nothing is trained"
        said["computational_cost"] = f"{compute:,.2f} {params.currency} to train{peak}"
    said |= {"performance": performance} if performance else {}
    measured = [column for column in said if said[column] != getattr(known.ratings, column)]
    measured += [] if seconds is None else ["training_seconds", "computational_resources_cost"]
    measured += ["prompt_tokens", "request_cost"] if reached else []
    measured += [] if asked.answer is None else ["answer_tokens"]
    money = priors._replace(computational_resources=compute + serving + hosting)
    return {
        "approach": name,
        "title": known.measured_as[name],  # type: ignore[index] # a name of its own
        "said_by": known.said_by,
        **said,
        "advantages": list(known.advantages),
        "disadvantages": list(known.disadvantages),
        "measured": measured,
        "training_seconds": seconds,
        "training_tokens": learnt and learnt["tokens"],
        "peak_bytes": learnt and learnt["peak_bytes"],
        "prompt_tokens": asked.prompt,
        "answer_tokens": asked.answer,
        "cut_off": asked.cut_off,
        "request_cost": request,
        **{f"{factor}_cost": round(value, 2) for factor, value in zip(FACTORS, money, strict=True)},
        **{f"prior_{prior}": value for prior, value in known.priors.model_dump().items()},
        "currency": params.currency,
        "months": params.months,
        "requests_a_month": params.requests_a_month,
    }


def _trained_in(learnt: Row) -> str:
    """Say how long something trained, and how many trials of that were not taken."""
    trials = f", other trials included ({learnt['trials']})" if learnt.get("trials") else ""
    return f"{duration(learnt['seconds'])}{trials}"


def _request(prompt_tokens: float, answer_tokens: float, prompts: bool, params: Rates) -> float:
    """Return what the tokens of one answer cost."""
    asked, said = params.input_price, params.output_price
    if not prompts:
        asked = asked if params.own_input_price is None else params.own_input_price
        said = said if params.own_output_price is None else params.own_output_price
    return round((prompt_tokens * asked + answer_tokens * said) / MILLION, 9)


def _priors(priors: Priors, params: Rates) -> Factors:
    """Return the framework's priors as money, over the months.

    >>> known = dict(development_hours=80, compute_usd=1000, data_preparation_hours=60, maintenance_hours_a_month=10)
    >>> sum(_priors(Priors(**known), Rates(engineer_per_hour=50, months=12)))
    14000.0
    """
    hour = params.engineer_per_hour
    return Factors(
        development_time=priors.development_hours * hour,
        computational_resources=priors.compute_usd * params.of_a_usd,
        data_preparation=priors.data_preparation_hours * hour,
        maintenance=priors.maintenance_hours_a_month * params.months * hour,
    )


def _factors(row: Row) -> Factors:
    return Factors(*(row[f"{factor}_cost"] for factor in FACTORS))


def _weighted(factors: Iterable[Factors], knowledge: Knowledge) -> list[float]:
    """Return the weighted sum of each approach's shares of the dearest; a factor that costs nobody anything is 0."""
    each = list(factors)
    if not each:
        return []
    dearest = [max(column) or 1.0 for column in zip(*each, strict=True)]
    weights = [knowledge.weights[factor] for factor in FACTORS]  # type: ignore[index] # the same four
    return [round(sum(w * cost / most for w, cost, most in zip(weights, row, dearest, strict=True)), 4) for row in each]


def _break_even(row: Row, baseline: Row, trained: bool, params: Rates) -> Row:
    """Return at how many requests a month what was trained costs as much as few-shot prompts, and what that means."""
    if not trained or row["request_cost"] is None or baseline["request_cost"] is None:
        return {"break_even_requests": None, "break_even": "not measured"}
    told = {} if params.requests_a_month is None else {"pays": row["total"] <= baseline["total"]}
    saved = baseline["request_cost"] - row["request_cost"]
    fixed, prompts = (_without_requests(r, params) / params.months for r in (row, baseline))
    if fixed <= prompts and saved >= 0:
        return told | {"break_even_requests": 0.0, "break_even": "at any number of requests"}
    if fixed >= prompts and saved <= 0:
        return told | {"break_even_requests": None, "break_even": "never: neither training nor an answer costs less"}
    requests = round((fixed - prompts) / saved)
    where, than = ("from", "cheaper") if saved > 0 else ("below", "dearer")
    each = f"each {abs(saved):.6f} {params.currency} {than}"
    return told | {
        "break_even_requests": float(requests),
        "break_even": f"{where} {requests:,} requests a month, {each}",
    }


def pays(row: Row) -> str:
    """Say where what was trained costs less than few-shot prompts.

    >>> pays({"break_even": "from 900 requests a month"}), pays({"break_even": "never: it costs more"})
    ('it pays from 900 requests a month', 'it never pays: it costs more')
    """
    said = row["break_even"]
    if said.startswith("never"):
        return f"it never pays{said.removeprefix('never')}"
    return "where it pays was not measured" if said == "not measured" else f"it pays {said}"


def _without_requests(row: Row, params: Rates) -> float:
    serving = (row["request_cost"] or 0.0) * (params.requests_a_month or 0) * params.months
    return sum(_factors(row)) - serving


def duration(seconds: float) -> str:
    """Say how long something took.

    >>> duration(38.4), duration(724), duration(9000)
    ('38 s', '12 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
