"""Answers that answer nothing: status, notes to colleagues, escalations, deflections, questions back, courtesies.

Decided sentence by sentence with a closed English lexicon and rules of form, so that what is found does not hang on
the stock phrases of one desk: a status outcome is a short phrase without a verb, a pronoun or advice that holds a word
of ticket administration ("Closed with explanation", "Untimely response", "Resolved - duplicate").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from assets.validation.wording import sentences, words

_INTERJECTION = (
    r"(?:ok(?:ay)?|sure(?: thing)?|of course|certainly|absolutely|definitely|great|perfect|alright|all right|right|"
    r"fine|"
    r"good|well|oh|ah|um+|uh+|so|yes|yeah|yep|no problem|no worries|i see|understood|got it|sir|madam|ma'am|"
    r"unfortunately|you know|that(?:'s| is) a (?:great|good) question)"
)
_LEAD = re.compile(rf"^(?:{_INTERJECTION}\b[\s,.!…-]*)+", re.IGNORECASE)
_MY = r"(?:i|we)(?:'ll| will|'ve| have|'m| am|'re| are|'d| would)?"
_TICKET = r"(?:service )?(?:ticket|case|request|issue|complaint|inquiry|enquiry|matter|query|claim)"
_CASE = rf"(?:your |this |the |my )?{_TICKET}"
_YOUR_CASE = rf"(?:(?:your|this|my) {_TICKET}|it|this)"
_STATE = (
    r"(?:closed|resolved|solved|completed|done|fixed|cancell?ed|pending|reopened|merged|rejected|approved|declined|"
    r"processed|processing|escalated|forwarded|assigned|received|logged|noted|acknowledged|untimely|unresolved|"
    r"wontfix|"
    r"duplicate|invalid|finished|finali[sz]ed|actioned|on hold|in progress|in process|under review|no action)"
)
_OTHERS = (
    r"(?:(?:first|second|third|next|1st|2nd|3rd|higher)[ -](?:level|line|tier)|(?:level|tier|line)[ -]?\d|"
    r"(?:an?|the|our|my|your|another) (?:\w+ ){0,3}"
    r"(?:colleagues?|team|desk|department|specialists?|supervisors?|managers?|suppliers?|vendors?|manufacturer|partners?|"
    r"technicians?|engineers?|developers?|office|unit|group)|developers?|engineering|back ?office|colleagues?)"
)
_CLIENT = r"(?:(?:the )?(?:customer|client|caller|cust|requester|end user)\b\.?)"
_DESK = (
    r"(?:hotline|contact form|web ?form|form on our (?:web ?)?site|call cent(?:er|re)|(?:customer )?(?:support|service)"
    r"(?: team| line| desk| number)?|help ?(?:desk|line)|live chat)"
)

_ACTS: dict[str, re.Pattern[str]] = {
    "status": re.compile(
        rf"{_CASE} (?:has been|have been|is|was|will be)(?: now| being| currently)? {_STATE}\b(?:\W+\w+){{0,6}}"
        rf"|(?:marking|closing|closed) (?:{_CASE}|as)\b.{{0,40}}|{_MY} (?:closed|closing|close) {_CASE}\b.{{0,30}}"
        r"|(?:see|look at|check|refer to|cf\.?) (?:the )?(?:\w+ )?(?:notes?|history|above|below|attach\w+|comments?|"
        r"ticket|thread|log|case)(?: (?:of|in|on|for|from) .{0,40})?|n/?a|none|tbd|nil|test|closing"
        r"|(?:(?:this|it)(?:'s| is) an? )?(?:known|reported) (?:bug|issue|problem|error|fault)"
        r"(?:[\s,;:–-]+(?:no (?:date|eta|fix|solution|workaround)\b.{0,20}|.{0,30}\b(?:on it|working on it|aware|"
        r"investigating|(?:next|a future) (?:release|update|version))))?",
        re.IGNORECASE,
    ),
    "note": re.compile(
        rf"(?:(?:i|we) )?(?:spoke|talked|chatted) (?:to|with) (?:{_CLIENT}|him|her|them)\b.{{0,60}}"
        rf"|(?:(?:i|we) )?(?:tried to (?:reach|call|contact|phone|ring)|phoned|called|rang|informed|contacted|e?mailed|"
        rf"texted|notified)(?: back)? (?:{_CLIENT}|him|her|them|(?:\w+ )?times|twice|again)\b.{{0,60}}"
        r"|(?:left|sent) (?:an? |him |her |them )?(?:voice ?mail|message|reminder)\b.{0,40}"
        rf"|{_CLIENT} (?:has |was |is |will |had )?(?:phoned|called|rang|informed|confirmed|contacted|happy|satisfied|"
        r"notified|advised|unreachable|not reachable|withdrew|solved|fixed|no longer|did not|didn't|does not|doesn't|"
        r"hung|replied|answered|wrote|came|wants|asked|said|reports?|says)\b.{0,80}"
        r"|(?:nobody|no one|no-one|he|she) (?:picked up|answered|did not (?:pick up|answer))\b.{0,30}",
        re.IGNORECASE,
    ),
    "deflection": re.compile(
        rf"please (?:just )?(?:ring|call|phone|contact|use|fill (?:in|out)|write to|e?mail|visit|turn to|reach out to|"
        rf"get in touch with) (?:us (?:on|at|via|through) )?(?:our|the) (?:\w+ )?{_DESK}"
        r"(?:(?: so that| so|,? and| where)? (?:we|they|somebody|someone|a colleague|an agent)\b.{0,60}"
        r"| for (?:help|assistance|support|further|more|this)\b.{0,50}"
        r"| (?:to get|about this|with this|instead|directly)\b.{0,40})?",
        re.IGNORECASE,
    ),
    "escalation": re.compile(
        r"(?:(?:it|this|ticket|case)(?:'s| is| was| has been)? )?(?:passed|handed|given|sent|forwarded|moved|"
        r"transferred|assigned|routed|escalated|referred|raised|reported)(?: it| this)?(?: on| over| up| back)? "
        rf"(?:to|with) {_OTHERS}"
        r"(?:,? (?:they|who|he|she)(?:'ll| will)\b.{0,50})?"
        rf"|{_MY}(?: just| now| also| going to)? (?:escalat|forward|transfer|refer|pass|rout|assign|"
        rf"rais)\w*\b.{{0,120}}"
        r"|(?:let me|allow me to) (?:escalate|transfer|forward|pass|connect|get (?:my|a) )\b.{0,80}"
        rf"|{_YOUR_CASE} (?:has been|is being|will be|was) (?:escalated|forwarded|transferred|passed|referred|"
        rf"assigned)\b.{{0,80}}"
        rf"|(?:{_MY}|someone|somebody|(?:a|our|my|the) (?:\w+ )?(?:\w+ )?(?:team|agents?|colleagues?|specialists?|"
        r"supervisors?|managers?|representatives?|department)\b.{0,30}?)(?: will| shall| should| is going to|'ll)?"
        r" (?:get|be|come) (?:back|in touch)\b.{0,80}"
        r"|(?:someone|somebody|(?:a|our|my|the) (?:\w+ )?(?:\w+ )?(?:team|agent|colleague|specialist|supervisor|"
        r"manager|"
        r"representative|member)\b.{0,30}?) (?:will|shall) (?:contact|call|reach|look|review|respond|reply|"
        r"follow)\b.{0,80}",
        re.IGNORECASE,
    ),
    "asks_back": re.compile(
        r"(?:please|kindly|can you|could you|would you|may i|could i|can i|if you (?:can|could))(?: please| kindly|"
        r" just)? "
        r"(?:provide|confirm|share|tell|specify|clarify|verify|give|have|describe)\b(?! (?:them|it to|him|"
        r"her)\b).{0,160}"
        rf"|(?:.{{0,80}}\b)?{_MY}(?: also| just| first| still| only)? (?:need|require) (?:your|some|more|further|"
        rf"additional|"
        r"to (?:know|verify|confirm))\b.{0,120}"
        r"|(?:.{0,20}\b)?your [\w ]{2,40}\bplease",
        re.IGNORECASE,
    ),
    "apology": re.compile(
        r"(?:(?:i|we)(?:'m| am|'re| are)? )?(?:(?:so|very|truly|really|deeply|sincerely|do) )?"
        r"(?:sorry|apologi[sz]e|apologies|regret)(?: again)?"
        r"(?: (?:to hear|for|about|that you|you|if)\b(?!.*\b(?:but|however)\b)[^,;:]{0,90})?"
        r"|(?:please )?accept (?:my|our) .{0,30}apolog\w+.{0,60}|(?:my|our) .{0,20}apologies\b[^,;:]{0,80}"
        r"|(?:i|we) (?:completely |fully |totally |do )?understand (?:your|how|that this|that you|the) [^,;:]{0,80}"
        r"|(?:(?:i|we)(?:'m| am) (?:sorry|afraid)\W+)?i (?:do not|don't|didn't)(?: quite| really)? "
        r"(?:understand|follow|get)\b.{0,60}"
        r"|i(?:'m| am)(?: only| not)?(?: only)? (?:able|trained) to help (?:you )?(?:issue|with)\b.{0,60}",
        re.IGNORECASE,
    ),
    "stall": re.compile(
        r"(?:just |give me )?(?:one|a|1) (?:moment|second|sec|minute)\b.{0,40}"
        r"|(?:please )?(?:hold on|hang on|wait|bear with (?:me|us)|stand by)\b.{0,50}"
        r"|(?:let me|allow me to|(?:i|we)(?:'ll| will|'m going to| am going to))(?: just| go ahead and| quickly|"
        r" now)? "
        r"(?:check|see|look|search|find|pull|take a look|have a look|verify|investigate|review|work)\b"
        r"(?:\W+[\w\[\]']+){0,9}"
        r"|(?:i|we)(?:'ve| have)? (?:taken|made) (?:a )?note\b.{0,80}"
        r"|(?:i|we)(?:'ll| will)(?: get| come) back to you\b.{0,60}"
        r"|(?:i|we)(?:'m| am|'re| are)(?: still| currently| now)? (?:checking|searching|looking|investigating|"
        r"reviewing|"
        r"working)\b(?:\W+[\w\[\]']+){0,14}",
        re.IGNORECASE,
    ),
    "courtesy": re.compile(
        r"(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day))\b(?:\W+[\w\[\]']+){0,3}"
        r"|(?:many |once again )?(?:thanks?|thank you|thx|cheers)\b(?!.*\b(?:but|however)\b).{0,120}"
        r"|(?:i|we) (?:really |greatly |do )?(?:appreciate|value) (?:your|you|the)\b.{0,80}"
        r"|you(?:'re| are) (?:very |most )?welcome\b.{0,60}|my pleasure|don't mention it"
        r"|(?:good ?bye|bye|see you|take care|safe travels)\b.{0,40}"
        r"|(?:(?:i|we) hope )?(?:you )?(?:have|enjoy) (?:a|an|your|the rest of)\b.{0,40}\b(?:day|evening|weekend|"
        r"night|trip)"
        r"|(?:best|kind|warm|with) (?:regards|wishes|kind regards)\b.{0,40}|regards|sincerely|yours (?:truly|"
        r"sincerely)"
        r"|my name is [\w\[\] ]{1,30}|this is [\w\[\] ]{1,30} (?:here|speaking)|i hope (?:this|that|it) (?:helps|"
        r"helped)\b.{0,40}"
        r"|.{0,60}\b(?:feel free|do not hesitate|don't hesitate) to\b.{0,80}"
        r"|(?:if you (?:have|need) (?:any|further|more)|(?:please )?let (?:me|us) know (?:if|when|how))\b.{0,110}"
        r"|(?:(?:i|we)(?:'m| am|'d be| would be|'ll be)? )?(?:happy|glad|here|pleased|delighted) to (?:help|"
        r"assist)\b.{0,60}"
        r"|(?:i|we) can (?:certainly |definitely )?(?:help|assist)(?: you)?(?: with)?(?:\W+[\w\[\]']+){0,9}"
        r"|(?:your (?:call|feedback|satisfaction|business) is)\b.{0,40}",
        re.IGNORECASE,
    ),
}

# Words of ticket administration; one of them in a short verbless phrase makes it a status.
_STATUS_WORD = re.compile(
    rf"\b(?:{_STATE}|closure|relief|response|resolution|no (?:further )?action (?:required|taken|needed)|"
    rf"not an issue|"
    r"no issue found|as requested|per policy)\b",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(?:by|try|please|use|after|until|from|on|at|because)\b|\b\w+ing\b(?<!processing)(?<!pending)|\d ?(?:am|pm|"
    r":)|[→>]",
    re.IGNORECASE,
)
_SPEAKS = re.compile(
    r"\b(?:i|we|you|he|she|it|they|your|our|my|is|are|was|were|be|been|has|have|had|do|does|did|can|could|will|would|"
    r"should|must|may|might|shall|need|needs|isn't|aren't|wasn't|don't|doesn't|can't|won't|there|this|these)\b|"
    r"'(?:s|re|ve|ll|m)\b",
    re.IGNORECASE,
)
_ONLY_NAMES = re.compile(r"(?:\[[A-Z_]+\d*\]?[\s,]*)*")
_CODE = re.compile(r"[A-Z0-9_\-:#./ ]{2,}")
_LONGEST_STATUS = 7


class Verdict(NamedTuple):
    """Share of an answer's words that say something, and what the rest of it mostly is."""

    substance: float
    act: str | None


