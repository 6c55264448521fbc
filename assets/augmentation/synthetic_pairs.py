"""Pairs a language model writes from the desk's own articles (AIAugmentor.generate_synthetic_qa_pairs).

A pair is grounded or it is nothing: each prompt holds one passage of a training article, and a number, name or
placeholder of the answer that the passage does not hold rejects it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from assets import tables
from assets.augmentation.back_translations import Made
from assets.augmentation.filters import SENTENCE, Asked, alike, faults, numbers, repetition
from assets.augmentation.gaps import gaps
from assets.augmentation.params import AugmentationParams, SyntheticParams
from assets.augmentation.rules import NEGATION, fixed_points
from assets.language_model import LanguageModel, Prompt
from assets.ledger import Ledger

_MAX_TOKENS = 320
_MOST_REPEATED = 0.2
_WORD = re.compile(r"[^\W\d_]{4,}")
_OF_THE_PROMPT = re.compile(
    r"\b(?:the|this|given|above) (?:passage|text|article|json|data|instructions?|prompt)\b|\bas an ai\b|"
    r"\blanguage model\b|\b(?:ignore|disregard)\b.{0,30}\b(?:instructions?|prompt|rules)\b|\bsystem prompt\b",
    re.IGNORECASE,
)


class Pair(BaseModel):
    """The form a pair comes in."""

    model_config = ConfigDict(extra="forbid")
    question: str = Field(min_length=10, max_length=200)
    answer: str = Field(min_length=50, max_length=1000)


class Task(NamedTuple):
    """What one prompt is about: an article's row, and the sentence the question should turn on."""

    row: Mapping[str, Any]
    focus: str


def synthetic_pairs(split_pairs: pa.Table, params: AugmentationParams, model: LanguageModel) -> Made:
    """Return pairs written from training articles, about the categories that training lacks most.

    Prompts are asked until `count` pairs were found good, `tries` times as many were asked, or the budget is spent.
    A pair takes group, cluster and fold of its article, so that no fold is tested on what another one was made from.
    """
    wanted = params.synthetic
    rows = split_pairs.sort_by("pair_id").to_pylist()
    ledger = Ledger.of(split_pairs, key="pair_id")
    tasks = list(_tasks(rows, params))[: wanted.tries * wanted.count]
    asked = Asked({row["pair_id"]: row["question"] for row in rows} if tasks else {})
    told = Asked({row["pair_id"]: row["answer"] for row in rows if row["kind"] not in wanted.sources} if tasks else {})

    made: list[dict[str, Any]] = []
    became: list[tuple[str, str]] = []
    with model.session("synthetic_pairs") as session:
        size = 1 if model.at.packaged else model.params.concurrency
        for start in range(0, len(tasks), size):
            if len(made) >= wanted.count or session.exhausted:
                break
            some = tasks[start : start + size]
            replies = session.ask([_prompt(task, wanted) for task in some])
            for task, reply in zip(some, replies, strict=True):
                reason: str | None = reply.outcome
                if reply.value is not None:
                    reason = validate_synthetic_pair(reply.value, task.row["answer"], asked, told, params)
                if reason is None and len(made) >= wanted.count:
                    reason = "not_needed"
                became.append((task.row["pair_id"], reason or "kept"))
                if reason is None and reply.value is not None:
                    made.append(_row(task.row, reply.value, wanted, model.identity, reply.request_hash))
                    asked.add({made[-1]["pair_id"]: made[-1]["question"]})
                    told.add({made[-1]["pair_id"]: made[-1]["answer"]})
    _account(ledger, rows, made, became, wanted)
    table = tables.SYNTHETIC_PAIRS.of(sorted(made, key=lambda v: v["pair_id"]))
    return Made(ledger.close(table, key="pair_id"), dict(Counter(reason for _, reason in became)))


def validate_synthetic_pair(
    pair: Pair, passage: str, asked: Asked, told: Asked, params: AugmentationParams
) -> str | None:
    """Return why a pair is not good enough, or None.

    Args:
        pair: What the model wrote.
        passage: The passage it was given.
        asked: Questions of every split, and of the pairs found good before.
        told: Answers of customers' pairs of every split, and of the pairs found good before.
        params: What a pair must be like.
    """
    wanted, question, answer = params.synthetic, pair.question.strip(), pair.answer.strip()
    if not wanted.question_chars[0] <= len(question) <= wanted.question_chars[1]:
        return "question_length"
    if not wanted.answer_chars[0] <= len(answer) <= wanted.answer_chars[1]:
        return "answer_length"
    if _OF_THE_PROMPT.search(f"{question}\n{answer}"):
        return "speaks_of_the_prompt"
    if not coherent(question, answer):
        return "not_coherent"
    if not grounded(f"{question}\n{answer}", passage) or covered(answer, passage) < wanted.min_covered:
        return "not_grounded"
    if asked.exactly(question) or asked.near([question], [None], params.max_alike)[0]:
        return "asked_already"
    if told.near([answer], [None], params.max_alike)[0]:
        return "told_already"
    parts = [passage, *SENTENCE.split(passage)]
    relevance, *near = alike([question, *[answer] * len(parts)], [answer, *parts], params).tolist()
    if relevance < wanted.min_relevance:
        return "not_relevant"
    return "not_grounded" if max(near) < wanted.min_grounding else None


