"""Costs are one sum of one currency; what was measured is marked, and beside it stands the prior."""

from pathlib import Path

import pytest

from assets import tables
from assets.evaluation.costs import Rates, approach_costs
from assets.evaluation.knowledge import Knowledge

KNOWN = Knowledge.load(Path(__file__).resolve().parents[3] / "domain/approaches.yaml")
RATES = {"engineer_per_hour": 50, "compute_per_hour": 3.6, "months": 10, "input_price": 10, "output_price": 20}
SCORES = [
    {"approach": "lora", "metric": "nll_per_token", "value": 2.0, "low": 1.9, "high": 2.1},
    {"approach": "few_shot_endpoint", "metric": "chrf", "value": 31.5},
]
SHORT, LONG = 100, 1100


def costed(*, seconds=1000.0, prompts=None, shots_of="*", trials=(), known=KNOWN, **knobs):
    trained = [{"approach": "lora", "artifact": "a", "seconds": seconds, "tokens": 5000, "peak_bytes": 3 * 2**30}]
    asked = [
        {"prediction_id": f"{name}{n}", "approach": name, "task": "answer", "prompt_tokens": tokens,
         "generated_tokens": 40 if n else None, "shots_of": shots_of if name == "few_shot" else None}
        for name, tokens in (prompts or {"zero_shot": SHORT, "few_shot": LONG, "lora": SHORT}).items()
        for n in range(3)
    ]  # fmt: skip
    scores = [
        {**s, "score_id": s["metric"], "task": "answer", "source": "all", "subset": "all", "n": 9} for s in SCORES
    ]
    made = approach_costs(
        tables.PREDICTIONS.of(asked),
        tables.APPROACH_SCORES.of(scores),
        tables.LORA_ADAPTER.of(trained if seconds is not None else []),
        tables.TUNING_TRIALS.of(trials),
        known,
        Rates(**{**RATES, **knobs}),
        longest=40,
    )
    return {row["approach"]: row for row in made.table.to_pylist()}


def test_hours_become_money_and_the_measured_training_takes_the_place_of_its_prior():
    row = costed()["lora"]
    factors = ("development_time", "computational_resources", "data_preparation", "maintenance")
    assert [row[f"{factor}_cost"] for factor in factors] == [80 * 50, 1.0, 60 * 50, 10 * 10 * 50]
    assert row["total"] == 12001.0
    assert row["prior_total"] == 13000.0
    assert (row["training_time"], row["peak_bytes"], row["training_tokens"]) == ("17 min", 3 * 2**30, 5000)


def test_prompts_that_were_told_the_category_are_called_so():
    assert costed()["few_shot"]["title"] == "few-shot prompts"
    rows = costed(shots_of="billing")
    assert rows["few_shot"]["title"] == "few-shot prompts, told the category"
    assert rows["lora"]["title"] == "the LoRA adapter"


def test_what_was_measured_is_marked_and_all_else_is_the_frameworks():
    rows = costed()
    measured = {"training_time", "computational_cost", "performance", "training_seconds", "prompt_tokens",
                "computational_resources_cost", "request_cost", "answer_tokens"}  # fmt: skip
    assert set(rows["lora"]["measured"]) == measured
    assert rows["lora"]["performance"] == "2.000 nats a token [1.900, 2.100], 9 pairs"
    assert rows["full"]["measured"] == []
    assert (rows["full"]["training_time"], rows["full"]["performance"]) == ("high (days)", "excellent")
    assert rows["few_shot_endpoint"]["performance"] == "31.5 chrF, 9 pairs"
    assert rows["few_shot"]["training_seconds"] == 0
    assert rows["multitask"]["said_by"] == "us"


def test_the_weights_are_taken_on_shares_of_the_dearest_priors_among_priors():
    rows = costed()
    full = rows["full"]  # the dearest in all but data preparation, where instruction tuning is
    assert full["prior_weighted"] == pytest.approx(0.3 + 0.4 + 0.2 * 80 / 100 + 0.1)
    lora = 0.3 * 80 / 160 + 0.4 * 1000 / 5000 + 0.2 * 60 / 100 + 0.1 * 10 / 20
    assert rows["lora"]["prior_weighted"] == pytest.approx(lora)
    dear = costed(engineer_per_hour=100, of_a_usd=3)
    assert [row["prior_weighted"] for row in dear.values()] == [row["prior_weighted"] for row in rows.values()]


def test_the_measured_ones_are_weighed_among_each_other():
    rows = costed()
    assert {name for name, row in rows.items() if row["weighted"] is not None} == {"zero_shot", "few_shot", "lora"}
    assert rows["lora"]["weighted"] == 1.0
    assert rows["few_shot"]["weighted"] == pytest.approx(0.3 * 20 / 80 + 0.2 * 20 / 60 + 0.1 * 5 / 10, abs=1e-4)


