"""Whatever approach was chosen, as one folder that can be served: written once, named after its content."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from assets import base_model, released, tables
from assets.errors import RefineryError
from assets.folder import intact, put_in_place, sha256_of, workplace
from assets.ledger import Published, summary
from assets.operation import gguf_form
from assets.operation.card import card
from assets.operation.marks import ANSWER, marks
from assets.operation.packaged import (
    ADAPTER_GGUF,
    CARD,
    FOLDER,
    MARKS,
    MODEL_GGUF,
    PACKAGE,
    PROMPTS,
    TOKENIZER,
    Facts,
    Kind,
    Package,
    PackagedFile,
    Score,
)
from assets.operation.serving import base_gguf
from assets.training import ADAPTER, MODEL, read_result, version_of

if TYPE_CHECKING:
    pass

DO_NOT_FINE_TUNE, ZERO_SHOT, FEW_SHOT, ENDPOINT = "do_not_fine_tune", "zero_shot", "few_shot", "few_shot_endpoint"
ALL = "all"
_TOKENIZER_FILES = ("tokenizer", "special_tokens", "added_tokens", "vocab", "merges", "chat_template")
Row = dict[str, Any]


class Chosen(NamedTuple):
    """What is to be packed, as the tables before it say."""

    recommendation: pa.Table
    predictions: pa.Table
    scores: pa.Table
    prompts: pa.Table
    trained: Sequence[pa.Table]


def model_package(chosen: Chosen, *, release: Path, base: Path, home: Path) -> Published:
    """Write the recommended approach into a folder named after its content; the same input gives the same bytes.

    Below `artifacts/model_package/<version>/` stand `package.json` (`packaged.Facts`, with the hash of every other
    file), the model card `README.md`, `predictions.parquet` (`marks.MARKS`), and

    - of prompts: `prompts.json`;
    - of an adapter: `adapter/` (safetensors), `tokenizer/` with the chat template, and `adapter.gguf`;
    - of a full model: `model/` (safetensors and tokenizer), and `model.gguf`.

    Where it is recommended not to fine-tune, the base model under its instruction is packed: a package can always be
    served. A package that is there and intact is left alone.

    Args:
        chosen: The tables.
        release: The release's folder.
        base: Hugging Face folder of the base model.
        home: REFINERY_HOME.

    Raises:
        RefineryError: The release is refused, or what is recommended was not made, measured, or made of this release.
    """
    opened, tokenizer = released.open_release(release), base_model.load_tokenizer(base)
    recommended = chosen.recommendation["approach"][0].as_py()
    approach = ZERO_SHOT if recommended == DO_NOT_FINE_TUNE else recommended
    row = _trained(approach, chosen.trained)
    facts: dict[str, Any] = {
        "kind": _kind(approach, row, home),
        "approach": approach,
        "recommended": recommended,
        "release": opened.release,
        "verdict_id": opened.verdict.verdict_id,
        "base_model": base_model.identity(base),
        "artifact": row and row["artifact"],
        "template_sha256": base_model.template_sha256(tokenizer),
        "control_tokens": tuple(sorted(tokenizer.all_special_tokens)),
        "system": _system(opened) if row is None or row["form"] == "instruction" else None,
        "metrics": _scores(chosen.scores, approach),
    }
    _prove(row, facts, home)
    measured = marks(chosen.predictions, approach)
    if not len(measured):
        raise RefineryError(f"package of {approach}", "has no predictions", "materialise predictions again")
    with workplace(home / FOLDER) as made:
        facts["not_embedded"] = _fill(made, facts, row, chosen.prompts, base, home)
        pq.write_table(measured, made / MARKS, compression="zstd")
        (made / CARD).write_text(card(facts, row, release / CARD), encoding="utf-8")
        stated = Facts(**facts, files=_files(made))
        package = Package(home / FOLDER / stated.version, stated)
        written = {"version": package.version, **stated.model_dump(mode="json")}
        (made / PACKAGE).write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
        if not intact(package.folder, PACKAGE, written):
            put_in_place(made, package.folder)
    return summary(tables.MODEL_PACKAGE.of([_row(package)]), key="version", parents=["recommendation"])


def _trained(approach: str, trained: Sequence[pa.Table]) -> Row | None:
    """Return the row of what was trained; None for prompts."""
    rows = {row["approach"]: row for table in trained for row in table.to_pylist()}
    if approach not in (ZERO_SHOT, FEW_SHOT, ENDPOINT) and approach not in rows:
        what = "is recommended, and was not trained"
        raise RefineryError(f"package of {approach}", what, "materialise tuning and evaluation again")
    return rows.get(approach)


def _kind(approach: str, row: Row | None, home: Path) -> Kind:
    if row is None:
        return "prompts"
    return "adapter" if (home / row["folder"] / ADAPTER).is_dir() else "model"


def _prove(row: Row | None, facts: Mapping[str, Any], home: Path) -> None:
    """Refuse what was not trained on this release, for this model and chat template."""
    if row is None:
        return
    folder, kind = home / row["folder"], {"adapter": ADAPTER, "model": MODEL}[facts["kind"]]
    where, do = f"{facts['approach']} {row['artifact']}", "train it again on the present release"
    if version_of(folder / kind) != row["artifact"]:
        raise RefineryError(where, "its weights are not those that were trained", do)
    stated = read_result(folder)
    for name in ("approach", "artifact", "release", "verdict_id", "base_model", "template_sha256"):
        if getattr(stated, name) != facts[name]:
            raise RefineryError(where, f"was trained with another {name}", do)


def _system(release: released.Release) -> str | None:
    """Return the instruction that most of the training examples of answers bear; of equals the first by its text."""
    counts = Counter(row["instruction"] for row in release.examples("train") if row["instruction"])
    return min(counts, key=lambda text: (-counts[text], text), default=None)


def _scores(scores: pa.Table, approach: str) -> tuple[Score, ...]:
    rows = [r for r in scores.to_pylist() if (r["approach"], r["source"], r["subset"]) == (approach, ALL, ALL)]
    found = [Score(**{name: r[name] for name in Score.model_fields}) for r in rows]
    return tuple(sorted(found, key=lambda s: (s.task, s.baseline or "", s.metric)))


def _fill(
    made: Path, facts: Mapping[str, Any], row: Row | None, prompts: pa.Table, base: Path, home: Path
) -> str | None:
    """Write what is served; return why it has no form for the embedded server, if it has none."""
    if row is None:
        _write_prompts(made / PROMPTS, facts, prompts)
        return None
    source = home / row["folder"]
    try:
        if facts["kind"] == "adapter":
            shutil.copytree(source / ADAPTER, made / ADAPTER)
            _copy_tokenizer(base, made / TOKENIZER)
            gguf_form.write_adapter(made / ADAPTER, base, made / ADAPTER_GGUF)
        else:
            shutil.copytree(source / MODEL, made / MODEL)
            gguf_form.write_model(made / MODEL, base_gguf(facts["base_model"]), made / MODEL_GGUF)
    except RefineryError as error:
        return str(error)
    return None


def _write_prompts(file: Path, facts: Mapping[str, Any], prompts: pa.Table) -> None:
    """Write what is said to the base model: its name, the instruction, and few-shot prompts where they are chosen."""
    rows = prompts.to_pylist() if facts["approach"] != ZERO_SHOT else []
    if any(row["release"] != facts["release"] for row in rows):
        raise RefineryError("few_shot_prompts", "are of another release", "materialise them again")
    shown = [
        {
            "category": row["category"],
            "template": row["template"],
            "shots": [{name: shot[name] for name in ("question", "answer")} for shot in row["shots"]],
        }
        for row in sorted(rows, key=lambda r: str(r["category"]))
    ]
    stated = {"model": facts["base_model"], "system": facts["system"], "prompts": shown}
    file.write_text(json.dumps(stated, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _copy_tokenizer(base: Path, target: Path) -> None:
    target.mkdir()
    for file in sorted(base.iterdir()):
        if file.name.startswith(_TOKENIZER_FILES):
            shutil.copyfile(file, target / file.name)


def _files(made: Path) -> dict[str, PackagedFile]:
    found = [file for file in made.rglob("*") if file.is_file()]
    paths = {file.relative_to(made).as_posix(): file for file in found}
    return {p: PackagedFile(sha256=sha256_of(f), bytes=f.stat().st_size) for p, f in sorted(paths.items())}


def _row(package: Package) -> Row:
    facts = package.facts
    names = ("approach", "kind", "artifact", "recommended", "release", "verdict_id", "base_model", "template_sha256")
    return {
        "version": package.version,
        **{name: getattr(facts, name) for name in names},
        "folder": (FOLDER / package.version).as_posix(),
        "nll_per_token": next((s.value for s in _own(facts, "nll_per_token")), None),
        "not_embedded": facts.not_embedded,
        "files": len(facts.files),
        "bytes": sum(file.bytes for file in facts.files.values()),
    }


def _own(facts: Facts, metric: str) -> list[Score]:
    return [s for s in facts.metrics if (s.task, s.metric, s.baseline) == (ANSWER, metric, None)]
