"""Examples side by side with their pairs, in an order that does not depend on how they came."""

from __future__ import annotations

import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from assets.errors import RefineryError

_FROM_PAIRS = [
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
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words(text: str | None) -> list[str]:
    """Return the words of a text, lower-cased.

    >>> words("It's 5 p.m., isn't it?")
    ["it's", '5', 'p', 'm', "isn't", 'it']
    """
    return _WORD.findall((text or "").lower())


def side_by_side(examples: pa.Table, pairs: pa.Table) -> pd.DataFrame:
    """Return one row an example, with what its pair knows, sorted by example.

    `group` is what the bootstrap draws: the pairs that the splitting keeps together.

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
    frame = examples.sort_by("example_id").to_pandas()
    frame["group"] = frame["group_id"].fillna(frame["thread_id"]).fillna(frame["pair_id"])
    frame["weight"] = frame["weight"].fillna(1.0)
    return frame
