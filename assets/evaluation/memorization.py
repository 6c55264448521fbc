"""What a LoRA adapter learns by heart: `python -m assets.evaluation.memorization REQUEST.json OUT.json`.

An adapter is trained as the one there is, on the same release and by the same knobs, with canaries among what it
learns; then it is asked for them, and for others that were never planted (Carlini et al. 2019). It is never deployed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from assets import base_model, canaries, child
from assets.errors import RefineryError
from assets.evaluation.params import CanaryParams
from assets.reader import Reader
from assets.training import ADAPTER, LoraParams, TrainingRequest, read_learnt, read_result

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MODULE = "assets.evaluation.memorization"
MOST = round(-log2(canaries.CHANCE), 2)
"""Bits from which on a canary counts as found."""
Row = dict[str, Any]


class MemorizationRequest(BaseModel):
    """Ask the adapter below this folder for its canaries."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    trained: Path
    """What its training wrote: `training.json`, `learnt.json` and `adapter/`."""
    base_model: Path
    controls: int


class Exposure(NamedTuple):
    """How well a canary is known."""

    planted: int
    """How often it was; 0 for a control."""
    met: int
    """How many of those the training came to, before its budget was spent."""
    bits: float


def request(release: Path, adapter: pa.Table, base: Path, params: CanaryParams) -> TrainingRequest | None:
    """Return the training to be asked, by the knobs of the adapter there is; None if no canary is to be planted.

    Raises:
        RefineryError: There is no adapter.
    """
    if not params.times:
        return None
    if not len(adapter):
        where, do = "evaluation.canaries.times", "add lora to tuning.approaches, or name none"
        raise RefineryError(where, "finds no LoRA adapter whose knobs could be taken", do)
    knobs = LoraParams.model_validate_json(adapter.column("params")[0].as_py())
    return TrainingRequest(release=release, base_model=base, params=knobs, canaries=params.times)


def ask(asked: MemorizationRequest, out: Path) -> list[Exposure]:
    """Measure the exposure of every canary and control, and write them to `out`."""
    from peft import PeftModel

    trained, learnt = read_result(asked.trained), read_learnt(asked.trained)
    tokenizer = base_model.load_tokenizer(asked.base_model)
    plain = base_model.load_model(asked.base_model, trained.params.dtype)
    model = PeftModel.from_pretrained(plain, str(asked.trained / ADAPTER)).eval()
    times = (*trained.canaries, *[0] * asked.controls)
    found = []
    for canary, planted in zip(canaries.numbered(trained.params.seed, len(times)), times, strict=True):
        met = sum(canaries.says(pair, canary) for pair in learnt)
        found.append(Exposure(planted, met, round(exposed(canary, model, tokenizer), 4)))
    making = out.with_name(f".{out.name}")
    making.write_text(json.dumps([each._asdict() for each in found]), encoding="utf-8")
    making.replace(out)
    return found


def exposed(canary: canaries.Canary, model: Any, tokenizer: PreTrainedTokenizerBase) -> float:
    """Return a canary's exposure in a model that is asked without an instruction."""
    answers = (canary.answer, *canary.others)
    asked = [base_model.encode(canaries.turns(canary.question, answer), tokenizer) for answer in answers]
    reader = Reader(model, pad=tokenizer.pad_token_id, end=tokenizer.eos_token_id)
    return canaries.exposure(reader.nll(asked, batch_tokens=4096))


def memorization(found: Sequence[Exposure]) -> Iterator[Row]:
    """Yield a row a canary, its exposure in bits, and one of all controls: the most exposed of them.

    What was planted once may not be found; chance exposes one in a hundred that far.
    """
    where = {"family": "extrinsic_metrics", "metric": "canary_exposure", "task": "answer", "approach": "lora"}
    where |= {"subset": "canary", "unit": "bits"}
    for each in (e for e in found if e.planted):
        said = {"group": f"planted {each.planted}", "value": each.bits, "n": each.met}
        yield {**where, **said, "most": MOST if each.planted == 1 else None}
    if controls := [e.bits for e in found if not e.planted]:
        yield {**where, "group": "never planted", "value": max(controls), "n": len(controls)}


def read(file: Path) -> list[Exposure]:
    """Read what `ask` wrote."""
    return [Exposure(**each) for each in json.loads(file.read_text(encoding="utf-8"))]


if __name__ == "__main__":
    child.main(ask, MemorizationRequest)
