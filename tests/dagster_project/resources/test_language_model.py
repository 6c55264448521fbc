import dagster as dg

from assets.language_model import LanguageModel
from dagster_project.definitions import resources
from dagster_project.settings import load


def test_a_run_is_handed_a_model_that_rests_in_its_home(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gpu:8000/v1")
    settings = load().model_copy(update={"home": tmp_path})
    with dg.build_resources(resources(settings)) as built:
        model = built.language_model
        assert isinstance(model, LanguageModel)
        assert model.identity == "gpu:8000/gpt-4o"
        assert model.guards.resting("write to bob at card 4111 1111 1111 1111") == 1
        model.note("test", model.session("test").spent)
    assert (tmp_path / "costs/language_model.jsonl").exists()
