"""The comparison stands alone, says what was measured and what is prior, and lets nobody write into it."""

import re

import pytest

from assets import tables
from assets.evaluation import recommend
from assets.evaluation.costs import Rates
from assets.evaluation.params import RecommendationParams
from assets.evaluation.report import report
from tests.assets.evaluation.test_recommend import ENOUGH, KNOWN, PROMPTS, both, costs_of, passing, score

LOSSES = [{"step": n, "split": split, "loss": 3 - n / 10} for n in range(4) for split in ("train", "validation")]
USELESS = both("lora", "zero_shot", 0.4, 0.9) + both("lora", "few_shot", 0.6, 1.2)


def drawn(*rows, losses=LOSSES, requests=None):
    scores = tables.APPROACH_SCORES.of([r for part in rows for r in part])
    costs = costs_of(scores, {"lora": 60.0}, Rates(requests_a_month=requests))
    facts = {**ENOUGH, "requests_a_month": float(requests or 0)}
    advice = recommend.recommendation(scores, costs, facts, KNOWN, RecommendationParams()).table
    trained = tables.LORA_ADAPTER.of([{"approach": "lora", "losses": losses}] if losses else [])
    return report(advice, scores, costs, trained, KNOWN)


@pytest.fixture(scope="module")
def page():
    return drawn(passing("lora", 2.0), PROMPTS, [score("zero_shot", None, 2.7, 2.9)])


def test_the_page_asks_for_nothing_from_elsewhere(page):
    assert not re.search(r"<(script|link|iframe|img|object)|@import|url\((?!#)|(src|href)=\"(?!#)", page)


def test_it_shows_strategy_answer_scores_costs_rules_and_gates(page):
    for said in (
        "Hybrid strategy: Phase 1",
        "Measured here: the LoRA adapter.",
        "What would flip it",
        "1.900 – 2.100",
        "pays from",
        "best for",
        "domain-specific",
        "you are here",
        "weeks 9-12",
    ):
        assert said in page, said
    assert page.count("<svg ") == 4


def test_measured_and_prior_values_are_told_apart(page):
    compared = page[page.index("The approaches compared") : page.index("Measured on the frozen")]
    lora = compared[compared.index("LoRA adapter") : compared.index("Instruction adapter")]
    full = compared[compared.index("Fully tuned model") :]
    assert (lora.count(">measured<"), lora.count(">prior<")) == (3, 2)
    assert (full.count(">measured<"), full.count(">prior<")) == (0, 5)
    assert "prior, ours" in compared[compared.index("Multi-task adapter") : compared.index("Transfer adapter")]


def test_useless_adapters_are_told_to_stay_with_prompts():
    page = drawn(USELESS, PROMPTS)
    assert '<b class="score">Prompt</b>' in page
    assert "use prompts as they are, and do not fine-tune" in drawn(USELESS)


def test_that_what_is_recommended_does_not_pay_stands_beside_the_verdict_and_what_was_cut_off_beside_the_costs():
    said = "At the requests a month stated it costs more than few-shot prompts."
    page = drawn(passing("lora", 2.0), PROMPTS, requests=1000)
    assert said in page[: page.index("Why</h2>")]
    assert page.count("100% cut off") == 3
    assert said not in drawn(passing("lora", 2.0), PROMPTS, requests=1_000_000)


def test_with_nothing_measured_there_is_a_page_too():
    page = drawn(losses=None)
    assert "No two approaches were compared." in page
    assert page.count("<svg ") == 1


def test_equal_input_gives_equal_bytes(page):
    assert drawn(passing("lora", 2.0), PROMPTS, [score("zero_shot", None, 2.7, 2.9)]) == page


def test_a_source_cannot_write_into_the_page():
    page = drawn(passing("lora", 2.0), PROMPTS, [score("lora", "few_shot", -0.1, 0.1, source="<img src=x>")])
    assert "<img" not in page
    assert "Source &lt;img src=x&gt;: not shown" in page
