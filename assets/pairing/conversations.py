"""Chats and calls: every request of a customer with the agent's answer to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from assets.pairing.acts import answers, asks, asks_back, confirms, denies, gives, is_backchannel, told, wants, words
from assets.pairing.exchange import Exchange, Message, Record, Unpaired
from assets.pairing.params import PairingParams
from assets.pairing.speech import tidy

_ROLES = {"customer": "user", "agent": "assistant"}


class Turn(NamedTuple):
    """What one speaker said without the other taking over; `position` is that of its first turn in the record."""

    speaker: str
    text: str
    position: int


def converse(record: Record, params: PairingParams) -> list[Exchange]:
    """Return the requests of a conversation that an agent answers.

    A request opens with a customer's turn that asks or states a problem. While the agent only asks back, what the
    customer replies joins the request, so that question and answer stand on their own; greetings, stalls and offers
    of more help are passed over. What stood before the request is the history.

    Raises:
        Unpaired: `no_question` or `no_answer` where a side is silent, `no_exchange` where no answer meets a request.
    """
    turns = joined(record["turns"] or (), spoken=record["kind"] == "call", tidied=params.tidy_speech)
    for speaker, reason in (("customer", "no_question"), ("agent", "no_answer")):
        if not any(t.speaker == speaker for t in turns):
            raise Unpaired(reason)
    if found := list(_exchanges(turns, params)):
        return found
    raise Unpaired("no_exchange")


def joined(raw: Iterable[Record], *, spoken: bool, tidied: bool = True) -> list[Turn]:
    r"""Join consecutive turns of one speaker; who only listens in a call does not interrupt.

    >>> said = [("customer", "I lost"), ("agent", "Mm-hmm."), ("customer", "um, my card")]
    >>> joined([{"speaker": s, "text": t} for s, t in said], spoken=True)
    [Turn(speaker='customer', text='I lost my card', position=0)]
    """
    turns: list[Turn] = []
    for position, turn in enumerate(raw):
        text = (turn["text"] or "").strip()
        if spoken and tidied:
            text = tidy(text)
        if turn["speaker"] not in _ROLES or not words(text):
            continue
        if spoken and turns and turn["speaker"] != turns[-1].speaker and _only_listens(text, turns[-1].text):
            continue
        if turns and turns[-1].speaker == turn["speaker"]:
            text = turns[-1].text + (" " if spoken else "\n") + text
            turns[-1] = turns[-1]._replace(text=text)
        else:
            turns.append(Turn(turn["speaker"], text, position))
    return turns


def _only_listens(text: str, before: str) -> bool:
    """Whether a turn is a sound of listening; after a question the same words would be an answer."""
    return is_backchannel(text) and not (asks(before) or asks_back(before))


def _exchanges(turns: Sequence[Turn], params: PairingParams) -> Iterator[Exchange]:
    request: list[str] = []
    opened = clarified = 0
    fresh = True
    for i, turn in enumerate(turns):
        before = turns[i - 1].text if i else ""
        if turn.speaker == "customer":
            if request:
                # A reply, unless the customer gave up waiting and asks something else; bare data tells nothing more.
                if not gives(turn.text) and (asks_back(before) or asks(turn.text) or wants(turn.text)):
                    request.append(turn.text)
            elif _opens(turn.text, params, replying=asks_back(before)) or (fresh and _says(turn.text, params)):
                request, opened, clarified = [turn.text], i, 0
            fresh = fresh and not _says(turn.text, params)
        elif request and answers(turn.text, "\n".join(request)) and not _is_given(turns[i + 1 : i + 2]):
            yield Exchange(
                question="\n".join(q for text in request if (q := told(text))),
                answer=turn.text,
                anchor=str(turn.position),
                history=_history(turns[:opened], params),
                truth_evidence=_evidence(turns[i:], params),
            )
            request = []
        elif request and asks_back(turn.text) and not _is_given(turns[i + 1 : i + 2]):
            clarified += 1
            if clarified > params.max_clarifications:
                request = []


def _is_given(following: Sequence[Turn]) -> bool:
    """Whether the customer's reply shows that the agent asked for something, in whatever words."""
    return any(turn.speaker == "customer" and gives(turn.text) for turn in following)


def _opens(text: str, params: PairingParams, *, replying: bool) -> bool:
    """Whether a customer's turn opens a request; a reply to a question opens one only by asking."""
    return _says(text, params) and (asks(text) or (wants(text) and not replying))


def _says(text: str, params: PairingParams) -> bool:
    """Whether a customer's turn says something of itself; the first one that does is why the customer is here."""
    return len(words(told(text))) >= params.min_question_words and not gives(text)


def _history(turns: Sequence[Turn], params: PairingParams) -> tuple[Message, ...]:
    """Return the latest whole turns within the limits, opening with the customer's as chat templates want it."""
    kept: list[Turn] = []
    room = params.max_history_chars
    for turn in reversed(turns[-params.max_history_turns :] if params.max_history_turns else ()):
        room -= len(turn.text)
        if room < 0:
            break
        kept.insert(0, turn)
    while kept and kept[0].speaker != "customer":
        kept.pop(0)
    return tuple(Message(role=_ROLES[t.speaker], content=t.text) for t in kept)


def _evidence(turns: Sequence[Turn], params: PairingParams) -> str:
    """Say what the customer makes of an answer, the first of the turns, until a new request opens."""
    for before, turn in pairwise(turns):
        if turn.speaker == "customer":
            if confirms(turn.text, before.text):
                return "customer_confirmed"
            if denies(turn.text) or _opens(turn.text, params, replying=asks_back(before.text)):
                break
    return "none"
