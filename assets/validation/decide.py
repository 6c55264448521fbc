"""Decisions: scores against limits, without looking at any text."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from assets.validation.params import Limits, ValidationParams


class Rule(NamedTuple):
    """A pair fails for `reason` if its score stands on the wrong side of the limit."""

    reason: str
    score: str
    fails: Callable[[float, float], bool]
    limit: str


RULES = (
    Rule("bounce", "bounce", operator.gt, "max_bounce"),
    Rule("auto_reply", "auto_reply", operator.gt, "max_auto_reply"),
    Rule("spam", "spam", operator.gt, "max_spam"),
    Rule("question_too_short", "question_chars", operator.lt, "question_min_chars"),
    Rule("question_too_long", "question_chars", operator.gt, "question_max_chars"),
    Rule("answer_too_short", "answer_chars", operator.lt, "answer_min_chars"),
    Rule("answer_too_long", "answer_chars", operator.gt, "answer_max_chars"),
    Rule("non_answer", "substance", operator.lt, "min_substance"),
    Rule("unclear_question", "clarity", operator.lt, "min_clarity"),
    Rule("unspecific_question", "specificity", operator.lt, "min_specificity"),
    Rule("ungrammatical", "grammar", operator.lt, "min_grammar"),
    Rule("incomplete_answer", "completeness", operator.lt, "min_completeness"),
    Rule("poor_answer", "answer_quality", operator.lt, "min_answer_quality"),
    Rule("irrelevant_answer", "relevance", operator.lt, "min_relevance"),
)
"""Every rule, in the order in which the first one a pair fails becomes the reason it is dropped for.

What a machine wrote is no question, however good its words: that comes first.
"""


def decide(scores: pa.Table, params: ValidationParams) -> list[str | None]:
    """Return for each scored pair the first reason against it, or None: it is worth learning from."""
    limits = {kind: params.limits_for(kind) for kind in scores.column("kind").unique().to_pylist()}
    return [next(iter(failures(row, limits[row["kind"]])), None) for row in scores.to_pylist()]


def failures(scores: Mapping[str, Any], limits: Limits) -> list[str]:
    """Return every reason against one pair; a score that could not be measured speaks against none.

    >>> failures({"question_chars": 4, "answer_chars": 40}, Limits())
    ['question_too_short']
    """
    return [
        rule.reason
        for rule in RULES
        if (value := scores.get(rule.score)) is not None and rule.fails(value, getattr(limits, rule.limit))
    ]
