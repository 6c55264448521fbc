"""What is the case here: the facts that the rules are held against."""

from __future__ import annotations

import pyarrow as pa

from assets.evaluation.compared import Compared
from assets.evaluation.knowledge import Fact
from assets.evaluation.params import CostParams
from assets.evaluation.scores import ANSWER

EXAMPLES = ("pair_id", "task", "split", "origin")
"""The columns of the training examples that are counted."""


def facts(examples: pa.Table, scores: pa.Table, trials: pa.Table, costs: CostParams) -> dict[Fact, float]:
    """Return the facts; what is not known is left out.

    Args:
        examples: The training examples, of which those columns are read. What was made of an original teaches nothing
            new: only what people wrote is counted.
        scores: A table in the form of `tables.APPROACH_SCORES`.
        trials: A table in the form of `tables.TUNING_TRIALS`; its rows are counted.
        costs: The knobs of the costs, which state the requests a month.
    """
    frame = examples.select(list(EXAMPLES)).to_pandas()
    labels = frame[(frame["split"] == "train") & (frame["origin"] == "human")].groupby("task")["pair_id"].nunique()
    compared = Compared.of(scores)
    found: dict[Fact, float] = {
        "training_examples": float(labels.get(ANSWER, 0)),
        "fewest_labels": float(labels.min()) if len(labels) else 0.0,
        "tasks": float(len(labels)),
        "test_pairs": float(compared.pairs),
        "test_threads": float(compared.threads),
        "prompts_measured": float(len(compared.measured) - len(compared.trained)),
        "trained_measured": float(len(compared.trained)),
        "trials": float(len(trials)),
    }
    return found if costs.requests_a_month is None else {**found, "requests_a_month": float(costs.requests_a_month)}
