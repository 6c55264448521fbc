"""The champion and its history: who is served, who wanted to be, and why it was decided so.

The history only grows. A package is decided upon once: it becomes champion if it is the first, or better than the
champion in a paired test with no guarded metric worse. One that was champion before becomes so again by a person's
word alone, so that no night undoes a rollback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from assets import tables
from assets.errors import RefineryError
from assets.ledger import Published, summary
from assets.operation.contest import PRIMARY, Figure, compare
from assets.operation.params import PromotionParams

FIRST, PROMOTED, KEPT, ROLLED_BACK, APPOINTED = "first", "promoted", "kept", "rolled_back", "appointed"

Marks = Callable[[str], pa.Table]
"""Reads a package's marks, by its version."""
Row = dict[str, Any]


def champion(history: pa.Table) -> str | None:
    """Return the version that is served; None before the first decision."""
    return history["champion"][-1].as_py() if len(history) else None


def champions(package: pa.Table, history: pa.Table, marks: Marks, params: PromotionParams) -> Published:
    """Decide whether the package becomes champion, and add that to the history; decided before, nothing is added.

    Args:
        package: A table in the form of `tables.MODEL_PACKAGE`.
        history: The table `tables.CHAMPIONS` as it is.
        marks: Reads the marks of a package.
        params: What a package must show.

    Raises:
        RefineryError: The package's own marks cannot be read. A champion's that cannot keep it champion, on record, so
            that a person can appoint another.
    """
    rows = history.to_pylist()
    for version in package.column("version").to_pylist():
        row = _decision(version, rows, marks, params)
        if row is not None:
            rows.append(row)
    return _published(rows)


def rollback(history: pa.Table, version: str | None = None) -> Published:
    """Make an earlier champion champion again.

    Args:
        history: The table `tables.CHAMPIONS` as it is.
        version: Which one, or the beginning of its name; by default the one before the present champion.

    Raises:
        RefineryError: There is no such earlier champion.
    """
    rows, now = history.to_pylist(), champion(history)
    reigns = [r["champion"] for r in rows if r["outcome"] != KEPT and r["champion"] != now]
    earlier = sorted(set(reigns))
    found = [v for v in earlier if version and v.startswith(version)] if version else reigns[-1:]
    if len(found) != 1:
        known = f"earlier champions: {', '.join(earlier)}" if earlier else "there is no earlier champion"
        what = f"{version} names no single earlier champion" if version else "nothing to go back to"
        raise RefineryError("refinery rollback", what, known)
    rows.append(_row(rows, found[0], ROLLED_BACK, ["a person said so"], champion=found[0]))
    return _published(rows)


def appoint(history: pa.Table, version: str) -> Published:
    """Make a package champion that was decided upon and kept from it: a person may know more than the test set.

    Args:
        history: The table `tables.CHAMPIONS` as it is.
        version: The package, or the beginning of its name.

    Raises:
        RefineryError: The history knows no such package, or it is champion.
    """
    rows, now = history.to_pylist(), champion(history)
    known = sorted({r["version"] for r in rows} - {now})
    found = [v for v in known if v.startswith(version)]
    if len(found) != 1:
        do = f"packages decided upon: {', '.join(known)}" if known else "make one with `refinery run`"
        raise RefineryError("refinery package --appoint", f"{version} names no single package", do)
    rows.append(_row(rows, found[0], APPOINTED, ["a person said so"], champion=found[0]))
    return _published(rows)


def _decision(version: str, rows: Sequence[Row], marks: Marks, params: PromotionParams) -> Row | None:
    now = rows[-1]["champion"] if rows else None
    if now is None:
        return _row(rows, version, FIRST, ["there was no champion"], champion=version)
    ruled, asked = {r["champion"] for r in rows}, params.model_dump_json()
    if version in ruled or any((r["version"], r["rival"], r["params"]) == (version, now, asked) for r in rows):
        return None
    mine = marks(version)
    try:
        theirs = marks(now)
    except RefineryError as fault:
        return _row(rows, version, KEPT, [f"the champion cannot be compared with: {fault}"], champion=now, params=asked)
    figures = compare(mine, theirs, params)
    against = list(objections(figures, params))
    if against:
        return _row(rows, version, KEPT, against, champion=now, figures=figures, params=asked)
    reasons = [_told(figures[0], "better")]
    return _row(rows, version, PROMOTED, reasons, champion=version, figures=figures, params=asked)


def objections(figures: Sequence[Figure], params: PromotionParams) -> Iterator[str]:
    """Yield what speaks against a promotion, one clause each; of a better package with nothing worse, nothing."""
    for figure in figures:
        measured = (figure.value is not None, figure.champion is not None)
        primary = figure.metric == PRIMARY
        if figure.difference is not None:
            if primary and (figure.p_better or 0) > params.alpha:
                yield f"not shown to be better: {_told(figure, 'better')}"
            if not primary and (figure.p_worse or 0) <= params.alpha:
                yield f"worse: {_told(figure, 'worse')}"
        elif all(measured) or primary:
            yield f"too little in common to compare {figure.metric}: {_counts(figure)}"
        elif figure.champion is not None:
            yield f"{figure.metric} is guarded, and was measured of the champion alone"


def _told(figure: Figure, claim: str) -> str:
    p = figure.p_better if claim == "better" else figure.p_worse
    values = f"{figure.metric} {figure.value:.4g}, the champion's {figure.champion:.4g}"
    return f"{values}, difference {figure.low:.3g} to {figure.high:.3g}, p = {p:.2g} ({_counts(figure)})"


def _counts(figure: Figure) -> str:
    return f"{figure.n} examples of {figure.threads} threads"


def _row(
    rows: Sequence[Row],
    version: str,
    outcome: str,
    reasons: list[str],
    *,
    champion: str,
    figures: Sequence[Figure] = (),
    params: str = "",
) -> Row:
    """Return the next line of the history; it names its place, for the same may be decided twice in a lifetime."""
    rival = rows[-1]["champion"] if rows else None
    return {
        "decision_id": tables.content_hash(str(len(rows)), version, rival or "", outcome),
        "number": len(rows) + 1,
        "version": version,
        "rival": rival,
        "outcome": outcome,
        "champion": champion,
        "reasons": reasons,
        "figures": [asdict(figure) for figure in figures],
        "params": params,
    }


def _published(rows: Sequence[Row]) -> Published:
    return summary(tables.CHAMPIONS.of(rows), key="decision_id", parents=["model_package"])
