"""What the base model's chat template gives a meaning of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assets.errors import RefineryError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_MARK = re.compile(r"<\|?/?[A-Za-z_][\w-]*\|?>|\[/?[A-Z]+\]")
_PROBE = [
    {"role": "system", "content": "0"},
    {"role": "user", "content": "1"},
    {"role": "assistant", "content": "2"},
    {"role": "user", "content": "3"},
    {"role": "assistant", "content": "4"},
]


def control_marks(tokenizer: PreTrainedTokenizerBase) -> re.Pattern[str]:
    """Return a pattern of what must not occur in a text, for the model reads it as structure, not as words.

    These are the tokenizer's added tokens (`<|im_end|>`, but also `<filename>`, which generation
    leaves out), and the template's own marks that are no tokens (`[INST]`, `<|user|>`).

    Raises:
        RefineryError: There is no chat template, or it refuses a system message or several turns.
    """
    from jinja2 import TemplateError

    where = "the base model's chat template"
    if not tokenizer.chat_template:
        raise RefineryError(where, "is missing", "choose an instruction-tuned base model")
    try:
        rendered = str(tokenizer.apply_chat_template(_PROBE, tokenize=False))
    except TemplateError as error:
        do = "choose a base model that takes a system message and several turns"
        raise RefineryError(where, "refuses a plain conversation", do) from error
    marks = {mark for mark in (*tokenizer.get_added_vocab(), *_MARK.findall(rendered)) if mark.strip()}
    ordered = sorted(marks, key=lambda mark: (-len(mark), mark))
    return re.compile("|".join(map(re.escape, ordered)) or r"(?!)")
