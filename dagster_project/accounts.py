"""Where did my rows go: one line a stage, summed over what is published.

The sums stand in the manifests, so a lake of hundreds of partitions is told without opening a ledger.
Knows neither Dagster nor pandas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assets.ledger import OUTCOMES
from assets.tables import TABLES
from dagster_project.resources.lake import Lake

SUMMARIES = frozenset({"quality", "release", "tuning", "evaluation", "operation"})
"""Rooms whose tables tell of the dataset as a whole; no row of it goes into them or gets lost there."""
DERIVING = frozenset({"augmentation"})
"""Rooms whose tables add to the dataset: what they read stays where it is, and is not lost if nothing is made of it."""


@dataclass(frozen=True)
class Account:
    """What one stage did with its rows: rows_in = kept + dropped + merged + quarantined, rows_out = kept + derived."""

    stage: str
    rows_in: int
    kept: int
    dropped: Mapping[str, int]
    merged: Mapping[str, int]
    quarantined: Mapping[str, int]
    """These three by reason, most frequent first."""
    derived: int
    rows_out: int
    without: Mapping[str, int] = field(default_factory=dict)
    """Of a table that adds to the dataset: the rows it read and made nothing of, by reason; they are no rows in."""


def accounts(lake: Lake, run_id: str | None = None) -> list[Account]:
    """Return the account of every stage whose rows are of the dataset, in the order of the flow.

    Args:
        lake: Where the manifests are.
        run_id: Count only partitions that this Dagster run published and no later one replaced; the beginning
            of its id will do.
    """
    found = []
    for asset, table in TABLES.items():
        if table.room in SUMMARIES or table.append_only:  # what only remembers takes no rows in
            continue
        manifests = lake.manifests(asset).values()
        counted = [lake.outcomes(asset, m) for m in manifests if m.run_id.startswith(run_id or "")]
        if counted:
            sums = {outcome: _sum(one.get(outcome, {}) for one in counted) for outcome in OUTCOMES}
            kept, derived = (sum(sums[outcome].values()) for outcome in ("kept", "derived"))
            lost = {outcome: sums[outcome] for outcome in ("dropped", "merged", "quarantined")}
            without: Mapping[str, int] = {}
            if table.room in DERIVING:
                without, lost, kept, derived = _sum(lost.values()), {outcome: {} for outcome in lost}, 0, kept + derived
            rows_in = kept + sum(n for reasons in lost.values() for n in reasons.values())
            found.append(
                Account(asset, rows_in, kept, **lost, derived=derived, rows_out=kept + derived, without=without)
            )
    return found


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


HEAD = ("stage", "in", "kept", "dropped", "merged", "quarantined", "derived", "out")


def cells(found: Iterable[Account]) -> list[tuple[str, ...]]:
    """Return the accounts as rows of text under `HEAD`.

    >>> cells([Account("tickets", 1200, 1100, {"spam": 80, "empty": 20}, {}, {}, 0, 1100)])
    [('tickets', '1,200', '1,100', '100 (spam 80, empty 20)', '0', '0', '0', '1,100')]
    """
    return [
        (
            one.stage,
            f"{one.rows_in:,}",
            f"{one.kept:,}",
            *(_with_reasons(outcome, getattr(one, outcome)) for outcome in ("dropped", "merged", "quarantined")),
            f"{one.derived:,}" + (f" (without: {_stated(one.without)})" if one.without else ""),
            f"{one.rows_out:,}",
        )
        for one in found
    ]


def as_markdown(found: Iterable[Account]) -> str:
    """Return the accounts as a Markdown table; empty where nothing is published."""
    rows = cells(found)
    lines = [HEAD, ("---", *["---:"] * (len(HEAD) - 1)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) if rows else ""


def _with_reasons(outcome: str, reasons: Mapping[str, int]) -> str:
    stated = _stated({reason: n for reason, n in reasons.items() if reason != outcome})
    return f"{sum(reasons.values()):,}" + (f" ({stated})" if stated else "")


def _stated(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {n:,}" for reason, n in reasons.items())
