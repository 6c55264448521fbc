"""Try forms of the few-shot prompt: `python -m assets.tuning.refine REQUEST.json TRIED.json`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from math import fsum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from assets import base_model, child, released, shots
from assets.errors import RefineryError
from assets.reader import Reader, by_group
from assets.tuning.few_shot import chosen_shots, forms, prompts_of
from assets.tuning.params import FewShotParams


class RefineRequest(BaseModel):
    """Try the forms these knobs name on the validation part of this release."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    release: Path
    base_model: Path
    params: FewShotParams


def tried(
    release: Path, base: Path, params: FewShotParams, on_line: Callable[[str], object] = print
) -> list[dict[str, Any]]:
    """Try the forms in a process of its own, if there is more than one; see `refine`."""
    if len(forms(params)) == 1:
        return []
    with tempfile.TemporaryDirectory() as scratch:
        request = RefineRequest(release=release, base_model=base, params=params)
        child.run("assets.tuning.refine", request, out := Path(scratch) / "tried.json", on_line=on_line)
        found: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))
    return found


def refine(request: RefineRequest, out: Path) -> list[dict[str, Any]]:
    """Score every form by the likelihood of the true answers of validation examples, and write all scores to `out`.

    All forms are asked the same examples, spread over the sources. The likeliest is chosen; among equals the
    one with fewer shots, then the one named first. The test part is never looked at.

    Raises:
        RefineryError: The release is refused, has no validation example, or a template is missing.
    """
    import torch

    params, opened = request.params, released.open_release(request.release)
    asked, tokenizer = params.refine, base_model.load_tokenizer(request.base_model)
    rows = released.subset(opened.examples("validation"), asked.examples, by=("source",), seed=params.seed)
    if not rows:
        where = f"release {opened.release}"
        raise RefineryError(where, "holds no validation example", "try no forms, or release a dataset that does")
    if asked.threads:
        torch.set_num_threads(asked.threads)
    chosen, scored = chosen_shots(opened, params, tokenizer), list[dict[str, Any]]()
    prompts = {form: prompts_of(opened, chosen, form, params, tokenizer) for form in forms(params)}
    model = base_model.load_model(request.base_model, asked.dtype)
    reader = Reader(model, pad=tokenizer.pad_token_id, end=tokenizer.eos_token_id)
    for form, by_category in prompts.items():
        put = [shots.ask(r, shots.prompt_of(r, by_category), asked.max_prompt_tokens, tokenizer) for r in rows]
        encoded = [question.encoded for question in put]
        nll = by_group(
            [question.group for question in put],
            lambda at, encoded=encoded: reader.nll([encoded[i] for i in at], batch_tokens=asked.batch_tokens),  # type: ignore[misc] # bound now
        )
        mean = fsum(nll) / sum(len(e.input_ids) - e.answer_start for e in encoded)
        scored.append({"template": form.template, "k": form.k, "nll_per_token": round(mean, 6), "n": len(rows)})
        print(f"{form.template}, {form.k} shots: {mean:.4f} nats a token", flush=True)  # noqa: T201
    best = min(range(len(scored)), key=lambda i: (scored[i]["nll_per_token"], scored[i]["k"], i))
    scored = [{**row, "chosen": i == best} for i, row in enumerate(scored)]
    making = out.with_name(f".{out.name}")
    making.write_text(json.dumps(scored), encoding="utf-8")
    making.replace(out)
    return scored


if __name__ == "__main__":
    child.main(refine, RefineRequest)
