"""Settings: every mistake names file, line and key; the environment beats the file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assets.errors import RefineryError
from dagster_project.places import installation_key
from dagster_project.settings import Settings, load


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REFINERY_HOME", raising=False)


def said(folder: Path, text: str | bytes) -> Settings:
    file = folder / "refinery.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(file)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("home: here\nqualty: {}\n", "line 2, qualty"),
        ("partitions:\n  every: day\n  strat: 2026-01-01\n", "line 3, partitions.strat"),
        ("partitions:\n  every: fortnight\n", "line 2, partitions.every"),
        ("\n\nworkers: many\n", "line 3, workers"),
        ("sources:\n  - name: desk\n  - name: two\n    gives: news\n", "line 2, sources.0"),
        ("7: seven\n", "line 1, 7"),
        ("automation:\n  nightly: at_once\n", "line 2, automation.nightly"),
        ("operation:\n  promotion:\n    guarded: [bleu]\n", "line 3, operation.promotion.guarded.0"),
        ("home: [a\nworkers: 1\n", "line 2: not YAML"),
        ("home: a\n\tworkers: 1\n", "line 2: not YAML"),
        ("home: \x00\n", "line 1: not YAML"),
        ("- a\n- b\n", "line 1: settings are a mapping"),
        (b"home: caf\xe9\n", ": not UTF-8"),
    ],
)
def test_a_mistake_is_one_line_that_names_file_line_and_key(tmp_path: Path, text: str | bytes, where: str) -> None:
    with pytest.raises(RefineryError) as caught:
        said(tmp_path, text)
    assert "refinery.yaml" in str(caught.value)
    assert where in str(caught.value)
    assert "\n" not in str(caught.value)


def test_several_mistakes_are_counted(tmp_path: Path) -> None:
    with pytest.raises(RefineryError, match=r"and 1 more"):
        said(tmp_path, "a: 1\nb: 2\n")


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RefineryError, match=r"nowhere.yaml: no settings file is there; name one with --config"):
        load(tmp_path / "nowhere.yaml")


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert said(tmp_path, "") == Settings()


def test_variables_are_expanded_wherever_a_string_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_PLACE", "/data")
    monkeypatch.delenv("NO_SUCH", raising=False)
    monkeypatch.setenv("EMPTY", "")
    text = "home: ${THE_PLACE}/${NO_SUCH:-else}/${EMPTY:-full}\nlake_url: s3://${NO_SUCH:-}bucket\n"
    settings = said(tmp_path, text)
    assert settings.home == Path("/data/else/full")
    assert settings.lake_url == "s3://bucket"


@pytest.mark.parametrize(
    "url", ["postgresql://reader:s3cret@host/desk", "${NO_SUCH:-postgresql://reader:s3cret@host/desk}"]
)
def test_a_password_in_the_file_is_refused_and_not_shown(tmp_path: Path, url: str) -> None:
    with pytest.raises(RefineryError, match="a url holds a password; write it as") as caught:
        said(tmp_path, f"sources:\n  - {{name: desk, kind: sql, url: '{url}'}}\n")
    assert "s3cret" not in str(caught.value)


def test_a_password_from_the_environment_reaches_its_url_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_PASSWORD", "s3cret")
    text = "sources:\n  - name: desk\n    gives: articles\n    kind: sql\n    table: t\n    fields: {id: id}\n"
    text += "    constants: {created_at: 2026-01-01}\n    url: postgresql://reader:${DESK_PASSWORD}@host/desk\n"
    settings = said(tmp_path, text)
    url = settings.sources[0].url
    assert url is not None
    assert url.get_secret_value() == "postgresql://reader:s3cret@host/desk"
    assert "s3cret" not in f"{settings!r}{settings.model_dump_json()}"


def test_a_variable_that_nobody_set_is_an_error_and_not_an_empty_word(tmp_path: Path) -> None:
    with pytest.raises(RefineryError, match="NO_SUCH_VARIABLE"):
        said(tmp_path, "home: ${NO_SUCH_VARIABLE}/x\n")


def test_the_environment_overrides_one_key_and_leaves_its_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFINERY_PARTITIONS__EVERY", "month")
    monkeypatch.setenv("REFINERY_WORKERS", "7")
    settings = said(tmp_path, "workers: 1\npartitions: {every: day, start: 2026-02-01}\n")
    assert (settings.workers, settings.partitions.every) == (7, "month")
    assert settings.partitions.start.isoformat() == "2026-02-01"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("REFINERY_WORKERS", "many"), ("REFINERY_PARTITIONS__EVERY", "fortnight"), ("REFINERY_PARTITIONS__STRAT", "x")],
)
def test_a_mistake_in_the_environment_names_the_variable_and_not_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(RefineryError) as caught:
        said(tmp_path, "workers: 1\n")
    assert str(caught.value).startswith(variable + ":")


def test_a_section_in_the_environment_that_is_no_json_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFINERY_PARTITIONS", "{day")
    with pytest.raises(RefineryError, match="REFINERY_SECTION__KEY"):
        said(tmp_path, "")


def test_settings_cannot_be_changed_once_loaded(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        said(tmp_path, "").workers = 3  # type: ignore[misc] # that is the point


def test_the_shipped_settings_are_right() -> None:
    for file in ("refinery.yaml", "tests/data/refinery.yaml", "examples/public_support.yaml"):
        load(file)


# what a room is told


def test_a_missing_domain_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    settings = said(tmp_path, "augmentation: {wording: domain/nowhere.yaml}\n")
    with pytest.raises(RefineryError, match=r"domain/nowhere.yaml: the file is not there"):
        settings.section_hash("augmentation")


def test_a_sections_hash_changes_with_the_section_and_with_nothing_else(tmp_path: Path) -> None:
    plain = Settings()
    turned = said(tmp_path, "splitting: {seed: another}\nworkers: 1\n")
    assert plain.section_hash("splitting") != turned.section_hash("splitting")
    assert plain.section_hash("normalization") == turned.section_hash("normalization")


def test_predictions_are_made_again_for_another_endpoint_only_where_one_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = said(tmp_path, "evaluation: {predictions: {endpoint_examples: 4}}\n")
    before = [settings.section_hash("evaluation", "predictions") for settings in (Settings(), asking)]
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gpu:8000/v1")
    after = [settings.section_hash("evaluation", "predictions") for settings in (Settings(), asking)]
    assert before[0] == after[0]
    assert before[1] != after[1]


# the installation key

KEY = "from dagster_project.places import installation_key; print(installation_key().decode())"


def test_the_key_is_made_once_for_its_owner_alone_and_all_processes_get_the_same(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "REFINERY_KEY"} | {"XDG_CONFIG_HOME": str(tmp_path)}
    crowd = [
        subprocess.Popen([sys.executable, "-c", KEY], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    keys = {p.communicate(timeout=120)[0].strip() for p in crowd}
    (file,) = (f for f in tmp_path.rglob("*") if f.is_file())
    assert keys == {file.read_text()}
    assert len(file.read_text()) == 64
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_stated_key_is_taken_and_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFINERY_KEY", "stated")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert installation_key() == b"stated"
    assert list(tmp_path.iterdir()) == []


def test_an_endpoints_prices_are_stated_once_and_decide_what_approaches_cost() -> None:
    told = {}, {"attempts": 9}, {"input_price": 9}
    plain, patient, dear = (Settings(language_model=how).section_hash("evaluation", "approach_costs") for how in told)
    assert plain == patient != dear
