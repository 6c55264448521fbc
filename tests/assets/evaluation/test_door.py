"""Evaluation's doors as Dagster opens them: from predictions to scores, costs, the recommendation and its page."""

from pathlib import Path

import dagster as dg
import pytest

from assets import tables
from assets.evaluation.report import PLACE
from assets.ledger import Ledger
from dagster_project.definitions import DOORS, resources
from dagster_project.resources.lake import Lake
from dagster_project.resources.staleness import Desk, stale
from dagster_project.settings import Settings
from dagster_project.story import story
from tests import models
from tests.assets.evaluation.test_results import REPORT
from tests.assets.operation.test_door import House
from tests.endpoint import QUICK, Fault, fake

BASE = {"zero_shot": 3.0, "few_shot": 2.6}
MADE = ("approach_scores", "approach_costs", "recommendation")


def prediction(approach, n, nll):
    """The n-th of forty answers, each of a thread and with words of its own."""
    return {
        "prediction_id": f"{approach}-{n}",
        "approach": approach,
        "task": "answer",
        "example_id": f"e{n}",
        "pair_id": f"p{n}",
        "thread_id": f"t{n}",
        "source": "desk",
        "category": "hives",
        "kind": "ticket",
        "reference": f"Number {n}.",
        "nll": 10 * (nll + n % 5 / 10),
        "answer_tokens": 10,
        "prompt_tokens": 400 if approach == "few_shot" else 40,
        "shots": 0,
        "answer_occurs": 1,
    }


@pytest.fixture
def lake(tmp_path, monkeypatch) -> Lake:
    monkeypatch.setenv("REFINERY_HOME", str(tmp_path))
    lake = Lake(tmp_path)
    curve = [{"step": n, "split": "validation", "loss": 3.0 - n / 10} for n in range(3)]
    adapter = {"artifact": "a", "approach": "lora", "seconds": 90.0, "tokens": 5000, "peak_bytes": 2**30}
    adapter |= {"folder": "artifacts/lora_adapter/a", "distinct_examples": 30, "steps": 2}
    examples = [
        {
            "example_id": f"{task}{n}",
            "pair_id": f"x{n}",
            "task": task,
            "split": "train",
            "origin": "human" if n < 30 else "synthetic",
        }
        for task in ("answer", "triage_priority")
        for n in range(40)
    ]
    publish(lake, tables.LORA_ADAPTER, [{**adapter, "losses": curve}])
    publish(lake, tables.TRAINING_EXAMPLES, examples)
    publish(lake, tables.TUNING_TRIALS, [])
    return lake


def publish(lake: Lake, table: tables.Table, rows: list[dict]) -> None:
    made = table.of(rows)
    part = Ledger.of(made, key=table.key).close(made, key=table.key)
    lake.publish(table.name, {None: part}, fingerprints={None: "f"}, run_id="r")


def advised(lake: Lake, lora: float, more=(), **evaluation) -> dict:
    """Publish what the three approaches predicted, the adapter by this likelihood, and open the doors."""
    asked = [prediction(name, n, nll) for name, nll in {**BASE, "lora": lora}.items() for n in range(40)]
    asked += more
    publish(lake, tables.PREDICTIONS, asked)
    settings = Settings(evaluation={"scores": {"resamples": 100}, **evaluation})
    with dg.DagsterInstance.ephemeral() as instance:
        assets = dg.load_assets_from_modules(DOORS)
        done = dg.materialize(assets, selection=list(MADE), resources=resources(settings), instance=instance)
    assert done.success
    return lake.read("recommendation").to_pylist()[0]


def test_an_adapter_that_pays_is_recommended_and_drawn_up(lake, tmp_path):
    row = advised(lake, lora=1.8, recommendation={"needs": ["frequent_updates"]}, costs={"requests_a_month": 900})
    assert (row["approach"], row["phase"][:7]) == ("lora", "Phase 2")
    assert {"kind": "lora", "verdict": "for", "rule": "frequent updates", "because": "stated: frequent updates"} in row[
        "rules"
    ]
    assert {fact["name"]: fact["value"] for fact in row["facts"]} == {
        "training_examples": 30,
        "fewest_labels": 30,
        "tasks": 2,
        "test_pairs": 40,
        "test_threads": 40,
        "prompts_measured": 2,
        "trained_measured": 1,
        "trials": 0,
        "requests_a_month": 900,
        "better_than_prompts": 1,
    }
    page = (tmp_path / PLACE).read_text(encoding="utf-8")
    assert "Measured here: the LoRA adapter." in page
    assert page.count("<svg ") == 4
    assert "Number 7." not in page


