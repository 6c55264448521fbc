"""What every approach costs: measured where it could be, else by the framework's priors (CostAnalyzer).

The printed formula adds hours to dollars and weighs the sum of both. Here hours become money at an
hourly rate, so that the total is one sum of one currency; and the weights are taken on shares: each
factor of an approach as a share of the dearest approach's, which has no unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from assets import tables
from assets.evaluation.knowledge import FACTORS, Knowledge, Known, Priors
from assets.evaluation.params import CostParams
from assets.evaluation.scores import ALL, ANSWER, PRIMARY
from assets.ledger import Published, summary
from assets.shots import ANY

PROMPTS, BASELINE = "prompt_based", "few_shot"
MILLION = 1e6
Row = dict[str, Any]


class Factors(NamedTuple):
    """The framework's four factors as money."""

    development_time: float
    computational_resources: float
    data_preparation: float
    maintenance: float


def approach_costs(
    predictions: pa.Table, scores: pa.Table, trained: pa.Table, knowledge: Knowledge, params: CostParams
) -> Published:
    """Return one row an approach, measured or not; those that were not are told by their priors.

    Where requests a month are stated, serving them is part of the computational resources. The break-even
    is the number of requests a month from which what was trained costs less than few-shot prompts: the
    months' other costs, divided by what a shorter prompt saves an answer.

    Args:
        predictions: A table in the form of `tables.PREDICTIONS`.
        scores: A table in the form of `tables.APPROACH_SCORES`.
        trained: The tables of what was trained, one after the other.
        knowledge: What is known of the approaches.
        params: Rates, prices and months.
    """
    learnt = {row["approach"]: row for row in trained.to_pylist()}
    asked, told = _tokens(predictions), _performance(scores)
    rows = [
        _row(name, kind, knowledge.approaches[kind], learnt.get(name), asked.get(name), told.get(name), params)
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
    return summary(
        tables.APPROACH_COSTS.of(rows), key="approach", parents=["predictions", "approach_scores", *_names(learnt)]
    )


def _names(learnt: Mapping[str, Row]) -> list[str]:
    return [f"{name}_{'model' if name == 'full' else 'adapter'}" for name in sorted(learnt)]


def _tokens(predictions: pa.Table) -> dict[str, tuple[float, float | None]]:
    """Return by approach the mean tokens of a prompt, and of an answer where it wrote any."""
    answers = predictions.select(["approach", "task", "prompt_tokens", "generated_tokens"]).to_pandas()
    found: dict[str, tuple[float, float | None]] = {}
    for name, rows in answers[answers["task"] == ANSWER].groupby("approach", sort=True):
        written = rows["generated_tokens"].dropna()
        said = round(float(written.mean()), 2) if len(written) else None
        found[str(name)] = round(float(rows["prompt_tokens"].mean()), 2), said
    return found


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
    asked: tuple[float, float | None] | None,
    performance: str | None,
    params: CostParams,
) -> Row:
    """Return an approach's costs but for what depends on the others'."""
    priors = _priors(known.priors, params)
    prompts = kind == PROMPTS
    seconds = learnt["seconds"] if learnt else 0.0 if prompts and asked else None
    compute = priors.computational_resources if seconds is None else seconds / 3600 * params.compute_per_hour
    prompt_tokens, answer_tokens = asked or (None, None)
    request = None if prompt_tokens is None else _request(prompt_tokens, answer_tokens or 0.0, prompts, params)
    serving = (request or 0.0) * (params.requests_a_month or 0) * params.months
    hosting = 0.0 if prompts else params.hosting_per_month * params.months
    said: Row = known.ratings.model_dump()
    if seconds is not None:
        peak = f", at most {learnt['peak_bytes'] / 2**30:.1f} GiB of memory" if learnt else ""
        said["training_time"] = duration(seconds) if learnt else "none: nothing is trained"
        said["computational_cost"] = f"{compute:,.2f} {params.currency} to train{peak}"
    said |= {"performance": performance} if performance else {}
    measured = [column for column in said if said[column] != getattr(known.ratings, column)]
    measured += [] if seconds is None else ["training_seconds", "computational_resources_cost"]
    measured += [] if asked is None else ["prompt_tokens", "request_cost"]
    measured += [] if answer_tokens is None else ["answer_tokens"]
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
        "prompt_tokens": prompt_tokens,
        "answer_tokens": answer_tokens,
        "request_cost": request,
        **{f"{factor}_cost": round(value, 2) for factor, value in zip(FACTORS, money, strict=True)},
        **{f"prior_{prior}": value for prior, value in known.priors.model_dump().items()},
        "currency": params.currency,
        "months": params.months,
    }


def _request(prompt_tokens: float, answer_tokens: float, prompts: bool, params: CostParams) -> float:
    """Return what the tokens of one answer cost."""
    asked, said = params.input_price, params.output_price
    if not prompts:
        asked = asked if params.own_input_price is None else params.own_input_price
        said = said if params.own_output_price is None else params.own_output_price
    return round((prompt_tokens * asked + answer_tokens * said) / MILLION, 9)


def _priors(priors: Priors, params: CostParams) -> Factors:
    """Return the framework's priors as money, over the months.

    >>> known = dict(development_hours=80, compute_usd=1000, data_preparation_hours=60, maintenance_hours_a_month=10)
    >>> sum(_priors(Priors(**known), CostParams(engineer_per_hour=50, months=12)))
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


def _break_even(row: Row, baseline: Row, trained: bool, params: CostParams) -> Row:
    """Return the requests a month from which what was trained costs less than few-shot prompts."""
    if not trained or row["request_cost"] is None or baseline["request_cost"] is None:
        return {"break_even_requests": None, "break_even": "not measured"}
    saved = baseline["request_cost"] - row["request_cost"]
    fixed, prompts = (_without_requests(r, params) / params.months for r in (row, baseline))
    if fixed <= prompts and saved >= 0:
        return {"break_even_requests": 0.0, "break_even": "costs less at any number of requests"}
    if saved <= 0:
        return {"break_even_requests": None, "break_even": "never: an answer costs no less than with few-shot prompts"}
    requests = round((fixed - prompts) / saved)
    return {
        "break_even_requests": float(requests),
        "break_even": f"from {requests:,} requests a month, each {saved:.6f} {params.currency} cheaper",
    }


def _without_requests(row: Row, params: CostParams) -> float:
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