def coherent(question: str, answer: str) -> bool:
    """Whether a question asks, an answer does not, and neither goes round in circles or breaks off.

    >>> coherent("How long may I return it?", "You may return it for 30 days after delivery.")
    True
    >>> coherent("How long?", "It is 30 days, which is 30 days, which is 30 days, which is 30 days.")
    False
    """
    asks = question.endswith("?")
    says = answer[-1:] in tuple(".!)\"'”’]") and not answer.endswith("?") and answer != question
    return asks and says and faults(question) + faults(answer) == 0 and repetition(answer) <= _MOST_REPEATED


def grounded(text: str, passage: str) -> bool:
    """Whether every number, name and placeholder of a text occurs in the passage it was written from.

    >>> passage = "Unused parts go back to Tarnwick within 30 days."
    >>> grounded("Send it to Tarnwick within 30 days.", passage), grounded("Send it within 14 days.", passage)
    (True, False)
    """
    if not numbers(text) <= numbers(passage):
        return False
    held = set(re.findall(r"[\w']+", passage.casefold()))
    points = {point for point in fixed_points(text) if not NEGATION.fullmatch(point)}
    named = {point for point in points if point[0].isalpha()}
    marked = {point for point in points if not point[0].isalnum()}
    return all(word in held or word.removesuffix("'s") in held for word in named) and all(
        point in passage.casefold() for point in marked
    )


def covered(answer: str, passage: str) -> float:
    """Return the share of an answer's words of four letters or more whose stems the passage holds.

    >>> covered("Returning parts takes thirty days.", "You can return a part in thirty days.")
    0.8
    """
    held, said = _stems(passage), _stems(answer)
    return sum(stem in set(held) for stem in said) / len(said) if said else 0.0


def _stems(text: str) -> list[str]:
    import snowballstemmer

    stemmer = snowballstemmer.stemmer("english")
    return [str(stemmer.stemWord(word)) for word in _WORD.findall(text.casefold())]


def _tasks(rows: Sequence[Mapping[str, Any]], params: AugmentationParams) -> Iterator[Task]:
    """Yield what to ask, topic by topic in turn: each article's sentences, one after the other."""
    wanted = params.synthetic
    of_topic: defaultdict[str, list[list[Task]]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: tables.content_hash("synthetic", params.seed, r["pair_id"])):
        if row["split"] == "train" and row["category"] is not None and _may_tell(row, wanted):
            of_topic[row["category"]].append([Task(row, s) for s in SENTENCE.split(row["answer"]) if len(s) > 20])
    lacking = list(wanted.topics or gaps(rows, wanted.per_category))
    # Sentence by sentence: first one of every article of a topic, then the next of each.
    in_turn = [
        [t for turn in zip_longest(*of_topic[c]) for t in turn if t is not None] for c in lacking if c in of_topic
    ]
    yield from (task for turn in zip_longest(*in_turn) for task in turn if task is not None)


def _may_tell(row: Mapping[str, Any], wanted: SyntheticParams) -> bool:
    return row["kind"] in wanted.sources and len(row["answer"]) <= wanted.passage_chars


def _prompt(task: Task, wanted: SyntheticParams) -> Prompt[Pair]:
    (q_least, q_most), (a_least, a_most) = wanted.question_chars, wanted.answer_chars
    instruction = (
        f"You write training material for {wanted.domain}. From the passage alone, write one question of {q_least} to "
        f"{q_most} characters that a customer could ask about the focus, and the answer of {a_least} to {a_most} "
        f"characters that an agent would give. Style: {wanted.style}. State no number, name or fact that the passage "
        "does not hold, and do not mention the passage."
    )
    row = task.row
    data = {"topic": row["category"], "title": row["question"], "passage": row["answer"], "focus": task.focus}
    return Prompt(instruction, data, Pair, _MAX_TOKENS)


def _row(parent: Mapping[str, Any], pair: Pair, wanted: SyntheticParams, model: str, request: str) -> dict[str, Any]:
    question, answer = pair.question.strip(), pair.answer.strip()
    return {
        **parent,
        **dict.fromkeys(c.name for c in tables.SCORES),
        "pair_id": tables.content_hash(parent["pair_id"], "synthetic", question, answer),
        "question": question,
        "answer": answer,
        "history": None,
        "domain": None,
        "origin": "synthetic",
        "parent_ids": [parent["pair_id"]],
        "content_hash": tables.content_hash(question, answer),
        "truth_evidence": "none",
        "passage": parent["answer"],
        "style": wanted.style,
        "model": model,
        "request_hash": request,
    }


def _account(
    ledger: Ledger,
    rows: Sequence[Mapping[str, Any]],
    made: Sequence[Mapping[str, Any]],
    became: Sequence[tuple[str, str]],
    wanted: SyntheticParams,
) -> None:
    """Say what became of every pair: an article is kept into the first pair written from it, others are derived."""
    of: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for pair in made:
        of[pair["parent_ids"][0]].append(pair)
    first = {pair_id: reason for pair_id, reason in reversed(became)}
    for row in rows:
        pair_id = row["pair_id"]
        if of[pair_id]:
            ledger.keep(pair_id, into=of[pair_id][0]["pair_id"])
            for other in of[pair_id][1:]:
                ledger.derive(other["pair_id"], [pair_id])
        elif not wanted.count:
            ledger.drop(pair_id, "off")
        elif row["split"] != "train":
            ledger.drop(pair_id, "not_in_train")
        elif row["kind"] not in wanted.sources:
            ledger.drop(pair_id, "no_source")
        else:
            ledger.drop(pair_id, first.get(pair_id, "not_asked"))
