"""Who is trained on, who is validated on, who is tested on: dealt by group and hash, and remembered for good."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import NamedTuple

import pyarrow as pa

from assets.errors import RefineryError
from assets.ledger import Published, summary
from assets.splitting.folds import deal_folds
from assets.splitting.groups import READ, Row, grouped
from assets.splitting.params import SplittingParams
from assets.splitting.register import Register, appended, is_late, is_made, refuse_another_key


class Placed(NamedTuple):
    """For every row its group, its split (None where it leaves), its fold and why it leaves."""

    groups: list[str | None]
    splits: list[str | None]
    folds: list[int | None]
    leaving: list[str | None]


def assign(pairs: pa.Table, before: pa.Table, params: SplittingParams, *, key_name: str) -> Published:
    """Return the table of assignments with tonight's added to it.

    Pairs, threads and customers keep the split they were dealt, whatever becomes of their group, and
    also while they are away. A group that nobody in it remembers is dealt by the hash of its name and
    the seed. The same pairs add nothing a second time, so running it again changes no byte.

    Args:
        pairs: Tonight's unique pairs.
        before: The assignments so far, a table in the form of `tables.SPLIT_ASSIGNMENTS`.
        params: The knobs of splitting.
        key_name: Name of the installation key the pairs' ids were made with.

    Raises:
        RefineryError: There are too few groups, one is too large, or the memory is of another key.
    """
    refuse_another_key(before, key_name)
    rows = pairs.sort_by("pair_id").select(list(READ)).to_pylist()
    placed = place(rows, Register.of(before, params.folds), params, dealing=True)
    table = appended(before, rows, placed.splits, placed.folds, of=params.folds, key_name=key_name)
    return summary(table, key="assignment_id", parents=["unique_pairs"])


def place(rows: Sequence[Row], register: Register, params: SplittingParams, *, dealing: bool) -> Placed:
    """Return where every row stands tonight; `dealing` also gives a side to groups without a memory."""
    groups, large = grouped(rows, params)
    sides = register.sides(rows, groups)
    leaving = register.leaving(rows, groups, sides, params)
    if dealing:
        present = {sides[g] for g, why in zip(groups, leaving, strict=True) if g is not None and why is None}
        late = {g for row, g in zip(rows, groups, strict=True) if g is not None and is_late(row, params)}
        fresh = sorted({g for g in groups if g is not None} - sides.keys())
        if params.test_from is not None and not late:
            raise _nothing_late(rows, params)
        written = {g for row, g in zip(rows, groups, strict=True) if not is_made(row)}
        made = set(fresh) - written
        sides |= deal(fresh, params, present=present, late=late - made, to_train=large | made)
        leaving = register.leaving(rows, groups, sides, params)
    splits = [sides[g] if g is not None and why is None else None for g, why in zip(groups, leaving, strict=True)]
    learnt = [split in ("train", "validation") for split in splits]
    fold = deal_folds(rows, groups, learnt, register.fold, k=params.folds, seed=params.seed)
    folds = [fold[g] if g is not None and yes else None for g, yes in zip(groups, learnt, strict=True)]
    return Placed(groups, splits, folds, leaving)


def deal(
    groups: Sequence[str],
    params: SplittingParams,
    *,
    present: Collection[str] = (),
    late: Collection[str] = (),
    to_train: Collection[str] = (),
) -> dict[str, str]:
    """Return each new group's split: the lowest hashes are tested on, the next validated on.

    Each group's hash alone decides, however many others there are. Only where a split would stay
    empty does it take the group whose hash comes next, so that three groups suffice.

    Args:
        groups: Groups that nobody in them remembers.
        params: The knobs of splitting.
        present: Splits that hold pairs already.
        late: Groups with a pair of the time that is tested on, where the split is forward in time.
        to_train: Groups that are fit for nothing else: too large, or made and not written by people.

    Raises:
        RefineryError: There are not enough groups for the splits that are still empty.

    >>> sorted(deal(["g1", "g2", "g3"], SplittingParams()).values())
    ['test', 'train', 'validation']
    >>> deal(["g1"], SplittingParams(), present=["test", "train"])
    {'g1': 'validation'}
    """
    lacking = [split for split in ("test", "validation", "train") if split not in present]
    if len(groups) < len(lacking):
        raise RefineryError(
            "splitting",
            f"{len(groups)} group(s) of pairs that stood in no split before cannot fill {', '.join(lacking)}",
            "collect more customers and threads, or see what joins them (customer, thread, near-duplicate questions)",
        )
    rolls = {g: _roll(g, params, late, to_train) for g in groups}
    order = sorted(groups, key=lambda g: (rolls[g], g))
    fewest = {split: int(split in lacking) for split in ("test", "validation", "train")}
    tested = sum(r < params.test for r in rolls.values())
    most = len(order) - fewest["validation"] - fewest["train"]
    if params.test_from is None:
        tested = min(max(tested, fewest["test"]), most)
    elif tested > most:
        what = f"of {len(order)} groups {tested} have a pair from {params.test_from} on; too few are left to train on"
        raise RefineryError("splitting.test_from", what, "set a later day")
    held_out = sum(r < params.test + params.validation for r in rolls.values())
    held_out = min(max(held_out, tested + fewest["validation"]), len(order) - fewest["train"])
    sides = ["test"] * tested + ["validation"] * (held_out - tested) + ["train"] * (len(order) - held_out)
    return dict(zip(order, sides, strict=True))


def _roll(group: str, params: SplittingParams, late: Collection[str], to_train: Collection[str]) -> float:
    """Return the number in [0, 1] that decides a group's side; forward in time only late groups are below `test`."""
    digest = hashlib.sha256("\x1f".join((params.seed, "split", group)).encode()).digest()
    roll = (int.from_bytes(digest[:8]) >> 11) / 2**53  # 53 bits: a float holds them exactly and never rounds to 1
    if params.test_from is not None:
        return 0.0 if group in late else params.test + roll * (1 - params.test)
    return 1.0 if group in to_train else roll


def _nothing_late(rows: Sequence[Row], params: SplittingParams) -> RefineryError:
    """Say that nothing is of the time to be tested on, and from when on enough would be."""
    dated = sorted((row["created_at"] for row in rows if row["created_at"]), reverse=True)
    what = f"no pair was created on or after {params.test_from}"
    if not dated:
        return RefineryError("splitting.test_from", f"{what}, for none has a date", "split by hash: leave it out")
    start = dated[min(int(params.test * len(dated)), len(dated) - 1)].date()
    return RefineryError(
        "splitting.test_from",
        f"{what}; the newest is of {dated[0].date()}",
        f"set an earlier day: the newest {params.test:.0%} begin on {start}",
    )
