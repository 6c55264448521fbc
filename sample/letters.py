"""What customers write and agents answer: a problem's sentences in a mood, an article's facts in a style."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from sample.grammar import Scene, Segment, capitalised
from sample.people import Person
from sample.texts import Text, lazy, typos
from sample.vocabulary import Problem
from sample.world import World

Sentence = list[Segment]


@dataclass(frozen=True, slots=True)
class Matter:
    """What a ticket is about, apart from how it is greeted and signed."""

    number: int
    problem: Problem
    variant: str | None
    customer: Person
    agent: Person
    mood: str
    sticky: dict[str, str]
    subject: Sentence
    ask: Sentence
    details: list[Sentence]
    want: Sentence | None

    @property
    def facts(self) -> dict[str, str]:
        """What the customer takes for granted, and the article's facts."""
        return self.sticky | self.problem.said(self.variant)


def matter(
    world: World,
    number: int,
    *,
    customer: Person | None = None,
    variant: str | None = None,
    problem: Problem | None = None,
    table: str = "ticket",
) -> Matter:
    """Return what a ticket says: decided by its number; customer, variant and problem can be exchanged for others."""
    rng = world.rng(table, number)
    me, agent = world.customer(rng), world.agents[int(rng.random() * len(world.agents))]
    problem = problem or world.problem(rng)
    drawn = problem.keys[int(rng.random() * len(problem.keys))] if problem.keys else None
    mood = rng.choices(tuple(world.words.moods), cum_weights=world.words.mood_weights)[0]
    sticky = _sticky(world, number, table, problem, variant or drawn)
    scene = world.scene(rng, me, agent, sticky | problem.said(variant or drawn))
    subject, ask = scene.sentence(problem.subjects), scene.sentence(problem.asks)
    details = _details(world, scene, problem, mood)
    want = scene.sentence(problem.wants) if scene.chance(0.55 if mood == "terse" else 0.75) else None
    return Matter(number, problem, variant or drawn, customer or me, agent, mood, sticky, subject, ask, details, want)


def _sticky(world: World, number: int, table: str, problem: Problem, variant: str | None) -> dict[str, str]:
    """What stays the same throughout a ticket although no answer depends on it: the room, the product, the sum."""
    rng = world.rng(table, "sticky", number)
    scene = world.scene(rng, world.agents[0], world.agents[0], {})
    drawn = {name: "".join(t for t, _ in scene.write(world.words.slots[name])) for name in world.words.sticky}
    products = world.words.categories[problem.category].products or world.words.company["products"]
    drawn["product"] = products[int(rng.random() * len(products))]
    if variant is not None and variant in world.words.company["products"]:
        drawn["product"] = variant
    return drawn


def _details(world: World, scene: Scene, problem: Problem, mood: str) -> list[Sentence]:
    context = world.words.categories[problem.category].context
    shares = {"terse": (0.45, 0.15, 0.05), "chatty": (0.95, 0.85, 0.3)}.get(mood, (0.75, 0.4, 0.12))
    choices = (problem.details, context, world.words.filler)
    return [scene.sentence(c) for c, share in zip(choices, shares, strict=True) if scene.chance(share)]


def _mood(world: World, name: str) -> Mapping[str, Any]:
    return world.words.moods[name]


def description(world: World, about: Matter, rng: Random) -> Text:
    """Write the customer's text; `rng` draws greeting, courtesies, personal data, signature and slips."""
    mood, text = _mood(world, about.mood), Text()
    scene = world.scene(rng, about.customer, about.agent, about.facts)
    terse = about.mood == "terse"
    if scene.chance(0.06):
        text.add(*_form(world, scene), "\n")
    if scene.chance(0.3 if terse else 0.85):
        text.add(scene.sentence(mood["greet"]), "," if scene.chance(0.8) else "", "\n" if terse else "\n\n")
    opening = {"terse": 0.1, "polite": 0.55, "formal": 0.8}.get(about.mood, 0.85)
    body = [scene.sentence(mood["open"])] if scene.chance(opening) else []
    body.append(list(about.ask))
    body += [list(sentence) for sentence in about.details]
    body += _personal(world, scene, about.problem)
    if about.want is not None:
        body.append(list(about.want))
    _paragraphs(text, scene, body, long=about.mood in ("chatty", "formal"))
    if scene.chance(0.3 if terse else 0.6):
        text.add(" " if terse or scene.chance(0.3) else "\n\n", scene.sentence(mood["close"]))
    if scene.chance(0.3 if terse else 0.8):
        _sign(text, scene, mood, about)
    _slips(text, rng, about.mood)
    return text


