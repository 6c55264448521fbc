"""What is recommended follows the intervals; rules and costs stand beside them."""

from pathlib import Path

import pytest

from assets import tables
from assets.errors import RefineryError
from assets.evaluation.costs import Rates, approach_costs
from assets.evaluation.knowledge import Knowledge
from assets.evaluation.params import RecommendationParams
from assets.evaluation.recommend import recommendation

KNOWN = Knowledge.load(Path(__file__).resolve().parents[3] / "domain/approaches.yaml")
ENOUGH = {"training_examples": 5000.0, "fewest_labels": 5000.0, "tasks": 1.0, "test_pairs": 150.0,
          "prompts_measured": 2.0, "trained_measured": 2.0, "trials": 2.0}  # fmt: skip
DONE = RecommendationParams(done=("deployed", "critical_components"))


def score(
    approach, baseline, low, high, *, subset="all", source="all", n=150, threads=40, metric="nll_per_token", p=None
):
    return {
        "score_id": f"{approach}-{baseline}-{subset}-{source}-{metric}",
        "task": "answer",
        "approach": approach,
        "baseline": baseline,
        "source": source,
        "subset": subset,
        "metric": metric,
        "value": (low + high) / 2,
        "low": low,
        "high": high,
        "p_value": p if p is not None else 0.001 if low * high > 0 else 0.4,
        "n": n,
        "threads": threads,
        "better": "lower" if metric == "nll_per_token" else "higher",
    }


def both(approach, baseline, low, high, **facts):
    return [score(approach, baseline, low, high, subset=s, **facts) for s in ("all", "answer_once")]


def passing(approach, value, **against):
    """A trained approach better than both prompt approaches, and how it stands to others."""
    rows = [score(approach, None, value - 0.1, value + 0.1)]
    rows += both(approach, "zero_shot", -0.9, -0.7) + both(approach, "few_shot", -0.6, -0.4)
    return rows + [row for other, (low, high) in against.items() for row in both(approach, other, low, high)]


def costs_of(scores, seconds, params=None):
    trained = tables.LORA_ADAPTER.of(
        {"approach": name, "seconds": took, "tokens": 1000, "peak_bytes": 2**30} for name, took in seconds.items()
    )
    asked = tables.PREDICTIONS.of(
        {"approach": a, "task": "answer", "prompt_tokens": 700 if a == "few_shot" else 50, "generated_tokens": 60}
        for a in ("zero_shot", "few_shot", *seconds)
    )
    return approach_costs(
        asked, scores, trained, tables.TUNING_TRIALS.of([]), KNOWN, params or Rates(), longest=60
    ).table


def recommended(*rows, facts=ENOUGH, params=DONE, seconds=None, requests=None):
    scores = tables.APPROACH_SCORES.of([r for part in rows for r in part])
    costs = costs_of(scores, seconds or {"lora": 60.0}, Rates(requests_a_month=requests))
    facts = facts if requests is None else {**facts, "requests_a_month": float(requests)}
    return recommendation(scores, costs, facts, KNOWN, params).table.to_pylist()[0]


BETTER = passing("lora", 2.0)
PROMPTS = both("few_shot", "zero_shot", -0.3, -0.2)


def test_lora_that_beats_both_prompt_approaches_is_recommended_with_its_figures():
    row = recommended(BETTER, PROMPTS)
    assert row["approach"] == "lora"
    assert row["phase"] == "Phase 2: Enhanced Performance (LoRA Fine-Tuning)"
    assert row["strategy"].startswith("Hybrid strategy: Phase 1: Rapid Prototyping (Prompt-Based)")
    said = "The LoRA adapter is better than zero-shot prompts: -0.800 nats a token [-0.900, -0.700], p 0.001, 150 pairs"
    assert any(r.startswith(said) for r in row["reasons"])
    assert "costs 19,500.03 USD, few-shot prompts 7,500.00; against them it pays from" in row["reasons"][-1]
    assert "0.400" in row["would_flip"][0]
    assert row["lacking"] == []


def test_lora_that_cannot_be_told_from_few_shot_prompts_is_not_recommended():
    row = recommended(both("lora", "zero_shot", -0.9, -0.7), both("lora", "few_shot", -0.2, 0.1), PROMPTS)
    assert row["approach"] == "few_shot"
    assert row["phase"].startswith("Phase 1")
    assert "Weeks 5-8: an adapter better than both prompt approaches (better than prompts 0)." in row["lacking"]


