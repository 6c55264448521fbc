"""What is the case here: the facts that the rules are held against."""

from __future__ import annotations

import pyarrow as pa

from assets.evaluation.compared import Compared
from assets.evaluation.knowledge import Fact, Knowledge
from assets.evaluation.params import CostParams
from assets.evaluation.scores import ANSWER

EXAMPLES = ("pair_id", "task", "split")
"""The columns of the training examples that are counted."""


def facts(
    examples: pa.Table, scores: pa.Table, trials: pa.Table, knowledge: Knowledge, costs: CostParams
) -> dict[Fact, float]:
    """Return the facts; what is not known is left out.

    Args:
        examples: The training examples, of which pair, task and split are read.
        scores: A table in the form of `tables.APPROACH_SCORES`.
        trials: A table in the form of `tables.TUNING_TRIALS`; its rows are counted.
        knowledge: What is known of the approaches.
        costs: The knobs of the costs, which state the requests a month.
    """
    frame = examples.select(list(EXAMPLES)).to_pandas()
    labels = frame[frame["split"] == "train"].groupby("task")["pair_id"].nunique()
    compared = Compared.of(scores)
    prompts = [name for name in compared.measured if knowledge.kinds[name] == "prompt_based"]
    found: dict[Fact, float] = {
        "training_examples": float(labels.get(ANSWER, 0)),
        "fewest_labels": float(labels.min()) if len(labels) else 0.0,
        "tasks": float(len(labels)),
        "test_pairs": float(compared.pairs),
        "test_threads": float(compared.threads),
        "prompts_measured": float(len(prompts)),
        "trained_measured": float(len(compared.measured) - len(prompts)),
        "trials": float(len(trials)),
    }
    return found if costs.requests_a_month is None else {**found, "requests_a_month": float(costs.requests_a_month)}
