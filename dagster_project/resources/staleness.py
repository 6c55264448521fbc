"""What must be computed again: decided by manifests alone, never by a clock.

The fingerprint of a partition is the hash of all that decides its content: the manifests of its
inputs, the room's code, the room's settings and domain files, and for a source its rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain

from assets.collection.calendar import Calendar
from assets.collection.collect import collect, survey
from assets.collection.customers import collect_customers, survey_customers
from assets.collection.params import CollectionParams, SourceParams
from assets.ledger import Published
from assets.tables import COLLECTED, CUSTOMERS, TABLES, key_name
from dagster_project.metadata import code_hash
from dagster_project.places import installation_key
from dagster_project.resources.lake import WHOLE, Lake, Manifest
from dagster_project.settings import Settings

SOURCES = frozenset(t.name for t in (*COLLECTED, CUSTOMERS))
_NOTHING = hashlib.sha256().hexdigest()
"""What a survey says of a partition for which the sources have nothing."""


@dataclass
class Desk:
    """The sources as they are at one moment; every run takes a new one.

    A table is surveyed before it is collected, so that a row changed in between is collected again later
    rather than missed.
    """

    settings: Settings
    key: bytes = field(default_factory=installation_key, repr=False)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    _surveyed: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)

    @cached_property
    def calendar(self) -> Calendar:
        """The cut of the record line, up to today."""
        cut = self.settings.partitions
        return Calendar(cut.every, cut.start, self.now.date())

    def surveyed(self, asset: str) -> dict[str, str]:
        """Return the hash of every partition's source rows; looked at once, so that one sick source harms no other."""
        if asset == CUSTOMERS.name:
            return {WHOLE: survey_customers(self._customers)}
        if asset not in self._surveyed:
            self._surveyed[asset] = survey(asset, *self._sources, calendar=self.calendar, key=self.key)
        return self._surveyed[asset]

    def collect(self, asset: str, partitions: Sequence[str]) -> Published:
        """Read one kind of record for some partitions, or all customers there are."""
        if asset == CUSTOMERS.name:
            return self._customers
        self.surveyed(asset)
        return collect(asset, *self._sources, calendar=self.calendar, keys=set(partitions), key=self.key)

    def fingerprint(self, asset: str, partition: str) -> str:
        """Return what the source rows of a partition hash to, under the key that names them; of none, a constant."""
        found = self.surveyed(asset).get(partition)
        return "no rows" if found is None else f"{key_name(self.key)} {found}"

    def holds(self, asset: str, partition: str) -> bool:
        """Tell whether the sources have any row of a partition."""
        return self.surveyed(asset).get(partition, _NOTHING) != _NOTHING

    @cached_property
    def _customers(self) -> Published:
        return collect_customers(*self._sources, key=self.key)

    @property
    def _sources(self) -> tuple[tuple[SourceParams, ...], CollectionParams]:
        return self.settings.sources, self.settings.collection


Inputs = Mapping[str, Mapping[str, str]]
"""By parent asset and partition, the hash of the table that was read."""


def inputs_of(published: Mapping[str, Mapping[str, Manifest]], parents: Iterable[str], partition: str | None) -> Inputs:
    """Return what an asset partition would read now: the same partition of a parent, else all of it.

    Args:
        published: By asset the manifests of its partitions.
        parents: What the asset reads.
        partition: The partition; None for a whole table.
    """
    found = {}
    for parent in parents:
        there = published[parent]
        wanted = there if partition is None or not TABLES[parent].partitioned else there.keys() & {partition}
        found[parent] = {p: there[p].table_sha256 for p in wanted}
    return found