def _form(world: World, scene: Scene) -> list[Sentence]:
    fields = [template for template in world.words.form if scene.chance(0.8)]
    return [[*scene.write((template,)), ("\n", None)] for template in fields]


def _personal(world: World, scene: Scene, problem: Problem) -> list[Sentence]:
    kinds = [kind for kind in problem.pii if scene.chance(0.45)]
    kinds += [kind for kind, share in (("account", 0.2), ("phone", 0.1), ("email", 0.03), ("address", 0.03),
              ("dob", 0.012), ("card", 0.008), ("iban", 0.006), ("ssn", 0.006), ("login", 0.01))
              if kind not in kinds and scene.chance(share)]  # fmt: skip
    return [scene.sentence(world.words.pii[kind]) for kind in kinds]


def _paragraphs(text: Text, scene: Scene, body: list[Sentence], *, long: bool) -> None:
    for n, sentence in enumerate(body):
        if n:
            text.add("\n\n" if long and n % 3 == 2 and scene.chance(0.6) else " ")
        text.add(sentence)


def _sign(text: Text, scene: Scene, mood: Mapping[str, Any], about: Matter) -> None:
    name: list[Segment] = [scene.personal("NAME_FORM")]
    text.add("\n" if about.mood == "terse" else "\n\n", scene.sentence(mood["sign"]), "," if scene.chance(0.5) else "")
    text.add("\n", name)
    if about.mood == "formal" and scene.chance(0.35):
        text.add("\n", [scene.personal("ADDRESS")])


def _slips(text: Text, rng: Random, mood: str) -> None:
    if mood == "terse" and rng.random() < 0.7:
        text.change(lazy, personal=False)
    if mood == "angry" and rng.random() < 0.15:
        text.change(str.upper, personal=False)
    rate = {"terse": 0.006, "formal": 0.0004, "polite": 0.0012}.get(mood, 0.0025)
    text.change(typos(rng, rate), personal=False)


def resolution(
    world: World, about: Matter, rng: Random, changes: Mapping[str, str] | None = None, *, ticket: str
) -> Text:
    """Write the agent's answer from the article's facts, with `changes` over them."""
    words, text = world.words.agents, Text()
    facts = about.problem.said(about.variant, changes) | {"ticket": ticket}
    scene = world.scene(rng, about.customer, about.agent, facts)
    style = world.rng("style", about.agent.id)
    brief, likes_steps, wordy = style.random() * 0.3, style.random() * 0.5, 0.3 + style.random() * 0.6
    if scene.chance(brief):
        text.add(*answer(scene, about.problem, steps=False))
        return text
    text.add(scene.write(words["greet"]), "\n\n")
    if scene.chance(wordy):
        text.add(capitalised(scene.write(words["thanks"])), "\n\n" if scene.chance(0.5) else " ")
    steps = len(about.problem.steps) > 2 and scene.chance(likes_steps)
    if steps:
        text.add(scene.write(words["steps_lead"]), "\n")
    text.add(*answer(scene, about.problem, steps=steps))
    if scene.chance(wordy):
        text.add("\n\n" if scene.chance(0.6) else " ", scene.write(words["close"]))
    if scene.chance(0.85):
        _agent_signature(text, scene, words)
    if scene.chance(0.15):
        text.add("\n\n")
        text.add(scene.write(words["macro"]), block="macro")
    return text


def _agent_signature(text: Text, scene: Scene, words: Mapping[str, Any]) -> None:
    parts: list[str | Sentence] = [scene.write(words["sign"]), ",\n", [scene.personal("AGENT")]]
    if scene.chance(0.7):
        parts += ["\n", scene.write(words["team"])]
    if scene.chance(0.35):
        parts += ["\n", scene.write(words["hours"])]
    text.add("\n\n")
    text.add(*parts, block="signature")


def answer(scene: Scene, problem: Problem, *, steps: bool) -> list[Sentence]:
    """Write the answer itself: as numbered steps of the article, or in the agent's words."""
    if not steps:
        return [scene.sentence(problem.answers)]
    out: list[Sentence] = []
    for n, step in enumerate(problem.steps, 1):
        out += [[(f"{n}. " if n == 1 else f"\n{n}. ", None)], capitalised(scene.write((step,)))]
    return out
