"""Who becomes champion, who does not, and the way back; on marks made up so that the truth is known."""

import numpy as np
import pyarrow as pa
import pytest

from assets import tables
from assets.errors import RefineryError
from assets.operation.champions import appoint, champion, champions, rollback
from assets.operation.contest import compare
from assets.operation.marks import MARKS, marks
from assets.operation.params import PromotionParams

PARAMS = PromotionParams(resamples=500)


def made(*, nll=2.0, gain=0.3, chrf=40.0, right=0.8, n=60, threads=20, seed=0, labels=40, **facts):
    """Marks of a package: answers of so many nats a token, and labels of which so many are right."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "example_id": f"a{i}",
            "thread_id": f"t{i % threads}",
            "task": "answer",
            "truth": f"answer {i}",
            "nll": 10 * (nll + rng.normal(0, 0.1)),
            "question_gain": 10 * (gain + rng.normal(0, 0.1)),
            "tokens": 10,
            "chrf": chrf + rng.normal(0, 2),
            "token_f1": (chrf + rng.normal(0, 2)) / 100,
            **facts,
        }
        for i in range(n)
    ]
    for i in range(labels):
        truth = f"label {i % 3}"
        said = truth if rng.random() < right else f"label {(i + 1) % 3}"
        row = {"example_id": f"c{i}", "thread_id": f"t{i % threads}", "task": "classify_category", "truth": truth}
        rows.append({**row, "nll": 1.0, "tokens": 2, "said": said})
    return pa.Table.from_pylist(rows, schema=MARKS)


class House:
    """A history, and the packages it decides upon."""

    def __init__(self, **packages):
        self.packages, self.history, self.read = packages, tables.CHAMPIONS.of([]), []

    def decide(self, version, params=PARAMS):
        package = tables.MODEL_PACKAGE.of([{"version": version}])
        self.history = champions(package, self.history, self._marks, params).table
        return self.history.to_pylist()[-1]

    def _marks(self, version):
        self.read.append(version)
        return self.packages[version]

    @property
    def champion(self):
        return champion(self.history)


def test_the_first_package_becomes_champion_without_a_contest():
    house = House(a=made())
    assert house.champion is None
    assert house.decide("a")["outcome"] == "first"
    assert house.champion == "a"
    assert house.read == []


def test_a_better_package_is_promoted_with_its_figures():
    house = House(a=made(), b=made(nll=1.5, chrf=45, seed=2))
    house.decide("a")
    row = house.decide("b")
    assert (row["outcome"], row["champion"], row["rival"]) == ("promoted", "b", "a")
    figures = {f["metric"]: f for f in row["figures"]}
    assert set(figures) == {"nll_per_token", "question_gain", "chrf", "token_f1", "macro_f1 of classify_category"}
    assert figures["question_gain"]["value"] == pytest.approx(0.3, abs=0.05), "a token, not an answer"
    primary = figures["nll_per_token"]
    assert primary["difference"] == pytest.approx(-0.5, abs=0.05)
    assert primary["low"] < primary["difference"] < primary["high"] < 0
    assert primary["p_better"] <= 0.05 < primary["p_worse"]
    assert (primary["n"], primary["threads"]) == (60, 20)
    assert "nll_per_token" in row["reasons"][0]


@pytest.mark.parametrize(
    ("worse", "said"),
    [
        ({"nll": 1.5, "chrf": 30}, "worse: chrf"),
        ({"nll": 1.5, "gain": 0.1}, "worse: question_gain"),
        ({"nll": 1.5, "right": 0.2}, "worse: macro_f1 of classify_category"),
        ({"nll": 2.0}, "not shown to be better"),
        ({"nll": 2.5}, "not shown to be better"),
    ],
)
def test_a_package_that_is_not_better_or_worse_in_what_is_guarded_is_kept_out(worse, said):
    house = House(a=made(), b=made(seed=2, **worse))
    house.decide("a")
    row = house.decide("b")
    assert (row["outcome"], row["champion"]) == ("kept", "a")
    assert any(reason.startswith(said) for reason in row["reasons"]), row["reasons"]


def test_a_tolerated_loss_does_not_keep_a_better_package_out():
    house = House(a=made(), b=made(nll=1.5, chrf=38, seed=2))
    house.decide("a")
    assert house.decide("b")["outcome"] == "kept"
    assert house.decide("b", PARAMS.model_copy(update={"tolerance": 0.2}))["outcome"] == "promoted"


@pytest.mark.parametrize(
    ("few", "said"),
    [({"n": 20, "threads": 20}, "20 examples of 20 threads"), ({"threads": 5}, "60 examples of 5 threads")],
)
def test_too_little_in_common_promotes_nobody(few, said):
    house = House(a=made(**few), b=made(nll=0.5, seed=2, **few))
    house.decide("a")
    row = house.decide("b")
    assert row["outcome"] == "kept"
    assert any("too little in common" in reason and said in reason for reason in row["reasons"])


def test_the_same_question_with_another_true_answer_is_not_common():
    figures = compare(made(truth="now this"), made(), PARAMS)
    assert figures[0].n == 0
    assert figures[0].difference is None


def test_what_is_guarded_and_was_measured_of_the_champion_alone_keeps_a_package_out():
    house = House(a=made(), b=made(nll=1.5, labels=0, seed=2))
    house.decide("a")
    said = "macro_f1 of classify_category is guarded, and was measured of the champion alone"
    assert house.decide("b")["reasons"] == [said]
    house = House(a=made(labels=0), b=made(nll=1.5, seed=2))
    house.decide("a")
    assert house.decide("b")["outcome"] == "promoted", "the champion never claimed it"


def test_better_prompts_replace_a_champion_that_was_measured_on_labels():
    """A label is asked for without shots: the labels of zero-shot prompts stand for those of few-shot prompts."""
    rows = []
    for n in range(60):
        common = {"thread_id": f"t{n % 20}", "example_id": f"a{n}", "answer_tokens": 10, "reference": f"Yes, {n}."}
        nll = {"zero_shot": 25.0, "lora": 22.0, "few_shot": 15.0}
        rows += [
            {**common, "approach": a, "task": "answer", "nll": v + n % 3, "answer": "Yes."} for a, v in nll.items()
        ]
        label = {
            **common,
            "example_id": f"c{n}",
            "task": "classify_category",
            "nll": 1.0,
            "reference": f"label {n % 3}",
        }
        rows += [{**label, "approach": a, "answer": f"label {n % 3}"} for a in ("zero_shot", "lora")]
    predictions = tables.PREDICTIONS.of(rows)
    house = House(lora=marks(predictions, "lora"), prompts=marks(predictions, "few_shot"))
    house.decide("lora")
    row = house.decide("prompts")
    assert (row["outcome"], row["champion"]) == ("promoted", "prompts"), row["reasons"]
    assert {f["metric"]: f["n"] for f in row["figures"]}["macro_f1 of classify_category"] == 60


def test_answers_of_one_thread_count_as_alike():
    """A gain of a few threads alone is not shown, however many answers they hold."""
    before = made(n=200, threads=11)
    rows = made(n=200, threads=11, seed=2).to_pylist()
    for row in rows:
        if row["task"] == "answer":
            row["nll"] += -25 if row["thread_id"] == "t1" else 0.9 * np.sin(int(row["thread_id"][1:]))
    figure = compare(pa.Table.from_pylist(rows, schema=MARKS), before, PARAMS)[0]
    assert figure.difference < -0.1
    assert figure.p_better > 0.05


def test_nothing_is_decided_twice_and_no_night_undoes_a_rollback():
    house = House(a=made(), b=made(nll=1.5, seed=2))
    for version in ("a", "a", "b", "b"):
        house.decide(version)
    assert len(house.history) == 2
    house.history = rollback(house.history).table
    assert house.champion == "a"
    house.decide("b")
    assert (house.champion, len(house.history)) == ("a", 3), "b was champion before: it needs a person's word"
    house.history = rollback(house.history, "b").table
    assert house.champion == "b"
    assert [row["number"] for row in house.history.to_pylist()] == [1, 2, 3, 4]
    assert len(set(house.history["decision_id"].to_pylist())) == 4


def test_a_rollback_goes_to_earlier_champions_only():
    house = House(a=made(), b=made(nll=2.5, seed=2))
    with pytest.raises(RefineryError, match="nothing to go back to; there is no earlier champion"):
        rollback(house.history)
    house.decide("a")
    house.decide("b")
    for wrong in ("b", "a", "zz", ""):
        with pytest.raises(RefineryError, match="refinery rollback"):
            rollback(house.history, wrong)


def test_a_person_may_appoint_what_was_kept_out():
    house = House(a=made(), b=made(nll=2.5, seed=2))
    house.decide("a")
    with pytest.raises(RefineryError, match="make one"):
        appoint(house.history, "b")
    house.decide("b")
    house.history = appoint(house.history, "b").table
    assert house.champion == "b"
    assert house.history["outcome"][-1].as_py() == "appointed"
    house.history = rollback(house.history).table
    assert house.champion == "a"


def test_equal_packages_give_equal_figures():
    assert compare(made(seed=2), made(), PARAMS) == compare(made(seed=2), made(), PARAMS)


def test_marks_hold_numbers_and_hashes_and_no_word_of_a_text():
    said = {"thread_id": "t", "category": "house", "nll": 3.5, "answer_tokens": 4, "approach": "lora"}
    texts = [
        ("1", "answer", "The garden is open.", "The garden is shut."),
        ("2", "classify_category", "Billing", "billing."),
        ("3", "answer", "Yes.", None),
    ]
    rows = [{**said, "example_id": i, "task": t, "reference": r, "answer": a} for i, t, r, a in texts]
    rows.append({**rows[0], "approach": "zero_shot"})
    found = marks(tables.PREDICTIONS.of(rows), "lora").to_pylist()
    assert [row["example_id"] for row in found] == ["1", "3", "2"]
    assert found[0]["token_f1"] == 0.75
    assert 50 < found[0]["chrf"] < 100
    assert found[1]["chrf"] is None
    assert found[2]["said"] == found[2]["truth"], "case and punctuation make no other label"
    assert not any(word in str(found) for word in ("garden", "Billing", "billing", "house"))
