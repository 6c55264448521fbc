"""Nothing on the side: a planted identity goes through every asset, in rows that pass and in steps that fail.

Afterwards all of REFINERY_HOME outside the restricted zone is searched, Dagster's databases among it, and all that was
printed. The tables, rooms, promises, IO manager and instance are the real ones; the faults are ours.
"""

import csv
import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
import yaml

from assets.anonymization.leaks import Search, Watchlist
from assets.tables import TABLES
from assets.training import APPROACHES
from dagster_project import runs
from dagster_project.definitions import build
from dagster_project.failures import redact
from dagster_project.jobs import line_of
from dagster_project.resources.engine import ROWS_WORTH_A_PROCESS, Engine
from dagster_project.resources.lake import Lake
from dagster_project.resources.staleness import Desk
from dagster_project.scan import scan
from dagster_project.settings import load
from tests import models

ROOT = Path(__file__).resolve().parents[1]
DAYS = ("2026-01-02", "2026-01-03")
WHO = {
    "name": "Zebulon Quackenbush",
    "email": "zq.canary@quackmail.example",
    "phone": "+1 415 555 0199",
    "street": "7713 Petrel Wharf Row",
    "born": "1961-02-03",
    "card": "4929 8501 2348 6109",
    "customer": "CN-90210-77",
}
SAYS = (
    f"I am {WHO['name']}, Zebulon for short, {WHO['email']}, {WHO['phone']}, at {WHO['street']}, card {WHO['card']}, "
    f"customer {WHO['customer']}. How do I reset the hive scale?"
)
SEARCH = Search(
    Watchlist(
        [
            ("name", WHO["name"]),
            ("email", WHO["email"]),
            ("phone", WHO["phone"]),
            ("address", WHO["street"]),
            ("card", WHO["card"]),
            ("account", WHO["customer"]),
        ]
    ),
    {},
)
SPELLED = [spelled.encode() for value in WHO.values() for spelled in {value, value.replace(" ", "")}]

FAULTS = {
    **dict.fromkeys(
        ("tickets", "chats", "calls", "articles", "external_documents", "customers"),
        (f"{Desk.__module__}.Desk", "collect"),
    ),
    "normalized_records": ("assets.normalization.asset", "normalize"),
    "anonymized_records": ("assets.anonymization.asset", "anonymize_and_count"),
    "standardized_records": ("assets.standardization.asset", "standardize"),
    "qa_pairs": ("assets.pairing.asset", "pair"),
    "scored_pairs": ("assets.validation.asset", "score_pairs"),
    "validated_pairs": ("assets.validation.asset", "validate"),
    "relevant_pairs": ("assets.validation.asset", "relate"),
    "text_views": ("assets.analysis.text_views", "text_views"),
    "pair_signatures": ("assets.analysis.sign", "sign"),
    "clean_customers": ("assets.customers.clean", "clean_customers"),
    "customer_features": ("assets.customers.features", "customer_features"),
    "unique_pairs": ("assets.deduplication.asset", "deduplicate"),
    "consistency_findings": ("assets.deduplication.consistency", "consistency_findings"),
    "split_assignments": ("assets.splitting.asset", "assign"),
    "split_pairs": ("assets.splitting.asset", "split"),
    "rule_variants": ("assets.augmentation.rule_variants", "rule_variants"),
    "back_translations": ("assets.augmentation.back_translations", "back_translations"),
    "synthetic_pairs": ("assets.augmentation.synthetic_pairs", "synthetic_pairs"),
    "balanced_pairs": ("assets.balancing.asset", "balance_pairs"),
    "training_examples": ("assets.formatting.asset", "format_examples"),
    "quality_report": ("assets.quality.asset", "scorecard"),
    "quality_verdict": ("assets.quality.asset", "verdict"),
    "dataset_release": ("assets.release.release", "release"),
    "few_shot_prompts": ("assets.tuning.asset", "released_folder"),
    **dict.fromkeys(
        (
            "tuning_trials",
            "lora_adapter",
            "instruction_adapter",
            "multitask_adapter",
            "transfer_adapter",
            "full_model",
        ),
        ("assets.tuning.asset", "released_folder"),
    ),
    "predictions": ("assets.evaluation.asset", "released_folder"),
    "approach_scores": ("assets.evaluation.scores", "approach_scores"),
    "cross_validation": ("assets.evaluation.asset", "released_folder"),
    "evaluation_results": ("assets.evaluation.results", "evaluation_results"),
    "approach_costs": ("assets.evaluation.costs", "approach_costs"),
    "recommendation": ("assets.evaluation.recommend", "recommendation"),
    "model_package": ("assets.operation.asset", "released_folder"),
    "champions": ("assets.operation.champions", "champions"),
}
"""What makes each asset, and so where it is made to fail."""


FEW = {"max_steps": 1, "batch_size": 2, "eval_steps": 1, "validation_examples": 2, "dtype": "float32", "threads": 1}
TRAINED = dict.fromkeys(APPROACHES.values(), FEW) | {"transfer": {**FEW, "first": "classify_category"}}
"""Every approach, for a step; the planted desk has no articles to transfer from."""


