"""Who works at the desk, who writes to it, and when: everything but the words."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from random import Random

from sample.grammar import Scene
from sample.people import Person, person, teller
from sample.vocabulary import Problem, Vocabulary

_BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 9, 16, 18, 17, 15, 13, 14, 15, 14, 13, 12, 11, 11, 10, 8, 5, 2)
_BY_WEEKDAY = (14, 12, 11, 11, 10, 5, 4)
AGENTS = 18


def stamp(moment: datetime) -> str:
    """Write a moment the way the desk stores it.

    >>> stamp(datetime(2026, 1, 31, 9, 5, tzinfo=UTC))
    '2026-01-31T09:05:00Z'
    """
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class World:
    """One desk over one span of days; every draw is decided by the seed and the name of what is drawn."""

    words: Vocabulary
    seed: int
    tickets: int
    until: date
    days: int

    def rng(self, *name: object) -> Random:
        """Return the generator of one thing, the same whatever was drawn before."""
        return Random(":".join(map(str, (self.seed, *name))))

    @cached_property
    def start(self) -> datetime:
        """The first moment of the span; the last day is `until`."""
        first = self.until - timedelta(days=self.days - 1)
        return datetime(first.year, first.month, first.day, tzinfo=UTC)

    @cached_property
    def _busy(self) -> list[int]:
        hours = range(self.days * 24)
        weekday = self.start.weekday()
        return list(accumulate(_BY_HOUR[h % 24] * _BY_WEEKDAY[(weekday + h // 24) % 7] for h in hours))

    def moment(self, share: float) -> datetime:
        """Return the moment by which `share` of all requests have come; office hours are busier than nights."""
        target = share * self._busy[-1]
        hour = bisect_left(self._busy, target)
        before = self._busy[hour - 1] if hour else 0
        part = (target - before) / (self._busy[hour] - before)
        return self.start + timedelta(seconds=int(3600 * (hour + min(part, 0.9999))))

    @cached_property
    def end(self) -> datetime:
        """The last second of the span."""
        return self.start + timedelta(days=self.days, seconds=-1)

    def later(self, moment: datetime, hours: float) -> datetime:
        """Return the moment some hours later, at most the end of the span."""
        return min(moment + timedelta(seconds=int(hours * 3600)), self.end)

    @cached_property
    def customers(self) -> list[Person]:
        """Everybody who ever wrote; about a third as many as tickets."""
        prefix = self.words.company["account_prefix"]
        count = max(25, int(self.tickets * 0.36))
        return [person(4001 + n, self.rng("customer", n), self.words.people, prefix=prefix) for n in range(count)]

    @cached_property
    def agents(self) -> list[Person]:
        """Everybody who answers; all have names of their own."""
        prefix = self.words.company["account_prefix"]
        return [person(11 + n, self.rng("agent", n), self.words.people, prefix=prefix) for n in range(AGENTS)]

    def customer(self, rng: Random) -> Person:
        """Draw a customer; few write often, many once."""
        return self.customers[int(len(self.customers) * rng.random() ** 1.5)]

    def problem(self, rng: Random) -> Problem:
        """Draw a problem; some are more common than others."""
        return rng.choices(self.words.problems, cum_weights=self.words.problem_weights)[0]

    @cached_property
    def changed(self) -> datetime:
        """The moment from which the articles say what is true now; the old facts held before."""
        return self.moment(0.1)

    def scene(self, rng: Random, me: Person, agent: Person, facts: dict[str, str]) -> Scene:
        """Return the scene in which `me` writes and `agent` answers."""
        company = self.words.company
        always = {"domain": company["domain"], "company": company["name"]}
        return Scene(rng, self.words.slots, always | facts, teller(me, agent, self.words.people, company))