def substance(answer: str) -> Verdict:
    """Weigh what an answer says against what it only says to be polite or to move a ticket.

    >>> substance("Closed with explanation")
    Verdict(substance=0.0, act='status')
    >>> substance("I'm sorry to hear that. I'll escalate this to our billing team.").substance
    0.0
    >>> substance("Sorry for the trouble. Hold the power button for ten seconds.").substance
    0.6364
    """
    said = total = 0
    acts: dict[str, int] = {}
    for sentence in sentences(answer):
        size = len(words(sentence))
        total += size
        if act := act_of(sentence):
            acts[act] = acts.get(act, 0) + size
        else:
            said += size
    most = max(acts, key=lambda act: acts[act]) if acts else None
    return Verdict(round(said / total, 4) if total else 0.0, most)


def essence(text: str) -> str:
    """Return a text without the sentences that are in every letter: greetings, thanks, apologies, good-byes.

    >>> essence("Hello there! My card is lost. Could you block it? Many thanks in advance.")
    'My card is lost. Could you block it?'
    """
    return " ".join(s for s in sentences(text) if s.rstrip().endswith("?") or act_of(s) not in _POLITE) or text


_POLITE = ("courtesy", "apology")


def act_of(sentence: str) -> str | None:
    """Return what a sentence does instead of answering, or None where it says something.

    >>> [act_of(s) for s in ("Untimely response", "See notes.", "What is your address?", "Yes, parking is free.")]
    ['status', 'status', 'asks_back', None]
    >>> act_of("Resolved by restarting the router."), act_of("Closed on Sundays.")
    (None, None)
    """
    plain = sentence.replace("’", "'").strip()
    core = _LEAD.sub("", plain).strip(" \t.,!?;:…-*\"'()")
    if plain.rstrip("\"')] ").endswith("?"):
        return "asks_back"
    if _ONLY_NAMES.fullmatch(core):
        # Nothing, or a signature. "Yes." answers; "Sure." does not.
        return None if re.match(r"(?:yes|no)\b", plain, re.IGNORECASE) else "courtesy"
    return next(_acts(core), None)


def _acts(core: str) -> Iterator[str]:
    if _is_status_phrase(core):
        yield "status"
    yield from (act for act, pattern in _ACTS.items() if pattern.fullmatch(core))


def _is_status_phrase(core: str) -> bool:
    """Whether a sentence is a short phrase of ticket administration, without a verb, a person, or advice."""
    if _CODE.fullmatch(core) and re.search(r"[A-Z]{2}", core) and _STATUS_WORD.search(core.replace("_", " ")):
        return True
    short = len(words(core)) <= _LONGEST_STATUS
    return short and bool(_STATUS_WORD.search(core)) and not _SPEAKS.search(core) and not _ADVICE.search(core)
