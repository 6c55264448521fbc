"""Phone calls, diarised: hesitation, repeats, cross-talk, and addresses spelled out letter by letter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from sample import letters
from sample.chats import Talk, answer_in_messages, content
from sample.storage import Fact, Row
from sample.texts import disfluent, unpunctuated
from sample.world import World, stamp

FIRST_ID = 900_001


@dataclass
class Calls:
    """All calls of a desk."""

    world: World

    def rows(self, facts: list[Fact]) -> Iterator[Row]:
        """Yield calls and their turns."""
        turn_id, count = 1, self.world.tickets // 12
        for number in range(count):
            rng = self.world.rng("call", number)
            talk, status = self._talk(number, rng)
            about, ident = talk.about, number + FIRST_ID
            created = self.world.moment((number + rng.random()) / count)
            clock, spoken = 0, []
            for position, (speaker, text) in enumerate(talk.turns):
                written, spans = text.finish()
                overlaps = speaker.endswith("!")
                begin = max(0, clock - 900) if overlaps else clock + int(rng.random() * 1200)
                end = begin + 350 * (1 + written.count(" ")) + int(rng.random() * 400)
                clock = max(clock, end)
                row = (turn_id, ident, position, speaker.rstrip("!"), written, begin, end, int(overlaps))
                spoken.append(("call_turns", row))
                facts += [
                    Fact(s.kind, "call_turns", str(turn_id), str(ident), None, "text", s.start, s.end, s.type,
                         s.value, s.note or None)
                    for s in spans
                ]  # fmt: skip
                turn_id += 1
            facts.append(Fact(f"call_{status}", "calls", str(ident)))
            subject = "".join(text for text, _ in about.subject)
            yield "calls", (
                ident, about.customer.id, about.agent.id, about.problem.category, subject,
                "dropped" if status == "dropped" else "solved", clock // 1000, stamp(created),
                stamp(self.world.later(created, clock / 3_600_000)),
            )  # fmt: skip
            yield from spoken

    def _talk(self, number: int, rng: Random) -> tuple[Talk, str]:
        about = letters.matter(self.world, number, table="call_matter")
        details = "".join(text for text, _ in about.details[0]) if about.details else "nothing else, really."
        subject = "".join(text for text, _ in about.subject)
        facts = about.facts | {
            "detail": details[0].lower() + details[1:],
            "subject": subject[0].lower() + subject[1:].rstrip("?"),
        }
        scene = self.world.scene(rng, about.customer, about.agent, facts)
        talk = Talk(scene, about, self.world.words.talk["call"])
        status = self._dialogue(talk)
        self._voice(talk, rng)
        return talk, status

    def _dialogue(self, talk: Talk) -> str:
        scene, about, words = talk.scene, talk.about, talk.words
        talk.phrase("agent", "agent_hello")
        talk.say("customer", talk.line(words["customer_hello"]), list(about.ask))
        if scene.chance(0.25):
            talk.phrase("customer!", "customer_crosstalk")
        talk.phrase("agent", "agent_verify")
        talk.phrase("customer", "customer_verify")
        for name, share in (("mail", 0.45), ("spell", 0.25), ("phone", 0.3), ("dob", 0.25)):
            if scene.chance(share):
                talk.phrase("agent", f"agent_{name}")
                talk.phrase("customer", f"customer_{name}")
        hold = talk.line(words["agent_hold"])
        if about.details and scene.chance(0.7):
            talk.say("agent", hold, talk.line(words["agent_probe"]))
            talk.phrase("customer", "customer_more")
            hold = []
        if scene.chance(0.35):
            talk.phrase("agent", "agent_confirm")
            talk.phrase("customer", "customer_yes")
        if scene.chance(0.06):
            talk.phrase("system", "drop")
            return "dropped"
        for n, message in enumerate(answer_in_messages(scene, about, 3)):
            talk.say("agent", *([hold] if hold and n == 0 else []), message)
            if n == 0 and scene.chance(0.3):
                talk.phrase("customer!", "customer_yes")
        confirmed = scene.chance(0.6)
        talk.phrase("customer", content(about, self.world) if confirmed else "customer_accept")
        talk.phrase("agent", "agent_bye")
        return "confirmed" if confirmed else "unconfirmed"

    def _voice(self, talk: Talk, rng: Random) -> None:
        fillers = self.world.words.fillers
        mouths = {"customer": disfluent(rng, fillers, 0.1), "agent": disfluent(rng, fillers, 0.035)}
        recognised = rng.random() < 0.3
        for speaker, text in talk.turns:
            if mouth := mouths.get(speaker.rstrip("!")):
                text.change(lambda said: said.replace(" > ", ", then "), personal=False)
                text.change(mouth, personal=False)
                if recognised:
                    text.change(unpunctuated)