def fingerprint(asset: str, inputs: Inputs, settings: Settings, *, source: str = "", knobs: str = "") -> str:
    """Hash all that decides what an asset partition holds.

    Args:
        asset: The asset.
        inputs: What it read, see `inputs_of`.
        settings: The refinery's settings.
        source: Hash of the source rows, for a collected table.
        knobs: What makes one run's result differ from what the settings ask for: what a person turned for it, or how
            many prompts an endpoint left unasked.
    """
    table = TABLES[asset]
    digest = hashlib.sha256()
    said = [asset, str(table.schema), code_hash(table.room), settings.section_hash(table.room, asset), source, knobs]
    read = [f"{parent}/{p}={sha}" for parent, parts in sorted(inputs.items()) for p, sha in sorted(parts.items())]
    for word in [*said, *read]:
        digest.update(word.encode() + b"\0")
    return digest.hexdigest()


def stale(
    lake: Lake,
    settings: Settings,
    desk: Desk,
    parents: Mapping[str, Sequence[str]],
    assets: Sequence[str],
    partitions: Sequence[str] | None = None,
) -> dict[str, list[str]]:
    """Return by asset the partitions (`all` for a whole table) that must be computed again.

    Args:
        lake: Where the manifests are.
        settings: The refinery's settings.
        desk: The sources as they are now.
        parents: The asset graph, by asset its parents.
        assets: The assets asked about, parents before children. What depends on a stale one is stale too.
        partitions: The partitions asked about; by default all there are.

    A purged partition, and what reads one, stays as it was published: its text is gone, and making it again from
    nothing would lose its rows. Only a change of rows that the source still has brings it back, with all the other
    purged tables that are read together with it.
    """
    found: dict[str, list[str]] = {}
    asked = list(desk.calendar.keys()) if partitions is None else list(partitions)
    # A whole table reads every partition of its parents, whichever were asked about.
    cut = partitions if all(TABLES[a].partitioned for a in assets) else None
    near = {*assets, *chain(*(parents.get(a, ()) for a in assets))}
    published = {asset: lake.manifests(asset, cut if TABLES[asset].partitioned else None) for asset in near}
    for asset in assets:
        reads = parents.get(asset, ())
        keys: list[str | None] = [*asked] if TABLES[asset].partitioned else [None]
        for key in keys:
            manifest = published[asset].get(key or WHOLE)
            source = desk.fingerprint(asset, key or WHOLE) if asset in SOURCES else ""
            if key is None and manifest is not None and manifest.purged_at is not None:
                again = True  # the customers of today: the sources have them still
            elif manifest is not None and manifest.purged_at is not None and asset in SOURCES:
                again = source != manifest.source and desk.holds(asset, str(key))
            elif _parent_is_stale(found, reads, key):
                again = _within_reach(found, published, reads, key, desk)
            elif any(_purged(published, parent, key) for parent in reads):
                again = False
            else:
                now = fingerprint(asset, inputs_of(published, reads, key), settings, source=source)
                again = manifest is None or manifest.fingerprint != now
            if again:
                found.setdefault(asset, []).append(key or WHOLE)
    return found


def _purged(published: Mapping[str, Mapping[str, Manifest]], asset: str, key: str | None) -> bool:
    manifest = published[asset].get(key) if key else None
    return manifest is not None and manifest.purged_at is not None


def _within_reach(
    found: dict[str, list[str]],
    published: Mapping[str, Mapping[str, Manifest]],
    parents: Iterable[str],
    key: str | None,
    desk: Desk,
) -> bool:
    """Tell whether all that is read with a stale parent is there or can be collected again, and ask for that."""
    gone = [p for p in parents if _purged(published, p, key) and key not in found.get(p, ())]
    if not gone or key is None:
        return True
    if not all(p in SOURCES and desk.holds(p, key) for p in gone):
        return False
    for parent in gone:
        found.setdefault(parent, []).append(key)
    return True


def _parent_is_stale(found: Mapping[str, Sequence[str]], parents: Iterable[str], key: str | None) -> bool:
    for parent in parents:
        partitions = found.get(parent, ())
        if key in partitions or (partitions and (key is None or not TABLES[parent].partitioned)):
            return True
    return False
