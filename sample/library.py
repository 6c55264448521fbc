"""What the desk has on its shelves: customers, agents, articles, documents from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from sample.grammar import Scene, capitalised
from sample.people import ascii_name
from sample.storage import Fact, Row
from sample.tickets import article_id
from sample.vocabulary import Problem
from sample.world import World, stamp


def people(world: World) -> Iterator[Row]:
    """Yield customers and agents."""
    for n, who in enumerate(world.customers):
        rng = world.rng("joined", n)
        joined = world.start - timedelta(days=int(rng.random() * 1500))
        consent = rng.choices(("training", "service", "none"), (80, 15, 5))[0]
        yield "customers", (
            who.id, who.account, who.first, who.last, who.email, who.phone, who.street, who.city, who.region,
            who.postcode, who.country, who.born.isoformat(), consent, stamp(joined),
        )  # fmt: skip
    for n, who in enumerate(world.agents):
        mail = f"{ascii_name(who.first)}.{ascii_name(who.last)}@{world.words.company['domain']}"
        yield "agents", (who.id, f"{who.first} {who.last}", mail, ("first line", "network", "heating")[n % 3])


def articles(world: World, facts: list[Fact]) -> Iterator[Row]:
    """Yield an article a problem, and of those that have changed the one before."""
    for n, problem in enumerate(world.words.problems):
        published = world.start + timedelta(minutes=7 * n)
        changed = max(world.changed, published) if problem.old else published
        ident, old = article_id(problem.id), article_id(problem.id) + "-v1"
        yield _article(world, problem, ident, {}, "published", None, stamp(published), stamp(changed))
        if problem.old:
            yield _article(world, problem, old, problem.old, "archived", ident, stamp(published), stamp(published))
            name, value = next(iter(problem.old.items()))
            facts.append(Fact("outdated_article", "articles", old, ident, field="body", type=name, value=value))


def _article(
    world: World, problem: Problem, ident: str, changes: Mapping[str, str], status: str, replaced_by: str | None,
    published: str, changed: str,
) -> Row:  # fmt: skip
    kind = "policy" if problem.category in world.words.company["policy_categories"] else "procedure"
    body = "\n\n".join(_section(world, problem, key, changes) for key in problem.keys or (None,))
    company = world.words.company["name"]
    values = (ident, problem.id, problem.title, body, problem.category, kind, status, "en",
              f"LicenseRef-{company.replace(' ', '-')}", replaced_by, published, changed)  # fmt: skip
    return "articles", values


def _section(world: World, problem: Problem, variant: str | None, changes: Mapping[str, str]) -> str:
    agent = world.agents[0]
    scene: Scene = world.scene(world.rng("article", problem.id), agent, agent, problem.said(variant, changes))
    steps = ["".join(text for text, _ in capitalised(scene.write((step,)))) for step in problem.steps]
    heading = f"## {variant[0].upper()}{variant[1:]}\n\n" if variant else ""
    return heading + "\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1))


def documents(world: World) -> Iterator[Row]:
    """Yield the documents from outside, each with its licence."""
    for n, document in enumerate(world.words.documents):
        retrieved = stamp(world.start + timedelta(hours=5 + n))
        names = ("id", "title", "body", "source", "url", "licence")
        yield "external_documents", (*(document[name] for name in names), retrieved)