def test_lora_that_only_learned_stock_answers_is_not_recommended():
    stock = [score("lora", b, -0.9, -0.5) for b in ("zero_shot", "few_shot")]
    once = [score("lora", b, -0.1, 0.2, subset="answer_once") for b in ("zero_shot", "few_shot")]
    assert recommended(stock, once, PROMPTS)["approach"] == "few_shot"


def test_lora_that_learnt_style_and_heeds_the_question_less_than_the_base_model_is_not_recommended():
    row = recommended(BETTER, PROMPTS, [score("lora", "zero_shot", -0.2, -0.1, metric="question_gain")])
    assert row["approach"] == "few_shot"
    assert any("learnt style rather than answers" in r and "-0.150 nats a token" in r for r in row["reasons"])
    assert any("goes by the question as much" in flip for flip in row["would_flip"])
    assert {f["name"]: f["value"] for f in row["facts"]}["better_than_prompts"] == 0


@pytest.mark.parametrize(("low", "high"), [(-0.2, 0.1), (0.1, 0.2)])
def test_lora_that_may_heed_the_question_as_much_is_recommended(low, high):
    gain = [score("lora", "zero_shot", low, high, metric="question_gain")]
    row = recommended(BETTER, PROMPTS, gain)
    assert row["approach"] == "lora"
    assert any(r.startswith("The LoRA adapter is not shown to heed the question less") for r in row["reasons"])


def test_where_nothing_is_better_the_answer_is_not_to_fine_tune():
    row = recommended(both("lora", "zero_shot", 0.1, 0.3), both("few_shot", "zero_shot", -0.1, 0.1))
    assert row["approach"] == "do_not_fine_tune"
    assert any("worse than zero-shot" in r for r in row["reasons"])
    assert any(flip.startswith("Few-shot prompts shown to be better") for flip in row["would_flip"])


def test_a_useless_adapter_gets_use_prompts_however_much_the_rules_speak_for_it():
    useless = both("lora", "zero_shot", 0.4, 0.9) + both("lora", "few_shot", 0.6, 1.2)
    needs = RecommendationParams(needs=("limited_resources", "frequent_updates", "multi_task", "moderate_performance"))
    row = recommended(useless, PROMPTS, params=needs)
    assert row["approach"] == "few_shot"
    assert len([r for r in row["rules"] if (r["kind"], r["verdict"]) == ("lora", "for")]) >= 4


def test_a_comparison_of_few_threads_is_not_relied_on():
    few = both("lora", "zero_shot", -0.9, -0.7, threads=4) + both("lora", "few_shot", -0.6, -0.4, threads=4)
    row = recommended(few, PROMPTS)
    assert row["approach"] == "few_shot"
    assert any("4 of 10" in lack for lack in row["lacking"])


def test_without_an_adapter_it_says_what_is_missing():
    row = recommended(PROMPTS)
    assert row["approach"] == "few_shot"
    assert any("LoRA adapter with zero-shot prompts" in lack for lack in row["lacking"])
    nothing = recommended([])
    assert (nothing["approach"], nothing["reasons"]) == ("do_not_fine_tune", ["No two approaches were compared."])


def test_of_two_that_pay_the_likelier_is_taken_if_it_can_be_told_apart():
    full = passing("full", 1.5, lora=(-0.6, -0.4))
    row = recommended(BETTER, full, PROMPTS, seconds={"lora": 60.0, "full": 600.0})
    assert (row["approach"], row["phase"][:7]) == ("full", "Phase 3")
    assert "the fully tuned model finds the true answers likeliest" in row["reasons"][0]


def test_of_two_that_cannot_be_told_apart_the_cheaper_is_taken():
    full = passing("full", 1.9, lora=(-0.2, 0.1))
    row = recommended(BETTER, full, PROMPTS, seconds={"lora": 60.0, "full": 600.0})
    assert row["approach"] == "lora"
    assert "the LoRA adapter is cheaper than the fully tuned model" in row["reasons"][0]
    assert "cannot be shown to be better" in row["reasons"][0]
    assert any(
        flip.startswith("A test that shows the fully tuned model to be better than the LoRA adapter")
        for flip in row["would_flip"]
    )
    assert any(
        r.startswith("The fully tuned model cannot be told from the LoRA adapter: -0.050") for r in row["reasons"]
    )


