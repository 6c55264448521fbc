"""Proof that nothing leaked: every file below a folder, searched for whose data the refinery holds.

What is found is counted by file, type and place. No value is ever told, nor a name of a file or column that holds one.
"""

from __future__ import annotations

import hashlib
import heapq
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assets.anonymization.leaks import Search
from dagster_project.artefacts import Text, Unreadable, texts_in

ROWS_NAMED = 5
WITHHELD = "(name withheld)"


@dataclass(frozen=True)
class Place:
    """Where something was found, and what type it is of."""

    file: str
    where: str
    type: str


@dataclass
class Found:
    """What a scan came to; holds no value."""

    files: int = 0
    bytes: int = 0
    hits: Counter[Place] = field(default_factory=Counter)
    rows: dict[Place, list[str]] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    of_words: int = 0
    not_of_words: int = 0
    """Texts in which nothing was found: those of words, which detectors may look at, and ids, numbers, labels, JSON,
    rows and pages of databases and the like, which they would take for names."""

    @property
    def proved_clean(self) -> bool:
        """Whether every file was read and holds nobody's data."""
        return not self.hits and not self.unreadable

    def by_type(self) -> dict[str, int]:
        """Return how often each type was found."""
        types: Counter[str] = Counter()
        for place, n in self.hits.items():
            types[place.type] += n
        return dict(types)


def scan(
    root: Path, search: Search, *, leave_out: Sequence[Path] = (), sample: int = 0
) -> tuple[Found, list[tuple[str, bool]]]:
    """Search all files below a folder, or one file; return what was found, and a sample of its texts for detectors.

    The search goes over everything; the sample is of texts of words (`Text.prose`), each with whether it was published.

    Args:
        root: The folder or file.
        search: Whose data to look for.
        leave_out: Folders and files that are not looked into.
        sample: How many distinct texts to return, chosen by hash.
    """
    found, lots = Found(), _Lots(sample)
    for file in files_below(root, leave_out):
        name = _shown(file.relative_to(root) if file != root else Path(file.name), search, found)
        found.files += 1
        found.bytes += file.stat().st_size
        try:
            _look(name, texts_in(file), search, found, lots)
        except Unreadable as why:
            found.unreadable[name] = str(why)
    return found, lots.drawn()


def files_below(root: Path, leave_out: Sequence[Path] = ()) -> Iterator[Path]:
    """Yield the files in order of their names; links are not followed, for they may lead out."""
    out = {path.resolve() for path in leave_out}
    if root.is_file():
        yield root
        return
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(f for f in folders if (here / f).resolve() not in out)
        yield from (
            here / n
            for n in sorted(names)
            if not (here / n).is_symlink() and (here / n).is_file() and (here / n).resolve() not in out
        )


def count_in_files(place: Path, search: Search) -> int:
    """Count what is found in a file, or below a folder; what cannot be read counts as found."""
    found, _ = scan(place, search)
    return sum(found.hits.values()) + len(found.unreadable)


def _look(name: str, texts: Iterable[Text], search: Search, found: Found, lots: _Lots) -> None:
    seen: set[str] = set()
    for text in texts:
        types = search.types(text.text, text.thread, template=text.template)
        if types:
            where = text.where if not search.watch.find(text.where) else WITHHELD
            for kind in types:
                if where.endswith("unused pages") and kind in seen:
                    continue  # the same pages hold the rows that were told of
                place = Place(name, where, kind)
                found.hits[place] += 1
                rows = found.rows.setdefault(place, [])
                if text.at and text.at not in rows and len(rows) < ROWS_NAMED:
                    rows.append(text.at)
            if not where.endswith("unused pages"):
                seen.update(types)
        else:
            said = list(text.prose())
            for words in said:
                lots.offer(words, text.published)
            found.of_words += len(said)
            found.not_of_words += not said


def _shown(file: Path, search: Search, found: Found) -> str:
    """Return a path as it may be shown: a part of it that is somebody's data is withheld, and counted."""
    parts = []
    for part in file.parts:
        types = search.types(part)
        for kind in types:
            found.hits[Place(WITHHELD, "name of a file", kind)] += 1
        parts.append(WITHHELD if types else part)
    return "/".join(parts)


class _Lots:
    """The distinct texts whose hashes are lowest: the same ones whatever the order they come in."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[int, str]] = []
        self._held: set[int] = set()
        self._published: set[int] = set()
        self._said: set[int] = set()

    def offer(self, text: str, published: bool | None) -> None:
        if not self._size:
            return
        lot = -int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())
        if published is not None:
            (self._published if published else self._said).add(lot)
        if lot in self._held or (len(self._heap) == self._size and lot <= self._heap[0][0]):
            return
        self._held.add(lot)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, (lot, text))
        else:
            self._held.discard(heapq.heappushpop(self._heap, (lot, text))[0])

    def drawn(self) -> list[tuple[str, bool]]:
        return [
            (text, lot in self._published or lot not in self._said) for lot, text in sorted(self._heap, reverse=True)
        ]