class Planted:
    """A desk of some forty tickets over two days, of which three are the planted customer's."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        settings = yaml.safe_load((ROOT / "tests/data/refinery.yaml").read_text())
        self._tickets(folder / "tickets.csv")
        people = json.loads((ROOT / "tests/data/customers.json").read_text())
        (folder / "customers.json").write_text(json.dumps(people | {WHO["customer"]: WHO}))
        sources = {s["name"]: s for s in settings["sources"]}
        sources["desk_tickets"]["path"] = str(folder / "tickets.csv")
        sources["desk_customers"]["path"] = str(folder / "customers.json")
        settings["sources"] = [sources["desk_tickets"], sources["desk_customers"]]
        settings["quality"] = {"min_examples": 1, "per_category": 1, "minimum_composite": 0.0, "resamples": 20}
        settings["balancing"] = {"labels": {"min_label": 3}}  # else so few tickets teach no categories
        settings["home"] = str(self.home)
        settings["base_model"] = str(models.tiny(folder / "tiny"))
        settings["tuning"] = {**TRAINED, "approaches": sorted({*TRAINED} - {"full"}), "trials": {"count": 1}}
        settings["evaluation"]["predictions"] = {"max_test": 4, "max_generated": 1, "max_labelled": 1}
        settings["evaluation"]["predictions"] |= {"max_new_tokens": 2, "dtype": "float32", "threads": 1}
        settings["evaluation"]["cross_validation"] = {"folds": 1, "examples": 2}
        (folder / "refinery.yaml").write_text(yaml.safe_dump(settings))
        self.settings = load(folder / "refinery.yaml")
        self.definitions = build(self.settings)

    @staticmethod
    def _tickets(file: Path) -> None:
        with (ROOT / "tests/data/tickets.csv").open(newline="") as source:
            rows = list(csv.DictReader(source))[:60]
        for n, row in enumerate(rows):
            row["opened"] = row["updated"] = f"{DAYS[n % 2]} 0{n % 10}:00:00"
        own = {"customer": WHO["customer"], "subject": f"Scale of {WHO['name']}", "description": SAYS}
        own["resolution"] = f"Dear Zebulon, hold the button for ten seconds. We wrote to {WHO['email']} as well."
        rows += [rows[n] | own | {"ticket": f"T-{n}"} for n in (0, 1)]
        rows += [rows[2] | own | {"ticket": "T-no-date", "opened": f"on the day of {WHO['name']}"}]
        rows += [rows[3] | own | {"ticket": f"T-{WHO['email']}", "category": WHO["name"], "priority": WHO["phone"]}]
        with file.open("w", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def run(self, *assets: str) -> list[dg.EventLogEntry]:
        """Make some assets of one line, as `refinery run` does, and return what was logged."""
        redact()  # its handler writes to the standard error of the moment, which is the test's
        seen: list[dg.EventLogEntry] = []
        request = runs.Request(line_of(assets[0]), assets, DAYS if TABLES[assets[0]].partitioned else ())
        with runs.open_instance(self.settings) as instance:
            runs.launch(self.definitions, instance, request, seen.append)
        return seen

    def leaks(self) -> list[str]:
        """Search all files outside the restricted zone, twice: by our own scan, and byte by byte."""
        found, _ = scan(self.home, SEARCH, leave_out=[self.home / "restricted"])
        assert found.files > 20
        assert not found.unreadable
        hits = [f"{place.file}: {place.where}: {place.type}" for place in found.hits]
        for file in self.home.rglob("*"):
            if file.is_file() and "restricted" not in file.relative_to(self.home).parts:
                hits += [str(file) for spelled in SPELLED if spelled in file.read_bytes()]
        return hits


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    folder = tmp_path_factory.mktemp("planted")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("REFINERY_HOME", "REFINERY_CONFIG"):
            patch.delenv(name, raising=False)
        patch.setenv("DAGSTER_HOME", str(folder / "home/dagster"))
        yield Planted(folder)


def assets_of(line: str) -> tuple[str, ...]:
    return tuple(name for name in TABLES if line_of(name) == line)


def failed(events: list[dg.EventLogEntry]) -> bool:
    return any(e.dagster_event and e.dagster_event.event_type == dg.DagsterEventType.STEP_FAILURE for e in events)


def test_good_rows_leave_nothing_outside_the_restricted_zone(
    planted: Planted, capfd: pytest.CaptureFixture[str]
) -> None:
    for line in ("record_line", "dataset_line"):
        assert not failed(planted.run(*assets_of(line)))
    lake = Lake(planted.home)
    assert lake.manifest("dataset_release") is not None
    assert WHO["email"] in str(lake.read("normalized_records").to_pylist()), "it did go through"
    assert "[EMAIL]" in str(lake.read("anonymized_records").to_pylist())
    assert planted.leaks() == []
    printed = "".join(capfd.readouterr())
    assert not any(spelled.decode() in printed for spelled in SPELLED)


def test_every_approach_is_trained_and_judged_and_leaves_nothing_outside(
    planted: Planted, capfd: pytest.CaptureFixture[str]
) -> None:
    redact()
    with runs.open_instance(planted.settings) as instance:
        job = planted.definitions.resolve_job_def("execute_fine_tuning")  # of the one that the settings leave out
        assert job.execute_in_process({"approach": "full"}, instance=instance, raise_on_error=False).success
    lake = Lake(planted.home)
    for asset, approach in APPROACHES.items():
        assert lake.read(asset).column("approach").to_pylist() == [approach]
    asked = set(lake.read("predictions").column("approach").to_pylist())
    assert asked == {"zero_shot", "few_shot", *TRAINED}
    assert lake.read("tuning_trials").column("chosen").to_pylist() == [True]
    trial, adapter = (lake.read(t).column("folder").to_pylist() for t in ("tuning_trials", "lora_adapter"))
    assert trial == adapter, "the best trial is the adapter, and is not trained again"
    assert lake.read("cross_validation").column("fold").to_pylist()[-1] is None
    assert planted.leaks() == []
    printed = "".join(capfd.readouterr())
    assert not any(spelled.decode() in printed for spelled in SPELLED)


def test_every_asset_is_made_to_fail() -> None:
    assert set(FAULTS) == set(TABLES)


def _quoting(*_: Any, **__: Any) -> Any:
    try:
        raise KeyError(SAYS)
    except KeyError as error:
        raise ValueError(f"cannot read {SAYS!r}") from error


@pytest.mark.parametrize("asset", FAULTS)
def test_an_error_that_quotes_a_row_leaves_nothing(
    asset: str, planted: Planted, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path, name = FAULTS[asset]
    holder = Desk if path.endswith(".Desk") else importlib.import_module(path)
    monkeypatch.setattr(holder, name, _quoting)
    assert failed(planted.run(asset))
    printed = "".join(capfd.readouterr())
    assert "KeyError at" in printed, "the fault that failed it is ours, told by the place where it began"
    assert "_quoting" in printed
    assert not any(spelled.decode() in printed for spelled in SPELLED)


@pytest.mark.parametrize("asset", [*assets_of("record_line"), *assets_of("dataset_line")])
def test_a_broken_promise_about_the_planted_rows_leaves_nothing(
    asset: str, planted: Planted, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from checks import expectations

    real: Callable[..., Any] = expectations.findings_on
    view = expectations.frame(TABLES[asset].of([])).columns
    column = next(c for c in ("turns_text", "question", "input", TABLES[asset].key) if c in view)

    def broken(table: Any, published: Any, promises: Any, *more: Any) -> Any:
        kwargs = {"column": column, "value_set": [SAYS]}
        first = (promises[0][0], "ExpectColumnValuesToBeInSet", kwargs, "None is.", "critical")
        counted = (promises[1][0], "ExpectTableRowCountToEqual", {"value": 10**9}, "Never.", "critical")
        return real(table, published, [first, counted, *promises[2:]], *more)

    monkeypatch.setattr(expectations, "findings_on", broken)
    assert failed(planted.run(asset))
    printed = "".join(capfd.readouterr())
    assert not any(spelled.decode() in printed for spelled in SPELLED)


def test_failures_left_nothing_outside_the_restricted_zone(planted: Planted) -> None:
    """After all the failures above, for a search costs more than a failure."""
    assert list((planted.home / "restricted/rejected").iterdir())
    assert planted.leaks() == []


def test_everything_in_the_restricted_zone_is_its_owners_alone(planted: Planted) -> None:
    zone = planted.home / "restricted"
    modes = {path.relative_to(planted.home): path.stat().st_mode & 0o777 for path in (zone, *zone.rglob("*"))}
    assert len(modes) > 10
    wrong = {p: oct(m) for p, m in modes.items() if m != (0o700 if (planted.home / p).is_dir() else 0o600)}
    assert wrong == {}


def test_no_restricted_table_is_ever_previewed(planted: Planted) -> None:
    with runs.open_instance(planted.settings) as instance:
        for name, table in TABLES.items():
            event = instance.get_latest_materialization_event(dg.AssetKey(name))
            if table.restricted and event and event.asset_materialization:
                assert "preview" not in event.asset_materialization.metadata, name


def _in_a_worker(table: pa.Table) -> pa.Table:
    raise ValueError(f"cannot read {SAYS!r} in {len(table)} rows")


def test_a_worker_process_that_fails_prints_nothing_of_its_rows(capfd: pytest.CaptureFixture[str]) -> None:
    table = pa.table({"text": [SAYS] * (2 * ROWS_WORTH_A_PROCESS)})
    with pytest.raises(ValueError, match="cannot read"):
        Engine(2).map_rows(table, _in_a_worker)
    printed = "".join(capfd.readouterr())
    assert not any(spelled.decode() in printed for spelled in SPELLED)
