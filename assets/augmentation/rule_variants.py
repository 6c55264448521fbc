"""Variants of training questions, made by rule and filtered (RuleBasedAugmentor.augment_business_queries)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import pyarrow as pa

from assets import tables
from assets.augmentation.params import AugmentationParams
from assets.augmentation.rules import Rule, chooser, fixed_points, rules_of
from assets.augmentation.wording import read_wording
from assets.ledger import Ledger, Published

_OF_THE_QUESTION = ("question_quality", "relevance", "similarity", "clarity", "specificity", "grammar")
"""Scores of the parent's question, or of it with the answer: nobody has measured them for the variant."""


def rule_variants(split_pairs: pa.Table, params: AugmentationParams) -> Published:
    """Return training questions said in other words, with their parents' answers, group and fold.

    A pair gets at most `per_pair` variants, each by another rule, until `share` of the train pairs
    is reached; the pairs of the smallest categories come first. A variant that changes a number,
    a negation, a placeholder or a name, that is too far from its parent or too close to it, or
    that says what any pair of any split asks already, is rejected.
    """
    wording = read_wording(params.wording)
    rules = rules_of(wording)
    rows = split_pairs.sort_by("pair_id").to_pylist()
    ledger = Ledger.of(split_pairs, key="pair_id")
    asked = {_said(row["question"]) for row in rows}
    train = [row for row in rows if row["split"] == "train"]
    room = int(params.share * len(train))

    variants: list[dict[str, Any]] = []
    for row in _smallest_category_first(train, params.seed):
        if len(variants) >= room:
            ledger.drop(row["pair_id"], "not_needed")
            continue
        drafts = list(_drafts(row, rules, params)) if row["language"] in (wording.language, None) else []
        wanted = min(params.per_pair, room - len(variants))
        fit = _accepted(row["question"], drafts, asked, params)[:wanted]
        asked.update(_said(question) for _, question in fit)
        made = [_variant(row, rule, question) for rule, question in fit]
        _account(ledger, row["pair_id"], [v["pair_id"] for v in made], applied=bool(drafts))
        variants += made
    for row in rows:
        if row["split"] != "train":
            ledger.drop(row["pair_id"], "not_in_train")
    return ledger.close(tables.RULE_VARIANTS.of(sorted(variants, key=lambda v: v["pair_id"])), key="pair_id")


def _smallest_category_first(rows: Sequence[Mapping[str, Any]], seed: str) -> list[Mapping[str, Any]]:
    """Order pairs by the size of their category (none is one of its own), then by hash."""
    sizes = Counter(row["category"] for row in rows)
    return sorted(rows, key=lambda r: (sizes[r["category"]], tables.content_hash("augment", seed, r["pair_id"])))


def _drafts(row: Mapping[str, Any], rules: Mapping[str, Rule], params: AugmentationParams) -> Iterator[tuple[str, str]]:
    """Yield (rule, question) of every rule that changes something, in an order of the pair's own."""
    choose = chooser(params.seed, row["pair_id"])
    for name in sorted(rules, key=choose):
        question = rules[name](row["question"], chooser(params.seed, row["pair_id"], name))
        if question != row["question"]:
            yield name, question


def _accepted(
    parent: str, drafts: Sequence[tuple[str, str]], asked: set[str], params: AugmentationParams
) -> list[tuple[str, str]]:
    """Return the drafts worth teaching (filter_quality_augmentations)."""
    fit: dict[str, tuple[str, str]] = {}
    for name, question in drafts:
        alike = SequenceMatcher(None, parent.split(), question.split(), autojunk=False).ratio()
        said = _said(question)
        if (
            params.min_similarity <= alike <= params.max_similarity
            and said not in asked
            and fixed_points(question) == fixed_points(parent)
        ):
            fit.setdefault(said, (name, question))
    return list(fit.values())


def _variant(parent: Mapping[str, Any], rule: str, question: str) -> dict[str, Any]:
    """Return the parent's row with the question said by `rule`."""
    return {
        **parent,
        **dict.fromkeys(_OF_THE_QUESTION),
        "pair_id": tables.content_hash(parent["pair_id"], rule, question),
        "question": question,
        "origin": "rule",
        "rule": rule,
        "parent_ids": [parent["pair_id"]],
        "content_hash": tables.content_hash(question, parent["answer"]),
        "truth_evidence": "none" if parent["truth_evidence"] == "reviewed" else parent["truth_evidence"],
    }


def _account(ledger: Ledger, parent: str, made: Sequence[str], *, applied: bool) -> None:
    if made:
        ledger.keep(parent, into=made[0])
        for variant in made[1:]:
            ledger.derive(variant, [parent])
    else:
        ledger.drop(parent, "rejected_variant" if applied else "no_rule_applies")


def _said(question: str) -> str:
    """Return what a question says, free of case, punctuation and white space."""
    return " ".join(re.findall(r"\w+", question.casefold()))
