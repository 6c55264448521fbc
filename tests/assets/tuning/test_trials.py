import pytest
from pydantic import ValidationError

from assets.ledger import balance
from assets.training import LoraParams
from assets.tuning.params import TrialParams, TuningParams
from assets.tuning.trials import chosen, drawn, tuning_trials
from tests import models

OWN = LoraParams(max_steps=9, seed=3)


@pytest.fixture
def results(release, tiny_model):
    def made(*losses):
        told = models.trained("lora", release, tiny_model)
        knobs = drawn(TrialParams(count=len(losses)), OWN)
        return [
            (told.model_copy(update={"validation_loss": loss, "params": params}), f"artifacts/lora_adapter/{n}")
            for n, (loss, params) in enumerate(zip(losses, knobs, strict=True))
        ]

    return made


def test_trials_differ_in_the_knobs_that_are_searched_and_in_no_other():
    first, *others = drawn(TrialParams(count=20), OWN)
    assert first == OWN
    assert len({other.learning_rate for other in others}) == 19
    searched = {"r", "lora_alpha", "lora_dropout", "learning_rate", "num_epochs"}
    for other in others:
        assert other.model_dump(exclude=searched) == OWN.model_dump(exclude=searched)


@pytest.mark.parametrize(
    "wrong",
    [{"learning_rate": (0, 1e-3)}, {"num_epochs": (3, 1)}, {"lora_dropout": (0, 1.5)}, {"r": (0,)}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_bounds_that_nothing_can_be_drawn_from_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        TrialParams(**wrong)


def test_draws_stay_within_their_bounds_and_use_all_of_them():
    params = TrialParams(count=64, learning_rate=(1e-4, 1e-2), lora_dropout=(0.05, 0.1), num_epochs=(1, 2))
    _, *others = drawn(params, OWN)
    assert {o.r for o in others} == {8, 16, 32, 64}
    assert all(1e-4 <= o.learning_rate <= 1e-2 and 0.05 <= o.lora_dropout <= 0.1 for o in others)
    assert 20 < sum(o.learning_rate < 1e-3 for o in others) < 43, "half of them below the geometric middle"


def test_trials_are_the_same_each_time_and_others_under_another_seed():
    again = list(drawn(TrialParams(count=5), OWN))
    assert list(drawn(TrialParams(count=5), OWN)) == again
    assert list(drawn(TrialParams(count=5, seed=8), OWN))[1:] != again[1:]


def test_the_lowest_validation_loss_is_chosen_and_handed_on(results):
    tried = results(2.0, 1.5, 1.7)
    published = tuning_trials(tried)
    assert [row["chosen"] for row in published.table.to_pylist()] == [False, True, False]
    assert LoraParams(**chosen(published.table)) == tried[1][0].params
    assert balance(published.ledger).derived == 3


def test_of_equal_trials_the_first_is_chosen_and_of_unvalidated_ones_none(results):
    assert [row["chosen"] for row in tuning_trials(results(1.5, 1.5)).table.to_pylist()] == [True, False]
    assert chosen(tuning_trials(results(None, None)).table) is None
    assert chosen(tuning_trials([]).table) is None


def test_a_knob_of_one_approach_makes_no_other_stale():
    dearer = TuningParams(multitask=LoraParams(r=99), trials=TrialParams(count=2))
    changed = {a for a in ("lora_adapter", "multitask_adapter", "full_model", "tuning_trials", "few_shot_prompts")
               if dearer.told(a).model_dump_json() != TuningParams().told(a).model_dump_json()}  # fmt: skip
    assert changed == {"multitask_adapter", "tuning_trials"}
    chosen_too = TuningParams(approaches=("lora", "full"))
    assert chosen_too.told("full_model").model_dump_json() != TuningParams().told("full_model").model_dump_json()
    assert chosen_too.told("lora_adapter").model_dump_json() == TuningParams().told("lora_adapter").model_dump_json()
    prompts = TuningParams(few_shot={"prompts": "other.yaml"})
    assert prompts.told("tuning_trials") == TuningParams().told("tuning_trials")
