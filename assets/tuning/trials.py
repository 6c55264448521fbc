"""A search over the knobs of LoRA: drawn at random, each trial trained, judged on the validation part alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from math import exp, log
from typing import Any

import pyarrow as pa

from assets import released, tables
from assets.ledger import Published, summary
from assets.training import LoraParams, TrainingResult
from assets.tuning.params import TrialParams


def drawn(params: TrialParams, own: LoraParams) -> Iterator[LoraParams]:
    """Yield the knobs of every trial: first the settings' own, then draws by lot.

    Random search finds as good knobs as a grid with far fewer trials, as few knobs matter and a grid tries
    each of their values again and again (Bergstra and Bengio 2012, jmlr.org/papers/v13/bergstra12a).

    >>> few, many = (list(drawn(TrialParams(count=n), LoraParams())) for n in (2, 3))
    >>> few[0] == LoraParams(), few == many[:2]
    (True, True)
    """
    for trial in range(params.count):
        yield own if trial == 0 else own.model_copy(update=_draw(params, trial))


def tuning_trials(tried: Sequence[tuple[TrainingResult, str]]) -> Published:
    """Return a row a trial; the one of the lowest validation loss is chosen, of equal ones the first.

    Args:
        tried: In order each trial's result, and the folder where its files rest, below REFINERY_HOME.
    """
    losses = {n: r.validation_loss for n, (r, _) in enumerate(tried) if r.validation_loss is not None}
    best = min(losses, key=lambda n: (losses[n], n), default=None)
    rows = [_row(n, result, folder) | {"chosen": n == best} for n, (result, folder) in enumerate(tried)]
    return summary(tables.TUNING_TRIALS.of(rows), key="trial_id", parents=["dataset_release"])


def chosen(trials: pa.Table) -> dict[str, Any] | None:
    """Return the knobs of the chosen trial; None where none was made, or none was validated.

    >>> chosen(tables.TUNING_TRIALS.of([{"params": '{"r": 8}', "chosen": True}]))
    {'r': 8}
    """
    found = [json.loads(row["params"]) for row in trials.to_pylist() if row["chosen"]]
    return found[0] if found else None


def _row(trial: int, result: TrainingResult, folder: str) -> dict[str, Any]:
    params = result.params.model_dump_json()
    return {
        "trial_id": tables.content_hash(result.release, result.base_model, params, str(trial)),
        "trial": trial,
        "params": params,
        "folder": folder,
        **result.model_dump(include={"artifact", "release", "validation_loss", "steps", "seconds"}),
    }


def _draw(params: TrialParams, trial: int) -> dict[str, Any]:
    def chance(knob: str) -> float:
        return int.from_bytes(released.lot(params.seed, "trial", trial, knob)[:8]) / 2**64

    def of(knob: str) -> int:
        options: tuple[int, ...] = getattr(params, knob)
        return options[int(chance(knob) * len(options))]

    def between(knob: str) -> float:
        low, high = getattr(params, knob)
        return float(low + chance(knob) * (high - low))

    low, high = map(log, params.learning_rate)
    return {
        "r": of("r"),
        "lora_alpha": of("lora_alpha"),
        "lora_dropout": round(between("lora_dropout"), 4),
        "learning_rate": float(f"{exp(low + chance('learning_rate') * (high - low)):.3g}"),
        "num_epochs": round(between("num_epochs"), 2),
    }
