"""The faults of real desks, each planted on purpose and written down; the function's name is the fault's."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from sample import letters
from sample.grammar import Lines, Segment
from sample.storage import Fact
from sample.texts import Text, as_html, mojibake, typos

if TYPE_CHECKING:
    from sample.tickets import Draft, Tickets

_NUMBER = re.compile(r"\d+(\.\d+)?")


def _fact(kind: str, number: int, other: int | None = None, **more: str | None) -> Fact:
    from sample.tickets import ident

    related = None if other is None else ident(other)
    return Fact(kind, "tickets", ident(number), related, None if related is None else f"C{related}", **more)  # type: ignore[arg-type]


def exact_duplicate(tickets: Tickets, number: int, rng: Random) -> Draft | None:
    """The same customer sends the same text once more, and it is answered in the same words."""
    other = tickets.earlier(number, rng)
    if other is None:
        return None
    draft = tickets.plain(other)
    draft.created = tickets.created(number)
    draft.facts = [fact._replace(row_id=str(int(fact.row_id) + number - other)) for fact in draft.facts]
    draft.facts.append(_fact("exact_duplicate", number, other))
    return draft


def near_duplicate(tickets: Tickets, number: int, rng: Random) -> Draft | None:
    """The same request in a slightly different frame: by the same customer, or by another one."""
    other = tickets.earlier(number, rng)
    if other is None:
        return None
    about = letters.matter(tickets.world, other)
    if rng.random() < 0.35:
        about = replace(about, customer=tickets.world.customer(rng))
    about = replace(about, details=about.details[: 1 + int(rng.random() * 2)])
    draft = tickets.plain(number, about, frame=f"near{number}")
    if rng.random() < 0.4:
        again = tickets.world.words.defects["follow_up"]
        scene = tickets.world.scene(rng, about.customer, about.agent, {"subject": draft.subject.finish()[0]})
        opening = [*scene.sentence(again["open"]), ("\n\n", None)]
        draft.description = _before(opening, draft.description)
        draft.subject = Text(scene.write(again["subject"]))
    draft.description.change(typos(rng, 0.002), personal=False)
    draft.facts.append(_fact("near_duplicate", number, other, note="wording"))
    return draft


def _before(opening: list[Segment], text: Text) -> Text:
    shift = len(opening)
    blocks = [(kind, first + shift, last + shift) for kind, first, last in text.blocks]
    return Text(opening + text.segments, blocks)


def hard_negative(tickets: Tickets, number: int, rng: Random) -> Draft | None:
    """The same sentences about another product, number, or with a "not": the answer is another one."""
    place, twins = tickets.place_among_hard_negatives(number), tickets.world.words.twins
    if place < 2 * len(twins):
        return _twin(tickets, number, rng, place)
    other = tickets.earlier(number, rng, by=True)
    if other is None:
        return None
    first = letters.matter(tickets.world, other)
    others = [key for key in first.problem.keys if key != first.variant]
    variant = others[int(rng.random() * len(others))]
    customer = tickets.world.customer(rng)
    about = letters.matter(tickets.world, other, customer=customer, variant=variant)
    draft = tickets.plain(number, about, frame=other)
    note = f"{first.problem.slot}: {first.variant} -> {variant}"
    draft.facts.append(_fact("hard_negative", number, other, type=first.problem.slot, value=variant, note=note))
    return draft


def _twin(tickets: Tickets, number: int, rng: Random, place: int) -> Draft:
    pair = tickets.world.words.twins[place // 2]
    one = pair["ab"[place % 2]]
    draft = tickets.plain(number, frame=f"twin{number}")
    draft.subject, draft.description = Text([(one["subject"], None)]), Text([(one["text"], None)])
    scene = tickets.world.scene(rng, draft.customer, _agent(draft), {})
    draft.description.add("\n\n", [scene.personal("NAME_FORM")])
    draft.resolution = Text([(one["answer"], None)])
    draft.category = one["category"]
    other = tickets.hard_negative_at(place - 1) if place % 2 else None
    draft.facts = [_fact("hard_negative", number, other, type=pair["note"], value=one["subject"], note="twin")]
    return draft


def _agent(draft: Draft) -> letters.Person:
    assert draft.agent is not None  # noqa: S101 - plain tickets have one
    return draft.agent


def contradiction(tickets: Tickets, number: int, rng: Random) -> Draft | None:
    """An earlier request again, answered with other numbers than the article and the earlier answer have."""
    from sample.tickets import article_id

    other = tickets.earlier(number, rng)
    if other is None:
        return None
    about = letters.matter(tickets.world, other)
    wrong = {
        name: _another(value, rng)
        for name, value in about.problem.said(about.variant).items()
        if name != about.problem.slot and _NUMBER.fullmatch(value)
    }
    if not wrong:
        return None
    about = replace(about, customer=tickets.world.customer(rng))
    draft = tickets.plain(number, about, frame=f"contradiction{number}")
    draft.resolution = letters.resolution(tickets.world, about, rng, wrong, ticket=tickets.number(number))
    values = ", ".join(f"{name}={value}" for name, value in wrong.items())
    draft.facts = [fact for fact in draft.facts if fact.kind != "outdated_answer"]
    draft.facts.append(
        _fact("contradiction", number, other, field="resolution", value=values, note=article_id(about.problem.id))
    )
    return draft


def _another(value: str, rng: Random) -> str:
    if "." in value:
        return f"{float(value) * 2 + 1:.{len(value.split('.')[1])}f}"
    return str(int(value) * 2 + 1 + int(rng.random() * 4))


def outdated_answer(tickets: Tickets, number: int, rng: Random) -> Draft | None:
    """The agent did not notice that the article has changed."""
    from sample.tickets import outdated

    if tickets.created(number) < tickets.world.changed:
        return None
    changing = [problem for problem in tickets.world.words.problems if problem.old]
    about = letters.matter(tickets.world, number, problem=changing[int(rng.random() * len(changing))])
    draft = tickets.plain(number, about)
    draft.resolution = letters.resolution(tickets.world, about, rng, about.problem.old, ticket=tickets.number(number))
    draft.facts = [fact for fact in draft.facts if fact.field != "resolution"]
    draft.facts.append(outdated(number, about, "the agent used what no longer holds"))
    return draft


def wrong_category(tickets: Tickets, number: int, rng: Random) -> Draft:
    """The ticket lies in a category it does not belong to."""
    draft = tickets.plain(number)
    right = draft.category
    wrong = [name for name in tickets.world.words.categories if name != right]
    draft.category = wrong[int(rng.random() * len(wrong))]
    draft.facts.append(_fact("wrong_category", number, field="category", value=right))
    return draft


def _unanswered(tickets: Tickets, number: int, kind: str, text: Text | None) -> Draft:
    draft = tickets.plain(number)
    draft.resolution = text
    draft.facts = [fact for fact in draft.facts if fact.field != "resolution"]
    value = None if text is None else text.finish()[0]
    draft.facts.append(_fact(kind, number, field="resolution", value=value))
    return draft


def empty_resolution(tickets: Tickets, number: int, rng: Random) -> Draft:
    """Marked as solved, and not a word of how."""
    blank = rng.random()
    return _unanswered(
        tickets, number, "empty_resolution", None if blank < 0.5 else Text([(("", " ", "-")[int(blank * 6) - 3], None)])
    )


def _said(tickets: Tickets, number: int, rng: Random, choices: Lines, **facts: str) -> Text:
    about = letters.matter(tickets.world, number)
    facts = {"ticket": tickets.number(int(rng.random() * (number + 1)))} | facts
    return Text(tickets.world.scene(rng, about.customer, about.agent, facts).write(choices))


def one_word_resolution(tickets: Tickets, number: int, rng: Random) -> Draft:
    """Solved in a word."""
    text = _said(tickets, number, rng, tickets.world.words.defects["one_word"])
    return _unanswered(tickets, number, "one_word_resolution", text)


def non_answer(tickets: Tickets, number: int, rng: Random) -> Draft:
    """A note of what was done with the ticket, which answers nothing."""
    text = _said(tickets, number, rng, tickets.world.words.defects["non_answer"])
    return _unanswered(tickets, number, "non_answer", text)


def _machine(tickets: Tickets, number: int, rng: Random, kind: str) -> Draft:
    words = tickets.world.words.defects[kind]
    draft = tickets.plain(number)
    draft.subject = _said(tickets, number, rng, words["subject"])
    draft.description = _said(tickets, number, rng, words["body"])
    draft.resolution, draft.agent, draft.rating, draft.channel, draft.priority = None, None, None, "email", "low"
    draft.status = "spam" if kind == "spam" and rng.random() < 0.6 else ("closed" if rng.random() < 0.6 else "solved")
    draft.reopened = 0
    draft.facts = [_fact(kind, number)]
    return draft


def auto_reply(tickets: Tickets, number: int, rng: Random) -> Draft:
    """An absence note of the customer's mail program."""
    return _machine(tickets, number, rng, "auto_reply")


