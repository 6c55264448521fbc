"""Making a dataset worse never makes its score better: tried over all inputs of the scorecard."""

import math
from collections.abc import Iterable
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets import tables
from assets.quality.combined import COMPLETENESS, CONSISTENCY, combined
from assets.quality.params import COMPOSITE, QualityParams
from assets.quality.scorecard import scorecard

PARAMS = QualityParams(resamples=0, culprits=0, per_category=3, rarefaction=50)
BIASES = tuple(f"{kind}_bias" for kind in PARAMS.bias)
BETTER = {**dict.fromkeys(COMPLETENESS, -1), **dict.fromkeys(BIASES, -1)}
INPUTS = (*COMPLETENESS, *CONSISTENCY, *BIASES, "accuracy", "relevance", "diversity")

SAYS = ("Breakfast is free.", "Breakfast is not free.", "It is 5 EUR a day, at the desk in the hall.", "Yes.")
DEFECTS = {
    **{f"no {name}": {name: None} for name in ("category", "language", "licence", "source", "created_at", "thread_id")},
    **{f"blank {name}": {name: " "} for name in ("category", "language", "licence")},
    **{f"no {score}": {score: None} for score in ("relevance", "question_quality", "answer_quality", "truth_evidence")},
    **{f"low {score}": {score: 0.0} for score in ("relevance", "question_quality", "answer_quality")},
    "no evidence": {"truth_evidence": "none"},
    "no question": {"question": None, "input": None},
    "blank question": {"question": "?", "input": "?"},
    "no answer": {"output": None, "answer": None},
    "blank answer": {"output": "...", "answer": "..."},
    "only placeholders": {"output": "[PERSON_1], [EMAIL]."},
    "no messages": {"messages": None},
    "no system": {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes."}]},
}
MEASURED = {
    name: direction
    for names, direction in (
        ((*COMPOSITE, "composite", "composite_at_worst", "composite_at_best", *CONSISTENCY, "completeness"), 1),
        (("coverage", "category_coverage", "population_coverage", "balance"), 1),
        ((*BIASES, "bias", "missing_values", "incomplete_records"), -1),
        (("question_quality", "answer_quality", "distinct_answers"), 1),
    )
    for name in names
}


def scored(dataset: tuple, findings: Iterable[tuple[str, str]] = ()) -> dict[str, float]:
    """Every measure as it is, turned so that more is better; what is not measured is worth least."""
    said = [{"finding_id": f"{kind} {pair_id}", "kind": kind, "pair_id": pair_id} for kind, pair_id in findings]
    report = scorecard(*dataset, PARAMS, findings=tables.CONSISTENCY_FINDINGS.of(said)).table
    rows = {row["measure"]: row["value"] for row in report.to_pylist()}
    return {n: -math.inf if rows[n] is None else way * rows[n] for n, way in MEASURED.items()}


@st.composite
def desks(draw: st.DrawFn, rows: list[dict]) -> list[dict]:
    """A few dozen examples, uneven in every respect that is measured."""
    chosen = deepcopy(rows[: draw(st.integers(8, 30))])
    for row in chosen:
        row["split"] = draw(st.sampled_from(["train", "train", "train", "test", "validation"]))
        row["cluster_id"] = draw(st.sampled_from(["a", "b", row["cluster_id"]]))
        row["category"] = draw(st.sampled_from(["billing", "billing", "router", None]))
        row["truth_evidence"] = draw(st.sampled_from(["reviewed", "none", "customer_confirmed"]))
        row["relevance"] = draw(st.sampled_from([0.1, 0.6, 1.0]))
        row["origin"] = draw(st.sampled_from(["human", "human", "synthetic", "rule"]))
        row["weight"] = draw(st.sampled_from([1.0, 1.0, 2.5]))
        row["output"] = draw(st.sampled_from([*SAYS, row["output"]]))
        row["messages"][-1]["content"] = row["output"]
    return chosen


@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_worse_example_never_raises_any_measure(data, pristine, dataset):
    chosen = data.draw(desks(pristine))
    before = scored(dataset(chosen, chosen))
    worse = deepcopy(chosen)
    for number in data.draw(st.sets(st.integers(0, len(worse) - 1), min_size=1, max_size=4)):
        worse[number] |= DEFECTS[data.draw(st.sampled_from(sorted(DEFECTS)))]
    after = scored(dataset(worse, chosen))
    assert {n: (before[n], after[n]) for n in MEASURED if after[n] > before[n] + 2e-4} == {}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_another_finding_never_raises_any_measure(data, pristine, dataset):
    chosen = data.draw(desks(pristine))
    pairs = st.sampled_from([row["pair_id"] for row in chosen])
    found = st.sets(st.tuples(st.sampled_from(["contradiction", "outdated", "label_error"]), pairs), max_size=4)
    known = data.draw(found)
    before, after = (scored(dataset(chosen, chosen), of) for of in (known, known | data.draw(found)))
    assert {n: (before[n], after[n]) for n in MEASURED if after[n] > before[n] + 2e-4} == {}


@pytest.mark.parametrize("kind", ["contradiction", "outdated", "label_error"])
def test_every_kind_of_finding_is_seen_by_some_measure(kind, pristine, dataset):
    confirmed = [row | {"truth_evidence": "customer_confirmed"} for row in pristine]
    doubted = [(kind, row["pair_id"]) for row in confirmed[::3]]
    before, after = scored(dataset(confirmed)), scored(dataset(confirmed), doubted)
    assert any(after[n] < before[n] for n in MEASURED)


values = st.one_of(st.floats(0, 1), st.just(math.nan))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(parts=st.fixed_dictionaries(dict.fromkeys(INPUTS, values)), which=st.sampled_from(INPUTS), by=values)
def test_a_worse_measure_never_raises_what_is_made_of_it(parts, which, by):
    change = {which: parts[which] - BETTER.get(which, 1) * abs(by)}
    made = ("completeness", "consistency", "bias_score", "composite", "composite_at_worst", "composite_at_best")
    before, after = ({n: float(v) for n, v in _combined(p).items()} for p in (parts, {**parts, **change}))
    for name in made:
        worth, now = (-math.inf if math.isnan(v[name]) else v[name] for v in (before, after))
        assert now <= worth + 1e-9, name


def _combined(parts: dict[str, float]) -> dict[str, np.ndarray]:
    return {n: np.squeeze(v) for n, v in combined({n: np.array([v]) for n, v in parts.items()}, PARAMS).items()}


@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_every_defect_is_seen_by_some_measure(name, pristine, dataset):
    before = scored(dataset(pristine))
    worse = [row | DEFECTS[name] if number % 3 == 0 else row for number, row in enumerate(pristine)]
    after = scored(dataset(worse))
    assert any(after[n] < before[n] for n in MEASURED)
    assert after["composite"] <= before["composite"]
