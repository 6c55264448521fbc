"""Thirty nights of a desk that grows, changes, deletes, restores and merges, each held against the promise."""

import pytest

from assets import tables
from assets.ledger import balance, reasons
from assets.splitting.assign import assign
from assets.splitting.params import SplittingParams
from assets.splitting.split import split
from tests.nights import LivingDesk, Witness, splits_of


@pytest.mark.parametrize(
    ("seed", "changing"),
    [
        (0, [{}]),
        (1, [{"large_groups": "cap", "small_group": 3}]),
        (2, [{}, {"seed": "2"}, {"test": 0.02, "train": 0.88}]),
    ],
)
def test_in_thirty_nights_nothing_tested_is_trained_on(seed, changing):
    desk, witness = LivingDesk(150, arrivals=6, seed=seed), Witness()
    assignments = tables.SPLIT_ASSIGNMENTS.of([])
    before: dict[str, str] = {}
    for night in range(30):
        desk.live()
        params = SplittingParams(**{"small_group": 60} | changing[night % len(changing)])
        pairs = desk.table()
        later = assign(pairs, assignments, params, key_name="key").table
        assert later.slice(0, len(assignments)).equals(assignments), "nothing is ever lost"
        assignments = later
        made = split(pairs, assignments, params)
        witness.sees(made.table)
        sums = balance(made.ledger)
        assert sums.rows_in == len(pairs) == sums.kept + sums.dropped
        assert set(reasons(made.ledger)) <= {"near_test", "near_validation", "over_group_cap", "contaminated"}
        now = splits_of(made.table)
        assert not [i for i, side in now.items() if before.get(i, side) != side], "no pair ever changes its split"
        before |= now
    assert (witness.nights, witness.shared, witness.once_tested) == (30, 0, 0)
    assert len(witness.tested) > 20
