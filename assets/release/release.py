"""The dataset goes out: files, card and hashes, in one version."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from assets import tables
from assets.errors import RefineryError
from assets.folder import intact, put_in_place, sha256_of, workplace
from assets.ledger import Published, summary
from assets.licences import Own
from assets.release.card import UNKNOWN, card
from assets.release.compliance import comply
from assets.release.formats import FORMATS
from assets.release.params import ReleaseParams

FOLDER, RELEASE = Path("artifacts/dataset_release"), "release.json"

Files = dict[str, dict[str, Any]]


def release(
    examples: pa.Table,
    verdict: pa.Table,
    params: ReleaseParams,
    *,
    home: Path,
    dataset_sha256: str,
    licences: Own = MappingProxyType({}),
    credits: Mapping[str, str] = MappingProxyType({}),
) -> Published:
    """Write the dataset as a release, named after its content; the same input gives the same bytes.

    Below `artifacts/dataset_release/<version>/` stand the splits in every form of `formats.FORMATS`
    (`data/<split>.parquet` and so on), the dataset card `README.md`, and `release.json`:

        {"release": str, "dataset_sha256": str, "verdict": {"verdict_id": str, "passed": bool},
         "files": {"data/train.parquet": {"sha256": str, "rows": int, "bytes": int}, ...}}

    `files` names every file but `release.json`; the version is the beginning of the hash over
    them, and the card states the verdict, so that another verdict is another version. A release
    that is there and intact is left alone.

    Args:
        examples: A table in the form of `tables.TRAINING_EXAMPLES`.
        verdict: A table in the form of `tables.QUALITY_VERDICT`.
        params: The knobs of the release.
        home: REFINERY_HOME.
        dataset_sha256: Hash of `examples` as published.
        licences: Terms of licences that are on no list.
        credits: By source how it is to be named.

    Raises:
        RefineryError: The verdict failed or speaks about other examples, a column is none of theirs, a licence is
            denied, or the release is for commercial use and a licence does not allow it.
    """
    judged = _passed(verdict, dataset_sha256)
    _refuse_strangers(examples)
    _refuse_denied(examples, params)
    if params.commercial:
        comply(examples, licences)
    params = params.model_copy(update={"attributions": {**credits, **params.attributions}})
    examples = examples.sort_by("example_id")
    with workplace(home / FOLDER) as made:
        files = _write(examples, judged, params, made, licences)
        version = _version(files)
        facts: dict[str, Any] = {
            "release": version,
            "dataset_sha256": dataset_sha256,
            "verdict": {"verdict_id": judged["verdict_id"], "passed": True},
            "files": files,
        }
        (made / RELEASE).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        target = home / FOLDER / version
        if not intact(target, RELEASE, facts):
            put_in_place(made, target)
    rows = tables.DATASET_RELEASE.of(_row(path, facts) for path in files)
    return summary(rows, key="file", parents=["training_examples", "quality_verdict"])


def _passed(verdict: pa.Table, dataset_sha256: str) -> Mapping[str, Any]:
    """Return the verdict if it lets exactly these examples out."""
    do = "materialise quality_report and quality_verdict again"
    if verdict.num_rows != 1:
        raise RefineryError("quality_verdict", f"holds {verdict.num_rows} verdicts instead of one", do)
    judged: dict[str, Any] = verdict.to_pylist()[0]
    if not dataset_sha256 or judged["dataset_sha256"] != dataset_sha256:
        raise RefineryError("quality_verdict", "speaks about other examples than these", do)
    if judged["passed"] is not True:
        what = f"is 'failed' ({'; '.join(judged['reasons'] or ['no reason given'])})"
        raise RefineryError("quality_verdict", what, "improve the dataset, or change the bounds under quality")
    return judged


def _refuse_strangers(examples: pa.Table) -> None:
    """Refuse columns that no example has: nothing of the restricted zone is exported, not even by mistake."""
    strange = sorted(set(examples.column_names) - set(tables.TRAINING_EXAMPLES.schema.names))
    if strange:
        raise RefineryError(
            "release", f"was given columns no example has: {', '.join(strange)}", "release examples only"
        )


def _refuse_denied(examples: pa.Table, params: ReleaseParams) -> None:
    denied = {licence.lower() for licence in params.deny_licences}
    licences, sources = (examples.column(name).to_pylist() for name in ("licence", "source"))
    found = Counter((licence or UNKNOWN, source) for licence, source in zip(licences, sources, strict=True))
    bad = [f"{n} of {source} ({licence})" for (licence, source), n in found.items() if licence.lower() in denied]
    if bad:
        what = f"denied licences: {', '.join(sorted(bad))}"
        raise RefineryError("release.deny_licences", what, "leave these sources out, or allow their licence")


def _write(examples: pa.Table, judged: Mapping[str, Any], params: ReleaseParams, folder: Path, licences: Own) -> Files:
    """Write all files but release.json; return each with its hash, rows and bytes, in order of path."""
    rows: dict[str, int] = {"README.md": 0}
    (folder / "README.md").write_text(card(examples, judged, params, licences), encoding="utf-8")
    for form in FORMATS:
        (folder / form.folder).mkdir()
        for split in tables.SPLITS:
            part = examples.filter(pc.equal(examples.column("split"), split))
            form.write(part, folder / form.path(split))
            rows[form.path(split)] = len(part)
    return {
        path: {"sha256": sha256_of(folder / path), "rows": rows[path], "bytes": (folder / path).stat().st_size}
        for path in sorted(rows)
    }


def _version(files: Files) -> str:
    lines = "".join(f"{facts['sha256']}  {path}\n" for path, facts in files.items())
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def _row(path: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    folder, _, name = path.rpartition("/")
    format_ = next((form.name for form in FORMATS if form.folder == folder), "card")
    return {
        "file": path,
        "release": facts["release"],
        "format": format_,
        "split": name.partition(".")[0] if folder else None,
        **facts["files"][path],
        "dataset_sha256": facts["dataset_sha256"],
        "verdict_id": facts["verdict"]["verdict_id"],
        "folder": (FOLDER / facts["release"]).as_posix(),
    }