def bounce(tickets: Tickets, number: int, rng: Random) -> Draft:
    """A mail server's report that our own mail could not be delivered."""
    return _machine(tickets, number, rng, "bounce")


def spam(tickets: Tickets, number: int, rng: Random) -> Draft:
    """Advertising; the desk has marked only some of it."""
    return _machine(tickets, number, rng, "spam")


def merged(tickets: Tickets, number: int, rng: Random) -> Draft | None:
    """The customer wrote again, and an agent merged it into the first ticket."""
    draft = near_duplicate(tickets, number, rng)
    if draft is None:
        return None
    other = int(draft.facts[-1].related_id or 0) - int(draft.facts[-1].row_id) + number
    note = tickets.world.words.defects["merged_note"]
    draft.resolution = _said(tickets, number, rng, note, other_ticket=tickets.number(other))
    draft.status, draft.merged_into, draft.rating, draft.reopened = "merged", other, None, 0
    draft.facts = [f for f in draft.facts if f.field != "resolution" and f.kind != "near_duplicate"]
    draft.facts.append(_fact("merged", number, other))
    return draft


def other_language(tickets: Tickets, number: int, rng: Random) -> Draft:
    """A customer who writes in another language, and is answered in it."""
    languages = tickets.world.words.languages
    code = rng.choices(tuple(languages), (5, 3, 3)[: len(languages)])[0]
    words, draft = languages[code], tickets.plain(number)
    problem = words["problems"][int(rng.random() * len(words["problems"]))]
    scene = tickets.world.scene(rng, draft.customer, _agent(draft), {})
    body = Text(scene.write(words["greet"]))
    body.add("\n\n", scene.sentence(words["open"]) if scene.chance(0.7) else "", " ", scene.write(problem["asks"]))
    for share, joint in ((0.7, " "), (0.35, " ")):
        if scene.chance(share):
            body.add(joint, scene.write(words["close"]))
    body.add("\n\n", scene.write(words["sign"]), "\n", [scene.personal("NAME")])
    draft.subject, draft.description = Text(scene.write(problem["subjects"])), body
    draft.resolution = Text(scene.write(words["agent"]))
    draft.resolution.add("\n\n", scene.write(problem["answers"]), "\n\n", scene.write(words["agent_close"]))
    draft.category = problem["category"]
    draft.facts = [_fact("other_language", number, type=code)]
    return draft


