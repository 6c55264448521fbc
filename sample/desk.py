"""The one thing to call: make a desk, and the truth about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sample import library
from sample.calls import Calls
from sample.chats import Chats
from sample.storage import Desk, Fact, write_truth
from sample.tickets import Tickets
from sample.vocabulary import vocabulary
from sample.world import World


@dataclass(frozen=True)
class Made:
    """What was made: where it lies, rows by table, planted facts by kind."""

    desk: Path
    truth: Path
    rows: dict[str, int]
    planted: dict[str, int]


def make_desk(
    out: Path,
    *,
    tickets: int,
    seed: int,
    until: date = date(2026, 1, 31),
    days: int = 60,
    holdout: bool = False,
) -> Made:
    """Write `desk.sqlite` and `truth.parquet` into the folder `out`; equal arguments give equal bytes.

    Args:
        out: Folder, made if need be; earlier files of the same names are replaced.
        tickets: Number of tickets; a fifth as many chats and a twelfth as many calls come with them.
        seed: Decides everything that is drawn.
        until: Last day of the span (UTC).
        days: Length of the span.
        holdout: Whether to speak the other company's language, which nothing was tuned on.

    Raises:
        ValueError: If `tickets` or `days` is below one.
    """
    if tickets < 1 or days < 1:
        raise ValueError("tickets and days must be at least 1")
    out.mkdir(parents=True, exist_ok=True)
    world = World(vocabulary(holdout=holdout), seed, tickets, until, days)
    desk, facts = Desk(out / "desk.sqlite"), list[Fact]()
    desk.write(library.people(world))
    desk.write(library.articles(world, facts))
    desk.write(library.documents(world))
    desk.write(Tickets(world).rows(facts))
    desk.write(Chats(world).rows(facts))
    desk.write(Calls(world).rows(facts))
    desk.close()
    write_truth(facts, out / "truth.parquet")
    planted = Counter(fact.kind for fact in facts)
    return Made(out / "desk.sqlite", out / "truth.parquet", desk.counts, dict(sorted(planted.items())))
