import pytest
from pydantic import BaseModel

from assets import child
from assets.errors import RefineryError

STEP = """
import os, signal
from pydantic import BaseModel
from assets import child
from assets.errors import RefineryError

class Asked(BaseModel):
    how: str

def step(request, out):
    print("begun", flush=True)
    if request.how == "refuse":
        raise RefineryError("here", "it is wrong", "mend it")
    if request.how == "fail":
        raise ValueError("Jane Doe, 555-0100")
    if request.how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    out.write_text("done")

child.main(step, Asked)
"""


class Asked(BaseModel):
    how: str | int


@pytest.fixture
def ask(tmp_path, monkeypatch):
    (tmp_path / "a_step.py").write_text(STEP)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def ask(how):
        lines = []
        try:
            child.run("a_step", Asked(how=how), tmp_path / "out", on_line=lines.append)
        finally:
            assert lines in (["begun"], [])
        return (tmp_path / "out").read_text()

    return ask


def test_a_step_that_ends_well_leaves_its_result(ask):
    assert ask("well") == "done"


def test_a_refusal_crosses_the_process_boundary_as_it_was(ask):
    with pytest.raises(RefineryError) as refused:
        ask("refuse")
    assert str(refused.value) == "here: it is wrong; mend it"


def test_an_unforeseen_failure_is_told_by_type_and_place_and_never_in_its_own_words(ask):
    with pytest.raises(RefineryError, match=r"ValueError at a_step\.py:\d+") as failed:
        ask("fail")
    assert "Jane" not in str(failed.value)
    assert "555" not in str(failed.value)


def test_a_killed_step_is_told_by_its_signal(ask):
    with pytest.raises(RefineryError, match="died of signal 9"):
        ask("die")


def test_a_request_of_another_form_is_refused_by_field(ask):
    with pytest.raises(RefineryError, match="wrong: how"):
        ask(3)
