"""The verbs of instructions: enough of them to tell an imperative and a gerund from a noun."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VERBS = _words(
    """
    accept activate add adjust agree appeal apply ask assign attach attend avoid become begin book bring build buy
    calculate call cancel change check choose claim clean clear click close collect come communicate compare
    complete configure confirm connect consider contact contribute convert copy create decide define delete
    deliver deploy describe determine disable discuss do donate download draft drag edit email enable encourage
    end enroll ensure enter escalate estimate evaluate expect explain explore export extend file fill find fix
    follow forward gather get give go grind handle have help hire identify import inform insert install invite
    join keep know learn leave let link list load locate log look maintain make manage mark measure meet mention
    mix move navigate notify obtain offer onboard open order organize participate pay perform pick place plan post
    pour prepare press print process provide publish pull purchase push put raise reach read receive reclaim
    record recover redeem register release remember remind remove rename renew rent repair replace reply report
    request reschedule reserve reset resolve respond restart restore return review rinse run save scan schedule
    scroll search see select sell send set share show sign sort specify start stay stop store submit subscribe
    switch take talk tell test track transfer translate travel try turn type unlock unsubscribe update upgrade
    upload use validate verify view visit wait wash watch withdraw work write
    """
)
_ALSO_NOUNS = _words(
    """
    access appeal book call change check claim contact copy deposit draft email end estimate export file fix help
    import leave link list load log look mark measure mix move offer open order pay place plan post press print
    process pull purchase record release rent repair reply report request reset return review run scan schedule
    search set share sign start stay stop store switch talk test track transfer travel try turn type update
    upgrade use view visit wait watch work
    """
)
_OBJECT_OPENINGS = _words(
    """
    a about all an and another any at by each every from in into it my new off on our out over that the their
    these this those to up us with your yourself
    """
)
_NOT_OBJECTS = _words(
    """
    center day environment expectations experience form forms group groups guidance guide guidelines hours manager
    note notes options overview plan plans policies policy practices principles procedure procedures process
    requirements schedule status structure system systems team teams tools types week
    """
)


def is_verb(word: str) -> bool:
    """Whether a word may open an instruction."""
    return word.lower() in _VERBS


def as_instruction(phrase: str) -> str | None:
    """Return a heading as what one does, ready for "How do I ...?", or None where that would not be grammatical.

    >>> as_instruction("Applying for leave"), as_instruction("Request a refund"), as_instruction("How to pay")
    ('apply for leave', 'request a refund', 'pay')
    >>> as_instruction("Travel policy"), as_instruction("Hiring process"), as_instruction("Training")
    (None, None, None)
    """
    words = phrase.split()
    if [w.lower() for w in words[:2]] == ["how", "to"]:
        return _lowered(words[2:]) if len(words) > 2 else None
    if len(words) < 2 or words[-1].lower() in _NOT_OBJECTS:
        return None
    verb, following = words[0].lower(), words[1].lower()
    if verb in _VERBS:
        return None if verb in _ALSO_NOUNS and following not in _OBJECT_OPENINGS else _lowered(words)
    base = _base_of(verb)
    return " ".join([base, *words[1:]]) if base and following not in _NOT_OBJECTS else None


def _lowered(words: list[str]) -> str:
    return " ".join([words[0].lower(), *("my" if w == "your" else w for w in words[1:])])


def _base_of(gerund: str) -> str | None:
    """Return the verb of an -ing form, if it is one we know."""
    if not gerund.endswith("ing"):
        return None
    stem = gerund.removesuffix("ing")
    undoubled = stem[:-1] if len(stem) > 2 and stem[-1] == stem[-2] else stem
    return next((form for form in (stem, f"{stem}e", undoubled) if form in _VERBS), None)
