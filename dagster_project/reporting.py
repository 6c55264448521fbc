"""What `refinery scan` reads and prints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table as Grid

from assets.anonymization.known import typed
from assets.anonymization.known_forms import TYPES
from assets.anonymization.leaks import Search, Watchlist
from assets.errors import RefineryError
from dagster_project.proof import Proof, prove, prove_home
from dagster_project.resources.lake import Lake
from dagster_project.rows import read_rows
from dagster_project.settings import Settings

PLACES = 60
"""Places listed; the sums count all of them."""


def scanned(settings: Settings, path: Path | None, known: Path | None, detect: bool, console: Console) -> bool:
    """Scan, tell what was found, and whether the proof holds.

    Raises:
        RefineryError: The path or the file of identities is not there or cannot be read.
    """
    if path is not None and not path.exists():
        raise RefineryError(str(path), "no such file or folder", "correct the path")
    if known is not None:
        search = Search(Watchlist(read_known(known)), {})
        proof = prove(path or settings.home, search, settings, leave_out=[known], detect=detect)
    else:
        if path is None and not settings.home.is_dir():
            raise RefineryError(str(settings.home), "no refinery is there", "run it first, or name a path")
        proof = prove_home(settings, Lake(settings.lake_root), path=path, detect=detect)
    _tell(proof, console)
    return proof.holds


def read_known(file: Path) -> Iterator[tuple[str, str]]:
    """Yield type and value of the identities in a file.

    CSV, JSONL or Parquet with the columns `type` (name, email, phone, address, account, card, ...) and `value`; or a
    plain text with one value a line, whose types are guessed.

    Raises:
        RefineryError: The file cannot be read, or a row lacks a value or has a type that is not known.
    """
    if file.suffix in (".txt", ""):
        try:
            yield from typed(file.read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError):
            raise RefineryError(str(file), "cannot be read as UTF-8 text", "correct the path or the file") from None
        return
    for number, row in enumerate(read_rows(file), 1):
        kind, value = str(row.get("type") or ""), row.get("value")
        if not value or kind not in TYPES:
            types = ", ".join(TYPES)
            raise RefineryError(f"{file}, row {number}", "lacks a known type or a value", f"types are {types}")
        yield kind, str(value)


def _tell(proof: Proof, console: Console) -> None:
    found = proof.found
    if found.hits:
        grid = Grid("file", "where", "type", "hits", "rows", box=None)
        for place, n in found.hits.most_common(PLACES):
            grid.add_row(place.file, place.where, place.type, f"{n:,}", ", ".join(found.rows.get(place, ())))
        console.print(grid)
        if len(found.hits) > PLACES:
            console.print(f"... and {len(found.hits) - PLACES:,} more places")
    for file, why in found.unreadable.items():
        console.print(f"[yellow]not read[/yellow] {file}: {why}")
    console.print(
        f"{found.files:,} files, {found.bytes / 1e6:,.1f} MB, {proof.identities:,} known identities "
        f"({proof.not_searched:,} too short to search for), {sum(found.hits.values()):,} hits"
    )
    if not proof.identities:
        console.print("[yellow]nobody is known here: only numbers that prove themselves were looked for[/yellow]")
    if proof.rows_purged:
        console.print(f"{proof.rows_purged:,} rows were purged, and their people are searched for no more")
    if proof.looked_at:
        types = ", ".join(f"{kind} {n:,}" for kind, n in proof.suspected.most_common())
        said = "over budget" if proof.over_budget else "within budget"
        if not proof.suspicious and proof.bound > proof.budget:
            said = "too few to prove the budget"
        console.print(
            f"detectors suspect {proof.suspicious:,} of {proof.looked_at:,} texts ({types or 'nothing'}); at most "
            f"{proof.bound:.2%} with 95 % confidence, allowed {proof.budget:.2%}: {said}"
        )
        console.print(
            f"the {proof.looked_at:,} are the distinct ones, at most {proof.sample:,}, of {found.of_words:,} texts of "
            f"words; {found.not_of_words:,} ids, labels, numbers and other values were searched and not given to them"
        )
