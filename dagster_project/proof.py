"""The leak proof as a whole: a scan for known identities, and detectors on a sample of what it read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assets.anonymization.leaks import Search
from dagster_project.resources.identities import rows_purged, search_of
from dagster_project.resources.lake import Lake
from dagster_project.scan import Found, scan
from dagster_project.settings import Settings

RESTRICTED = "restricted"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Proof:
    """What a scan found, and what detectors suspect in a sample of the rest."""

    found: Found
    identities: int
    not_searched: int
    rows_purged: int
    looked_at: int
    suspicious: int
    suspected: Counter[str]
    budget: float
    sample: int

    @property
    def bound(self) -> float:
        """Upper end of the one-sided 95 % interval (Clopper and Pearson) of the share of suspicious records."""
        return upper_bound(self.suspicious, self.looked_at)

    @property
    def over_budget(self) -> bool:
        """Whether suspicion cannot be said to be within the budget; of none at all nothing is held against it."""
        return self.suspicious > 0 and self.bound > self.budget

    @property
    def holds(self) -> bool:
        """Whether nothing leaked, as far as can be proved."""
        return self.found.proved_clean and not self.over_budget


def upper_bound(hits: int, n: int) -> float:
    """Return the upper end of the one-sided 95 % interval of a share (Clopper and Pearson, Biometrika 1934).

    >>> round(upper_bound(0, 2995), 4), round(upper_bound(0, 100), 2), upper_bound(3, 3), upper_bound(0, 0)
    (0.001, 0.03, 1.0, 1.0)
    """
    from scipy.stats import beta

    return 1.0 if hits == n else float(beta.ppf(CONFIDENCE, hits + 1, n - hits))


def prove(path: Path, search: Search, settings: Settings, *, leave_out: Sequence[Path] = (), detect: bool) -> Proof:
    """Scan a path, and let detectors look at a sample of it.

    Args:
        path: File or folder.
        search: Whose data to look for.
        settings: The refinery's settings: what detectors look for, and the budget.
        leave_out: What is not looked into.
        detect: Whether detectors look at all; they need seconds to load.
    """
    found, sample = scan(path, search, leave_out=leave_out, sample=settings.privacy.sample if detect else 0)
    suspected, suspicious = _suspected(sample, settings)
    return Proof(
        found,
        search.watch.identities,
        search.watch.not_searched,
        0,
        len(sample),
        suspicious,
        suspected,
        settings.privacy.suspected,
        settings.privacy.sample,
    )


def prove_home(settings: Settings, lake: Lake, *, path: Path | None = None, detect: bool = False) -> Proof:
    """Prove all of REFINERY_HOME outside the restricted zone, or a path, for everybody that the lake knows."""
    restricted = settings.home / RESTRICTED
    inside = path is not None and path.resolve().is_relative_to(restricted.resolve())
    proof = prove(
        path or settings.home,
        search_of(lake, settings),
        settings,
        leave_out=[] if inside else [restricted],
        detect=detect,
    )
    return Proof(**{**vars(proof), "rows_purged": rows_purged(lake)})


def _suspected(texts: Sequence[tuple[str, bool]], settings: Settings) -> tuple[Counter[str], int]:
    """Count what detectors find in texts, by type, and in how many; what was published is read as articles are."""
    if not texts:
        return Counter(), 0
    from assets.anonymization.anonymize import apply

    types: Counter[str] = Counter()
    suspicious = 0
    rows = ({"id": i, "text": t, "kind": "article" if p else "ticket"} for i, (t, p) in enumerate(texts))
    for row in apply(rows, settings.anonymization):
        types.update(span["type"] for span in row["spans"])
        suspicious += bool(row["spans"] or row.get("error"))
    return types, suspicious
