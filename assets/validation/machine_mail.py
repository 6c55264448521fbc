"""Mail that no customer wrote: bounces, absence notes, advertising.

Each kind is known by its turns of phrase and by the fields of its format: delivery reports by the words of RFC 3464 and
the status codes of RFC 3463, absence notes by what they all say. One phrase may stand in a customer's letter too
("my mails come back: mailbox full"), so two different ones are needed, and a text that asks something is a customer's,
but for advertising, which likes to ask.
"""

from __future__ import annotations

import re

_SIGNS: dict[str, tuple[str, ...]] = {
    "bounce": (
        r"mailer[- ]?daemon|postmaster@|mail (?:delivery|system|server)\b|delivery (?:status|subsystem|report)|"
        r"mail report|"
        r"\bmx\d*\.|remote[- ]mta|reporting[- ]mta",
        r"undeliver(?:ed|able)|un-?deliverable|returned (?:mail|to sender)|came back|(?:failure|delivery) (?:notice|"
        r"trouble|"
        r"failure|failed|problem)|not (?:be )?(?:delivered|handed? over|sent on)|(?:could|"
        r"can) not (?:be )?(?:deliver|hand|"
        r"reach)\w*|action: failed",
        r"final[- ]recipient|original[- ]recipient|diagnostic[- ]code|rfc ?822",
        r"(?:#|status:? |\b5\d\d[ -]+#?)[45]\.\d{1,3}\.\d{1,3}|\b[45]\.[0-7]\.\d{1,2}\b|\b55\d\b",
        r"(?:mailbox|inbox|quota)\b.{0,20}\b(?:full|exceeded|over quota)|over quota",
        r"(?:user|recipient|address|mailbox|domain|host)\b.{0,20}\b(?:unknown|not (?:known|found|exist)|"
        r"does not (?:exist|"
        r"answer)|rejected|unavailable)|no such (?:user|mailbox|address)|rejected (?:by|due to|under)",
        r"no (?:further|more) attempts|(?:we |have )?tried (?:for|to deliver)|giving up|permanent (?:fatal )?error",
    ),
    "auto_reply": (
        r"out of (?:the )?office|auto(?:matic|mated)?[- ]?(?:reply|response|answer|note)|automatic note|"
        r"absence (?:note|"
        r"notice|message)|vacation (?:reply|responder|message)|abwesen\w+",
        r"\b(?:i am|i'm|i will be|currently|is|be) (?:\w+ )?(?:away|travell?ing|abroad|absent|on (?:\w+ )?(?:leave|"
        r"vacation|holidays?)|out of (?:the )?(?:office|house)|not (?:in|at) (?:the |my )?(?:office|desk))|"
        r"away from (?:my|the) desk|"
        r"away (?:until|till|through)|back (?:in the office )?on",
        r"(?:limited|no|rare|little|intermittent|sporadic) access to|(?:only )?(?:read|check|see|answer|"
        r"open)\w* (?:my )?"
        r"(?:e-?)?(?:mails?|messages?|this)\b.{0,25}\b(?:now and then|rarely|until|before|after|when|irregular\w*|"
        r"again)",
        r"(?:in |for )?urgent (?:cases?|matters?|inquiries|enquiries|requests?|questions?)|if (?:it|this) (?:is|"
        r"burns|'s) ?"
        r"(?:urgent)?|in (?:an )?emergenc\w+",
        r"(?:turn to|contact|ask|call|write to|reach) (?:my (?:colleague|deputy|assistant|manager|successor)|"
        r"\[PERSON)",
        r"(?:mailbox|inbox|address|account)\b.{0,15}\b(?:is not|isn't|not|no longer|rests?)\b.{0,15}(?:watched|"
        r"monitored|read|"
        r"used|active|checked)?|(?:messages?|mails?)\b.{0,10}\bnot (?:be )?(?:passed on|forwarded|read)",
        r"thank(?:s| you) for your (?:e-?mail|mail|message)",
        r"(?:i have|i've|has|have) left (?:the|my|our) (?:company|post|firm|organi[sz]ation|team)|no longer (?:work|"
        r"with)|"
        r"my (?:successor|replacement)",
        r"(?:will|shall|'ll) (?:answer|reply|respond|get back|be back|return)\b.{0,30}\b(?:on|when|after|upon|"
        r"as soon)",
    ),
    "spam": (
        r"(?:first page|page one|top[- ](?:rank\w*|10|ten)|rank\w* (?:higher|first)|\bseo\b|backlinks?|search engine|"
        r"more (?:traffic|visitors)|traffic)",
        r"congratulations|(?:you|your \w+) (?:were|was|have been|has been|are|is) (?:drawn|picked|selected|chosen|"
        r"shortlisted|the (?:lucky )?winner)|you(?:'ve| have)? won\b|\bwinner\b|lottery|jackpot",
        r"(?:win|claim|confirm|collect|redeem) (?:your|the|a|an) (?:\w+ )?(?:prize|reward|gift|hamper|voucher|"
        r"cruise|tablet|"
        r"iphone|bonus|card)",
        r"(?:loan|credit|cash|money|funds?)\b.{0,30}\b(?:approved|fast|today|instant\w*|guaranteed|no (?:questions|"
        r"paperwork|"
        r"credit check))|need money|\bno (?:questions|paperwork|credit check)\b|(?:earn|make) (?:\$|\d|money|up to)|"
        r"per (?:day|week) from home",
        r"(?:no fee|no cost|risk[- ]free|100 ?% (?:free|guaranteed)|act now|limited (?:time )?offer|unsubscribe|"
        r"opt[- ]out|"
        r"click (?:here|below|the link)|special (?:offer|price|discount)|best price|pay (?:later|shipping only)|"
        r"minus \d+ (?:percent|%)|\d+ ?(?:%|percent) off|(?:lowest|unbeatable|wholesale) prices?)",
        r"\b(?:moq|fob|oem)\b|factory (?:price|for|direct)|we are an? (?:\w+ )?(?:factory|manufacturer|supplier|"
        r"producer|"
        r"exporter|agency)|manufacturer of|samples? (?:free|on request)|sales manager|bulk (?:order|price|"
        r"\w+ - minus)|"
        r"\bcheap\b",
        r"reply (?:yes|stop|now|today)|write (?:today|now)|(?:our|my) (?:experts?|team|agency) (?:put|bring|can|"
        r"will|help)\b|"
        r"for (?:an offer|a (?:free )?quote)|(?:business|investment) (?:proposal|opportunity)|partnership",
        r"dear (?:owner|webmaster|friend|winner|beneficiary|business owner|sir ?/ ?madam|website owner)|"
        r"(?:saw|visited|found|came across|checked|audited|reviewed) your (?:web ?)?(?:site|page|shop|store)|"
        r"(?:for|of|on) your website",
        r"bitcoin|crypto(?:currenc\w+)?|casino|viagra|pills|weight loss|forex|binary options|dating|escort",
        r"https?://\S+/\w*\d\w*|!!!",
    ),
}
_COMPILED = {kind: tuple(re.compile(rf"(?:{sign})", re.IGNORECASE) for sign in signs) for kind, signs in _SIGNS.items()}
_ASKS = re.compile(r"\?(?:\s|$)")
_ENOUGH = 2


def machine_mail(text: str) -> str | None:
    """Return what kind of machine's mail a question is, or None: `bounce`, `auto_reply` or `spam`.

    >>> machine_mail("Undeliverable: your request. Final-Recipient: rfc822; [EMAIL]. Status: 5.1.1")
    'bounce'
    >>> machine_mail("Automatic reply: I am on holiday until Monday.")
    'auto_reply'
    >>> machine_mail("My mails come back to me, it says mailbox full. What can I do?")
    """
    found = {kind: sum(bool(sign.search(text)) for sign in signs) for kind, signs in _COMPILED.items()}
    if _ASKS.search(text):
        found = {"spam": found["spam"]}
    kind = max(found, key=lambda k: found[k])
    return kind if found[kind] >= _ENOUGH else None
