"""What a turn of a conversation does: ask, tell, answer, or merely be polite.

A small closed lexicon, sentence by sentence; transparent, and independent of any batch or model. It
knows English; a turn in another language counts as saying something, so that nothing is lost.
"""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+|\n+")
_WORD = re.compile(r"\[[A-Z_]+\d*\]|[^\W_]+(?:['’][^\W_]+)*")

_INTERJECTION = (
    r"(?:ok(?:ay)?|o k|yes|yeah|yep|yup|yea|no|nope|nah|sure(?: thing)?|right|all ?right|alright|fine|great|good|nice|"
    r"perfect|awesome|excellent|wonderful|cool|lovely|brilliant|absolutely|definitely|of course|certainly|exactly|"
    r"correct|got it|i see|understood|makes sense|sounds good|that(?:'s| is) (?:fine|great|good|ok(?:ay)?|right|all|it|"
    r"correct|perfect|a (?:great|good) question)|no problem|no worries|not a problem|oh|ah|aha|um+|uh+|hm+|mm+|mhm|"
    r"mm hmm|mm-hmm|uh huh|uh-huh|well|so|and|then|please|sir|madam|ma'am|you know|wow|sigh|lol|haha|go ahead)"
)
_LEAD = re.compile(rf"^(?:{_INTERJECTION}\b[\s,.!…-]*)+", re.IGNORECASE)

