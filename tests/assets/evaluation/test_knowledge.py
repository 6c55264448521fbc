"""The framework's rules and figures are data, and a wrong line is named."""

from pathlib import Path

import pytest
import yaml

from assets.errors import RefineryError
from assets.evaluation.knowledge import Condition, Knowledge, lacking, unknown

FILE = Path(__file__).resolve().parents[3] / "domain/approaches.yaml"
KNOWN = Knowledge.load(FILE)
SMALL = {"training_examples": 640.0, "fewest_labels": 300.0, "tasks": 3.0}


def fired(kind, verdict, facts=SMALL, needs=()):
    return {f.text for f in KNOWN.fired(facts, needs) if (f.kind, f.verdict) == (kind, verdict)}


@pytest.mark.parametrize(
    ("kind", "priors", "ratings"),
    [
        ("full", (160, 5000, 80, 20), ("high (days)", "very high", "excellent", "low", "high")),
        ("lora", (80, 1000, 60, 10), ("medium (hours)", "medium", "very good", "medium", "medium")),
        ("prompt_based", (20, 100, 20, 5), ("low (minutes)", "low", "good", "high", "low")),
        ("instruction", (120, 3000, 100, 15), ("high (days)", "high", "excellent", "medium", "medium")),
    ],
)
def test_the_frameworks_figures_are_the_printed_ones(kind, priors, ratings):
    known = KNOWN.approaches[kind]
    assert tuple(known.priors.model_dump().values()) == priors
    assert tuple(known.ratings.model_dump().values()) == ratings
    assert known.said_by == "framework"


def test_every_line_can_be_made_to_fire():
    everything = {"training_examples": 1e7, "fewest_labels": 1e7, "tasks": 9.0, "requests_a_month": 1e7}
    nothing = dict.fromkeys(everything, 0.0)
    seen = {(f.kind, f.verdict, f.text) for facts in (everything, nothing) for f in KNOWN.fired(facts, KNOWN.needs)}
    lines = {
        (kind, verdict, line.text)
        for kind, known in KNOWN.approaches.items()
        for verdict, of in (("for", known.best_for), ("against", known.not_for))
        for line in of
    }
    assert lines <= seen
    assert {text for _, _, text in seen} >= {line.text for line in KNOWN.preferences}


def test_a_rule_fires_on_a_fact_or_on_a_stated_need_and_on_nothing_else():
    assert fired("prompt_based", "for") == {"little data"}
    assert fired("prompt_based", "for", needs=["cost_sensitive"]) == {"little data", "cost-sensitive"}
    assert fired("prompt_based", "for", facts={}) == set()
    assert "small data" in fired("full", "against", {"training_examples": 4999.0})
    assert fired("full", "against", {"training_examples": 5000.0}) == set()


def test_few_labels_speak_for_transfer_and_multitask_and_many_for_a_task_of_its_own():
    few, many = {"fewest_labels": 999.0}, {"fewest_labels": 1000.0}
    for kind in ("transfer", "multitask"):
        assert "few labels of a task: transfer or multi-task learning" in fired(kind, "for", few)
        assert fired(kind, "for", many) == {"always experiment"}
    for kind in ("lora", "full"):
        assert "abundant labels of every task: task-specific tuning" in fired(kind, "for", many)


def test_a_gate_says_how_far_it_is_and_a_step_is_taken_when_it_is_stated():
    examples, deployed = KNOWN.phases[1].gate[0], KNOWN.phases[2].gate[0]
    assert lacking(examples, SMALL, []) == "weeks 1-2: 1,000 or more distinct training examples (training examples 640)"
    assert lacking(examples, {"training_examples": 1000.0}, []) is None
    assert lacking(examples, {}, []).endswith("(not measured)")
    assert lacking(deployed, {}, []).endswith("(not stated)")
    assert lacking(deployed, {}, ["deployed"]) is None


def test_a_need_no_rule_knows_is_found():
    assert unknown(["frequent_updates", "cheap"], KNOWN) == ["cheap"]


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        (lambda d: d["approaches"]["lora"].pop("priors"), "approaches.lora.priors", "required"),
        (lambda d: d["approaches"]["lora"]["ratings"].update(speed="high"), "approaches.lora.ratings.speed", "extra"),
        (
            lambda d: d["approaches"]["full"]["not_for"][3].update(fact="size"),
            "approaches.full.not_for.3.fact",
            "input",
        ),
        (lambda d: d["approaches"]["full"]["not_for"][3].pop("below"), "approaches.full.not_for.3", "one number"),
        (lambda d: d["approaches"]["full"]["best_for"][1].pop("need"), "approaches.full.best_for.1", "nothing that"),
        (lambda d: d["phases"][0].update(approaches=["lora"]), "the file", "one phase"),
        (lambda d: d["weights"].update(maintenance=0.2), "the file", "sum to one"),
        (lambda d: d["approaches"]["lora"]["measured_as"].update(full="it"), "the file", "measured_as"),
    ],
)
def test_a_wrong_line_is_named(change, key, said, tmp_path):
    stated = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    change(stated)
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(stated))
    with pytest.raises(RefineryError) as refused:
        Knowledge.load(tmp_path / "a.yaml")
    assert f"a.yaml: {key}" in str(refused.value)
    assert said in str(refused.value)


def test_a_file_that_is_not_there_or_no_yaml_is_named(tmp_path):
    (tmp_path / "b.yaml").write_text("a: [")
    for name, said in (("a.yaml", "cannot be read"), ("b.yaml", "not valid YAML")):
        with pytest.raises(RefineryError, match=said):
            Knowledge.load(tmp_path / name)


def test_a_condition_states_what_makes_it_fire():
    with pytest.raises(ValueError, match="nothing"):
        Condition(text="never")