def test_a_cheaper_one_that_any_other_beats_is_not_taken_though_the_likeliest_does_not_beat_it():
    """Full cannot be told from lora, nor from instruction; instruction beats lora, so that lora is out."""
    three = BETTER, passing("instruction", 1.9, lora=(-0.2, -0.1)), passing("full", 1.8, lora=(-0.3, 0.1))
    row = recommended(*three, both("full", "instruction", -0.2, 0.1), PROMPTS,
                      seconds={"lora": 60.0, "instruction": 60.0, "full": 60.0})  # fmt: skip
    assert row["approach"] == "instruction"


def test_of_two_that_share_no_answer_the_likelier_is_taken_however_cheap_the_other():
    pair = passing("instruction", 1.8), passing("full", 1.0)
    assert recommended(*pair, PROMPTS, seconds={"instruction": 60.0, "full": 60.0})["approach"] == "full"


def test_the_luckiest_of_several_is_not_enough():
    """Its p value against few-shot prompts is 0.03: shown if it was tried alone, and not if it is one of five."""
    names = ("lora", "instruction", "multitask", "transfer", "full")
    alone = [score("lora", None, 1.9, 2.1), *both("lora", "zero_shot", -0.9, -0.7)]
    alone += both("lora", "few_shot", -0.3, -0.1, p=0.03)
    assert recommended(alone, PROMPTS)["approach"] == "lora"
    others = [row for n in names[1:] for b in ("zero_shot", "few_shot") for row in both(n, b, -0.2, 0.1)]
    row = recommended(alone, others, PROMPTS, seconds=dict.fromkeys(names, 60.0))
    assert row["approach"] == "few_shot"
    said = "The LoRA adapter cannot be told from few-shot prompts: -0.200 nats a token [-0.300, -0.100], p 0.150"
    assert any(r.startswith(said) for r in row["reasons"])


def test_an_interval_below_zero_that_chance_would_often_give_shows_nothing():
    lucky = both("lora", "zero_shot", -0.9, -0.7) + both("lora", "few_shot", -0.6, -0.4, p=0.06)
    assert recommended(lucky, PROMPTS)["approach"] == "few_shot"
    strict = RecommendationParams(alpha=0.0005)
    assert recommended(BETTER, PROMPTS, params=strict)["approach"] == "do_not_fine_tune"


def test_a_likelier_approach_that_is_the_baseline_of_a_comparison_can_be_told_apart_too():
    dear = {"lora": 3.6e6, "transfer": 60.0}  # an adapter whose training cost more than the transfer's prior
    row = recommended(BETTER, passing("transfer", 2.5, lora=(0.4, 0.6)), PROMPTS, seconds=dear)
    assert row["approach"] == "lora"


def test_likelihood_by_category_does_not_decide():
    split = [score("lora", b, 0.5, 0.9, subset="category") for b in ("zero_shot", "few_shot")]
    assert recommended(BETTER, split, PROMPTS)["approach"] == "lora"


def at_endpoint(low, high, *baselines, **facts):
    return [score("few_shot_endpoint", b, low, high, metric="chrf", **facts) for b in baselines]


def against_endpoint(approach, low, high):
    return [score(approach, "few_shot_endpoint", low, high, metric="chrf", n=40)]


def test_an_endpoint_better_than_both_prompt_approaches_is_recommended_where_no_training_is():
    row = recommended(PROMPTS, at_endpoint(4.0, 6.0, "zero_shot", "few_shot"))
    assert (row["approach"], row["phase"][:7]) == ("few_shot_endpoint", "Phase 1")
    said = "Few-shot prompts (endpoint) are better than few-shot prompts: +5.000 chrF"
    assert any(r.startswith(said) for r in row["reasons"])
    for not_shown in (at_endpoint(4.0, 6.0, "few_shot"), at_endpoint(-1.0, 6.0, "zero_shot", "few_shot")):
        row = recommended(PROMPTS, not_shown)
        assert row["approach"] == "few_shot"
        assert any(flip.startswith("A test that shows few-shot prompts (endpoint)") for flip in row["would_flip"])


def test_a_trained_approach_worse_than_the_endpoint_is_not_recommended_however_likely_it_finds_the_answers():
    there = BETTER, PROMPTS, at_endpoint(4.0, 6.0, "zero_shot", "few_shot")
    row = recommended(*there, against_endpoint("lora", -9.0, -3.0))
    assert row["approach"] == "few_shot_endpoint"
    said = "Better than both prompt approaches, and worse than few-shot prompts (endpoint) by chrF: the LoRA adapter."
    assert row["reasons"][0] == said
    assert any("The LoRA adapter is worse than few-shot prompts (endpoint): -6.000 chrF" in r for r in row["reasons"])
    assert any("does not show the LoRA adapter to be worse" in flip for flip in row["would_flip"])
    assert not any(flip.startswith("A trained approach shown to be") for flip in row["would_flip"]), "one is"
    equal = recommended(*there, against_endpoint("lora", -9.0, 0.1))
    assert equal["approach"] == "lora"
    assert any("shows the LoRA adapter to be worse than few-shot prompts (end" in flip for flip in equal["would_flip"])