def decorate(tickets: Tickets, number: int, draft: Draft, rng: Random) -> None:
    """Let the mail programs have their way: signatures, quoted replies, HTML, mojibake; and reopen some tickets."""
    words, text = tickets.world.words.defects, draft.description
    agent = _agent(draft)
    facts = {"ticket": tickets.number(number)}
    scene = tickets.world.scene(rng, draft.customer, agent, facts)
    if scene.chance(0.1):
        kind = ("device_sign", "job_sign", "disclaimer")[int(rng.random() * 3)]
        text.add("\n\n")
        text.add(scene.write(words[kind]), block="signature")
    if scene.chance(0.07):
        text.add("\n\n")
        text.add(scene.write(words["quote_head"]), "\n> ", scene.write(words["quoted"]), block="quoted_reply")
    if scene.chance(0.06):
        as_html(text, font=scene.chance(0.5))
        draft.facts.append(_fact("html", number, field="description"))
    if scene.chance(0.03):
        before = text.finish()[0]
        text.change(mojibake)
        if text.finish()[0] != before:
            draft.facts.append(_fact("mojibake", number, field="description"))
    if draft.resolution is not None and scene.chance(0.06):
        draft.reopened, draft.hours = 1 + int(rng.random() * 2), draft.hours + 48
        agents = tickets.world.words.agents
        draft.resolution.add("\n\n", scene.write(agents["update"]), " ", scene.sentence(agents["again"]))
        draft.facts.append(_fact("reopened", number))
