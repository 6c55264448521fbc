"""Operation's doors as Dagster opens them: nothing is packed without a verdict, and a rollback is not stale."""

import dagster as dg
import pytest

from assets import tables
from assets.instructions import Instructions
from assets.ledger import summary
from assets.release.params import ReleaseParams
from assets.release.release import release
from checks.gate import bound_to
from dagster_project import serving
from dagster_project.definitions import DOORS, resources
from dagster_project.resources.lake import Lake
from dagster_project.resources.staleness import Desk, stale
from dagster_project.settings import Settings
from tests import models

APPROACHES = ("zero_shot", "few_shot")
NAMES = ("model_package", "champions")
TRAINED = ("lora_adapter", "instruction_adapter", "multitask_adapter", "transfer_adapter", "full_model")


class House:
    """What the stages before operation left behind, where this test's settings look for it."""

    def __init__(self, home):
        self.home, self.lake, self.settings = home, Lake(home), Settings()
        words = Instructions.load(self.settings.formatting.instructions).tasks.answer["qa"]
        split = ("train", "train", "validation", "test")
        rows = [models.example(n, part, instruction=words) for n, part in enumerate(split)]
        examples = tables.TRAINING_EXAMPLES.of({**row, "licence": "CC-BY-4.0"} for row in rows)
        self.publish("training_examples", examples)
        judged = {"verdict_id": "v", "passed": True, "composite": 1.0, "reasons": []}
        verdict = tables.QUALITY_VERDICT.of([{**judged, **bound_to(self.lake, self.settings)}])
        self.publish("quality_verdict", verdict)
        bound = verdict["dataset_sha256"][0].as_py()
        made = release(examples, verdict, ReleaseParams(), home=home, dataset_sha256=bound).table
        self.publish("dataset_release", made)
        shot = {"pair_id": "p", "question": "Is there a pool?", "answer": "Yes."}
        prompt = {"prompt_id": "1", "category": "*", "k": 1, "shots": [shot], "release": made["release"][0].as_py()}
        template = "{shots}\n\nQuestion: {question}\nAnswer:"
        self.publish("few_shot_prompts", tables.FEW_SHOT_PROMPTS.of([{**prompt, "template": template}]))
        for name in TRAINED:
            self.publish(name, tables.TABLES[name].of([]))
        said = {"task": "answer", "reference": "Yes.", "answer_tokens": 4, "answer": "Yes."}
        asked = [
            {
                **said,
                "prediction_id": f"{a}{n}",
                "approach": a,
                "example_id": f"{n}",
                "thread_id": f"{n}",
                "nll": nll + n,
            }
            for a, nll in (("zero_shot", 20.0), ("few_shot", 4.0))
            for n in range(40)
        ]
        self.publish("predictions", tables.PREDICTIONS.of(asked))
        score = {"task": "answer", "source": "all", "subset": "all", "metric": "nll_per_token", "n": 40, "threads": 40}
        scores = [{**score, "score_id": a, "approach": a, "value": 2.0} for a in APPROACHES]
        self.publish("approach_scores", tables.APPROACH_SCORES.of(scores))

    def publish(self, name, table):
        made = summary(table, key=tables.TABLES[name].key, parents=[])
        self.lake.publish(name, {None: made}, fingerprints={None: "f"}, run_id="r")

    def run(self, recommended):
        row = {"recommendation_id": recommended, "approach": recommended}
        self.publish("recommendation", tables.RECOMMENDATION.of([row]))
        with dg.DagsterInstance.ephemeral() as instance:
            return dg.materialize(
                dg.load_assets_from_modules(DOORS),
                selection=list(NAMES),
                resources=resources(self.settings),
                instance=instance,
                raise_on_error=False,
            )


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINERY_HOME", str(tmp_path))
    return House(tmp_path)


def test_what_is_recommended_is_packed_and_the_better_package_becomes_champion(house):
    assert house.run("do_not_fine_tune").success
    assert house.run("few_shot").success
    history = house.lake.read("champions").to_pylist()
    assert [row["outcome"] for row in history] == ["first", "promoted"]
    assert history[1]["figures"][0]["difference"] == -4.0
    assert serving.package(house.settings).facts.approach == "few_shot"
    assert house.run("few_shot").success
    assert len(house.lake.read("champions")) == 2, "decided before"

    assert serving.rollback(house.settings) == history[0]["champion"]
    assert serving.package(house.settings).facts.approach == "zero_shot"
    parents = {"champions": ["model_package"]}
    assert stale(house.lake, house.settings, Desk(house.settings), parents, ["champions"], []) == {}
    assert house.run("few_shot").success
    assert serving.package(house.settings).facts.approach == "zero_shot", "no night undoes a rollback"


def test_nothing_is_packed_of_a_dataset_that_has_changed_since(house):
    house.publish("training_examples", tables.TRAINING_EXAMPLES.of([models.example(5, "train")]))
    assert not house.run("few_shot").success
    assert house.lake.manifest("model_package") is None
    assert house.lake.manifest("champions") is None


def test_a_damaged_champion_stays_until_a_person_appoints_another(house):
    house.run("do_not_fine_tune")
    package = serving.package(house.settings)
    (package.folder / "predictions.parquet").write_bytes(b"damaged")
    for _ in range(2):
        assert house.run("few_shot").success
        first, kept = house.lake.read("champions").to_pylist()
        assert (kept["outcome"], kept["champion"]) == ("kept", first["champion"])
        assert kept["reasons"][0].startswith(f"the champion cannot be compared with: model package {package.version}")
    said, grid = serving.history(house.settings)
    assert said.startswith(f"champion {package.version} cannot be served: model package {package.version}")
    assert len(grid.rows) == 2
    assert serving.appoint(house.settings, kept["version"]) == kept["version"]
    assert serving.package(house.settings).facts.approach == "few_shot"


def test_how_a_model_is_served_makes_no_table_stale():
    one, other = Settings(operation={"serving": {"context": 512}}), Settings()
    assert one.section_hash("operation", "model_package") == other.section_hash("operation", "model_package")
    assert one.section_hash("operation", "champions") == other.section_hash("operation", "champions")
    strict = Settings(operation={"promotion": {"alpha": 0.01}})
    assert strict.section_hash("operation", "champions") != other.section_hash("operation", "champions")
