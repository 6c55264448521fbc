"""The tickets: most as they come, some with a fault planted in them."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Any

from sample import defects, letters
from sample.letters import Matter
from sample.people import Person
from sample.storage import Fact, Row
from sample.texts import Text
from sample.world import World, stamp

FIRST_ID = 100_001

ROLES = {
    "plain": 68.2, "open": 3.5, "exact_duplicate": 2.5, "near_duplicate": 3.5, "hard_negative": 2.5,
    "contradiction": 1.2, "outdated_answer": 0.8, "wrong_category": 2.2, "empty_resolution": 2.5,
    "one_word_resolution": 1.8, "non_answer": 2.3, "auto_reply": 1.4, "bounce": 0.9, "spam": 1.2, "merged": 1.5,
    "other_language": 4.0,
}  # fmt: skip
"""What a ticket is, and how often, in percent."""

COPIES = frozenset({"exact_duplicate", "near_duplicate", "hard_negative", "contradiction", "merged"})
_NAMES, _WEIGHTS = tuple(ROLES), tuple(accumulate(ROLES.values()))
_REACH = 400


@dataclass(slots=True)
class Draft:
    """A ticket before it is stored."""

    customer: Person
    agent: Person | None
    subject: Text
    description: Text
    resolution: Text | None
    category: str
    priority: str
    status: str
    channel: str
    created: datetime
    hours: float
    reopened: int = 0
    merged_into: int | None = None
    rating: int | None = None
    facts: list[Fact] = field(default_factory=list)


@dataclass
class Tickets:
    """All tickets of a desk, each made from its number alone."""

    world: World

    @cached_property
    def roles(self) -> list[str]:
        """What each ticket is."""
        rng = self.world.rng("roles")
        return [_NAMES[bisect(_WEIGHTS, rng.random() * _WEIGHTS[-1])] for _ in range(self.world.tickets)]

    @cached_property
    def _hard(self) -> dict[int, int]:
        hard = (n for n, role in enumerate(self.roles) if role == "hard_negative")
        return {number: place for place, number in enumerate(hard)}

    def created(self, number: int) -> datetime:
        """When a ticket was opened; tickets come in the order of their numbers."""
        return self.world.moment((number + self.world.rng("time", number).random()) / self.world.tickets)

    def rows(self, facts: list[Fact]) -> Iterator[Row]:
        """Yield the rows of all tickets; what is planted in them goes to `facts`."""
        for number in range(self.world.tickets):
            draft = self.draft(number)
            facts += draft.facts
            yield "tickets", self._row(number, draft, facts)

    def draft(self, number: int) -> Draft:
        """Make a ticket."""
        role = self.roles[number]
        rng = self.world.rng("role", number)
        made = getattr(defects, role)(self, number, rng) if role not in ("plain", "open") else None
        draft = made or self.plain(number)
        if role == "open":
            draft.resolution, draft.rating, draft.status = None, None, ("open", "pending", "new")[int(rng.random() * 3)]
            draft.facts = [fact for fact in draft.facts if fact.field != "resolution"]
            draft.facts = [fact for fact in draft.facts if fact.kind != "outdated_answer"]
            draft.facts.append(Fact("open", "tickets", ident(number)))
        return draft

    def plain(self, number: int, about: Matter | None = None, frame: object = None) -> Draft:
        """Make a ticket without a planted fault; `about` and `frame` make it a variation of another one."""
        about = about or letters.matter(self.world, number)
        frame = number if frame is None else frame
        rng, created = self.world.rng("frame", frame), self.created(number)
        text = letters.description(self.world, about, rng)
        problem, old = about.problem, {}
        facts: list[Fact] = []
        if problem.old and created < self.world.changed:
            old = dict(problem.old)
            facts.append(outdated(number, about, "the article has changed since"))
        solved = letters.resolution(self.world, about, self.world.rng("answer", frame), old, ticket=self.number(number))
        draft = Draft(
            about.customer, about.agent, Text(list(about.subject)), text, solved, problem.category,
            _priority(about, rng), "closed" if rng.random() < 0.3 else "solved",
            ("email", "email", "email", "web", "web", "app")[int(rng.random() * 6)], created,
            0.3 + rng.expovariate(1 / 20), rating=_rating(rng), facts=facts,
        )  # fmt: skip
        if about.mood == "terse" and rng.random() < 0.6:
            draft.subject.change(str.lower, personal=False)
        defects.decorate(self, number, draft, rng)
        return draft

    def number(self, number: int) -> str:
        """The ticket number people see."""
        return f"{self.world.words.company['ticket_prefix']}-{number + FIRST_ID}"

    def earlier(self, number: int, rng: Random, *, by: bool = False) -> int | None:
        """Return a recent plain ticket, one whose answer depends on a variant if `by`."""
        at = number - 1 - int(rng.random() * min(number, _REACH))
        for other in range(at, max(-1, at - _REACH), -1):
            if self.roles[other] == "plain" and (not by or letters.matter(self.world, other).variant):
                return other
        return None

    def place_among_hard_negatives(self, number: int) -> int:
        """How many hard negatives come before this one."""
        return self._hard[number]

    def hard_negative_at(self, place: int) -> int:
        """The number of a hard negative by its place among them."""
        return next(n for n, p in self._hard.items() if p == place)

    def _row(self, number: int, draft: Draft, facts: list[Fact]) -> tuple[Any, ...]:
        row = ident(number)
        texts: list[str | None] = []
        for name in ("subject", "description", "resolution"):
            text: Text | None = getattr(draft, name)
            if text is None:
                texts.append(None)
                continue
            written, spans = text.finish()
            texts.append(written)
            facts += [
                Fact(s.kind, "tickets", row, field=name, start=s.start, end=s.end, type=s.type or None,
                     value=s.value, note=s.note or None)
                for s in spans
            ]  # fmt: skip
        updated = self.world.later(draft.created, draft.hours)
        agent = draft.agent.id if draft.agent else None
        merged = None if draft.merged_into is None else draft.merged_into + FIRST_ID
        return (
            number + FIRST_ID, self.number(number), draft.customer.id, agent, *texts, draft.status, draft.category,
            draft.priority, draft.channel, draft.reopened, merged, draft.rating, stamp(draft.created), stamp(updated),
        )  # fmt: skip


def ident(number: int) -> str:
    """The id of a ticket's row, as the truth names it."""
    return str(number + FIRST_ID)


def outdated(number: int, about: Matter, note: str) -> Fact:
    """Say which value of an answer no longer holds."""
    name, old = next(iter(about.problem.old.items()))
    return Fact("outdated_answer", "tickets", ident(number), article_id(about.problem.id), field="resolution",
                type=name, value=old, note=note)  # fmt: skip


def article_id(problem: str) -> str:
    """The id of a problem's article."""
    return "KB-" + problem.replace("_", "-")


def _priority(about: Matter, rng: Random) -> str:
    scale = ("low", "normal", "high", "urgent")
    step = (1 if about.mood == "angry" else 0) + (1 if rng.random() < 0.08 else 0) - (1 if rng.random() < 0.1 else 0)
    return scale[max(0, min(3, scale.index(about.problem.priority) + step))]


def _rating(rng: Random) -> int | None:
    return rng.choices((None, 1, 2, 3, 4, 5), (62, 3, 2, 4, 10, 19))[0]
