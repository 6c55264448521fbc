"""A conversation as any chat template accepts it: put alike for who learns from it, who measures and who serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from assets.instructions import Framing

Message = dict[str, str]


def turns(history: Iterable[Mapping[str, str]] | None, question: str) -> list[Message]:
    r"""Return the earlier turns and the question, user and assistant in strict alternation.

    Consecutive turns of one speaker are joined, turns that say nothing are left out; the last
    turn is the user's.

    >>> turns([{"role": "user", "content": "Hi."}], "Where is my parcel?")
    [{'role': 'user', 'content': 'Hi.\nWhere is my parcel?'}]
    """
    said = [(t["role"], (t["content"] or "").strip()) for t in history or ()] + [("user", question.strip())]
    by_speaker = groupby((turn for turn in said if turn[1]), key=itemgetter(0))
    return [{"role": role, "content": "\n".join(text for _, text in group)} for role, group in by_speaker]


def transcript(conversation: list[Message], words: Framing) -> str:
    """Return the turns as plain text; a question without history stands for itself."""
    if len(conversation) == 1:
        return conversation[0]["content"]
    names = words.speakers.model_dump()
    return "\n".join(f"{names[turn['role']]}: {turn['content']}" for turn in conversation)


def put(conversation: list[Message], instruction: str, words: Framing) -> list[Message]:
    """Return system, user, assistant, ..., user: the last message is the question.

    Many templates refuse a conversation that the assistant opens, so its opening goes into the
    system message: nothing said is lost, and the roles alternate.
    """
    if conversation[0]["role"] == "assistant":
        instruction = f"{instruction}\n\n{words.opening} {conversation[0]['content']}"
        conversation = conversation[1:]
    return [{"role": "system", "content": instruction}, *conversation]


def draft(pair: Mapping[str, Any], instruction: str, output: str, words: Framing) -> dict[str, Any]:
    """Return the text columns of an example: what is asked for, the customer's words, and what is to be said."""
    conversation, output = turns(pair["history"], pair["question"]), output.strip()
    return {
        "instruction": instruction,
        "input": transcript(conversation, words),
        "output": output,
        "messages": [*put(conversation, instruction, words), {"role": "assistant", "content": output}],
    }


def framed(example: Mapping[str, Any], words: Framing) -> bool:
    """Whether an example was drafted in these words: read back and drafted again, it is the same."""
    system, *said, _ = example["messages"]
    before = f"{example['instruction']}\n\n{words.opening} "
    if system["content"].startswith(before):
        said.insert(0, {"role": "assistant", "content": system["content"].removeprefix(before)})
    pair = {"history": said[:-1], "question": said[-1]["content"]}
    again = draft(pair, example["instruction"], example["output"], words)
    return all(again[name] == example[name] for name in again)
