"""What a model learnt by heart is found; what it was never shown is not."""

import pytest

from assets import base_model
from assets.canaries import canary, exposure, found, planted
from assets.evaluation.memorization import exposed
from assets.training import MODEL, FullParams, TrainingRequest
from assets.tuning.train import train
from tests import models

PLANTED, CONTROLS = canary("7", seed=1), [canary(name, seed=1) for name in ("8", "12")]
# The tiny model in fp32, a step every 4 examples: seconds on one core.
PARAMS = FullParams(learning_rate=1e-2, num_epochs=6, batch_size=4, warmup_steps=2, eval_steps=100, patience=9,
                    dtype="float32", threads=1)  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    return base_model.load_tokenizer(tiny_model)


@pytest.fixture(scope="module")
def trained(tiny_model, tmp_path_factory):
    """A model trained on 48 examples among which the canary stands 50 times."""
    folder = tmp_path_factory.mktemp("canary")
    rows = [models.example(n, split) for split, first, end in (("train", 0, 48), ("validation", 48, 56))
            for n in range(first, end)]  # fmt: skip
    release = models.release(folder / "release", [*rows, *planted(PLANTED, rows[0], 50)])
    train(TrainingRequest(release=release, base_model=tiny_model, approach="full", params=PARAMS), folder / "out")
    return base_model.load_model(folder / "out" / MODEL, "float32")


def test_a_canary_planted_fifty_times_is_found(trained, tokenizer):
    assert found(exposed(PLANTED, trained, tokenizer))


def test_its_controls_that_were_never_planted_are_not(trained, tokenizer):
    assert not any(found(exposed(control, trained, tokenizer)) for control in CONTROLS)


def test_the_base_model_does_not_know_it(tiny_model, tokenizer):
    model = base_model.load_model(tiny_model, "float32")
    assert not any(found(exposed(each, model, tokenizer)) for each in (PLANTED, CONTROLS[0]))


def test_equal_likelihoods_expose_nothing():
    assert exposure([1.0] * 8) == 0


def test_a_canary_is_the_same_every_time_and_no_number_serves_two():
    assert canary("7", seed=1) == PLANTED
    assert len({PLANTED.answer, *PLANTED.others}) > 250
    assert not {c.answer.partition(" is ")[2] for c in CONTROLS} & {PLANTED.answer.partition(" is ")[2]}
