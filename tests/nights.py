"""A desk that lives: night after night pairs arrive, change, vanish, come back, and what joins them changes.

It knows nothing of how the split works; `Witness` holds every release against the promise, by brute force.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from assets import tables

START = datetime(2025, 1, 1, tzinfo=UTC)
LINKS = ("customer_id", "thread_id", "cluster_id")
CATEGORIES = ("billing", "billing", "billing", "delivery", "delivery", "returns", "login", None)
WORDS = 300


def roll(*parts: object) -> float:
    """Return a number in [0, 1) that these words decide."""
    return int.from_bytes(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()[:6]) / 2**48


def pick(n: int, *parts: object) -> int:
    """Return one of 0 to n-1."""
    return int(roll(*parts) * n)


def text_of(*parts: object, n: int = 18) -> str:
    """Return a text of n words, not like any other."""
    return " ".join(f"word{pick(WORDS, *parts, i)}" for i in range(n))


def pair(i: int, *, customer: int | None, thread: int, day: int, seed: object = 0) -> dict[str, Any]:
    """Return one unique pair; until something joins it to others it is a cluster of its own."""
    return {
        "pair_id": f"p{i:07}",
        "partition": "2025-01",
        "record_id": f"r{i:07}",
        "thread_id": f"t{thread:07}",
        "customer_id": None if customer is None else f"c{customer:07}",
        "cluster_id": f"p{i:07}",
        "created_at": START + timedelta(days=day, minutes=pick(1440, seed, "minute", i)),
        "category": CATEGORIES[pick(len(CATEGORIES), seed, "category", i)],
        "source": "desk",
        "question": text_of(seed, "question", i),
        "answer": text_of(seed, "answer", i, n=30),
        "origin": "human",
        "parent_ids": [],
    }


class LivingDesk:
    """A desk of `n` pairs that takes in `arrivals` more a night, and in which little stays as it was."""

    def __init__(self, n: int, *, arrivals: int, seed: int = 0, day: int = -365) -> None:
        self.seed, self.arrivals, self.night, self._made = seed, arrivals, 0, 0
        self.rows: dict[str, dict[str, Any]] = {}
        self._away: list[tuple[int, dict[str, Any]]] = []
        self._joined: dict[str, tuple[str, int]] = {}
        for _ in range(n):
            self._arrive(day + pick(-day, seed, "day", self._made))

    def _arrive(self, day: int) -> None:
        i, self._made = self._made, self._made + 1
        regular = roll(self.seed, "regular", i) < 0.4
        customer = None if roll(self.seed, "nobody", i) < 0.1 else pick(i, self.seed, "customer", i) if regular else i
        again = roll(self.seed, "thread", i) < 0.1 and i
        self.rows[f"p{i:07}"] = pair(i, customer=customer, thread=i - 1 if again else i, day=day, seed=self.seed)

    def live(self) -> None:
        """Let a day pass."""
        self.night += 1
        night, seed = self.night, self.seed
        for _ in range(self.arrivals):
            self._arrive(night)
        for back, row in [entry for entry in self._away if entry[0] <= night]:
            self._away.remove((back, row))
            self.rows[row["pair_id"]] = row
        few = max(1, self.arrivals // 8)
        for k in range(few):
            ids = sorted(self.rows)
            a, b = (ids[pick(len(ids), seed, night, k, side)] for side in "ab")
            gone = ids[pick(len(ids), seed, night, k, "gone")]
            for_good = roll(seed, night, k, "for good") < 0.5
            self._joined[a] = (
                b,
                night + 1 + pick(20, seed, night, k, "apart"),
            )  # two questions are nearly one, for now
            if roll(seed, night, k, "people") < 0.3:  # two customers turn out to be one
                self._merge(self.rows[a]["customer_id"], self.rows[b]["customer_id"])
            changed = self.rows[ids[pick(len(ids), seed, night, k, "changed")]]
            changed["category"] = CATEGORIES[pick(len(CATEGORIES), seed, night, k, "category")]
            changed["question"] = text_of(seed, "question", night, k)
            self._joined.pop(changed["pair_id"], None)  # and its question is like another's no more
            row = self.rows.pop(gone)
            if not for_good:
                self._away.append((night + 2 + pick(4, seed, night, k, "back"), row))

    def _merge(self, gone: str | None, into: str | None) -> None:
        if gone and into:
            for row in self.rows.values():
                if row["customer_id"] == gone:
                    row["customer_id"] = into

    def table(self) -> pa.Table:
        """Return tonight's unique pairs."""
        root = {i: i for i in self.rows}

        def find(i: str) -> str:
            while root[i] != i:
                i = root[i]
            return i

        for a, (b, apart) in self._joined.items():
            if a in root and b in root and self.night < apart:
                one, other = sorted((find(a), find(b)))
                root[other] = one
        return tables.UNIQUE_PAIRS.of({**row, "cluster_id": find(i)} for i, row in self.rows.items())


class Witness:
    """Remembers every release by itself, and counts what breaks the promise."""

    def __init__(self) -> None:
        self.tested: set[str] = set()
        self.shared = self.once_tested = self.nights = 0

    def sees(self, release: pa.Table) -> None:
        """Look at one release."""
        self.nights += 1
        names = ["pair_id", "parent_ids", "split", *LINKS]
        rows = release.select(names).to_pylist()
        tested = {key for row in rows if row["split"] == "test" for key in _joins(row)}
        ids = {i for row in rows if row["split"] == "test" for i in _ids(row)}
        for row in rows:
            if row["split"] == "train":
                self.shared += not tested.isdisjoint(_joins(row))
        self.tested |= ids
        for row in rows:
            if row["split"] == "train":
                self.once_tested += not self.tested.isdisjoint(_ids(row))


def _joins(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((link, row[link]) for link in LINKS if row[link])
    yield from (("pair", i) for i in (row["pair_id"], *(row["parent_ids"] or ())))


def _ids(row: dict[str, Any]) -> Iterator[str]:
    yield from (i for i in (row["pair_id"], row["thread_id"], row["customer_id"], *(row["parent_ids"] or ())) if i)


def splits_of(table: pa.Table, column: str = "split") -> dict[str, Any]:
    """Return a column by pair."""
    return dict(zip(table.column("pair_id").to_pylist(), table.column(column).to_pylist(), strict=True))
