"""PromptBasedTuner: per category the examples a few-shot prompt shows, and the words around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from assets import released, tables
from assets.errors import RefineryError
from assets.ledger import Published, summary
from assets.tuning.params import FewShotParams

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedTokenizerBase

ANY = "*"
Row = dict[str, Any]


def few_shot_prompts(release: Path, params: FewShotParams, tokenizer: PreTrainedTokenizerBase) -> Published:
    """Choose the shots of every category, and of '*' for questions of any other, from the training part.

    Args:
        release: Folder of a release; refused unless it is whole and approved.
        params: The knobs.
        tokenizer: The base model's, to count what a prompt costs.

    Raises:
        RefineryError: The release is refused or holds no training example, or the prompt's words cannot be used.
    """
    opened, template = released.open_release(release), load_template(params.prompts)
    rows = _candidates(opened.examples("train"), params, tokenizer)
    if not rows:
        raise RefineryError(f"release {opened.release}", "holds no training example", "release a dataset that does")
    pools: dict[str, list[Row]] = {}
    for row in rows:
        pools.setdefault(row["category"], []).append(row)
    pools = {c: pool for c, pool in pools.items() if c is not None and len(pool) >= params.min_category}
    prompts = [
        _prompt(category, choose(pool, params), template, opened.release, tokenizer)
        for category, pool in [*sorted(pools.items()), (ANY, rows)]
    ]
    return summary(tables.FEW_SHOT_PROMPTS.of(prompts), key="prompt_id", parents=["dataset_release"])


def load_template(file: Path) -> str:
    """Read the few-shot template; {shots} and then {question} stand in it once each."""
    try:
        template = yaml.safe_load(file.read_text(encoding="utf-8"))["few_shot"]
        before, after = template.split("{question}")
    except (OSError, LookupError, AttributeError, TypeError, ValueError, yaml.YAMLError):
        before, after, template = "", "", ""
    if before.count("{shots}") != 1 or "{shots}" in after:
        where = f"{file}, few_shot"
        raise RefineryError(where, "is no prompt", "state a text that holds {shots} and then {question}, once each")
    return str(template)


def render(template: str, shots: Iterable[Mapping[str, str]], question: str) -> str:
    r"""Fill the prompt: the shots numbered as question and answer, the new question last.

    >>> render("{shots}; {question}?", [{"question": "a {question}", "answer": "b"}], "c")
    'Question 1: a {question}\nAnswer 1: b; c?'
    """
    shown = (f"Question {n}: {shot['question']}\nAnswer {n}: {shot['answer']}" for n, shot in enumerate(shots, 1))
    before, after = template.split("{question}")
    return before.replace("{shots}", "\n\n".join(shown)) + question + after


def choose(pool: Sequence[Row], params: FewShotParams) -> list[Row]:
    """Choose the shots by maximal marginal relevance (Carbonell and Goldstein, 1998).

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
    for _ in range(min(params.k_shots, len(pool))):
        value = (1 - params.diversity) * relevance - params.diversity * nearest
        value[chosen] = -np.inf
        chosen.append(_first(value))
        nearest = np.maximum(nearest, (vectors @ vectors[chosen[-1]].T).toarray().ravel())
    return [pool[i] for i in chosen]


def _first(value: np.ndarray) -> int:
    """Return the best, the first among equals; equal is what differs by rounding only."""
    return int(value.round(9).argmax())


def _candidates(rows: list[Row], params: FewShotParams, tokenizer: PreTrainedTokenizerBase) -> list[Row]:
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
        candidates += short or sorted(sized, key=lambda r: int(r["shot_tokens"]))[: params.k_shots]
    return candidates


def _prompt(
    category: str, chosen: list[Row], template: str, release: str, tokenizer: PreTrainedTokenizerBase
) -> dict[str, Any]:
    shots = [{"pair_id": r["pair_id"], "question": r["input"], "answer": r["output"]} for r in chosen]
    words = [text for shot in shots for text in shot.values()]
    return {
        "prompt_id": tables.content_hash(category, template, *words),
        "category": category,
        "k": len(shots),
        "shots": shots,
        "template": template,
        "tokens": len(tokenizer.encode(render(template, shots, ""), add_special_tokens=False)),
        "release": release,
    }
