"""The house's words put for others: terminology in one pass, special cases in their order."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from operator import itemgetter
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

# no word inside these is anybody's wording: placeholders, addresses of pages and mailboxes, code
PROTECTED = re.compile(
    r"(?-i:\[[A-Z][A-Z0-9_]*+\])|(?:https?://|www\.)\S+|(?<![\w.+-])[\w.+-]++@[\w-]++\.[\w.-]++|```.*?```|`[^`\n]++`",
    re.I | re.S,
)

Phrase = Annotated[str, Field(min_length=1), AfterValidator(lambda phrase: " ".join(phrase.split()))]


class Terminology(BaseModel):
    """One word for one thing: the preferred form, and the forms it replaces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    terms: dict[Phrase, tuple[Phrase, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_each_form_once(self) -> Terminology:
        owner = {preferred.casefold(): preferred for preferred in self.terms}
        for preferred, variants in self.terms.items():
            for variant in variants:
                taken = owner.setdefault(variant.casefold(), preferred)
                if taken != preferred:
                    raise ValueError(f"'{variant}' is said to mean both '{taken}' and '{preferred}'")
        return self

    def put(self, text: str) -> tuple[str, int]:
        """Put the preferred term for every variant: whole words, in one pass, the longest first.

        A preferred form that holds a capital is a name and stands as written; any other takes the case of
        what it replaces. (Not a chain of `re.sub`: unescaped, order-dependent, and blind to word ends.)

        Returns:
            The text, and how many words were changed.

        >>> terms = {"email": ["e-mail"], "Wi-Fi": ["wifi"], "single sign-on": [], "sign-in": ["sign-on"]}
        >>> text = "E-MAIL or e-mail me: WIFI fails at sign-on, single sign-on too. See x.org/wifi [WIFI_1]"
        >>> Terminology(terms=terms).put(text)
        ('EMAIL or email me: Wi-Fi fails at sign-in, single sign-on too. See x.org/wifi [WIFI_1]', 4)
        """
        if not self.terms:
            return text, 0
        pattern, preferred = self._forms
        changed = 0

        def by(match: re.Match[str]) -> str:
            nonlocal changed
            was = match.group()
            if match["term"] is None:
                return was
            form = preferred[" ".join(was.casefold().split())]
            becomes = was if form is None else form if form != form.lower() else _cased_like(was, form)
            changed += becomes != was
            return becomes

        return pattern.sub(by, text), changed

    @functools.cached_property
    def _forms(self) -> tuple[re.Pattern[str], dict[str, str | None]]:
        """One pattern of all forms, and what each becomes; a preferred form is in it to shield its own words."""
        preferred: dict[str, str | None] = {}
        for form, variants in self.terms.items():
            preferred[form.casefold()] = form if form != form.lower() else None
            preferred.update(dict.fromkeys((v.casefold() for v in variants), form))
        longest_first = sorted(preferred, key=lambda form: (-len(form), form))
        forms = "|".join(r"\s+".join(map(re.escape, form.split())) for form in longest_first)
        bounds = r"(?<![\w/@#-])(?<!\w\.)", r"(?![\w@]|\.\w)"  # whole words, and no part of a path or a host name
        pattern = rf"{PROTECTED.pattern}|{bounds[0]}(?P<term>{forms}){bounds[1]}"
        return re.compile(pattern, re.I | re.S), preferred


class Example(BaseModel):
    """What a special case does, shown and tried."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    becomes: str


class SpecialCase(BaseModel):
    """A named pattern and what stands for it; its examples are tried when the file is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    pattern: str = Field(min_length=1, description="Regular expression (Python's re).")
    replacement: str = Field(description="What stands for a match; \\1 is its first group.")
    kinds: tuple[str, ...] = Field(default=(), description="Kinds of record it is for; none: all.")
    ignore_case: bool = True
    examples: tuple[Example, ...] = ()

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as fault:
            raise ValueError(f"no regular expression: {fault}") from None
        return pattern

    @model_validator(mode="after")
    def _does_what_its_examples_say(self) -> SpecialCase:
        try:
            self.compiled.sub(self.replacement, "")  # parses the replacement even where nothing matches
            tried = [(example, self.handle(example.text)) for example in self.examples]
        except (re.error, IndexError) as fault:
            raise ValueError(f"replacement of '{self.name}': {fault}") from None
        for example, became in tried:
            if became != example.becomes:
                raise ValueError(f"'{self.name}' makes '{became}' of its example '{example.text}'")
        return self

    @functools.cached_property
    def compiled(self) -> re.Pattern[str]:
        """The pattern, ready to use."""
        return re.compile(self.pattern, re.I if self.ignore_case else 0)

    def handle(self, text: str) -> str:
        r"""Put the replacement for every match that touches no protected stretch, beginning in the match's case.

        >>> filler = SpecialCase(name="um", pattern=r"\bu+m+\b,? *(\w)", replacement=r"\1")
        >>> filler.handle("Um, it is, um, off. See [UM] on http://um.org")
        'It is, off. See [UM] on http://um.org'
        """
        if not self.compiled.search(text):
            return text
        protected = [match.span() for match in PROTECTED.finditer(text)]

        def put(match: re.Match[str]) -> str:
            before = bisect_left(
                protected, match.end(), key=itemgetter(0)
            )  # protected stretches that start before the match ends
            if before and protected[before - 1][1] > match.start():
                return match.group()
            by = match.expand(self.replacement)
            return by[:1].upper() + by[1:] if match.group()[:1].isupper() else by

        return self.compiled.sub(put, text)


class SpecialCases(BaseModel):
    """Special cases, in the order they are handled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cases: tuple[SpecialCase, ...] = ()

    @field_validator("cases")
    @classmethod
    def _has_each_name_once(cls, cases: tuple[SpecialCase, ...]) -> tuple[SpecialCase, ...]:
        names = [case.name for case in cases]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two cases are called '{name}'")
        return cases


def _cased_like(was: str, form: str) -> str:
    if len(was) > 1 and was.isupper():
        return form.upper()
    return form[:1].upper() + form[1:] if was[:1].isupper() else form
