from collections import Counter

from assets.training import LoraParams
from assets.tuning.plan import plan

LENGTHS = [10 + 7 * n % 90 for n in range(100)]


def steps(order, size):
    return [order[i : i + size] for i in range(0, len(order), size)]


def test_every_example_is_met_once_an_epoch():
    assert Counter(plan(LENGTHS, LoraParams(num_epochs=3))) == dict.fromkeys(range(100), 3)


def test_half_an_epoch_meets_half_the_examples():
    assert len(set(plan(LENGTHS, LoraParams(num_epochs=0.5)))) == 50


def test_a_batch_holds_examples_of_like_length_and_long_ones_do_not_come_first():
    lengths = LENGTHS * 10
    batches = steps(plan(lengths, LoraParams(batch_size=10)), 10)
    padded = sum(len(b) * max(lengths[i] for i in b) for b in batches)
    assert padded < 1.2 * sum(lengths)
    longest = [max(lengths[i] for i in b) for b in batches]
    assert longest not in (sorted(longest), sorted(longest, reverse=True))


def test_the_order_is_the_same_each_time_and_another_under_another_seed():
    assert plan(LENGTHS, LoraParams()) == plan(LENGTHS, LoraParams())
    assert plan(LENGTHS, LoraParams()) != plan(LENGTHS, LoraParams(seed=8))


def test_a_budget_of_steps_or_tokens_cuts_the_plan_at_a_step():
    whole = plan(LENGTHS, LoraParams(batch_size=8))
    assert plan(LENGTHS, LoraParams(batch_size=8, max_steps=3)) == whole[:24]
    cut = plan(LENGTHS, LoraParams(batch_size=8, max_tokens=1500))
    assert cut == whole[: len(cut)]
    assert len(cut) % 8 == 0
    assert sum(LENGTHS[i] for i in cut) <= 1500 < sum(LENGTHS[i] for i in whole[: len(cut) + 8])