_COURTESY = re.compile(
    r"(?:hi|hello|hey|hiya|greetings|dear|good (?:morning|afternoon|evening|day))\b"
    r"(?:\W+(?!(?:i|i'm|we|my|our|it|can|could|do|is|are|what|how|where|when)\b)[\w\[\]']+){0,3}"
    r"|(?:hi|hello|hey)?\W*how are you(?: doing)?(?: today)?"
    r"|(?:my name is|you(?:'re| are) speaking (?:to|with))(?:\W+[\w\[\]']+){1,5}"
    r"|this is(?:\W+[\w\[\]']+){1,3} (?:here|speaking|from)\b.{0,40}"
    r"|(?:many |ok(?:ay)? |great |perfect )?(?:thanks?|thank you|thx|ty|cheers)\b(?!.*\b(?:but|however)\b)"
    r"(?:\W+[\w\[\]']+){0,9}"
    r"|(?:i )?(?:really )?appreciate (?:it|your|that|the)\b.{0,40}"
    r"|you(?:'re| are) (?:very |most )?welcome\b.{0,60}|my pleasure|don't mention it"
    r"|(?:good ?bye|bye(?: bye)?|see you|take care|farewell)\b.{0,40}|safe travels.{0,40}"
    r"|(?:i hope you )?(?:have|enjoy) (?:a|an|your|the rest of).{0,40}"
    r"\b(?:day|evening|weekend|night|one|trip|flight|stay)"
    r"|(?:best|kind|warm) (?:regards|wishes)\b.{0,30}|regards|sincerely"
    r"|(?:i(?:'m| am)|we(?:'re| are)) (?:(?:so|very|really) )?sorry(?: to hear (?:that|this))?"
    r"|that(?:'s| is| will be| would be) (?:it|all)(?: for (?:now|today))?\b.{0,30}",
    re.IGNORECASE,
)
_STALL = re.compile(
    r"(?:just |give me )?(?:one|a|1) (?:moment|second|sec|minute|min)\b.{0,40}"
    r"|(?:please )?(?:hold on|hang on|wait|bear with me|stand by)\b.{0,50}"
    r"|(?:please )?(?:let me|i(?:'ll| will)|allow me to|i(?:'m| am) going to)(?: just| go ahead and| quickly)? "
    r"(?:check|see|look|search|find|pull|take a look|have a look|verify|get)\b(?:\W+[\w\[\]']+){0,9}"
    r"|(?:i(?:'m| am) )?(?:checking|searching|looking)\b(?:\W+[\w\[\]']+){0,7}",
    re.IGNORECASE,
)
_OFFER = re.compile(
    r"(?:is|was) there (?:anything|something) (?:else|more)\b.*|anything else\b.*"
    r"|(?:how|what) (?:can|may|could|do) (?:i|we) (?:help|assist|do for)\b.*"
    r"|(?:can|may) i (?:help|assist) you(?: with (?:anything|something)(?: else)?)?(?: today)?"
    r"|.{0,60}\b(?:feel free|do not hesitate|don't hesitate) to\b.{0,60}"
    r"|(?:i(?:'m| am|'d be| would be|'ll be)? ?)?(?:happy|glad|here) to (?:help|assist)\b.{0,50}"
    r"|(?:yes )?(?:i|we) can (?:certainly |definitely )?(?:help|assist)(?: you)?(?: with)?(?:\W+[\w\[\]']+){0,9}"
    r"|(?:if you (?:have|need) (?:any|further|more)|(?:please )?let (?:me|us) know if)\b.{0,90}"
    r"|i(?:'m| am)(?: only)? (?:not )?(?:trained|able) to (?:help|assist)(?: you)?(?: with| issue)\b.{0,40}"
    r"|(?:i(?:'m| am) (?:sorry|afraid)\W+)?"
    r"i (?:do not|don't|didn't)(?: quite| really)? (?:understand|follow|get)\b.{0,40}"
    r"|(?:please )?(?:end|close) the (?:chat|exchange|conversation).*",
    re.IGNORECASE,
)
_NEEDS = (
    r"(?:i(?:'ll| will| would|'d)?|we(?:'ll| will)?)(?: also| just| first| still)? "
    r"need (?:your|the|to (?:know|verify|confirm))"
)
_ASKS_BACK = re.compile(
    rf"(?:.{{0,90}}\b)?{_NEEDS}\b.*"
    r"|(?:.{0,20}\b)?your [\w ]{2,40}\bplease"
    r"|(?:please|kindly|can you|could you|would you|may i|could i|can i)(?: please| just| also)? "
    r"(?:tell|give|provide|confirm|specify|share|verify|have|get|describe|clarify)\b.*",
    re.IGNORECASE,
)
_QUESTION_OPENING = re.compile(
    r"(?:what|when|where|which|who|whose|whom|why|how)(?:'s|'re)?\b"
    r"|(?:is|are|was|were|do|does|did|can|could|will|would|should|shall|may|am|has|have) "
    r"(?:i|you|we|they|he|she|it|there|this|that|these|those|the|a|an|my|your|our|their|any|anyone|somebody|someone)\b",
    re.IGNORECASE,
)
_EMBEDDED_QUESTION = re.compile(
    r"\b(?:what(?:'s| is| are| kind| type| time)|how (?:much|many|do|can|long|far|about)|where(?:'s| is| are| can)|"
    r"when(?:'s| is| does| can)|(?:do|did) (?:they|you|we)|does it|(?:can|could|may) (?:i|you|we|they)|"
    r"(?:is|are) (?:there|they)|(?:would|will) (?:you|they|it))\b",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"\b(?:i(?:'d| would)? (?:like|love|prefer)|(?:i|we)(?: also| just| really| still)? (?:need|want|wish)|"
    r"(?:i(?:'m| am)|we(?:'re| are)) "
    r"(?:looking|trying|hoping|calling|writing|having|interested|wondering|unable|planning)"
    r"|looking for|(?:please|kindly) \w+|help me|wanna|tell me)\b",
    re.IGNORECASE,
)
_PROBLEM = re.compile(
    r"\b(?:i|my|we|our|me|it|the|someone|somebody|there)\b.*\b(?:not|never|no longer|cannot|can't|cant|won't|wont|"
    r"doesn't|doesnt|don't|didn't|didnt|isn't|hasn't|haven't|lost|stolen|stole|robbed|broken|broke|fail(?:s|ed|ing)?|"
    r"errors?|problems?|issues?|wrong|missing|stuck|late|delayed|damaged|defective|charged|fraud\w*|scam\w*|suspicious|"
    r"odd|strange|hurts?|pain\w*|ache|sick|unwell|forgot(?:ten)?|locked|denied|refused|declined|cancel\w*|refund\w*|"
    r"withdr[ae]w\w*|complain\w*)\b",
    re.IGNORECASE | re.DOTALL,
)
# What a content customer says of an answer: it holds, it is clear, it is done; or more than a polite thanks.
_PRAISES = re.compile(
    r"\b(?:perfect(?:ly)?|brilliant|awesome|excellent|wonderful|fantastic|amazing|superb?|lovely|life ?saver|legend|"
    r"spot on|nice one|great (?:help|job|work)|well done|bingo|hooray|yay|magic|champion|genius|hero|ace|makes sense|"
    r"all (?:good|set|clear|sorted|fine)|like a charm|up and running|at last|finally|much better|"
    r"(?:very|so|really|most|super) (?:helpful|kind|clear)|(?:thanks|thank you) (?:so|very) much|"
    r"(?:thanks a|many) (?:lot|thanks|bunch|million)|really appreciate)\b",
    re.IGNORECASE,
)
_REPORTS = re.compile(
    r"\b(?:it|that|this|these|those|they|everything|all|now|there|i|we|you|my|our|the|its|thats|theres|im|ive|youre|"
    r"makes|works?|worked|helps?|helped)(?:'\w+)?\W+\w+"
    r"|\w+ (?:is|are|was|were|has|have|works?|worked|runs?|shows?|came|went|looks?|fits?|gone|again|now)\b"
    r"|^(?:just |already )*(?:done|did|solved|sorted|fixed|resolved|works?|worked|working|clear|cleared)\b",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:but|however|still|not(?! (?:any ?more|bad))|nothing|neither|nor|never|unfortunately|cannot|\w+n't|same|"
    r"different|no (?:change|effect|luck|difference|use|good|way|idea|success)|thanks for nothing|no thanks|unsure|"
    r"confus\w+|doubt|wrong|worse)\b",
    re.IGNORECASE,
)
# To be tried, or taken as it comes: whether it is true the customer cannot say yet.
_LEAVES_OPEN = re.compile(
    r"\b(?:i|we|it|that|they)(?:'ll| will| shall|'d| would| might| may)\b|^(?:will|might|let me|gonna)\b|"
    r"\b(?:going to|gonna|about to|hope(?:fully)?|tonight|tomorrow|later|try|trying|suppose|guess|whatever|"
    r"if you (?:say|think)|when i(?:'m)?|as soon as|once i|by now|wait and see)\b",
    re.IGNORECASE,
)
_THANKS = re.compile(r"\b(?:thanks|thank you|thank u|thx|cheers)\b(?: (?:so|very) much| a lot)?", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;.!?\n]+\s*")
_CHECKS = re.compile(
    r"\b(?:did|does|has|have|is|was|are)\b.{0,30}\b(?:help\w*|work\w*|solv\w+|answer\w*|fix\w*|clear\w*|sort\w*|"
    r"resolv\w+|better|ok(?:ay)?|happy|satisfied)\b",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"\[[A-Z_]+\d*\]")
