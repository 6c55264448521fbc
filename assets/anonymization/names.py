"""Which of the language model's people are people."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from assets.anonymization.known_forms import TITLES
from assets.anonymization.placeholders import PLACEHOLDER
from assets.anonymization.spans import GUESSED, PATTERN, Span

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_REDACTED = re.compile(r"[Xx*_]{2,}|<[^<>]{0,40}>")
TRUSTED = 0.7
"""Score from which a pattern that names a capitalised word needs no dictionary to agree."""
CERTAIN = 0.9
"""Score from which a guess needs no capital. spaCy, which scores nothing, stays below."""
_NUMBERS = frozenset({"ACCOUNT", "PHONE", "PASSPORT", "LICENSE"})
_NAME_PARTICLES = "al bin da de del della der di dos du el la le ten ter van von y"
_PARTICLES = frozenset(_NAME_PARTICLES.split())
SURE = 0.5
"""Score below which a guess counts only for capitalised words that no dictionary holds."""
_DETERMINER = re.compile(
    r"\b(?:the|an?|my|our|your|its|this|that|these|those|each|every|any|new|old)\s+$", re.IGNORECASE
)
_MODEL_AFTER = re.compile(r" (?:\d{1,4}\b(?!\s*[,/.]?\s*(?:\w+ )*(?:street|st|road|rd)\b)|Pro\b|Plus\b|Mini\b)")
_FOREIGN = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]+)*")
_PLAIN_WORD = re.compile(r"\b[^\W\d_]{2,}\b")
_CHUNK = re.compile(r"\S+")
_CODE = re.compile(r"\d{5}(?:-\d{4})?|[^\W\d_]{4,}(?:['’.-][^\W\d_]+)*")
_SPACED_LETTERS = re.compile(r"[^\W\d_]+(?:['’.-]?\s?[^\W\d_]+)*")
_REPEATED = re.compile(r"(\w)\1+")
_LONGEST_ANSWER = 40
_LINE = re.compile(r"[^\n]+")
_FEW, _SHARE = 4, 0.5
_PLACE_AFTER = re.compile(r",? (?:[A-Z]{2}\b|\d{4,})")
_GOES_ON = re.compile(r" (?:I\b|[a-z])")
_NO_ADDRESS = re.compile(
    r"(?:\w+ )?\d{1,4} ?[ap]m|\d{1,2} ?(?:st|nd|rd|th)? (?:jan|feb|apr|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?: \d+)?"
    r"|[A-Z]{3,} \d{1,4}|(?:a?mount|credit|at most|most|answer) \d+",
    re.IGNORECASE,
)
"""What a small model takes for a number and a street: a time, a day, an abbreviation with its value."""
_INTERVAL = re.compile(r"\d?\.\d+ ?(?:[-\N{EN DASH}]|to) ?\d?\.\d+")
_ROUND = re.compile(r"\d{0,3}[05]0")
_DAY = re.compile(r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])20[12]\d|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])20[12]\d")
"""Eight digits that are a day of these years, as people type it without separators: 04062018."""
_PLACE_BEFORE = re.compile(r"\b(?:in|to|from|at|near|city|town|of)\s+$", re.IGNORECASE)
_TITLE_BEFORE = re.compile(r"\b(?:mr|mrs|ms|miss|mx|dr|prof|sir|madam)\.?\s+$", re.IGNORECASE)
_NOT_NAMES = """
ahoy heya hiya howdy
a again agent alright am and any anyway apologies are as assistant at awesome aye best bot but bye can check cheers
cool could customer d damn dear did do does done download drat dude email enjoy excellent fax fine for from gee get
good goodbye gosh gotcha gracious great greetings ha haha have hello help hey hi hm hmm hmmm how howdy i id if im in
is it its just kindly let ll lol lovely m ma'am madam maybe me mhm mm morning my myself nah name need nice no nope
not of oh ohh ok okay on oops or ouch pardon per perfect please pls plz re regards right s see sent shall should
sincerely sir so sorry ssn sure tel ten thank thanks that that's the then there this thx till to today tomorrow true
ugh uh uhh um umm understood unfortunately until up update urgent ve was we welcome well what what's when where
which who why will with wonderful wow xoxo ya yah yay yea yeah yep yes yesterday you your yours yup zip
arent cant couldnt didnt doesnt dont hasnt havent isnt its ive shouldnt thats theres theyre wasnt wont wouldnt youre
afternoon alot aswell asap byee dob fyi gonna gotta gudbye guys hii info kinda lemme nope nothin okey pwd
thankyou u ur wanna wassup yess yup anyone anything erm everything got nothing someone something thx tel
thee these those
alrighty geez hai nks anks gud gd mrng evng ah ahh huh egads sigh cheerio vlan wan lan vpn
bonjour bonsoir salut madame monsieur merci cordialement sincères salutations cdlt
hallo moin servus guten tag damen herren liebe lieber geehrte geehrter grüße grüßen gruß gruss danke vielen dank
hola buenos buenas estimado estimada estimados señor señora gracias saludos atentamente cordial
ciao buongiorno salve gentile grazie saluti distinti cordiali olá obrigado obrigada beste geachte groeten groet bedankt
"""
"""Words that open, close or fill a turn, which a small model likes to take for names: English, then the courtesies of
French, German, Spanish, Italian, Portuguese and Dutch."""
_FILLERS = frozenset(_NOT_NAMES.split())


class NameFilter:
    """Drops or trims the people that cannot be people; other spans pass.

    Greetings and fillers are trimmed from both ends; redactions and placeholders are no names, nor is a word with a
    digit, nor what the domain keeps. A guess made of dictionary words alone ("Broken Sidewalk") is no person unless a
    title stands before it, nor is one without a capital unless it has two words that are in no dictionary. What follows
    "my name is" needs no capital.

    Args:
        keep: What the domain keeps, in lower case.
        words: Words of the language in lower case.
        names: Those among them that are common names.
        also_words: Those among the names that are no names in lower case: page, will.
        no_places: Those among the words that are verbs, adjectives and adverbs; alone they are seldom a place.
        function_words: Those that name nothing at all.

    >>> text = "Hi John, Yep, XXXX paid by Zelle at Broken Bridge"
    >>> guesses = [Span(0, 7, "PERSON", .85), Span(9, 12, "PERSON", .85), Span(36, 49, "PERSON", .85)]
    >>> kept = NameFilter({"zelle"}, {"john", "broken", "bridge"}, {"john"}).plausible(text, guesses)
    >>> [text[s.start : s.end] for s in kept]
    ['John']
    """

    def __init__(
        self,
        keep: Collection[str],
        words: Collection[str],
        names: Collection[str],
        also_words: Collection[str] = (),
        no_places: Collection[str] = (),
        function_words: Collection[str] = (),
    ) -> None:
        self._keep, self._words, self._names, self._also_words = keep, words, names, also_words
        self._no_places, self._function_words = no_places, function_words
        phrases = "|".join(re.escape(phrase) for phrase in sorted(keep, key=lambda p: (-len(p), p)))
        self._kept = re.compile(rf"(?<!\w)(?:{phrases})(?:['’]s)?(?!\w)", re.IGNORECASE) if phrases else None

    def plausible(self, text: str, spans: Iterable[Span]) -> list[Span]:
        """Return what is left of the spans found in `text`."""
        out = []
        for span in self._without_kept(text, _line_by_line(text, spans)):
            if span.type == "PERSON":
                trimmed = _trimmed(text, span)
            else:
                trimmed = _digits_only(text, span) if span.layer == GUESSED and span.type in _NUMBERS else span
            if trimmed is not None and self._is_plausible(text, trimmed):
                out.append(trimmed._replace(score=max(trimmed.score, SURE)))
        return out

    def _without_kept(self, text: str, spans: Iterable[Span]) -> Iterable[Span]:
        """Cut what the domain keeps out of guesses; what is found otherwise goes only where it is kept as a whole."""
        kept = [m.span() for m in self._kept.finditer(text)] if self._kept else []
        for span in spans:
            if span.layer != GUESSED or span.type not in ("PERSON", "LOCATION", "ADDRESS"):
                if any(a <= span.start and span.end <= b for a, b in kept) and span.layer == GUESSED:
                    continue
                if text[span.start : span.end].lower() not in self._keep:
                    yield span
                continue
            at = span.start
            for start, end in kept:
                if start < span.end and end > at:
                    yield span._replace(start=at, end=max(at, start))
                    at = end
            yield span._replace(start=min(at, span.end))

    def _is_plausible(self, text: str, span: Span) -> bool:
        mention = text[span.start : span.end]
        if span.layer == GUESSED and span.type == "ADDRESS":
            telling = any(c.isdigit() or c.isupper() for c in mention) and not _NO_ADDRESS.fullmatch(mention)
            plain_word = mention.islower() and self.ordinary(mention)
            return (telling and " " in mention.strip()) or (_CODE.fullmatch(mention) is not None and not plain_word)
        words = _WORD.findall(mention)
        if span.type in _NUMBERS or span.type == "NUMBER":
            return (
                not _DAY.fullmatch(mention)
                and not _INTERVAL.fullmatch(mention)
                and not (span.layer == GUESSED and _ROUND.fullmatch(mention))
            )
        if span.type == "SECRET":
            return len(words) != 1 or not (words[0].lower() in self._function_words or words[0].lower() in _FILLERS)
        if span.type not in ("PERSON", "LOCATION"):
            return True
        if not words:
            return False
        if span.type == "LOCATION" and span.layer == GUESSED:
            whole = mention.replace(".", "")
            if len(whole) < 2 or any(c.isdigit() for c in whole) or _REDACTED.search(mention) or "X" * 2 in mention:
                return False
            if len(words) == 1 and span.score <= CERTAIN and self._is_no_place(text, span, words[0]):
                return False
        if span.score < SURE and not all(
            w[:1].isupper() and len(w) > 2 and not self.ordinary(w.lower()) for w in words
        ):
            return False
        if span.layer == GUESSED and self._is_thing(text, span, words):
            return False
        return span.type != "PERSON" or self._is_name(text, span)

    def _is_no_place(self, text: str, span: Span, word: str) -> bool:
        """Whether a single word is a courtesy, or a deed or quality where no word beside it speaks of a place."""
        if _is_filler(word):
            return True
        before, low = text[max(0, span.start - 12) : span.start], word.lower()
        forms = {low, low.removesuffix("s"), low.removesuffix("ing"), low.removesuffix("ed")}
        beside = _PLACE_BEFORE.search(before) or _PLACE_AFTER.match(text, span.end)
        return not beside and (not forms.isdisjoint(self._no_places) or low in self._function_words)

    def _is_thing(self, text: str, span: Span, words: Collection[str]) -> bool:
        """Whether a determiner or a number says that this is a product: the Rill, my Beck 7."""
        if span.type != "PERSON" or any(w.lower() in self._names or not w.isascii() for w in words):
            return False
        if len(words) == 1 and span.score <= CERTAIN and _DETERMINER.search(text[max(0, span.start - 12) : span.start]):
            return True
        return bool(_MODEL_AFTER.match(text, span.end))

    def foreign(self, text: str) -> list[Span]:
        """Find capitalised words with letters English does not have, in an English text: most are names.

        >>> NameFilter((), {"he", "flew", "to", "on"}, ()).foreign("He flew to M\u00d6NSTER\u00c5S on")
        [Span(start=11, end=20, type='LOCATION', score=0.5, layer=0)]
        """
        if text.isascii() or not self.speaks(text):
            return []
        return [
            Span(*match.span(), "LOCATION" if _PLACE_BEFORE.search(text, 0, match.start()) else "PERSON", 0.5, GUESSED)
            for match in _FOREIGN.finditer(text)
            if match.group()[0].isupper() and not match.group().isascii() and match.group().lower() not in self._keep
        ]

    def answer(self, text: str) -> list[Span]:
        """Find the turn that is nothing but one to three words in no dictionary: what somebody answers to "your name?".

        >>> NameFilter((), {"thanks"}, ()).answer(" lilliana holmes")
        [Span(start=1, end=16, type='PERSON', score=0.5, layer=1)]
        """
        words = list(_WORD.finditer(text)) if len(text) <= _LONGEST_ANSWER else []
        start, end = (words[0].start(), words[-1].end()) if words else (0, 0)
        if not 1 <= len(words) <= 3 or not _SPACED_LETTERS.fullmatch(text, start, end):
            return []
        if any(len(w.group()) < 3 or self._said_loosely(w.group().lower()) for w in words):
            return []
        return [Span(start, end, "PERSON", 0.5, PATTERN)]

    def _said_loosely(self, word: str) -> bool:
        """Whether a word is one of the dictionary, drawn out or shortened as people type it: hiii, thankyou, pls."""
        short = _REPEATED.sub(r"\1", word)
        forms = (word, short, _REPEATED.sub(r"\1\1", word))
        if any(form in _FILLERS or self.ordinary(form) for form in forms):
            return True
        if word.startswith(("ok", "yes")) and self.ordinary(word.removeprefix("ok").removeprefix("yes")):
            return True
        return word.startswith(("thank", "tnk", "thx", "okay", "please", "welcom", "good", "hello", "haha", "hehe"))

    def speaks(self, text: str) -> bool | None:
        """Tell whether a text is in the language of the dictionary; None where it is too short to tell."""
        words = _PLAIN_WORD.findall(text)
        if len(words) < _FEW or not self._words:
            return None
        return sum(word.lower() in self._words for word in words) > _SHARE * len(words)

    def _is_name(self, text: str, span: Span) -> bool:
        mention = text[span.start : span.end]
        words = [w.lower() for w in _WORD.findall(mention)]
        names = [w for w in words if w.rstrip(".") not in TITLES and not _REDACTED.fullmatch(w)]
        if any(c.isdigit() for c in mention) or not any(len(w) > 1 for w in names):
            return False
        if all(w in self._keep or w in _PARTICLES for w in names):
            return False
        if len(names) == 1 and names[0] in self._function_words and _GOES_ON.match(text, span.end):
            return False  # May I ...
        if span.layer != GUESSED and span.score >= TRUSTED and mention[:1].isupper():
            return not all(w in _FILLERS for w in names)
        strange = [w for w in names if not self.ordinary(w)]
        if span.layer != GUESSED and mention == mention.lower():
            return names[0] in strange and names[0] not in self._also_words
        if span.layer == GUESSED and mention == mention.lower():
            if any(len(w) < 3 for w in names):
                return False
            return len(strange) == len(names) > 1 or (bool(strange) and span.score > CERTAIN)
        titled = words[0].rstrip(".") in TITLES or _TITLE_BEFORE.search(text[max(0, span.start - 12) : span.start])
        return bool(strange or titled)

    def ordinary(self, word: str) -> bool:
        """Whether the lower-cased word is kept, fills, or is in the dictionary, itself or what it is inflected from.

        Common names are not ordinary, though the dictionary lists them.
        """
        if word in self._keep or word in _FILLERS:
            return True
        if word in self._names or (word.endswith("s") and word[:-1] in self._names):
            return False
        forms = (
            word,
            word.removesuffix("s"),
            word.removesuffix("es"),
            word.removesuffix("ed"),
            word.removesuffix("d"),
            word.removesuffix("ing"),
            word.removesuffix("ing") + "e",
            word.removesuffix("ies") + "y",
            word.partition("'")[0],
            word.partition("’")[0],
        )
        return any(form in self._words for form in forms)


def _trimmed(text: str, span: Span) -> Span | None:
    blank = text[span.start : span.end]
    for pattern in (_REDACTED, PLACEHOLDER):
        blank = pattern.sub(lambda m: " " * len(m.group()), blank)
    words = list(_WORD.finditer(blank))
    while words and _is_filler(words[0].group()):
        words.pop(0)
    while words and _is_filler(words[-1].group()):
        words.pop()
    if span.layer == GUESSED and any(w.group()[0].isupper() for w in words):  # a verb beside a name is no part of it
        while words and words[0].group()[0].islower() and words[0].group() not in _PARTICLES:
            words.pop(0)
        while words and words[-1].group()[0].islower():
            words.pop()
    if not words:
        return None
    end = words[-1].end()
    if blank[:end].lower().endswith(("'s", "’s")):
        end -= 2
    return span._replace(start=span.start + words[0].start(), end=span.start + end)


def _digits_only(text: str, span: Span) -> Span | None:
    """Leave out the words without a digit at both ends of a number."""
    words = list(_CHUNK.finditer(text, span.start, span.end))
    numbers = [w for w in words if any(c.isdigit() for c in w.group())]
    return span._replace(start=numbers[0].start(), end=numbers[-1].end()) if numbers else None


def _is_filler(word: str) -> bool:
    """Whether a word fills, drawn out as it may be: Nooo."""
    low = word.lower()
    return low in _FILLERS or _REPEATED.sub(r"\1", low) in _FILLERS


def _line_by_line(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Cut a guessed name where the line ends: what stands below a name in a signature is a post or a company."""
    for span in spans:
        if span.layer != GUESSED or span.type != "PERSON" or "\n" not in text[span.start : span.end]:
            yield span
            continue
        for line in _LINE.finditer(text, span.start, span.end):
            yield span._replace(start=line.start(), end=line.end())
