"""How much each task weighs when a model learns them all: the mixture of tasks."""

from __future__ import annotations

from collections.abc import Mapping

from assets.formatting.params import Task


def mixture(sizes: Mapping[Task, int], importance: Mapping[Task, float], temperature: float) -> dict[Task, float]:
    """Return what an example of each task counts, so that tasks weigh importance x size^(1/temperature).

    Mixing by size lets the largest task drown the others; a temperature above 1 flattens the sizes (Raffel et al.,
    2020, arXiv:1910.10683, section 3.5.2). An example counts 1 on average, so that a single task stays as it is.

    Args:
        sizes: Train examples of each task.
        importance: How much each task matters, at least 0.
        temperature: At least 1.

    >>> mixture({"answer": 900, "classify_category": 100}, {"answer": 1, "classify_category": 1}, 2)
    {'answer': 0.8333, 'classify_category': 2.5}
    """
    there = {task: importance[task] * n ** (1 / temperature) for task, n in sizes.items() if n}
    total, rows = sum(there.values()), sum(sizes.values())
    return {task: round(share / total * rows / sizes[task], 4) for task, share in there.items()}
