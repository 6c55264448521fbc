"""Invented people: identities with valid check digits, and the ways their data is written down or said."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from sample.grammar import Segment

_CARDS = (("4242", 16), ("4000", 16), ("5555", 16), ("5105", 16), ("3782", 15))
_IBANS = {"DE": "18d", "GB": "4L14d", "FR": "20d2L", "NL": "4L10d", "ES": "20d"}
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_ALPHABET = (
    "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett", "Kilo", "Lima", "Mike",
    "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "Xray", "Yankee",
    "Zulu",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A customer or agent."""

    id: int
    first: str
    last: str
    email: str
    phone: str
    street: str
    city: str
    region: str
    postcode: str
    country: str
    account: str
    born: date


def luhn_digit(digits: str) -> str:
    """Return the check digit that makes a card number valid (ISO/IEC 7812).

    >>> luhn_digit("424242424242424")
    '2'
    """
    total = 0
    for n, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if n % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def iban(country: str, account: str) -> str:
    """Return the IBAN of a national account number (ISO 13616, mod 97).

    >>> iban("GB", "WEST12345698765432")
    'GB82WEST12345698765432'
    """
    digits = "".join(str(int(c, 36)) for c in f"{account}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{account}"


def _digits(rng: Random, count: int) -> str:
    return f"{int(rng.random() * 10**count):0{count}d}"


def _one(rng: Random, items: Any) -> Any:
    return items[int(rng.random() * len(items))]


def ascii_name(name: str) -> str:
    """Return a name as it stands in an address.

    >>> ascii_name("O'Brien"), ascii_name("Bergström")
    ('obrien', 'bergstrom')
    """
    plain = unicodedata.normalize("NFKD", name.replace("ø", "o").replace("ß", "ss")).encode("ascii", "ignore").decode()
    return "".join(c for c in plain.lower() if c.isalnum())


def person(number: int, rng: Random, names: Mapping[str, Any], *, prefix: str) -> Person:
    """Make up a person."""
    first, last = _one(rng, names["first_names"]), _one(rng, names["last_names"])
    country = rng.choices(("US", "GB", "DE", "FR"), (70, 15, 9, 6))[0]
    city, region, area = _one(rng, names["cities"][country])
    house = 1 + int(rng.random() ** 2 * (4000 if country == "US" else 140))
    if country == "DE":
        street, postcode = f"{_one(rng, names['german_streets'])} {house}", area + _digits(rng, 2)
        phone = f"030 23125 {_digits(rng, 3)}"
    elif country == "FR":
        street, postcode = f"{house} {_one(rng, names['french_streets'])}", area + _digits(rng, 2)
        phone = "01 99 00 " + f"{_digits(rng, 2)} {_digits(rng, 2)}"
    else:
        street = f"{house} {_one(rng, names['streets'])} {_one(rng, names['kinds_of_street'])}"
        if country == "US":
            postcode, phone = area + _digits(rng, 2), f"{_one(rng, names['area_codes'])}-555-01{_digits(rng, 2)}"
        else:
            postcode = f"{area} {1 + int(rng.random() * 9)}{_one(rng, 'ABDEFGHJLN')}{_one(rng, 'PQRSTUWXYZ')}"
            phone = f"020 7946 0{_digits(rng, 3)}"
    mail = _mail(first, last, rng, names)
    born = date(1940, 1, 1) + timedelta(days=int(rng.random() * 23000))
    account = f"{prefix}-{_digits(rng, 4)}-{_digits(rng, 4)}"
    return Person(number, first, last, mail, phone, street, city, region, postcode, country, account, born)


def _mail(first: str, last: str, rng: Random, names: Mapping[str, Any]) -> str:
    f, s = ascii_name(first), ascii_name(last)
    local = _one(rng, (f"{f}.{s}", f"{f}{s}", f"{f[0]}.{s}", f"{s}.{f}", f"{f}_{s}", f"{f}{_digits(rng, 2)}"))
    return f"{local}@{_one(rng, names['mail_hosts'])}"


def _ordinal(number: int) -> str:
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _year_in_words(year: int) -> str:
    if year >= 2000:
        return "two thousand" + (f" and {_WORDS[year - 2000]}" if 2000 < year < 2010 else "")
    rest = year % 100
    if rest < 10:
        return f"nineteen oh {_WORDS[rest]}"
    ten, one = divmod(rest, 10)
    return "nineteen " + (_TEENS[one] if ten == 1 else _TENS[ten] + (f" {_WORDS[one]}" if one else ""))


def _said_digits(digits: str, rng: Random) -> str:
    zero = _one(rng, ("zero", "oh"))
    words = [zero if c == "0" else _WORDS[int(c)] if c.isdigit() else c.upper() for c in digits if c.isalnum()]
    return " ".join(words)


def _said_mail(address: str, rng: Random) -> str:
    local, host = address.split("@")
    names = {".": "dot", "_": "underscore", "-": "dash"}
    if rng.random() < 0.65:
        said = " ".join(names.get(c, _WORDS[int(c)] if c.isdigit() else c) for c in local)
    else:
        said = " ".join(local.replace(".", " dot ").replace("_", " underscore ").split())
    return f"{said} at {host.replace('.', ' dot ')}"


def _spelled(name: str, rng: Random) -> str:
    letters = [c for c in ascii_name(name).upper() if c.isalpha()]
    if rng.random() < 0.3:
        return ", ".join(f"{c} for {_ALPHABET[ord(c) - 65]}" for c in letters)
    return _one(rng, (" ", "-")).join(letters)


def _phone(p: Person, rng: Random) -> str:
    if p.country != "US":
        code = {"GB": "+44", "DE": "+49", "FR": "+33"}[p.country]
        return _one(rng, (p.phone, p.phone.replace(" ", ""), f"{code} {p.phone[1:]}", f"{code} (0){p.phone[1:]}"))
    a, b, c = p.phone.split("-")
    forms = (
        p.phone,
        f"({a}) {b}-{c}",
        f"{a}.{b}.{c}",
        f"+1 {a} {b} {c}",
        f"+1-{p.phone}",
        f"{a}{b}{c}",
        f"{a} {b} {c}",
    )
    return _one(rng, forms)


def _address(p: Person, rng: Random) -> str:
    city = f"{p.city}, {p.region} {p.postcode}" if p.region else f"{p.postcode} {p.city}"
    if p.country == "GB":
        city = f"{p.city} {p.postcode}"
    unit = f", Apt {1 + int(rng.random() * 40)}" if p.country == "US" and rng.random() < 0.25 else ""
    return _one(rng, (f"{p.street}{unit}, {city}", f"{p.street}{unit}, {city}", p.street, f"{p.street}, {p.city}"))


def _born(p: Person, rng: Random) -> str:
    d = p.born
    month = _MONTHS[d.month - 1]
    return _one(rng, (f"{d:%m/%d/%Y}", f"{d:%d.%m.%Y}", d.isoformat(), f"{d.day} {month} {d.year}",
                      f"{month} {d.day}, {d.year}", f"{_ordinal(d.day)} of {month} {d.year}"))  # fmt: skip


def _card(rng: Random) -> str:
    start, length = _one(rng, _CARDS)
    body = start + _digits(rng, length - 5)
    number = body + luhn_digit(body)
    if length == 15:
        return number if rng.random() < 0.5 else f"{number[:4]} {number[4:10]} {number[10:]}"
    joint = _one(rng, ("", " ", "-"))
    return joint.join(number[n : n + 4] for n in range(0, 16, 4))


def _iban(rng: Random) -> str:
    country = _one(rng, tuple(_IBANS))
    account, count = "", ""
    for c in _IBANS[country]:
        if c.isdigit():
            count += c
        else:
            n, count = int(count), ""
            account += _digits(rng, n) if c == "d" else "".join(_one(rng, "ABCDEFGHKLMNPRSTUW") for _ in range(n))
    value = iban(country, account)
    return value if rng.random() < 0.4 else " ".join(value[n : n + 4] for n in range(0, len(value), 4))


def _ssn(rng: Random) -> str:
    area = _one(rng, tuple(range(1, 666)))
    joint = _one(rng, ("-", "-", " "))
    return joint.join((f"{area:03d}", f"{1 + int(rng.random() * 99):02d}", f"{1 + int(rng.random() * 9999):04d}"))


def teller(
    me: Person, agent: Person, names: Mapping[str, Any], company: Mapping[str, Any]
) -> Callable[[str, Random], Segment]:
    """Return what fills the slots in capitals: each draws a form of the writer's data and names its type."""
    orders: list[str] = []

    def order(rng: Random) -> str:
        if not orders:
            orders.append(_one(rng, company["order_forms"]).format(_digits(rng, 6)))
        return orders[0]

    def other(rng: Random) -> str:
        return f"{_one(rng, names['first_names'])} {_one(rng, names['last_names'])}"

    ways: dict[str, tuple[str, Callable[[Random], str]]] = {
        "NAME": ("PERSON", lambda rng: f"{me.first} {me.last}"),
        "FIRST": ("PERSON", lambda rng: me.first),
        "LAST": ("PERSON", lambda rng: me.last),
        "NAME_FORM": ("PERSON", lambda rng: name_form(me, rng)),
        "OTHER": ("PERSON:third party", other),
        "OTHER_FIRST": ("PERSON:third party", lambda rng: _one(rng, names["first_names"])),
        "OTHER_LAST": ("PERSON:third party", lambda rng: _one(rng, names["last_names"])),
        "AGENT": ("PERSON:agent", lambda rng: f"{agent.first} {agent.last}"),
        "AGENT_FIRST": ("PERSON:agent", lambda rng: agent.first),
        "EMAIL": ("EMAIL", lambda rng: me.email),
        "EMAIL2": ("EMAIL", lambda rng: _mail(_one(rng, names["first_names"]), me.last, rng, names)),
        "USERNAME": ("USERNAME", lambda rng: f"{ascii_name(me.first)}_{ascii_name(me.last)[:4]}{_digits(rng, 2)}"),
        "PHONE": ("PHONE", lambda rng: _phone(me, rng)),
        "PHONE2": ("PHONE", lambda rng: f"({_one(rng, names['area_codes'])}) 555-01{_digits(rng, 2)}"),
        "ADDRESS": ("ADDRESS", lambda rng: _address(me, rng)),
        "ACCOUNT": ("ACCOUNT", lambda rng: me.account if rng.random() < 0.7 else me.account.replace("-", "")),
        "ORDER": ("ORDER", order),
        "DOB": ("DATE_OF_BIRTH", lambda rng: _born(me, rng)),
        "CARD": ("CARD", _card),
        "IBAN": ("IBAN", _iban),
        "SSN": ("SSN", _ssn),
        "SECRET": ("SECRET", lambda rng: f"{_one(rng, names['bad_passwords'])}{_digits(rng, 3)}{_one(rng, '!#?')}"),
        "SPOKEN_ACCOUNT": ("ACCOUNT:spoken", lambda rng: _said_digits(me.account, rng)),
        "SPOKEN_EMAIL": ("EMAIL:spoken", lambda rng: _said_mail(me.email, rng)),
        "SPOKEN_PHONE": ("PHONE:spoken", lambda rng: _said_digits(me.phone, rng)),
        "SPOKEN_DOB": ("DATE_OF_BIRTH:spoken", lambda rng: f"{_ordinal(me.born.day)} of {_MONTHS[me.born.month - 1]} "
                       f"{_year_in_words(me.born.year)}"),
        "SPELLED_LAST": ("PERSON:spelled", lambda rng: _spelled(me.last, rng)),
    }  # fmt: skip

    def tell(name: str, rng: Random) -> Segment:
        type_, value = ways[name]
        return value(rng), type_

    return tell


def name_form(me: Person, rng: Random) -> str:
    """Return a name the way people sign: whole, short, turned round, in lower case."""
    first, last = me.first, me.last
    forms = (f"{first} {last}", f"{first} {last}", f"{first} {last}", first, f"{first[0]}. {last}",
             f"{first} {last[0]}.", f"{last}, {first}", me.email.split("@")[0], f"{first} {last}".upper())  # fmt: skip
    return _one(rng, forms)