def test_the_break_even_is_where_both_totals_meet():
    row = costed()["lora"]
    at = row["break_even_requests"]
    around = [costed(requests_a_month=int(at) + more) for more in (-20, 20)]
    dearer, cheaper = [rows["lora"]["total"] - rows["few_shot"]["total"] for rows in around]
    assert dearer > 0 > cheaper
    assert f"{at:,.0f} requests a month" in row["break_even"]


def test_serving_and_hosting_are_part_of_the_computing():
    served = costed(requests_a_month=1000, hosting_per_month=7)
    assert served["lora"]["request_cost"] == pytest.approx((SHORT * 10 + 40 * 20) / 1e6)
    assert served["lora"]["computational_resources_cost"] == pytest.approx(1.0 + 10 * 1000 * 0.0018 + 70)
    assert served["few_shot"]["computational_resources_cost"] == pytest.approx(10 * 1000 * 0.0118)


def test_prompts_that_cost_no_more_are_never_overtaken():
    row = costed(prompts={"few_shot": SHORT, "lora": SHORT})["lora"]
    assert row["break_even_requests"] is None
    assert row["break_even"].startswith("never")


def test_cheaper_tokens_of_ones_own_machine_bring_the_break_even_nearer():
    at = [costed(**own)["lora"]["break_even_requests"] for own in ({}, {"own_input_price": 0, "own_output_price": 0})]
    assert at[1] < at[0]


def test_what_is_cheaper_to_make_and_dearer_to_ask_pays_below_a_number_of_requests():
    free = {"development_hours": 0, "compute_usd": 0, "data_preparation_hours": 0, "maintenance_hours_a_month": 0}
    lora = KNOWN.approaches["lora"]
    cheap = lora.model_copy(update={"priors": lora.priors.model_copy(update=free)})
    known = KNOWN.model_copy(update={"approaches": {**KNOWN.approaches, "lora": cheap}})
    dear = {"known": known, "own_input_price": 500}
    row = costed(**dear)["lora"]
    at = row["break_even_requests"]
    assert row["break_even"].startswith(f"below {at:,.0f} requests a month, each 0.0")
    assert row["break_even"].endswith("dearer")
    assert row["pays"] is None
    below, above = (costed(**dear, requests_a_month=int(at) + more) for more in (-20, 20))
    assert below["lora"]["total"] < below["few_shot"]["total"]
    assert above["lora"]["total"] > above["few_shot"]["total"]
    assert (below["lora"]["pays"], above["lora"]["pays"]) == (True, False)


def test_the_trials_are_part_of_the_adapters_training_and_the_one_that_became_it_is_not_counted_twice():
    trials = [
        {"trial_id": artifact, "artifact": artifact, "seconds": seconds}
        for artifact, seconds in (("a", 1e3), ("b", 2e3))
    ]
    row = costed(trials=trials)["lora"]
    assert (row["training_seconds"], row["computational_resources_cost"]) == (3000.0, 3.0)
    assert row["training_time"] == "50 min, other trials included (1)"
    assert costed(trials=trials, seconds=None)["lora"]["training_seconds"] is None


def test_an_endpoint_that_told_nothing_is_not_measured_and_spoils_no_other_figure():
    told = {"zero_shot": SHORT, "few_shot": LONG, "lora": SHORT}
    rows = costed(prompts={**told, "few_shot_endpoint": None}, requests_a_month=1000)
    silent = rows["few_shot_endpoint"]
    assert (silent["prompt_tokens"], silent["request_cost"], silent["weighted"]) == (None, None, None)
    assert silent["measured"] == ["performance", "answer_tokens"]  # it answered, and did not say what that took
    assert silent["total"] == silent["prior_total"]
    assert {name: row["total"] for name, row in rows.items()} == {
        name: row["total"] for name, row in costed(prompts=told, requests_a_month=1000).items()
    }


def test_answers_that_were_cut_off_are_told_for_they_would_have_cost_more():
    assert costed()["few_shot"]["cut_off"] == 1.0
    assert costed()["full"]["cut_off"] is None


def test_nothing_that_was_not_trained_has_a_break_even():
    assert costed(seconds=None)["lora"]["break_even_requests"] is None
    assert costed()["full"]["break_even"] == "not measured"
    assert costed()["few_shot"]["break_even"] == ""


def test_priors_are_told_in_the_currency_of_the_settings():
    rows = costed(seconds=None, currency="EUR", of_a_usd=0.9)
    assert rows["full"]["currency"] == "EUR"
    assert rows["full"]["computational_resources_cost"] == 4500
