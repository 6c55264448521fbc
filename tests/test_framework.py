"""docs/framework.md is the map from the framework's words to the product: every name on it resolves."""

import importlib
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from assets.tables import TABLES
from checks.suites import PROMISES
from dagster_project.definitions import defs
from dagster_project.settings import Settings

PAGE = (Path(__file__).resolve().parents[1] / "docs/framework.md").read_text(encoding="utf-8")
CLASSES = [
    "BusinessDataCollector", "ExternalDataAugmentor", "TextPreprocessor", "DataValidator", "TabularDataProcessor",
    "QualityAssurance", "HumanValidator", "QualityMetrics", "RuleBasedAugmentor", "AIAugmentor", "DataBalancer",
    "EvaluationFramework", "CrossValidator", "FullFineTuner", "LoRAFineTuner", "PromptBasedTuner", "InstructionTuner",
    "CostAnalyzer", "FineTuningFramework", "ModelMonitor",
]  # fmt: skip


def _rows() -> list[list[str]]:
    """The rows of the map: framework, asset, module, check, setting."""
    table = PAGE.split("## The map")[1].split("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _named(column: int) -> list[str]:
    return sorted({name for row in _rows() for name in re.findall(r"`([^`]+)`", row[column])})


def test_the_map_has_a_row_for_everything() -> None:
    assert len(_rows()) > 30
    assert all(len(row) == 5 for row in _rows())


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_of_the_framework_is_on_the_page(name: str) -> None:
    assert f"**{name}**" in PAGE


@pytest.mark.parametrize("asset", _named(1))
def test_every_asset_on_the_map_is_loaded(asset: str) -> None:
    assert asset in {key.path[-1] for key in defs.resolve_asset_graph().get_all_asset_keys()}


@pytest.mark.parametrize("name", _named(2))
def test_every_module_on_the_map_can_be_imported(name: str) -> None:
    module, _, attribute = name.partition(":")
    loaded = importlib.import_module(module)
    assert not attribute or hasattr(loaded, attribute)


@pytest.mark.parametrize("name", _named(3))
def test_every_check_on_the_map_is_a_promise(name: str) -> None:
    asset, check = name.split(".")
    assert check in {promise[0] for promise in PROMISES[asset]}


@pytest.mark.parametrize("path", _named(4))
def test_every_setting_on_the_map_can_be_set(path: str) -> None:
    model: type[BaseModel] = Settings
    for part in path.split("."):
        assert part in model.model_fields, path
        annotation = model.model_fields[part].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation


def test_every_asset_carries_the_class_it_serves() -> None:
    graph = defs.resolve_asset_graph()
    assert {key.path[-1] for key in graph.get_all_asset_keys()} == set(TABLES)
    for key in graph.get_all_asset_keys():
        assert graph.get(key).tags["framework"] in CLASSES
