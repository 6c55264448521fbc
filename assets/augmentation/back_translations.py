"""Training questions sent through another language and back, filtered like variants by rule.

Sennrich, Haddow and Birch, "Improving Neural Machine Translation Models with Monolingual Data" (2016), for the method;
here it paraphrases: Wieting, Mallinson and Gimpel, "Learning Paraphrastic Sentence Embeddings from Back-Translated
Bitext" (2017).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from assets import tables
from assets.augmentation.filters import Asked, Draft, rejections
from assets.augmentation.params import AugmentationParams
from assets.augmentation.rule_variants import account, smallest_category_first, variant
from assets.augmentation.rules import chooser
from assets.language_model import LanguageModel, Prompt, Session
from assets.ledger import Ledger, Published

_TOKENS_A_CHARACTER = 0.75
"""Most answer tokens a character of the question is given: a translation is rarely twice as long."""


class Translation(BaseModel):
    """The form a translation comes in."""

    model_config = ConfigDict(extra="forbid")
    translation: str = Field(min_length=1, max_length=1000)


class Made(NamedTuple):
    """What was published, and what became of every prompt."""

    published: Published
    attempts: Mapping[str, int]


class Trip(NamedTuple):
    """One question on its way: its row, pivot, where it has come to, and the requests that brought it there."""

    row: Mapping[str, Any]
    pivot: str
    outcome: str
    question: str = ""
    requests: tuple[str, ...] = ()


def back_translations(split_pairs: pa.Table, params: AugmentationParams, model: LanguageModel) -> Made:
    """Return training questions that came back otherwise worded from another language, with their parents' answers.

    Pairs of the smallest categories go first, each through one pivot language chosen by hash, until `share` of the
    train pairs is reached, `tries` times as many have gone, or the budget is spent. What comes back must keep
    numbers, names, placeholders and negations, and passes the same filters as a variant by rule.
    """
    trips = params.back_translation
    rows = split_pairs.sort_by("pair_id").to_pylist()
    ledger = Ledger.of(split_pairs, key="pair_id")
    train = [row for row in rows if row["split"] == "train"]
    room = int(trips.share * len(train))
    fit = [r for r in smallest_category_first(train, params.seed) if _may_travel(r, params)]
    waiting = fit[: trips.tries * room]
    asked = Asked({row["pair_id"]: row["question"] for row in rows} if waiting else {})

    made: list[dict[str, Any]] = []
    became: dict[str, str] = {}
    with model.session("back_translations") as session:
        size = 1 if model.at.packaged else model.params.concurrency
        for start in range(0, len(waiting), size):
            if len(made) >= room or session.exhausted:
                break
            back = _round_trips(session, waiting[start : start + size], params)
            for trip, reason in zip(back, _judged(back, asked, params), strict=True):
                if reason is None and asked.exactly(trip.question):
                    reason = "asked_already"
                if reason is None and len(made) >= room:
                    reason = "not_needed"
                became[trip.row["pair_id"]] = reason or "kept"
                if reason is None:
                    made.append(_back(trip, model.identity))
                    asked.add({made[-1]["pair_id"]: trip.question})
    of = {v["parent_ids"][0]: [v] for v in made}
    for row in rows:
        reason = became.get(row["pair_id"]) or _not_asked(row, params, room=room)
        account(ledger, row["pair_id"], of.get(row["pair_id"], []), reason)
    table = tables.BACK_TRANSLATIONS.of(sorted(made, key=lambda v: v["pair_id"]))
    return Made(ledger.close(table, key="pair_id"), dict(Counter(became.values())))


def _may_travel(row: Mapping[str, Any], params: AugmentationParams) -> bool:
    trips = params.back_translation
    return row["language"] in (trips.code, None) and len(row["question"]) <= trips.max_chars


def _not_asked(row: Mapping[str, Any], params: AugmentationParams, *, room: int) -> str:
    if row["split"] != "train":
        return "not_in_train"
    if not room:
        return "off"
    return "not_asked" if _may_travel(row, params) else "not_suitable"


def _round_trips(session: Session, rows: Sequence[Mapping[str, Any]], params: AugmentationParams) -> list[Trip]:
    """Send questions out and back; a trip that ends under way has the outcome of that prompt."""
    pivots = params.back_translation.pivots
    out = [
        Trip(r, pivots[chooser(params.seed, r["pair_id"])("pivot") % len(pivots)], "answered", r["question"])
        for r in rows
    ]
    there = _translated(session, out, [trip.pivot for trip in out])
    back = iter(_translated(session, [t for t in there if t.outcome == "answered"], params.back_translation.language))
    return [next(back) if trip.outcome == "answered" else trip for trip in there]


def _translated(session: Session, trips: Sequence[Trip], into: str | Sequence[str]) -> list[Trip]:
    languages = [into] * len(trips) if isinstance(into, str) else into
    prompts = [_prompt(trip.question, language) for trip, language in zip(trips, languages, strict=True)]
    return [
        trip._replace(
            outcome=reply.outcome,
            question=reply.value.translation.strip() if reply.value else "",
            requests=(*trip.requests, reply.request_hash),
        )
        for trip, reply in zip(trips, session.ask(prompts), strict=True)
    ]


def _prompt(text: str, language: str) -> Prompt[Translation]:
    instruction = (
        f"Translate the text into {language}. Keep its meaning, numbers and product names, and every placeholder in "
        "brackets such as [PERSON_1] letter by letter. Do not answer it."
    )
    return Prompt(instruction, {"text": text}, Translation, 40 + int(len(text) * _TOKENS_A_CHARACTER))


def _judged(trips: Sequence[Trip], asked: Asked, params: AugmentationParams) -> list[str | None]:
    drafts = [Draft(t.row["pair_id"], t.pivot, t.question, t.row["question"]) for t in trips]
    judged = iter(rejections([d for d in drafts if d.question], asked, params, exact=False))
    return [next(judged) if t.question else t.outcome for t in trips]


def _back(trip: Trip, model: str) -> dict[str, Any]:
    told = {"pivot": trip.pivot, "model": model, "request_hashes": list(trip.requests)}
    return variant(trip.row, trip.question, "back_translation", trip.pivot) | told
