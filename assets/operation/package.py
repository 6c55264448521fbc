"""Whatever approach was chosen, as one folder that can be served: written once, named after its content."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from assets import base_model, released, tables
from assets.conversation import framed
from assets.errors import RefineryError
from assets.folder import intact, put_in_place, sha256_of, workplace
from assets.instructions import Framing, Instructions
from assets.ledger import Published, summary
from assets.operation import gguf_form
from assets.operation.card import card
from assets.operation.marks import ANSWER, FEW_SHOT, ZERO_SHOT, marks, measured_as
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
from assets.shots import ANY
from assets.training import ADAPTER, MODEL, TASKS, read_result, version_of

DO_NOT_FINE_TUNE, ENDPOINT = "do_not_fine_tune", "few_shot_endpoint"
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


def model_package(
    chosen: Chosen,
    *,
    release: Path,
    base: Path,
    home: Path,
    words: Instructions,
    max_prompt_tokens: int,
    gguf: Path | None = None,
) -> Published:
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
        words: The instructions, and the words around conversations, that the examples were framed in.
        max_prompt_tokens: Longest few-shot prompt of the measurement.
        gguf: The base model as GGUF, after which a full model's is made; the packaged one needs none stated.

    Raises:
        RefineryError: The release is refused, or what is recommended was not made, measured, or made of this release,
            or the words have changed since.
    """
    opened, tokenizer = released.open_release(release), base_model.load_tokenizer(base)
    recommended = chosen.recommendation["approach"][0].as_py()
    approach = ZERO_SHOT if recommended == DO_NOT_FINE_TUNE else recommended
    row = _trained(approach, chosen.trained)
    _prove_words(words, opened)
    facts: dict[str, Any] = {
        "kind": _kind(approach, row, home),
        "approach": approach,
        "recommended": recommended,
        "release": opened.release,
        "verdict_id": opened.verdict.verdict_id,
        "base_model": _answers(approach, chosen.predictions) or base_model.identity(base),
        "artifact": row and row["artifact"],
        "template_sha256": None if approach == ENDPOINT else base_model.template_sha256(tokenizer),
        "control_tokens": () if approach == ENDPOINT else tuple(sorted(tokenizer.all_special_tokens)),
        "instructions": _instructions(words, opened, plain=row is not None and row["form"] == "plain"),
        "framing": Framing(**words.model_dump(include={*Framing.model_fields})),
        "category_known": _category_known(chosen.prompts) if approach in (FEW_SHOT, ENDPOINT) else None,
        "metrics": _scores(chosen.scores, approach),
    }
    _prove(row, facts, home)
    measured = marks(chosen.predictions, approach)
    if ANSWER not in measured["task"].to_pylist():
        raise RefineryError(f"package of {approach}", "has no predictions", "materialise predictions again")
    with workplace(home / FOLDER) as made:
        facts["not_embedded"] = _fill(made, facts, row, chosen.prompts, base, home, max_prompt_tokens, gguf)
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


def _answers(approach: str, predictions: pa.Table) -> str | None:
    """Return the model behind the endpoint that answered; None where it is none but ours."""
    if approach != ENDPOINT:
        return None
    models = {row["model"] for row in predictions.to_pylist() if row["approach"] == ENDPOINT}
    if len(models) != 1 or None in models:
        raise RefineryError(f"package of {approach}", "does not know which model answered", "make predictions again")
    return str(*models)


def _prove_words(words: Instructions, release: released.Release) -> None:
    """Refuse words that the release's test examples are not framed in: nothing was measured under them."""
    for row in release.examples("test"):
        if row["instruction"] not in words.tasks.answer.values() or not framed(row, words):
            what = f"is not what release {release.release} was framed in"
            raise RefineryError("formatting.instructions", what, "release the dataset again, or restore the file")


def _instructions(words: Instructions, release: released.Release, *, plain: bool) -> dict[str, str]:
    """Return what a package is asked under: answers by type of item, unless plainly; labels always.

    Of a task of labels that is the one that says nothing of the customer, whoever the examples are of.
    """
    labels = {
        task: {words.bare(row["instruction"]) for row in release.examples("train", task=task)}
        for task in TASKS
        if task != ANSWER
    }
    shortest = {task: min(texts, key=lambda text: (len(text), text)) for task, texts in labels.items() if texts}
    answers = {str(name): text for name, text in words.tasks.answer.items() if not plain}
    return answers | shortest


def _category_known(prompts: pa.Table) -> bool:
    return any(row["category_known"] for row in prompts.to_pylist() if row["category"] == ANY)


def _scores(scores: pa.Table, approach: str) -> tuple[Score, ...]:
    rows = [
        row
        for row in scores.to_pylist()
        if row["source"] == row["subset"] == ALL and row["approach"] == measured_as(approach, row["task"])
    ]
    found = [Score(**{name: r[name] for name in Score.model_fields}) for r in rows]
    return tuple(sorted(found, key=lambda s: (s.task, s.baseline or "", s.metric)))


def _fill(
    made: Path,
    facts: Mapping[str, Any],
    row: Row | None,
    prompts: pa.Table,
    base: Path,
    home: Path,
    most: int,
    gguf: Path | None,
) -> str | None:
    """Write what is served; return why it has no form for the embedded server, if it has none."""
    if row is None:
        _write_prompts(made / PROMPTS, facts, prompts, most)
        return None
    source = home / row["folder"]
    try:
        if facts["kind"] == "adapter":
            shutil.copytree(source / ADAPTER, made / ADAPTER)
            _copy_tokenizer(base, made / TOKENIZER)
            gguf_form.write_adapter(made / ADAPTER, base, made / ADAPTER_GGUF)
        else:
            shutil.copytree(source / MODEL, made / MODEL)
            gguf_form.write_model(made / MODEL, base_gguf(facts["base_model"], gguf), made / MODEL_GGUF)
    except RefineryError as error:
        return str(error)
    return None


def _write_prompts(file: Path, facts: Mapping[str, Any], prompts: pa.Table, most: int) -> None:
    """Write what is said to the model: its name, the instructions, and few-shot prompts where they are chosen."""
    rows = prompts.to_pylist() if facts["approach"] != ZERO_SHOT else []
    if any(row["release"] != facts["release"] for row in rows):
        raise RefineryError("few_shot_prompts", "are of another release", "materialise them again")
    shown = [
        {
            "category": row["category"],
            "template": row["template"],
            "shots": [{name: shot[name] for name in ("question", "answer")} for shot in row["shots"]],
            "max_tokens": most,
        }
        for row in sorted(rows, key=lambda r: str(r["category"]))
    ]
    stated = {"model": facts["base_model"], "instructions": facts["instructions"], "prompts": shown}
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
