"""The forms in which people write what is known of them: names, addresses, numbers, dates, mail addresses."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import date, datetime
from types import MappingProxyType

from assets.anonymization.text import folded

TYPES = MappingProxyType(
    {
        "name": "PERSON",
        "email": "EMAIL",
        "phone": "PHONE",
        "address": "ADDRESS",
        "account": "ACCOUNT",
        "birth_date": "DATE_OF_BIRTH",
        "card": "CARD",
        "other": "OTHER",
    }
)
"""Type of a known identity to entity type."""

_TITLES = "mr mrs ms miss mx dr doctor nurse prof professor sir madam jr sr ii iii phd md"
TITLES = frozenset(_TITLES.split())
_GENERIC = "info support sales contact admin mail office hello service help billing team noreply postmaster webmaster"
_GENERIC_BOXES = frozenset(_GENERIC.split())
_ABBREVIATIONS = """
st=street str=street ave=avenue av=avenue rd=road ln=lane dr=drive blvd=boulevard ct=court pl=place sq=square
ter=terrace hwy=highway pkwy=parkway cir=circle apt=apartment ste=suite fl=floor n=north s=south e=east w=west
"""
_SHORT = dict(pair.split("=") for pair in _ABBREVIATIONS.split())
_NO_NAME = re.compile(r"[$€£¥%=<>{}]|(?:\S+\s+){8}")
_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"[^\W\d_]+|\d+")
_DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%B %d, %Y", "%d %B %Y", "%m/%d/%y")


def name_words(value: str) -> list[str]:
    """Split a name into its words, titles and redactions (XXXX) left out; of a sentence none is a name.

    >>> name_words("Dr. María-José O'Neil Jr."), name_words("somebody took $500 out of my account!")
    (['maria', 'jose', 'neil'], [])
    """
    if _NO_NAME.search(value):  # what somebody typed into the field for the name
        return []
    words = [w for w in _WORD.findall(folded(value)) if w not in TITLES and not w.isdigit() and set(w) != {"x"}]
    return [w for w in words if len(w) > 1 or not w.isascii()]


def address_words(value: str) -> list[str]:
    """Split an address into words, abbreviations written out."""
    return [_SHORT.get(w, w) for w in _WORD.findall(folded(value))]


def street_words(value: str) -> list[str]:
    """Return the words of the street line: what stands before the first comma or line break."""
    first = next((part for part in re.split(r"[,\n;]", value) if part.strip()), value)
    return address_words(first)


def code_forms(kind: str, value: str, ordinary: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield (letters and digits run together, entity type) for every form whose separators do not matter."""
    entity, code = TYPES.get(kind, "OTHER"), _run_together(value)
    if kind == "birth_date":
        yield from ((form, entity) for form in date_forms(value))
    elif kind == "phone":
        yield from ((form, entity) for form in phone_forms(value))
    elif kind == "email":
        yield code, entity
        local = _run_together(value.partition("@")[0])
        if len(local) >= 4 and local not in _GENERIC_BOXES and local not in ordinary:
            yield local, "USERNAME"
    elif kind == "name":
        words = name_words(value)
        if len(words) > 1:
            yield "".join(words), entity
            yield "".join(reversed(words)), entity
        elif not words and len(code) >= 3:
            yield code, entity
    elif kind != "address" and len(code) >= 3:
        yield code, entity


def phone_forms(value: str) -> set[str]:
    """Return a phone number's digits: as given, national, with trunk zero, with country code.

    >>> sorted(phone_forms("+44 20 7946 0018"))
    ['00442079460018', '02079460018', '2079460018', '442079460018']
    """
    import phonenumbers

    digits = "".join(c for c in folded(value) if c.isdigit())
    forms = {digits}
    with contextlib.suppress(phonenumbers.NumberParseException):
        number = phonenumbers.parse(value, "US")
        national, code = str(number.national_number), str(number.country_code)
        forms |= {national, "0" + national, code + national, "00" + code + national}
    return {form for form in forms if len(form) >= 5}


def date_forms(value: str) -> set[str]:
    """Return how a date is written, separators left out: numbers in every order, month names, ordinals.

    >>> {"19810526", "52681", "26may1981", "may26th1981"} <= date_forms("1981-05-26")
    True
    """
    forms = {_run_together(value)} if len(_run_together(value)) >= 5 else set()
    for day in _dates(value):
        d, m, y = day.day, day.month, day.year
        years = (f"{y}", f"{y % 100:02}")
        for days, months in ((f"{d:02}", f"{m:02}"), (f"{d}", f"{m}"), (f"{d:02}", f"{m}"), (f"{d}", f"{m:02}")):
            forms |= {days + months + year for year in years} | {months + days + year for year in years}
            forms |= {f"{y}" + months + days}
        ordinal = f"{d}" + ("th" if 10 < d < 14 else {1: "st", 2: "nd", 3: "rd"}.get(d % 10, "th"))
        for month in (f"{day:%B}".lower(), f"{day:%b}".lower()):
            for number in (f"{d}", f"{d:02}", ordinal):
                forms |= {month + number + year for year in years} | {number + month + year for year in years}
                forms |= {f"{number}of{month}{y}", f"{y}{month}{number}"}
    return forms


def guess_type(value: str) -> str:
    """Guess what a bare string identifies; what fits nothing is `other` and matched as it stands."""
    digits, letters = sum(c.isdigit() for c in value), sum(c.isalpha() for c in value)
    if re.fullmatch(r"\S+@\S+", value.strip()):
        return "email"
    if digits >= 5 and list(_dates(value)):
        return "birth_date"
    if digits and not letters:
        compact = "".join(c for c in value if c.isdigit())
        if 13 <= digits <= 19 and luhn(compact):
            return "card"
        return "phone" if digits >= 7 and re.search(r"^\s*[+(]|\d[\s.-]+\d{3}[\s.-]", value) else "account"
    if re.search(r"\d+\w?\s+[^\W\d_]{2,}|[^\W\d_]{2,}\s+\d+\w?\b", value):
        return "address"
    return "name" if letters and not digits and 1 <= len(value.split()) <= 5 and "_" not in value else "other"


def luhn(digits: str) -> bool:
    """Tell whether digits carry a valid Luhn check digit (ISO/IEC 7812-1).

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def iban(value: str) -> bool:
    """Tell whether an account number carries valid check digits (ISO 13616, mod 97).

    >>> iban("DE89370400440532013000"), iban("DE88370400440532013000")
    (True, False)
    """
    turned = value[4:] + value[:4]
    return value.isascii() and value.isalnum() and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def _dates(value: str) -> Iterator[date]:
    for form in _DATE_FORMATS:
        with contextlib.suppress(ValueError):
            yield datetime.strptime(value.strip()[:30].split("T")[0], form).date()  # noqa: DTZ007 - a day has no zone


def _run_together(value: str) -> str:
    return "".join(_PIECE.findall(folded(value)))
