"""The code location as the web UI shows it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml

import assets
import checks
import dagster_project
from assets.tables import TABLES
from assets.tuning.params import APPROACHES
from checks.suites import PROMISES
from dagster_project.definitions import build, defs
from dagster_project.jobs import ROOMS
from dagster_project.metadata import HOME_CHECK, STORED_CHECK, always

ROOT = Path(__file__).resolve().parents[2]
GRAPH = defs.resolve_asset_graph()


def test_the_packages_are_this_repositorys() -> None:
    """`assets` and `checks` are common names; another package's must not stand in."""
    for package in (assets, checks, dagster_project):
        assert Path(str(package.__file__)).is_relative_to(ROOT)


def test_workspace_and_dg_name_the_same_code_location() -> None:
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"][0]["python_module"]
    dg_project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    assert workspace["module_name"] == dg_project["code_location_target_module"]
    assert workspace["location_name"] == dg_project["code_location_name"]


def test_every_table_is_an_asset_of_its_room() -> None:
    groups = {key.path[-1]: GRAPH.get(key).group_name for key in GRAPH.get_all_asset_keys()}
    assert groups == {name: table.room for name, table in TABLES.items()}
    assert set(groups.values()) == set(ROOMS)


def test_every_asset_tells_what_it_is() -> None:
    for key in GRAPH.get_all_asset_keys():
        node = GRAPH.get(key)
        assert node.description
        assert node.owners
        assert node.kinds
        assert node.code_version
        assert node.metadata["dagster/column_schema"].columns
        assert bool(node.partitions_def) == TABLES[key.path[-1]].partitioned


def test_every_asset_is_watched_and_every_check_watches_a_known_asset() -> None:
    watched: dict[str, set[str]] = {}
    for check in GRAPH.asset_check_keys:
        watched.setdefault(check.asset_key.path[-1], set()).add(check.name)
    common = {STORED_CHECK: set(TABLES), HOME_CHECK: {"dataset_release"}}
    expected = {
        name: {p[0] for p in (*always(table), *PROMISES[name])} | {c for c, on in common.items() if name in on}
        for name, table in TABLES.items()
    }
    assert watched == expected


def test_every_promise_is_a_sentence_with_a_known_severity() -> None:
    for promises in PROMISES.values():
        assert promises
        for _name, _expectation, _kwargs, sentence, severity in promises:
            assert sentence.endswith(".")
            assert severity in ("critical", "warning")


def test_the_lines_cover_every_asset_once() -> None:
    made = [key for name in ("record_line", "dataset_line", "tuning_line") for key in _assets_of(name)]
    assert sorted(made) == sorted(TABLES)


def _assets_of(job: str) -> list[str]:
    layer = defs.resolve_job_def(job).asset_layer
    return [key.path[-1] for key in layer.executable_asset_keys]


def test_fine_tuning_is_executed_by_naming_an_approach() -> None:
    job = defs.resolve_job_def("execute_fine_tuning")
    for asset, approach in APPROACHES.items():
        told = dg.validate_run_config(job, {"approach": approach})["ops"]
        assert {name for name, op in told.items() if (op["config"] or {}).get("train")} == {asset}
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(job, {"approach": "guessing"})


def test_a_resource_can_be_swapped() -> None:
    lake = object()
    assert build(lake=lake).resources["lake"] is lake


def test_the_definitions_validate() -> None:
    dg.Definitions.validate_loadable(defs)


def test_loading_the_definitions_does_not_load_the_heavy_libraries() -> None:
    code = (
        "import sys, dagster_project.definitions;"
        "heavy = {'great_expectations', 'torch', 'transformers', 'spacy', 'presidio_analyzer', 'daft', 'sklearn'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
