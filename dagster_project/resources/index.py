"""Where an asset's ledgers speak of an id: sorted files that are searched without being read.

A segment is one line of JSON, the file names of the ledgers it covers, and then entries of 16 bytes in
ascending order: the first 8 bytes of the id's SHA-256, the place of the ledger in that list, and the
line in the ledger, both 32 bits. Big-endian, so that the order of bytes is the order of numbers.

A ledger's file name carries its content hash, so an entry speaks of exactly one ledger, and is dead as
soon as no manifest names that ledger. The index is a cache of the ledgers: where it lacks one, the ledger
itself is read, so that a search may become slow and never wrong.
"""

from __future__ import annotations

import hashlib
import json
import struct
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import BinaryIO

import numpy as np
import pyarrow as pa

_ENTRY = struct.Struct(">8sII")
_COLUMNS = np.dtype([("id", ">u8"), ("ledger", ">u4"), ("line", ">u4")])


class Segment:
    """One file of the index, open for searching; a search touches some twenty places of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.ledgers: list[str] = json.loads(file.readline())
        self._start = file.tell()
        self._entries = (file.seek(0, 2) - self._start) // _ENTRY.size

    def __len__(self) -> int:
        return self._entries

    def __getitem__(self, number: int) -> tuple[bytes, int, int]:
        self._file.seek(self._start + number * _ENTRY.size)
        found: tuple[bytes, int, int] = _ENTRY.unpack(self._file.read(_ENTRY.size))
        return found

    def find(self, id: str) -> Iterator[tuple[str, int]]:
        """Yield ledger and line of all that is said of an id; once in 2^64 what is said of another one."""
        wanted = _hash(id)
        for number in range(bisect_left(self, wanted, key=lambda entry: entry[0]), len(self)):
            found, ledger, line = self[number]
            if found != wanted:
                return
            yield self.ledgers[ledger], line

    def entries(self, keep: Collection[str]) -> tuple[list[str], np.ndarray]:
        """Return the ledgers that are to be kept, and their entries."""
        self._file.seek(self._start)
        all_of_them = np.frombuffer(self._file.read(), _COLUMNS)
        kept = [n for n, name in enumerate(self.ledgers) if name in keep]
        place = np.full(len(self.ledgers), -1)
        place[kept] = np.arange(len(kept))
        found = all_of_them[place[all_of_them["ledger"]] >= 0]
        found["ledger"] = place[found["ledger"]]
        return [self.ledgers[n] for n in kept], found


def segment(ledgers: Mapping[str, pa.Table]) -> bytes:
    """Index some ledgers, by file name.

    >>> import io
    >>> from assets.ledger import Ledger
    >>> ledger = Ledger(["a", "b"])
    >>> ledger.keep("a", into="c")
    >>> closed = ledger.close(pa.table({"pair_id": ["c", "b"]}), key="pair_id").ledger
    >>> list(Segment(io.BytesIO(segment({"all.1f.parquet": closed}))).find("c"))
    [('all.1f.parquet', 0)]
    """
    return _packed((([name], _entries(ledger)) for name, ledger in ledgers.items()))


def merged(segments: Iterable[Segment], keep: Collection[str]) -> bytes:
    """Make one segment of several, of what they say of the ledgers to be kept, each ledger once."""
    left = set(keep)

    def parts() -> Iterator[tuple[list[str], np.ndarray]]:
        for one in segments:
            names, entries = one.entries(left)
            left.difference_update(names)
            yield names, entries

    return _packed(parts())


def _entries(ledger: pa.Table) -> np.ndarray:
    """Return an entry for each id that a line names: the row, what it became, and what it was made from."""
    said = [(id, n) for column in ("id", "into") for n, id in enumerate(ledger.column(column).to_pylist()) if id]
    said += [(id, n) for n, parents in enumerate(ledger.column("parents").to_pylist()) for id in parents or ()]
    entries = np.zeros(len(said), _COLUMNS)
    entries["id"] = np.frombuffer(b"".join(_hash(id) for id, _ in said), ">u8")
    entries["line"] = [line for _, line in said]
    return entries


def _packed(parts: Iterable[tuple[list[str], np.ndarray]]) -> bytes:
    names: list[str] = []
    found: list[np.ndarray] = []
    for ledgers, entries in parts:
        entries["ledger"] += len(names)
        names += ledgers
        found.append(entries)
    every = np.concatenate([np.zeros(0, _COLUMNS), *found])
    order = np.lexsort((every["line"], every["ledger"], every["id"]))
    return json.dumps(names).encode() + b"\n" + every[order].astype(_COLUMNS).tobytes()


def _hash(id: str) -> bytes:
    return hashlib.sha256(id.encode()).digest()[:8]
