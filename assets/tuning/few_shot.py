"""PromptBasedTuner: per category the examples a few-shot prompt shows, and the words around them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets import released, tables
from assets.errors import RefineryError
from assets.ledger import Published, summary
from assets.shots import ANY, load_templates, render
from assets.tuning.params import FewShotParams

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedTokenizerBase

HUMAN = "human"
"""Origin of what may stand as a model answer: no variant with typing errors, and nothing a machine wrote."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """How a prompt is put: a template by its name, and so many shots."""

    template: str
    k: int


def forms(params: FewShotParams) -> list[Form]:
    """Return the forms the settings name; more than one are to be tried against each other.

    >>> forms(FewShotParams())
    [Form(template='business_assistant', k=5)]
    """
    asked = params.refine
    names, counts = asked.templates or (params.template,), asked.k or (params.k_shots,)
    return [Form(name, k) for name, k in product(dict.fromkeys(names), sorted(set(counts)))]


def few_shot_prompts(
    release: Path, params: FewShotParams, tokenizer: PreTrainedTokenizerBase, tried: Sequence[Row] = ()
) -> Published:
    """Choose the shots of every category, and of '*' for questions of any, from what people wrote in the training part.

    Args:
        release: Folder of a release; refused unless it is whole and approved.
        params: The knobs.
        tokenizer: The base model's, to count what a prompt costs.
        tried: What `refine` measured of each form; the chosen one is used. Without it, the only form there is.

    Raises:
        RefineryError: The release is refused or holds no training example, or the prompt's words cannot be used.
    """
    opened = released.open_release(release)
    best = next((row for row in tried if row["chosen"]), None)
    form = Form(best["template"], best["k"]) if best else forms(params)[0]
    prompts = prompts_of(opened, chosen_shots(opened, params, tokenizer), form, params, tokenizer)
    evidence = {"tried": list(tried), "validation_nll": best and best["nll_per_token"]}
    rows = [{**prompt, **evidence} for prompt in prompts.values()]
    return summary(tables.FEW_SHOT_PROMPTS.of(rows), key="prompt_id", parents=["dataset_release"])


def chosen_shots(
    release: released.Release, params: FewShotParams, tokenizer: PreTrainedTokenizerBase
) -> dict[str, list[Row]]:
    """Return by category the training examples to show, best first, as many as the largest form asks for."""
    most = max(form.k for form in forms(params))
    human = [row for row in release.examples("train") if row["origin"] == HUMAN]
    rows = _candidates(human, params, tokenizer, most)
    if not rows:
        what = "holds no training example that people wrote"
        raise RefineryError(f"release {release.release}", what, "release a dataset that does")
    pools: dict[str, list[Row]] = {}
    for row in rows:
        pools.setdefault(row["category"], []).append(row)
    pools = {c: pool for c, pool in pools.items() if c is not None and len(pool) >= params.min_category}
    return {category: choose(pool, params, most) for category, pool in [*sorted(pools.items()), (ANY, rows)]}


def prompts_of(
    release: released.Release,
    shots: Mapping[str, Sequence[Row]],
    form: Form,
    params: FewShotParams,
    tokenizer: PreTrainedTokenizerBase,
) -> dict[str, Row]:
    """Return by category the prompt in one form.

    The shots of a smaller form are the first of a larger one, for each is chosen after those before it.

    Raises:
        RefineryError: The file of templates holds none of that name.
    """
    template = load_templates(params.prompts).get(form.template)
    if template is None:
        raise RefineryError(f"{params.prompts}, {form.template}", "is no prompt", "name one that the file holds")
    return {
        category: _prompt(category, chosen[: form.k], template, tokenizer)
        | {"template_name": form.template, "release": release.release, "category_known": params.category_known}
        for category, chosen in shots.items()
    }


def choose(pool: Sequence[Row], params: FewShotParams, k: int) -> list[Row]:
    """Choose `k` shots by maximal marginal relevance (Carbonell and Goldstein, 1998).

    A question is relevant that is like the pool's middle, its answer short; each next one is also to
    differ from those already chosen. The likeness is the cosine of TF-IDF vectors.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(sublinear_tf=True, tokenizer=re.compile(r"\w+|\S").findall, token_pattern=None)
    vectors = words.fit_transform(f"{r['input']} {r['output']}" for r in pool)
    middle = np.asarray(vectors.mean(axis=0)).ravel()
    typical = vectors @ middle / (np.linalg.norm(middle) or 1.0)
    length = np.array([r["shot_tokens"] for r in pool]) / params.max_shot_tokens
    relevance = typical - params.brevity * length
    nearest, chosen = np.zeros(len(pool)), list[int]()
    for _ in range(min(k, len(pool))):
        value = (1 - params.diversity) * relevance - params.diversity * nearest
        value[chosen] = -np.inf
        chosen.append(_first(value))
        nearest = np.maximum(nearest, (vectors @ vectors[chosen[-1]].T).toarray().ravel())
    return [pool[i] for i in chosen]


def _first(value: np.ndarray) -> int:
    """Return the best, the first among equals; equal is what differs by rounding only."""
    return int(value.round(9).argmax())


def _candidates(rows: list[Row], params: FewShotParams, tokenizer: PreTrainedTokenizerBase, fewest: int) -> list[Row]:
    """Return the pairs a prompt may show: each said once, in an order by lot, and short unless none is."""
    by_lot = sorted(rows, key=lambda r: released.lot(params.seed, "shot", r["pair_id"]))
    distinct = {" ".join(f"{r['input']}\n{r['output']}".casefold().split()): r for r in reversed(by_lot)}
    counted: dict[str | None, list[Row]] = {}
    for row in reversed(distinct.values()):
        counted.setdefault(row["category"], []).append(row)
    candidates: list[Row] = []
    for pool in counted.values():
        weighed = pool[: params.max_candidates]
        encoded = tokenizer([f"{r['input']}\n{r['output']}" for r in weighed], add_special_tokens=False)["input_ids"]
        sized = [{**r, "shot_tokens": len(ids)} for r, ids in zip(weighed, encoded, strict=True)]
        short = [r for r in sized if r["shot_tokens"] <= params.max_shot_tokens]
        candidates += short or sorted(sized, key=lambda r: int(r["shot_tokens"]))[:fewest]
    return candidates


def _prompt(category: str, chosen: Sequence[Row], template: str, tokenizer: PreTrainedTokenizerBase) -> Row:
    shots = [{"pair_id": r["pair_id"], "question": r["input"], "answer": r["output"]} for r in chosen]
    words = [text for shot in shots for text in shot.values()]
    return {
        "prompt_id": tables.content_hash(category, template, *words),
        "category": category,
        "k": len(shots),
        "shots": shots,
        "template": template,
        "tokens": len(tokenizer.encode(render(template, shots, ""), add_special_tokens=False)),
    }
