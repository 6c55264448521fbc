"""Examples side by side with their pairs and records, in an order that does not depend on how they came."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from assets.errors import RefineryError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int64]

_FROM_PAIRS = [
    "record_id",
    "created_at",
    "item_type",
    "language",
    "question",
    "truth_evidence",
    "relevance",
    "question_quality",
    "answer_quality",
    "cluster_id",
    "group_id",
]
_OF_RECORDS = [
    "record_id",
    "kind",
    "source",
    "category",
    "priority",
    "channel",
    "language",
    "created_at",
    "customer_id",
]
DOUBTS = ("contradiction", "outdated", "label_error")
"""What `consistency_findings` may say against a pair; what people have reviewed is past doubt."""
FILLER = r"\s*(?:(?i:n/?a|none|null|nan|unknown|tbd)|[-?.]*|(?:\[[A-Z][A-Z_]*(?:_\d+)?\][\s.,]*)+)\s*"
"""A text that says nothing: blank, a stand-in for a value, or only placeholders of personal data."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words(text: object) -> list[str]:
    """Return the words of a text, lower-cased; null, however pandas spells it, has none.

    >>> words("It's 5 p.m., isn't it?")
    ["it's", '5', 'p', 'm', "isn't", 'it']
    """
    return _WORD.findall(text.lower()) if isinstance(text, str) else []


@dataclass(frozen=True)
class Dataset:
    """What is measured: the examples, the records of the source they stand for, and who came from whom."""

    examples: pd.DataFrame
    """One row an example, with what its pair knows, sorted by example.

    `group` is what the bootstrap draws; a column for each of `DOUBTS` says where it was found; `asked` and `said` are
    question and answer, empty where they say nothing, and `topic` is the category, null where it is a stand-in.
    """
    records: pd.DataFrame
    """One row a record of the source, sorted by record."""
    place: Codes
    """Of each example the row of its record; -1 where it was made from none that is there."""
    tasks: pd.DataFrame
    """Task, origin and record of the examples of every task; what is measured of texts is of the answers alone."""
    groups: pd.DataFrame
    """Of each record the groups of people its customer is of, a column an attribute; empty where none is known."""

    @property
    def train(self) -> Bools:
        """Whether each example is trained on."""
        return (self.examples["split"] == "train").to_numpy(bool)

    @property
    def weight(self) -> Floats:
        """How much each example counts in training; 0 for one that is held out."""
        return self.examples["weight"].to_numpy(float) * self.train

    @property
    def labelled(self) -> Bools:
        """Whether each example was made from a record of a source that names categories."""
        naming = self.records["category"].notna().groupby(self.records["source"]).transform("any")
        return self.of_record(naming).fillna(False).to_numpy(bool)

    def of_record(self, column: pd.Series) -> pd.Series:
        """Return for each example the value a column of the records has for its own record, else null."""
        return column.reindex(self.place).set_axis(self.examples.index)


def side_by_side(
    examples: pa.Table,
    pairs: pa.Table,
    records: pa.Table,
    customers: pa.Table | None = None,
    findings: pa.Table | None = None,
) -> Dataset:
    """Join the examples to their pairs and records.

    Raises:
        RefineryError: An example shows a pair that is not in the other table.
    """
    place = pc.index_in(examples.column("pair_id"), value_set=pairs.column("pair_id"))
    if place.null_count:
        what = f"{place.null_count} example(s) show a pair that balanced_pairs does not hold"
        raise RefineryError("training_examples", what, "refresh both tables together")
    known = pairs.select(_FROM_PAIRS).take(place)
    for name in _FROM_PAIRS:
        examples = examples.append_column(name, known.column(name))
    for kind, doubted in _doubts(pairs, findings).items():
        examples = examples.append_column(kind, doubted.take(place))
    frame = examples.sort_by("example_id").to_pandas()
    tasks = frame[["task", "origin", "record_id"]]
    frame = frame[frame["task"] == "answer"].reset_index(drop=True)
    frame["group"] = frame["group_id"].fillna(frame["thread_id"]).fillna(frame["pair_id"])
    frame["weight"] = frame["weight"].fillna(1.0)
    for name, text in (("asked", frame["question"]), ("said", frame["output"])):
        frame[name] = text.mask(text.str.fullmatch(FILLER, na=True).astype(bool), "").astype("str")
    frame["topic"] = frame["category"].mask(frame["category"].str.fullmatch(FILLER, na=True).astype(bool))
    source = records.select(_OF_RECORDS).sort_by("record_id").to_pandas()
    place = pd.Index(source["record_id"]).get_indexer(frame["record_id"]).astype(np.int64)
    return Dataset(frame, source, place, tasks, _groups(source["customer_id"], customers))


def _doubts(pairs: pa.Table, findings: pa.Table | None) -> dict[str, pa.Array]:
    """Say by kind of finding of which pairs, or of which they were made from, it is found."""
    said = [] if findings is None else findings.select(["kind", "pair_id"]).to_pylist()
    found = {kind: {row["pair_id"] for row in said if row["kind"] == kind} for kind in DOUBTS}
    rows = pairs.select(["pair_id", "parent_ids", "truth_evidence"]).to_pylist() if said else []
    none = pa.array([False] * len(pairs))
    return {
        kind: pa.array(
            [
                row["truth_evidence"] != "reviewed" and not ids.isdisjoint((row["pair_id"], *(row["parent_ids"] or ())))
                for row in rows
            ]
        )
        if ids
        else none
        for kind, ids in found.items()
    }


def _groups(customer: pd.Series, customers: pa.Table | None) -> pd.DataFrame:
    """Return the groups of each record's customer; of a person of several rows, those of the one that stands."""
    told = [] if customers is None else customers.select(["customer_id", "merged_ids", "groups"]).to_pylist()
    of = {
        id_: {g["name"]: g["value"] for g in row["groups"] or ()}
        for row in told
        for id_ in (row["customer_id"], *(row["merged_ids"] or ()))
    }
    names = sorted({name for groups in of.values() for name in groups})
    columns = {name: [of.get(id_, {}).get(name, "") for id_ in customer] for name in names}
    return pd.DataFrame(columns, index=customer.index)