@pytest.mark.parametrize("lora", [3.4, 2.6])
def test_an_adapter_that_learned_nothing_of_use_gets_prompts(lake, lora, tmp_path):
    row = advised(lake, lora)
    assert (row["approach"], row["phase"][:7]) == ("few_shot", "Phase 1")
    assert "Measured here: few-shot prompts." in (tmp_path / PLACE).read_text(encoding="utf-8")


def test_an_endpoint_that_answered_nothing_costs_no_night_its_recommendation(lake):
    silent = dict.fromkeys(("nll", "answer", "prompt_tokens", "generated_tokens"))
    down = [prediction("few_shot_endpoint", n, 0.0) | silent for n in range(40)]
    row = advised(lake, lora=1.8, more=down, costs={"requests_a_month": 900})
    costs = {r["approach"]: r for r in lake.read("approach_costs").to_pylist()}
    assert row == advised(lake, lora=1.8, costs={"requests_a_month": 900})
    assert costs["few_shot_endpoint"]["measured"] == []


def test_the_story_tells_costs_rules_flips_and_what_is_lacking(lake, tmp_path):
    advised(lake, lora=1.8)
    parts = list(story(lake, Path(tmp_path)))
    grids = [part for part in parts if not isinstance(part, str)]
    said = "\n".join(part for part in parts if isinstance(part, str))
    assert [len(grid.rows) for grid in grids] == [3, 8]
    assert "LoRA adapter" in list(grids[0].columns[0].cells)
    assert "90 s" in list(grids[1].columns[1].cells)
    assert "(high (days))" in list(grids[1].columns[1].cells)
    for line in ("Rule: lora, for: multi-task (tasks 2, at least 2)", "Would flip it: ", "Lacking: Weeks 1-2"):
        assert line in said, line


def test_what_an_endpoint_left_unanswered_is_asked_by_the_next_run_and_what_it_answered_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINERY_HOME", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    house = House(tmp_path)
    test = models.example(3, "test")
    said = {"task": "answer", "thread_id": "t", "example_id": test["example_id"], "reference": test["output"]}
    wrote = {"few_shot": "No.", "lora": "Yes.", "full": "Yes, ask Harriet Whitfield of 12 Mill Lane, Leeds."}
    asked = [{**said, "prediction_id": a, "approach": a, "answer": text} for a, text in wrote.items()]
    house.publish("predictions", tables.PREDICTIONS.of(asked))
    house.publish("quality_report", tables.QUALITY_REPORT.of(REPORT))
    parents = ("dataset_release", "quality_verdict", "quality_report", "approach_scores", "predictions", "lora_adapter")

    def run(settings):
        with dg.DagsterInstance.ephemeral() as instance:
            done = dg.materialize(
                dg.load_assets_from_modules(DOORS),
                selection=["evaluation_results"],
                resources=resources(settings),
                instance=instance,
            )
        warned = {c.check_name for c in done.get_asset_check_evaluations() if not c.passed}
        found = stale(house.lake, settings, Desk(settings), {"evaluation_results": parents}, ["evaluation_results"], [])
        rows = house.lake.read("evaluation_results").to_pylist()
        return found, {(row["metric"], row["approach"]): row["value"] for row in rows}, warned

    with fake(lambda *_: Fault(503)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        settings = Settings(evaluation={"judge": {"examples": 1}}, language_model=QUICK)
        found, values, warned = run(settings)
        assert found == {"evaluation_results": ["all"]}
        assert ("judge_preference", "lora") not in values
        assert values["suspected_personal_data", "lora"] == 0.0
        assert values["suspected_personal_data", "full"] == 1.0
        assert warned >= {"no_value_is_above_what_is_tolerated"}
        server.behave = lambda *_: {"better": "tie"}
        found, values, _ = run(settings)
    assert (found, values["judge_preference", "lora"]) == ({}, 0.5)
    assert ("judge_preference", "full") not in values, "nothing that shows somebody leaves"