# Speech as it was recognised has no marks: what asks stands at its end.
_UNMARKED_QUESTION = re.compile(
    r"\b(?:(?:what|which|when|where|who|whose|why|how)(?:'s|'re)?\b|(?:can|could|may|might|shall|should|would|do|does|did|"
    r"is|are|was|were|have|has) (?:i|you|we|they|he|she|it|there|that|this)\b)(?:\W+[\w\[\]']+){1,9}\W*$",
    re.IGNORECASE,
)
_YES_NO = re.compile(r"(?:yes|no)\b", re.IGNORECASE)
_NEW_WORDS = 3
_TELLING = 4
_SHORT_REPORT = 15
_PREAMBLE = 12
_DATA_WORDS = 5
_BACKCHANNEL = re.compile(rf"(?:{_INTERJECTION}\b[\s,.!…?-]*){{1,4}}", re.IGNORECASE)


def sentences(text: str) -> list[str]:
    """Split a turn at sentence ends and line breaks.

    >>> sentences("Let me check. They do not.")
    ['Let me check.', 'They do not.']
    """
    return [s.strip() for s in _SENTENCE.split(text) if s.strip()]


def words(text: str) -> list[str]:
    """Return the words of a text; a placeholder such as `[PERSON_1]` is one."""
    return _WORD.findall(text)


def _core(sentence: str) -> str:
    """Return the sentence without the courtesies it opens with and the marks it ends in."""
    return _LEAD.sub("", sentence.replace("’", "'")).strip(" \t.,!?;:…-\"')")


def _is_question(sentence: str) -> bool:
    return sentence.rstrip("\"')] ").endswith("?")


def is_backchannel(text: str) -> bool:
    """Whether a turn only shows that its speaker listens.

    >>> is_backchannel("Mm-hmm. Okay."), is_backchannel("Okay, where is it?")
    (True, False)
    """
    return not words(text) or bool(_BACKCHANNEL.fullmatch(text.strip().replace("’", "'")))


def told(text: str) -> str:
    """Return what a customer's turn says besides courtesies and bare confirmations.

    >>> told("Hi there! My card is lost. Thanks!")
    'My card is lost.'
    """
    return " ".join(s for s in sentences(text) if (core := _core(s)) and not _COURTESY.fullmatch(core))


