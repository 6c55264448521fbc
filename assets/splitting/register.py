"""The memory of the split: every id that ever stood in train, validation or test, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from assets import tables
from assets.errors import RefineryError
from assets.splitting.groups import Row
from assets.splitting.params import SplittingParams

_RANK = {split: rank for rank, split in enumerate(tables.SPLITS)}


class Register(NamedTuple):
    """By id the most held-out split it ever stood in, and by pair the fold it was dealt."""

    side: dict[str, str]
    fold: dict[str, int]

    @classmethod
    def of(cls, assignments: pa.Table, folds: int) -> Register:
        """Read the table; folds dealt for another number of them are not remembered."""
        side: dict[str, str] = {}
        fold: dict[str, int] = {}
        for row in assignments.select(["id", "split", "fold", "folds"]).to_pylist():
            side[row["id"]] = most_held_out([row["split"], side.get(row["id"], row["split"])])
            if row["folds"] == folds and row["fold"] is not None:
                fold[row["id"]] = row["fold"]
        return cls(side, fold)

    def sides(self, rows: Iterable[Row], groups: Iterable[str | None]) -> dict[str, str]:
        """Return the side of every group any of whose ids has a memory: the most held-out of them."""
        found: dict[str, str] = {}
        for row, group in zip(rows, groups, strict=True):
            if group is not None and (told := [s for i in _ids(row) if (s := self.side.get(i))]):
                found[group] = most_held_out([*told, found.get(group, told[0])])
        return found

    def leaving(
        self, rows: Sequence[Row], groups: Sequence[str | None], sides: Mapping[str, str], params: SplittingParams
    ) -> list[str | None]:
        """Return why each row leaves, None where it stays on its group's side.

        A pair stands in one split for good: where its group stands on a more held-out side tonight, it
        leaves (`near_test`, `near_validation`), and comes back when what joined them is gone. A new
        pair of a thread or customer that was on another side leaves with them, and so does one that
        was made from others, not written by people.
        """
        why: list[str | None] = []
        side = dict(self.side)
        for row, group in zip(rows, groups, strict=True):
            reason = _out_of_place(row, group, sides, params)
            own = self.side.get(row["pair_id"])
            if reason is None and own is not None:
                if own == sides[group or ""]:
                    side.update((i, own) for i in _people(row))
                else:
                    reason = f"near_{sides[group or '']}"
            why.append(reason)
        for i, (row, group) in enumerate(zip(rows, groups, strict=True)):
            if why[i] is None and group is not None and row["pair_id"] not in self.side:
                elsewhere = {side.get(person) for person in _people(row)} - {None, sides[group]}
                why[i] = f"near_{sides[group]}" if elsewhere else None
        return why


def most_held_out(splits: Iterable[str]) -> str:
    """Return the split that promises most: test before validation before train.

    >>> most_held_out(["train", "test", "validation"])
    'test'
    """
    return max(splits, key=_RANK.__getitem__)


def appended(
    before: pa.Table,
    rows: Sequence[Row],
    splits: Sequence[str | None],
    folds: Sequence[int | None],
    *,
    of: int,
    key_name: str,
) -> pa.Table:
    """Return the table with what stood in a split tonight added: nothing is changed, moved or removed.

    Args:
        before: The table so far.
        rows: Tonight's pairs.
        splits: The split of each, None for one that left.
        folds: The fold of each, None in the test.
        of: How many folds were dealt.
        key_name: Name of the key the ids were made with.
    """
    there = set(before.column("assignment_id").to_pylist())
    new: dict[str, dict[str, object]] = {}
    for row, split, fold in zip(rows, splits, folds, strict=True):
        if split is None:
            continue
        dealt = {"fold": fold, "folds": None if fold is None else of}
        told = [("pair", row["pair_id"], dealt), ("thread", row["thread_id"], {}), ("customer", row["customer_id"], {})]
        for kind, id_, more in told:
            name = assignment_id(id_, split, more.get("folds"))
            if id_ is not None and name not in there:
                new[name] = {
                    "assignment_id": name,
                    "id": id_,
                    "kind": kind,
                    "split": split,
                    **more,
                    "key_name": key_name,
                }
    added = tables.SPLIT_ASSIGNMENTS.of(new[name] for name in sorted(new))
    return pa.concat_tables([before, added]).combine_chunks()


def assignment_id(id_: str | None, split: str, folds: int | None) -> str:
    """Return the key of one assignment; another number of folds is another assignment.

    >>> assignment_id("a1", "train", 5), assignment_id("c1", "test", None)
    ('a1:train:5', 'c1:test')
    """
    return f"{id_}:{split}" if folds is None else f"{id_}:{split}:{folds}"


def refuse_another_key(assignments: pa.Table, key_name: str) -> None:
    """Refuse ids made under another key: none of them would be recognised, and the test be forgotten.

    Raises:
        RefineryError: The assignments made last are not of this key.
    """
    names = assignments.column("key_name").to_pylist()  # tombstones of older keys come before what is alive
    if names and names[-1] != key_name:
        raise RefineryError(
            "split_assignments",
            "its ids were made under another installation key, so what was tested on would not be recognised",
            "give the old key back, or carry the assignments over with `refinery rotate-key`",
        )


class Renamed(NamedTuple):
    """The assignments under a new key, and how many ids could be carried over and could not."""

    table: pa.Table
    carried: int
    lost: int


def renamed(assignments: pa.Table, renames: Mapping[str, str], *, old: str, new: str) -> Renamed:
    """Carry the assignments over to a new installation key.

    An id that nobody can resolve any more keeps its row, under the name of the old key: a tombstone,
    which no id of the new key will ever match. Tombstones come first.

    Args:
        assignments: The assignments under the old key.
        renames: By old id the new one.
        old: Name of the old key.
        new: Name of the new key.
    """
    rows = assignments.to_pylist()
    living = [row for row in rows if row["key_name"] == old]
    rest = [row for row in rows if row["key_name"] != old]
    again = {row["assignment_id"]: row for row in rest if row["key_name"] == new}  # of a key that comes back
    tombs = [row for row in rest if row["key_name"] != new] + [row for row in living if row["id"] not in renames]
    for row in living:
        if (id_ := renames.get(row["id"])) is not None:
            name = assignment_id(id_, row["split"], row["folds"])
            again[name] = {**row, "assignment_id": name, "id": id_, "key_name": new}
    ids = {row["id"] for row in living}
    table = tables.SPLIT_ASSIGNMENTS.of([*tombs, *again.values()])
    return Renamed(table, len(ids & renames.keys()), len(ids - renames.keys()))


def _ids(row: Row) -> Iterator[str]:
    """Yield all that may have a memory; a cluster bears the id of a pair."""
    yield from (i for i in (row["pair_id"], row["cluster_id"], *_people(row), *(row.get("parent_ids") or ())) if i)


def _people(row: Row) -> Iterator[str]:
    yield from (i for i in (row["thread_id"], row["customer_id"]) if i)


def _out_of_place(row: Row, group: str | None, sides: Mapping[str, str], params: SplittingParams) -> str | None:
    """Say why a row cannot stand on any side, or not on its group's."""
    if group is None:
        return "over_group_cap"
    if params.test_from is not None and row["created_at"] is None:
        return "no_date"
    if group not in sides:
        return "unassigned"
    if is_made(row) and sides[group] != "train":
        return f"near_{sides[group]}"
    if params.test_from is None:
        return None
    if is_late(row, params) != (sides[group] == "test"):
        return "near_test" if sides[group] == "test" else "after_test_from"
    return None


def is_made(row: Row) -> bool:
    """Whether nobody wrote the pair: such a one is trained on, and never measured on."""
    return row.get("origin") not in (None, "human")


def is_late(row: Row, params: SplittingParams) -> bool:
    """Whether a pair is of the time that is tested on, where the split is forward in time."""
    return bool(params.test_from and row["created_at"] and row["created_at"].date() >= params.test_from)
