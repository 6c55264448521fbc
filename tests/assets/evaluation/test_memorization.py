"""What an adapter learns by heart, from the settings to the rows of evaluation_results."""

import json

import pyarrow as pa
import pytest

from assets import child, tables
from assets.errors import RefineryError
from assets.evaluation.memorization import MODULE, MOST, Exposure, MemorizationRequest, memorization, read, request
from assets.evaluation.params import CanaryParams
from assets.training import LoraParams, read_learnt
from assets.tuning.train import train

# The tiny model in fp32, a step every 4 examples: seconds on one core.
KNOBS = LoraParams(r=16, learning_rate=2e-2, num_epochs=4, batch_size=4, warmup_steps=2, eval_steps=100, patience=9,
                   dtype="float32", threads=1)  # fmt: skip


def adapter(knobs=KNOBS):
    return tables.LORA_ADAPTER.of([{"params": knobs.model_dump_json()}])


@pytest.fixture(scope="module")
def found(release, tiny_model, tmp_path_factory):
    out = tmp_path_factory.mktemp("canaries")
    training = request(release, adapter(), tiny_model, CanaryParams(times=(1, 40)))
    train(training, out)
    asked = MemorizationRequest(trained=out, base_model=tiny_model, controls=3)
    child.run(MODULE, asked, out / "exposure.json")
    return out, read(out / "exposure.json")


def test_what_was_said_forty_times_is_found_and_what_was_said_once_or_never_is_not(found):
    once, often, *controls = found[1]
    assert (once.planted, once.met, often.planted, often.met) == (1, 1, 40, 40)
    assert often.bits >= MOST > max(once.bits, *(c.bits for c in controls))
    assert [(c.planted, c.met) for c in controls] == [(0, 0)] * 3


def test_it_learnt_the_release_as_well_and_says_what_it_is(found):
    assert len(read_learnt(found[0])) == 48 + 41
    assert json.loads((found[0] / "training.json").read_text())["canaries"] == [1, 40]


def test_every_canary_has_a_row_and_only_what_was_said_once_is_held_to_a_limit():
    rows = list(memorization([Exposure(1, 1, 0.5), Exposure(50, 48, 8.0), Exposure(0, 0, 2.0), Exposure(0, 0, 1.0)]))
    assert [(r["group"], r["value"], r["n"], r.get("most")) for r in rows] == [
        ("planted 1", 0.5, 1, MOST), ("planted 50", 8.0, 48, None), ("never planted", 2.0, 2, None)]  # fmt: skip
    tables.EVALUATION_RESULTS.of([{**row, "result_id": row["group"]} for row in rows])


def test_nothing_is_trained_unless_it_is_asked_for(release, tiny_model):
    assert request(release, adapter(), tiny_model, CanaryParams()) is None
    assert list(memorization([])) == []


def test_without_an_adapter_there_are_no_knobs_to_take(release, tiny_model):
    with pytest.raises(RefineryError, match="finds no LoRA adapter"):
        request(release, pa.table({}), tiny_model, CanaryParams(times=(1,)))


@pytest.mark.parametrize("times", [(5, 5), (0, 1)])
def test_each_canary_is_planted_another_number_of_times(times):
    with pytest.raises(ValueError, match="another number of times, once at least"):
        CanaryParams(times=times)
