"""What kind of item a pair is: an answer, a policy, or a procedure."""

from __future__ import annotations

import re

from assets.pairing.verbs import is_verb

_STEP = re.compile(r"^\s*(?:\d{1,2}[.)]|step \d{1,2}\b[.:]?)\s+\S", re.IGNORECASE | re.MULTILINE)
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+(?:\*\*)?([A-Za-z]+)", re.MULTILINE)
_SENTENCE_OPENING = re.compile(
    r"(?:^|(?<=[.!:;])\s+|\n+)(?:please |then |next,? |first,? |finally,? )?([A-Za-z]+)", re.IGNORECASE
)
_ASKS_HOW = re.compile(r"\b(?:how (?:do|can|could|should|would|to|does one)|steps? (?:to|for)|way to)\b", re.IGNORECASE)
_ASKS_RULE = re.compile(
    r"\b(?:polic(?:y|ies)|allowed?|permitted|prohibited|eligib\w+|entitle\w+|require(?:d|ments?)|rules?|must|"
    r"am i able|can i (?:bring|smoke|cancel|return|get a refund))\b",
    re.IGNORECASE,
)
_RULE = re.compile(
    r"\b(?:must(?: not)?|may not|shall(?: not)?|(?:is|are|be)(?: not| only)? (?:required|eligible|entitled|allowed|"
    r"permitted|prohibited|forbidden|mandatory|subject to)|required to|not (?:allow|permit)(?:ed)?|cannot be|"
    r"polic(?:y|ies)|in accordance with|only if|prohibit(?:s|ed))\b",
    re.IGNORECASE,
)
_STEPS, _IMPERATIVES = 2, 2
_WORDS_PER_RULE = 60
_DOCUMENTS = ("article", "external")


def classify_item_type(kind: str, question: str, answer: str) -> str:
    """Return `procedure`, `policy` or `qa`, from kind, wording of the question and form of the answer.

    - `procedure`: the answer is steps (two numbered ones, or two bullets or sentences that open with an
      imperative and a question that asks how);
    - `policy`: question and answer both speak of rules (must, may not, eligible, required ...); in documents the
      answer alone decides, if it states a rule in every 60 words;
    - `qa`: everything else.

    >>> classify_item_type("ticket", "How do I reset it?", "Open the lid. Press the button. Wait.")
    'procedure'
    >>> classify_item_type("article", "Are pets allowed?", "Pets are not allowed.")
    'policy'
    >>> classify_item_type("chat", "Where are you?", "On Main Street.")
    'qa'
    """
    form = form_of(answer)
    asks_how, asks_rule = bool(_ASKS_HOW.search(question)), bool(_ASKS_RULE.search(question))
    if form == "procedure" or (asks_how and _imperatives(answer) >= _IMPERATIVES):
        return "procedure"
    if (asks_rule and _RULE.search(answer)) or (kind in _DOCUMENTS and form == "policy"):
        return "policy"
    return "qa"


def form_of(answer: str) -> str:
    r"""Return the item type that the form of an answer alone speaks for.

    >>> form_of("1. Open the page.\n2. Press Send."), form_of("You must apply within 30 days.")
    ('procedure', 'policy')
    """
    steps = len(_STEP.findall(answer))
    bullets = _BULLET.findall(answer)
    done = sum(is_verb(word) for word in bullets)
    if (steps >= _STEPS and done) or (done >= _STEPS and 2 * done > len(bullets)):
        return "procedure"
    rules = len(_RULE.findall(answer))
    return "policy" if rules and rules * _WORDS_PER_RULE >= len(answer.split()) else "qa"


def _imperatives(answer: str) -> int:
    return sum(is_verb(word) for word in _SENTENCE_OPENING.findall(answer))