def asks(text: str) -> bool:
    """Whether a customer's turn asks something outright.

    >>> asks("ok and do they have a happy hour"), asks("it is on Main Street")
    (True, False)
    """
    return any(
        _is_question(s) or _QUESTION_OPENING.match(_core(s)) or _EMBEDDED_QUESTION.search(s)
        for s in sentences(told(text))
    )


def wants(text: str) -> bool:
    """Whether a turn requests something or states a problem without asking.

    >>> wants("I lost my debit card."), wants("Katarina Miller with a K!")
    (True, False)
    """
    said = told(text).replace("’", "'")
    return bool(_REQUEST.search(said) or _PROBLEM.search(said))


def answers(text: str, request: str = "") -> bool:
    """Whether an agent's turn says something: more than a greeting, a stall, an offer or a question back.

    A turn that repeats the request's words before it asks back has not answered either.

    >>> answers("Sure, let me check that for you."), answers("Let me check. They do not have a happy hour.")
    (False, True)
    >>> answers("Could I get your full name, please?"), answers("Six days, okay. How did it start?", "For six days.")
    (False, False)
    """
    said = [s for s in sentences(text) if _says_something(s)]
    if not asks_back(text):
        return bool(said) or bool(_YES_NO.match(text))
    heard = {w.lower() for w in words(request)}
    return any(len({w.lower() for w in words(_core(s)) if len(w) >= _TELLING} - heard) >= _NEW_WORDS for s in said)


def _says_something(sentence: str) -> bool:
    core = _core(sentence)
    acts = (_COURTESY, _STALL, _OFFER, _ASKS_BACK)
    questions = _is_question(sentence) or _asks_unmarked(sentence)
    return bool(core) and not questions and not any(act.fullmatch(core) for act in acts)


def asks_back(text: str) -> bool:
    """Whether an agent's turn asks the customer for something it needs.

    >>> asks_back("Can you tell me your account number, please?"), asks_back("Is there anything else?")
    (True, False)
    """
    return any(
        (_is_question(s) or _ASKS_BACK.fullmatch(core) or _asks_unmarked(s)) and not _OFFER.fullmatch(core)
        for s in sentences(text)
        if (core := _core(s))
    )


def _asks_unmarked(sentence: str) -> bool:
    found = _UNMARKED_QUESTION.search(sentence) if sentence[-1:].isalnum() else None
    return found is not None and len(words(sentence[: found.start()])) <= _PREAMBLE


def gives(text: str) -> bool:
    """Whether a customer's turn does little but give a name, a number or an address that was asked for.

    >>> gives("Sure, that's [ACCOUNT_1]."), gives("My card [CARD_1] was charged twice and nobody can tell me why.")
    (True, False)
    """
    said = words(told(text))
    named = [word for word in said if _PLACEHOLDER.fullmatch(word)]
    return bool(named) and len(said) - len(named) <= _DATA_WORDS and not asks(text)


def confirms(text: str, before: str = "") -> bool:
    """Whether a customer's word on an answer says that it holds: a short report, praise, or a yes to being asked.

    A bare "thanks" is manners, "I'll try that" is open, and who asks or tells a problem is not done yet.

    Args:
        text: What the customer says after the answer.
        before: What the agent said right before.

    >>> confirms("Great, that worked, thank you!"), confirms("Thanks, but it still fails."), confirms("Okay, thanks.")
    (True, False, False)
    >>> confirms("Alright, I'll try that tonight."), confirms("Yes!", "Did that answer your question?")
    (False, True)
    """
    text = text.replace("’", "'")
    if denies(text) or _LEAVES_OPEN.search(text) or asks(text) or gives(text):
        return False
    if asks_back(before):
        return bool(_CHECKS.search(sentences(before)[-1])) and text[:1].lower() == "y"
    said = [core for s in _CLAUSE.split(_THANKS.sub(",", text)) if (core := _core(s)) and not _COURTESY.fullmatch(core)]
    reported = any(_REPORTS.search(core) for core in said) and sum(len(words(core)) for core in said) <= _SHORT_REPORT
    return reported or bool(_PRAISES.search(text))


def denies(text: str) -> bool:
    """Whether a customer's turn contradicts, doubts, or says that it did not help.

    >>> denies("I did that, nothing happened."), denies("No problem, it does not drop any more.")
    (True, True)
    """
    return bool(_DENIES.search(text.replace("’", "'")))