def test_an_endpoint_that_is_not_shown_to_beat_prompts_keeps_no_trained_approach_from_being_recommended():
    unshown = at_endpoint(4.0, 6.0, "zero_shot") + at_endpoint(-1.0, 6.0, "few_shot")
    row = recommended(BETTER, PROMPTS, unshown, against_endpoint("lora", -9.0, -3.0))
    assert row["approach"] == "lora"
    flip = "to be worse than few-shot prompts (endpoint), and that better than both prompt approaches, by chrF."
    assert f"A test that shows the LoRA adapter {flip}" in row["would_flip"]


def test_a_few_answers_of_an_endpoint_decide_nothing_and_are_lacking():
    few = at_endpoint(4.0, 6.0, "zero_shot", "few_shot", threads=4)
    row = recommended(PROMPTS, few)
    assert row["approach"] == "few_shot"
    assert "Threads to compare others with few-shot prompts (endpoint): 4 of 10." in row["lacking"]


def test_an_approach_that_costs_more_at_the_stated_requests_is_recommended_by_its_quality_and_says_so_loudly():
    row = recommended(BETTER, PROMPTS, requests=1000)
    assert row["approach"] == "lora"
    said = "At 1,000 requests a month the LoRA adapter costs more than few-shot prompts: it pays from 615,386 requests"
    assert any(line.startswith(said) for line in row["lacking"])
    assert said in row["reasons"][-1]
    assert any(
        f.startswith("Costs, if they decided: few-shot prompts cost less (it pays from") for f in row["would_flip"]
    )


def test_the_requests_that_are_told_are_those_of_the_costs_whatever_is_stated_since():
    scores = tables.APPROACH_SCORES.of([*BETTER, *PROMPTS])
    costs = costs_of(scores, {"lora": 60.0}, Rates(requests_a_month=1000))
    (row,) = recommendation(scores, costs, ENOUGH, KNOWN, DONE).table.to_pylist()
    assert any(line.startswith("At 1,000 requests a month the LoRA adapter costs more") for line in row["lacking"])


def test_an_approach_that_pays_says_below_how_many_requests_it_would_not():
    row = recommended(BETTER, PROMPTS, requests=1_000_000)
    assert row["lacking"] == []
    assert any("fewer than 615,38" in flip for flip in row["would_flip"])


def test_the_exit_lacks_pairs_examples_and_sources_that_did_not_improve():
    desk = [score("lora", "zero_shot", -0.1, 0.2, source="desk", n=12, threads=11)]
    short = {**ENOUGH, "test_pairs": 40.0, "training_examples": 640.0}
    row = recommended(BETTER, desk, facts=short)
    assert row["approach"] == "lora"
    assert row["lacking"] == [
        "Weeks 1-2: 1,000 or more distinct training examples (training examples 640).",
        "Weeks 3-4: 100 or more test pairs in the evaluation (test pairs 40).",
        "Source desk: not shown to be better than zero-shot prompts (12 pairs of 11 threads).",
    ]
    assert [g["passed"] for g in row["gates"] if g["phase"] == row["phase"]] == [False, False, True, True, True, True]


def test_what_speaks_for_an_approach_nobody_measured_would_flip_it_and_what_speaks_against_the_chosen_too():
    row = recommended(BETTER, PROMPTS, params=RecommendationParams(needs=("maximum_performance", "long_term")))
    assert any(
        flip.startswith("Full fine-tuning, which was not measured, found better:") and "stated: long term" in flip
        for flip in row["would_flip"]
    )
    against = "More weight on what speaks against it: it is not for maximum performance (stated: maximum performance)."
    assert against in row["would_flip"]


def test_a_need_no_rule_knows_is_refused():
    with pytest.raises(RefineryError, match="no rule knows speed"):
        recommended(BETTER, params=RecommendationParams(needs=("speed",)))


def test_the_same_scores_give_the_same_recommendation():
    assert recommended(BETTER, PROMPTS) == recommended(PROMPTS, BETTER)
