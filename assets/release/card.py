"""The dataset card: what is in the release, from where, under which terms, and what it cannot do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from string import Template
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import yaml

from assets.licences import UNKNOWN, Own
from assets.release.compliance import duties
from assets.release.params import ReleaseParams
from assets.tables import SPLITS, TRAINING_EXAMPLES

_KNOWN_TO_HUB = {
    "apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc0-1.0", "gfdl", "mit", "odbl", "odc-by",
    "pddl", "unlicense",
}  # fmt: skip
_CARD = Template("""---
${front_matter}---
# $title

Questions to a support desk with their answers, for tuning a language model. Personal data is replaced by typed
placeholders such as `[PERSON_1]`; each example is a conversation of system, user and assistant.

## Contents

$contents

$origins

$tokens tokens, of which $answer_tokens are learned from. Categories: $categories. Conversations: $threads.

## Sources and licences

$sources

Each example keeps its source's licence in the column `licence`, one made from others those of all its parents;
whoever passes it on is bound by it.

$duties

Where attribution is asked for, name the sources as the table above does. Where share-alike is, what is made from these
examples and passed on bears the same licence$share_alike.

## How it was made

Records were collected, cleaned of mark-up and quoted mail, freed of personal data, brought to one terminology, cut
into question and answer, scored, freed of duplicates and stock answers, and assigned to train, validation and test by
customer, thread and near-duplicate cluster, never by row. Variants and synthetic examples stand in train only;
`weight` says how much a training example counts. An example longer than the settings allow was set aside whole.

Quality gate: passed, composite $composite, verdict `$verdict_id`, about the examples with hash
`$dataset_sha256`.

## Files

- `data/*.parquet`: all columns, described below; what `datasets.load_dataset` reads.
- `openai/*.jsonl`: the chat form of OpenAI's fine-tuning, `{"messages": [...]}` a line.
- `alpaca/*.json`: a list of `instruction`, `input`, `output`; earlier turns stand in `input`, as a transcript.
- `sharegpt/*.json`: a list of `conversations` in which human and gpt take turns, and `system`.
- `release.json`: the hash of every file.

Only the Parquet files hold weights, categories and licences.

$columns

## Limits

- Removal of personal data is measured, not perfect: treat the texts as internal.
- Answers are what the desk answered, and may be out of date; the quality report says how many have evidence of truth.
- It speaks with the voice of its sources; where they are uneven, so is it.
""")
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def card(examples: pa.Table, verdict: Mapping[str, Any], params: ReleaseParams, own: Own) -> str:
    """Return the card as Markdown under the front matter of Hugging Face's dataset cards.

    It counts examples and never quotes one.
    """
    asked = ("split", "task", "source", "kind", "origin", "category", "thread_id")
    column = {name: examples.column(name).to_pylist() for name in asked}
    licences = [licence or UNKNOWN for licence in examples.column("licence").to_pylist()]
    sources = _counted(column["source"], column["kind"], licences)
    owed = duties(examples, own)
    alike = [licence for licence, _, _, same, _ in owed if same == "yes"]
    return _CARD.substitute(
        front_matter=_front_matter(len(examples), licences, params),
        title=params.title,
        contents=_table(("split", "task", "examples"), _counted(column["split"], column["task"])),
        origins=_table(("made by", "examples"), _counted(column["origin"])),
        tokens=f"{_sum(examples, 'tokens'):,}",
        answer_tokens=f"{_sum(examples, 'answer_tokens'):,}",
        categories=f"{len(set(column['category']) - {None}):,}",
        threads=f"{len(set(column['thread_id']) - {None}):,}",
        sources=_table(
            ("source", "kind", "licence", "examples", "attribution"),
            ((*row, params.attributions.get(row[0], "")) for row in sources),
        ),
        duties=_table(("licence", "commercial use", "attribution", "share-alike", "examples"), owed),
        share_alike=f": {', '.join(alike)}" if alike else "; none here asks for it",
        composite="not measured" if verdict["composite"] is None else f"{verdict['composite']:.4f} of 1",
        verdict_id=verdict["verdict_id"],
        dataset_sha256=verdict["dataset_sha256"],
        columns=_table(("column", "meaning"), ((f"`{c.name}`", c.meaning) for c in TRAINING_EXAMPLES.columns)),
    )


def _front_matter(size: int, licences: Iterable[str], params: ReleaseParams) -> str:
    ids = sorted({licence.lower() if licence.lower() in _KNOWN_TO_HUB else "other" for licence in licences})
    data_files = [{"split": split, "path": f"data/{split}.parquet"} for split in SPLITS]
    facts = {
        "pretty_name": params.title,
        "language": list(params.languages),
        "license": ids[0] if len(ids) == 1 else ids,
        "task_categories": ["text-generation", "question-answering"],
        "size_categories": [next((name for limit, name in _SIZES if size < limit), "n>1M")],
        "tags": ["customer-support", "instruction-tuning", "anonymized"],
        "configs": [{"config_name": "default", "data_files": data_files}],
    }
    return yaml.safe_dump(facts, sort_keys=False, allow_unicode=True)


def _counted(*columns: list[Any]) -> list[tuple[Any, ...]]:
    """Count the combinations, sorted by name; the splits in their own order."""
    order = {split: str(place) for place, split in enumerate(SPLITS)}
    counts = Counter(zip(*columns, strict=True))
    keys = sorted(counts, key=lambda key: [order.get(part, str(part)) for part in key])
    return [(*key, counts[key]) for key in keys]


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(map(_cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return UNKNOWN if value is None else " ".join(str(value).split()).replace("|", "\\|")


def _sum(examples: pa.Table, column: str) -> int:
    return pc.sum(examples.column(column)).as_py() or 0
