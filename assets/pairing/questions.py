"""Headings made into questions that a customer could have asked."""

from __future__ import annotations

import re

from assets.pairing.params import PairingParams
from assets.pairing.verbs import as_instruction

_WH = r"(?:what|when|where|which|who|whom|whose|why|how)"
_AUXILIARY = r"(?:is|are|was|were|do|does|did|can|could|will|would|should)"
# A wh-word needs its verb ("What documents are needed"); "How reviews work" and "What we do" are topics.
_QUESTION = re.compile(rf"{_WH}(?:'s|’s|\b(?! to\b).*?\b{_AUXILIARY})\b.*|{_AUXILIARY}(?!['’])\b\s.*", re.IGNORECASE)
_ABOUT = re.compile(r"^(?:about|overview of|introduction to|a note on|notes on|more on|regarding)\s+", re.IGNORECASE)
_NUMBERING = re.compile(r"^(?:\d+(?:\.\d+)*[.)]?|[a-z]\)|step \d+[.:]?)\s+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3,}")
_EMPTY = frozenset(("the", "and", "for", "with", "your", "how", "what", "who", "are", "when"))
_HOW_IT_WORKS = re.compile(r"how (?P<what>.+) (?P<verb>works?)", re.IGNORECASE)
_OF_THE_WHOLE = frozenset(("overview", "introduction", "general", "summary", "background", "basics", "intro"))
_SAY_NOTHING = _OF_THE_WHOLE | {
    "additional information",
    "details",
    "examples",
    "faq",
    "for admins",
    "frequently asked questions",
    "general information",
    "miscellaneous",
    "notes",
    "other",
    "process",
    "rules",
    "tips",
    "welcome",
}


def is_question(text: str) -> bool:
    """Whether a title or heading already asks.

    >>> is_question("Is parking free"), is_question("How to park"), is_question("Parking")
    (True, False, False)
    """
    return text.rstrip().endswith("?") or bool(_QUESTION.fullmatch(text))


def topic_of(heading: str, parent: str, title: str) -> str:
    """Return what a section is about, said so that it can be understood without the page around it.

    >>> topic_of("Eligibility", "", "Parental leave"), topic_of("How leave is counted", "", "Parental leave")
    ('Eligibility (Parental leave)', 'How leave is counted')
    """
    heading, context = _clean(heading), _clean(parent)
    if not context or is_question(context) or context.lower() in _SAY_NOTHING:
        context = _clean(title)
    if heading.lower() in _OF_THE_WHOLE and context:
        return context
    if not context or heading == context or _named(heading) & (_named(context) | _named(title)):
        return heading
    return placed(heading, context)


def placed(heading: str, context: str) -> str:
    """Return a heading with the page or chapter it stands in."""
    return f"{heading.rstrip('?')} ({context.rstrip('?')})" + ("?" if heading.endswith("?") else "")


def question_about(topic: str, form: str, params: PairingParams) -> str:
    """Ask about a topic, in the words that suit the form of its answer.

    >>> question_about("Requesting leave (HR)", "procedure", PairingParams())
    'How do I request leave (HR)?'
    >>> question_about("Sick leave", "policy", PairingParams())
    'What is the policy on sick leave?'
    >>> question_about("Do you deliver", "qa", PairingParams())
    'Do you deliver?'
    """
    topic = topic.rstrip(" .:")
    if is_question(topic):
        return topic[:1].upper() + topic[1:].rstrip("?") + "?"
    instruction = as_instruction(topic)
    # A gerund reads as a topic too ("using leave"); an imperative heading can only be asked for with "how".
    if instruction and (form == "procedure" or topic.split()[0].lower() in ("how", instruction.split()[0])):
        return params.procedure_template.format(topic=instruction)
    if works := _HOW_IT_WORKS.fullmatch(topic):
        return f"How {'does' if works['verb'].endswith('s') else 'do'} {works['what']} work?"
    template = params.policy_template if form == "policy" else params.qa_template
    return template.format(topic=_in_a_sentence(topic))


def _clean(heading: str) -> str:
    return _ABOUT.sub("", _NUMBERING.sub("", heading.strip())).strip(" :.!-–—*_")


def _named(text: str) -> set[str]:
    """Return the words that say what a heading is about, so that a repeated one shows."""
    return {w.lower().rstrip("s") for w in _WORD.findall(text)} - {
        "the",
        "and",
        "for",
        "with",
        "your",
        "how",
        "what",
        "who",
    }


def _in_a_sentence(topic: str) -> str:
    """Lower the first letter of a common word; names, acronyms and titles keep theirs."""
    heading, place, context = topic.partition(" (")
    first, gap, rest = heading.partition(" ")
    if rest and first[1:].islower() and not any(w[:1].isupper() for w in rest.split()):
        heading = first.lower() + gap + rest
    return heading + place + context
