"""Chats: two to a dozen turns, some solved and confirmed, some left in the middle."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from sample import letters
from sample.grammar import Lines, Scene, Segment
from sample.letters import Matter
from sample.storage import Fact, Row
from sample.texts import Text, lazy, typos
from sample.world import World, stamp

FIRST_ID = 700_001
_SENTENCE = re.compile(r"(?<=[.!?]) (?=[A-Z])")


@dataclass
class Talk:
    """A conversation being held: who says what, and how it ends."""

    scene: Scene
    about: Matter
    words: dict[str, Any]
    turns: list[tuple[str, Text]] = field(default_factory=list)

    def say(self, speaker: str, *pieces: list[Segment]) -> None:
        """Add a turn."""
        text = Text()
        for n, piece in enumerate(pieces):
            text.add(" " if n else "", piece)
        self.turns.append((speaker, text))

    def phrase(self, speaker: str, name: str) -> None:
        """Add a turn by the name of its phrases."""
        self.say(speaker, self.line(self.words[name]))

    def line(self, choices: Lines) -> list[Segment]:
        """Write a phrase; `{detail}`, `{answer}` and the like stand for what the problem has to say."""
        return self.scene.write(choices)


def answer_in_messages(scene: Scene, about: Matter, most: int) -> list[list[Segment]]:
    """Cut an answer into at most `most` messages."""
    text = "".join(piece for piece, _ in scene.sentence(about.problem.answers)).strip()
    sentences = _SENTENCE.split(text)
    size = -(-len(sentences) // most)
    return [[(" ".join(sentences[n : n + size]), None)] for n in range(0, len(sentences), size)]


def content(about: Matter, world: World) -> str:
    """The name of a content customer's last words: something works now, or something has become clear."""
    policy = about.problem.category in world.words.company["policy_categories"]
    return "customer_understood" if policy else "customer_confirm"


@dataclass
class Chats:
    """All chats of a desk."""

    world: World

    def rows(self, facts: list[Fact]) -> Iterator[Row]:
        """Yield chats and their turns."""
        turn_id, count = 1, self.world.tickets // 5
        for number in range(count):
            rng = self.world.rng("chat", number)
            talk, status = self._talk(number, rng)
            about = talk.about
            created = self.world.moment((number + rng.random()) / count)
            at, spoken = created, []
            for position, (speaker, text) in enumerate(talk.turns):
                written, spans = text.finish()
                spoken.append(("chat_turns", (turn_id, number + FIRST_ID, position, speaker, written, stamp(at))))
                facts += [
                    Fact(s.kind, "chat_turns", str(turn_id), str(number + FIRST_ID), None, "text", s.start, s.end,
                         s.type, s.value, s.note or None)
                    for s in spans
                ]  # fmt: skip
                turn_id += 1
                at = min(at + timedelta(seconds=4 + int(rng.expovariate(1 / 35))), self.world.end)
            facts.append(Fact(f"chat_{status}", "chats", str(number + FIRST_ID)))
            subject = "".join(text for text, _ in about.subject)
            rating = (None, None, 4, 5, 5)[int(rng.random() * 5)] if status == "confirmed" else None
            yield "chats", (
                number + FIRST_ID, about.customer.id, about.agent.id, about.problem.category, subject,
                "dropped" if status == "dropped" else "solved", rating, stamp(created), stamp(at),
            )  # fmt: skip
            yield from spoken

    def _talk(self, number: int, rng: Random) -> tuple[Talk, str]:
        about = letters.matter(self.world, number, table="chat_matter")
        details = "".join(text for text, _ in about.details[0]) if about.details else "that's all I know."
        about_facts = about.facts | {"detail": details[0].lower() + details[1:]}
        scene = self.world.scene(rng, about.customer, about.agent, about_facts)
        talk = Talk(scene, about, self.world.words.talk["chat"])
        if scene.chance(0.08):
            talk.say("customer", list(about.ask), *([about.want] if about.want else []))
            talk.say("agent", scene.sentence(about.problem.answers))
            status = "unconfirmed"
        else:
            status = self._long(talk)
        self._type(talk, rng)
        return talk, status

    def _long(self, talk: Talk) -> str:
        scene, about = talk.scene, talk.about
        if scene.chance(0.2):
            talk.phrase("system", "system_hello")
        talk.phrase("agent", "agent_hello")
        if scene.chance(0.5):
            talk.phrase("customer", "customer_hello")
        talk.say("customer", list(about.ask), *([about.want] if about.want and scene.chance(0.6) else []))
        way = "verify" if scene.chance(0.75) else "verify_mail"
        talk.phrase("agent", f"agent_{way}")
        talk.phrase("customer", f"customer_{way}")
        if scene.chance(0.12):
            talk.phrase("system", "system_drop")
            return "dropped"
        hold = talk.line(talk.words["agent_hold"])
        if about.details and scene.chance(0.55):
            talk.say("agent", hold, talk.line(talk.words["agent_probe"]))
            talk.phrase("customer", "customer_more")
            hold = []
        messages = answer_in_messages(scene, about, 2)
        for n, message in enumerate(messages):
            talk.say("agent", *([hold] if hold and n == 0 else []), message)
        return self._ending(talk)

    def _ending(self, talk: Talk) -> str:
        roll = talk.scene.rng.random()
        if roll < 0.12:
            talk.phrase("system", "system_drop")
            return "dropped"
        if roll < 0.34:
            talk.phrase("customer", "customer_accept")
            return "unconfirmed"
        if roll < 0.44 and len(talk.turns) <= 8:
            talk.phrase("customer", "customer_doubt")
            talk.say(
                "agent", [("Please try it once more from the start. ", None)], talk.line(talk.about.problem.answers)
            )
        talk.phrase("customer", content(talk.about, self.world))
        if len(talk.turns) < 12:
            talk.phrase("agent", "agent_bye")
        return "confirmed"

    def _type(self, talk: Talk, rng: Random) -> None:
        careless, slips = rng.random() < 0.5, typos(rng, 0.003)
        for speaker, text in talk.turns:
            if speaker == "customer":
                if careless:
                    text.change(lazy, personal=False)
                text.change(slips, personal=False)
