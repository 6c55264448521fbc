from assets import tables
from assets.evaluation.params import RecommendationParams
from assets.evaluation.recommend import recommendation


def difference(approach, baseline, low, high, *, subset="all", source="all", n=150, threads=40):
    return {
        "score_id": f"{approach}-{baseline}-{subset}-{source}",
        "approach": approach,
        "baseline": baseline,
        "source": source,
        "subset": subset,
        "metric": "nll_per_token",
        "value": (low + high) / 2,
        "low": low,
        "high": high,
        "n": n,
        "threads": threads,
        "better": "lower",
    }


def both(approach, baseline, low, high, **facts):
    return [difference(approach, baseline, low, high, subset=s, **facts) for s in ("all", "answer_once")]


def recommended(*rows, train_examples=None):
    scores = tables.APPROACH_SCORES.of([r for part in rows for r in part])
    return recommendation(scores, RecommendationParams(), train_examples=train_examples).table.to_pylist()[0]


BETTER = both("lora", "zero_shot", -0.9, -0.7) + both("lora", "few_shot", -0.6, -0.4)
PROMPTS = both("few_shot", "zero_shot", -0.3, -0.2)


def test_lora_that_beats_both_prompt_approaches_is_recommended_with_its_figures():
    row = recommended(BETTER, PROMPTS)
    assert row["approach"] == "lora"
    assert row["phase"] == "Phase 2: Enhanced Performance (LoRA Fine-Tuning)"
    assert row["strategy"].startswith("Hybrid strategy: Phase 1: Rapid Prototyping (Prompt-Based)")
    said = "The LoRA adapter is better than zero-shot prompts: -0.800 nats a token [-0.900, -0.700]"
    assert any(r.startswith(said) for r in row["reasons"])
    assert "0.400" in row["would_flip"][0]
    assert row["lacking"] == []


def test_lora_that_cannot_be_told_from_few_shot_prompts_is_not_recommended():
    row = recommended(both("lora", "zero_shot", -0.9, -0.7), both("lora", "few_shot", -0.2, 0.1), PROMPTS)
    assert row["approach"] == "few_shot"
    assert row["phase"].startswith("Phase 1")


def test_lora_that_only_learned_stock_answers_is_not_recommended():
    stock = [difference("lora", b, -0.9, -0.5) for b in ("zero_shot", "few_shot")]
    once = [difference("lora", b, -0.1, 0.2, subset="answer_once") for b in ("zero_shot", "few_shot")]
    assert recommended(stock, once, PROMPTS)["approach"] == "few_shot"


def test_where_nothing_is_better_the_answer_is_not_to_fine_tune():
    row = recommended(both("lora", "zero_shot", 0.1, 0.3), both("few_shot", "zero_shot", -0.1, 0.1))
    assert row["approach"] == "do_not_fine_tune"
    assert any("worse than zero-shot" in r for r in row["reasons"])
    assert len(row["would_flip"]) == 3


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


def test_the_exit_lacks_pairs_examples_and_sources_that_did_not_improve():
    small = [{**row, "n": 40} for row in BETTER]
    desk = [difference("lora", "zero_shot", -0.1, 0.2, source="desk", n=12, threads=11)]
    row = recommended(small, desk, train_examples=640)
    assert row["approach"] == "lora"
    assert row["lacking"] == [
        "Test pairs: 40 of 100.",
        "Training examples: 640 of 1000, the minimum viable volume.",
        "Source desk: not shown to be better than zero-shot prompts (12 pairs of 11 threads).",
    ]
