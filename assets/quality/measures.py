"""Every measure that stands on rows; the scorecard combines them further."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.quality.agreement import OWN, answers_agree, labels_agree, well_formed
from assets.quality.bias import bias, folded
from assets.quality.counting import Measure, coded, evenness, largest, mean
from assets.quality.coverage import coverage
from assets.quality.diversity import distinct_answers, diversity
from assets.quality.frame import FILLER, Dataset
from assets.quality.params import QualityParams

EVIDENCE = ("reviewed", "agrees_with_article", "customer_confirmed")


def measures(data: Dataset, params: QualityParams) -> dict[str, Measure]:
    """Return every measure that stands on rows, of which there is one at least."""
    frame = data.examples
    answered = frame["said"] != ""
    own, judged = frame["origin"].isin(OWN), bool(frame["truth_evidence"].notna().any())
    context = frame["tokens"] - frame["answer_tokens"]
    return {
        **_completeness(frame, params),
        **_consistency(data, params),
        **bias(data, params),
        **coverage(data, params),
        **diversity(data, params),
        "accuracy": mean(frame["truth_evidence"].isin(EVIDENCE) & answered & ~frame["outdated"], where=judged),
        "relevance": _scored(frame["relevance"] * answered, own),
        "distinct_answers": distinct_answers(frame["said"].map(folded)),
        "question_quality": _scored(frame["question_quality"], own),
        "answer_quality": _scored(frame["answer_quality"], own),
        "complexity": _no_loss(mean(frame["answer_tokens"])),
        "context": _no_loss(mean(context)),
        "turns": _no_loss(mean(frame["messages"].map(lambda said: len(said) if said is not None else 0))),
        **_balance(data),
    }


def _completeness(frame: pd.DataFrame, params: QualityParams) -> dict[str, Measure]:
    cells = frame[list(params.fields)]
    missing = cells.isna()
    empty = pd.DataFrame(
        {
            name: cells[name].str.fullmatch(FILLER, na=False) if pd.api.types.is_string_dtype(cells[name]) else False
            for name in cells
        },
        index=cells.index,
    )
    return {
        "missing_values": mean(missing.mean(axis=1), best=0),
        "empty_fields": mean(empty.mean(axis=1), best=0),
        "incomplete_records": mean(missing.any(axis=1) | empty.any(axis=1), best=0),
    }


def _consistency(data: Dataset, params: QualityParams) -> dict[str, Measure]:
    frame = data.examples
    own = frame["origin"].isin(OWN)
    answers = answers_agree(frame, params.same_answer) & ~frame["contradiction"]
    labels = labels_agree(frame) & ~frame["label_error"]
    return {
        "answer_agreement": mean(answers, where=own),
        **({"label_agreement": mean(labels, where=own & data.labelled)} if data.labelled.any() else {}),
        "format_agreement": mean(well_formed(frame)),
    }


def _balance(data: Dataset) -> dict[str, Measure]:
    frame, n = data.examples, int(data.train.sum())
    known = pd.Index(np.unique(data.records["category"].dropna()))
    category = known.get_indexer(frame["topic"]).astype(np.int64)
    source, nothing = coded(frame["source"]), np.zeros(len(frame))
    return {
        "balance": Measure(evenness(category, data.weight * data.labelled, len(known)), n, nothing),
        "largest_source": Measure(largest(source, data.weight), n, nothing),
    }


def _scored(score: pd.Series, own: pd.Series) -> Measure:
    """The mean of a score over pairs with an answer of their own; where any has one, a pair without counts as 0."""
    return mean(score.fillna(0.0), where=own & bool(score.notna().any()))


def _no_loss(measure: Measure) -> Measure:
    """A measure that is neither better high nor low: nothing pulls it down."""
    return measure._replace(loss=np.zeros_like(measure.loss))
