"""Variants of training questions, made by rule and filtered (RuleBasedAugmentor.augment_business_queries)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa

from assets import tables
from assets.augmentation.filters import Asked, Draft, rejections
from assets.augmentation.params import FilterParams, RuleParams
from assets.augmentation.rules import TYPOS, Rule, chooser, rules_of
from assets.augmentation.wording import read_wording
from assets.ledger import Ledger, Published

_OF_THE_QUESTION = ("question_quality", "relevance", "similarity", "clarity", "specificity", "grammar")
"""Scores of the parent's question, or of it with the answer: nobody has measured them for the variant."""
_AT_ONCE = 64
"""Pairs whose drafts are judged together."""


def rule_variants(split_pairs: pa.Table, params: RuleParams) -> Published:
    """Return training questions said in other words, with their parents' answers, group and fold.

    A pair gets at most `per_pair` variants, each by another rule, until `share` of the train pairs is reached; the
    pairs of the smallest categories come first. A variant that changes a number, a negation, a placeholder or a name,
    that is too far from its parent or too close to it by words or by embedding, that is written worse, or that asks
    nearly what any pair of any split asks already, is rejected.
    """
    wording = read_wording(params.wording)
    rules = rules_of(wording, params.typo_rate)
    rows = split_pairs.sort_by("pair_id").to_pylist()
    ledger = Ledger.of(split_pairs, key="pair_id")
    asked = Asked({row["pair_id"]: row["question"] for row in rows})
    train = [row for row in rows if row["split"] == "train"]
    room = int(params.share * len(train))
    misspelt = int(params.typo_share * room)

    variants: list[dict[str, Any]] = []
    waiting = smallest_category_first(train, params.seed)
    for start in range(0, len(waiting), _AT_ONCE):
        some = waiting[start : start + _AT_ONCE] if len(variants) < room else []
        some = [row for row in some if row["language"] in (wording.language, None)]
        drafts = {row["pair_id"]: [*_drafts(row, rules, params)] for row in some}
        if misspelt <= 0:
            rules.pop(TYPOS, None)
        fit = _fit([d for found in drafts.values() for d in found], asked, params)
        for row in waiting[start : start + _AT_ONCE]:
            wanted = min(params.per_pair, room - len(variants))
            if wanted <= 0:
                ledger.drop(row["pair_id"], "not_needed")
                continue
            chosen = [d for d in fit[row["pair_id"]] if misspelt > 0 or d.by != TYPOS][:wanted]
            chosen = [d for d in chosen if not asked.exactly(d.question)]
            misspelt -= sum(d.by == TYPOS for d in chosen)
            made = [variant(row, d.question, "rule", d.by) | {"rule": d.by} for d in chosen]
            asked.add({v["pair_id"]: v["question"] for v in made})
            account(
                ledger, row["pair_id"], made, "rejected_variant" if drafts.get(row["pair_id"]) else "no_rule_applies"
            )
            variants += made
    for row in rows:
        if row["split"] != "train":
            ledger.drop(row["pair_id"], "not_in_train")
    return ledger.close(tables.RULE_VARIANTS.of(sorted(variants, key=lambda v: v["pair_id"])), key="pair_id")


def smallest_category_first(rows: Sequence[Mapping[str, Any]], seed: str) -> list[Mapping[str, Any]]:
    """Order pairs by the size of their category (none is one of its own), then by hash."""
    sizes = Counter(row["category"] for row in rows)
    return sorted(rows, key=lambda r: (sizes[r["category"]], tables.content_hash("augment", seed, r["pair_id"])))


def _drafts(row: Mapping[str, Any], rules: Mapping[str, Rule], params: RuleParams) -> Iterator[Draft]:
    """Yield what each rule makes of the question, in an order of the pair's own; typo noise, which always can, last."""
    choose = chooser(params.seed, row["pair_id"])
    for name in sorted(rules, key=lambda n: (n == TYPOS, choose(n))):
        question = rules[name](row["question"], chooser(params.seed, row["pair_id"], name))
        if question != row["question"]:
            yield Draft(row["pair_id"], name, question, row["question"])


def _fit(drafts: Sequence[Draft], asked: Asked, params: FilterParams) -> Mapping[str, list[Draft]]:
    """Return the drafts worth teaching, by parent, each question once."""
    reasons = rejections(drafts, asked, params)
    good = [draft for draft, reason in zip(drafts, reasons, strict=True) if reason is None]
    fit: defaultdict[str, list[Draft]] = defaultdict(list)
    for parent, some in groupby(good, key=lambda d: d.parent):
        fit[parent] = [*{d.question: d for d in reversed([*some])}.values()][::-1]
    return fit


def variant(parent: Mapping[str, Any], question: str, origin: str, by: str) -> dict[str, Any]:
    """Return the parent's row with the question said otherwise."""
    return {
        **parent,
        **dict.fromkeys(_OF_THE_QUESTION),
        "pair_id": tables.content_hash(parent["pair_id"], by, question),
        "question": question,
        "origin": origin,
        "parent_ids": [parent["pair_id"]],
        "content_hash": tables.content_hash(question, parent["answer"]),
        "truth_evidence": "none" if parent["truth_evidence"] == "reviewed" else parent["truth_evidence"],
    }


def account(ledger: Ledger, parent: str, made: Sequence[Mapping[str, Any]], reason: str) -> None:
    """Say what became of a parent: kept into what was made of it first, the others derived; else dropped."""
    if made:
        ledger.keep(parent, into=made[0]["pair_id"])
        for other in made[1:]:
            ledger.derive(other["pair_id"], [parent])
    else:
        ledger.drop(parent, reason)
