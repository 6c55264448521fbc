"""Numbers that prove themselves: a check digit, or rules that few other numbers obey."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from assets.anonymization.known_forms import luhn

_ALONE, _END = r"(?<![\w-])(?<!\d[.,])", r"(?![\w-])(?![.,]\d)"
_CARD = rf"{_ALONE}(?:\d{{13,19}}|(?:\d{{4}}[ -]){{3}}\d{{4}}(?:[ -]\d{{1,3}})?|\d{{4}}[ -]\d{{6}}[ -]\d{{4,5}}){_END}"
_IBAN = r"(?<![\w-])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z\d]){11,30}(?![\w-])"
_SSN = rf"{_ALONE}(?!000|666|9)\d{{3}}([ -])(?!00)\d{{2}}\1(?!0000)\d{{4}}{_END}"
_AADHAAR = rf"{_ALONE}[2-9]\d{{3}}([ -])\d{{4}}\1\d{{4}}{_END}"
_NIR = rf"{_ALONE}[12] ?\d{{2}} ?(?:0[1-9]|1[0-2]) ?\d[\dAB] ?\d{{3}} ?\d{{3}} ?\d{{2}}{_END}"
_DNI = r"(?<![\w-])(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z](?![\w-])"
_NHS = rf"(?<=NHS number ){_ALONE}\d{{3}}[ -]?\d{{3}}[ -]?\d{{4}}{_END}"
_SEPARATORS = str.maketrans("", "", " -")

_BBANS = """
AD:8n12c AE:19n AT:16n BE:12n BG:4a6n8c BR:23n1a1c CH:5n12c CY:8n16c CZ:20n DE:18n DK:14n EE:16n ES:20n FI:14n
FR:10n11c2n GB:4a14n GI:4a15c GR:7n16c HR:17n HU:24n IE:4a14n IL:19n IS:22n IT:1a10n12c LI:5n12c LT:16n LU:3n13c
LV:4a13c MC:10n11c2n MT:4a5n18c NL:4a10n NO:11n PL:24n PT:21n RO:4a16c SA:2n18c SE:20n SI:15n SK:20n SM:1a10n12c
TR:5n1n16c
"""
"""What follows an IBAN's country and check digits (SWIFT's IBAN registry): n digits, a letters, c either."""
_CLASSES = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}
_IBANS = {
    entry[:2]: re.compile("".join(f"{_CLASSES[kind]}{{{n}}}" for n, kind in re.findall(r"(\d+)([nac])", entry)))
    for entry in _BBANS.split()
}
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|(?:6011|64[4-9]\d|65\d\d|62\d\d)\d{12,15}|3(?:0[0-5]|[689]\d)\d{11,16}|35(?:2[89]|[3-8]\d)\d{12,15}"
)
"""What the card schemes issue (issuer identification of ISO/IEC 7812), by beginning and length: Visa, Mastercard,
American Express, Discover and UnionPay, Diners Club, JCB."""
_CONTROL_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def card(digits: str) -> bool:
    """Tell whether digits are a number that a card scheme issues, with a valid check digit.

    >>> card("4111111111111111"), card("4111111111111112"), card("1764000000123452")
    (True, False, False)
    """
    return bool(_ISSUED.fullmatch(digits)) and luhn(digits)


def iban(code: str) -> bool:
    """Tell whether a code is an IBAN: form of its country, and remainder 1 modulo 97 (ISO 13616).

    >>> iban("DE89370400440532013000"), iban("DE89370400440532013001"), iban("XX89370400440532013000")
    (True, False, False)
    """
    code = code.upper()
    form = _IBANS.get(code[:2])
    if form is None or not form.fullmatch(code[4:]):
        return False
    return int("".join(str(int(c, 36)) for c in code[4:] + code[:4])) % 97 == 1


def verhoeff(digits: str) -> bool:
    """Tell whether the last digit is Verhoeff's check digit (the dihedral group of order 10).

    >>> verhoeff("2363"), verhoeff("2364")
    (True, False)
    """
    check = 0
    for i, char in enumerate(reversed(digits)):
        digit = int(char)
        for _ in range(i % 8):
            digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
        turn = -1 if check >= 5 else 1
        turned, mirrored = (check + turn * digit) % 5, (check >= 5) != (digit >= 5)
        check = turned + 5 * mirrored
    return check == 0


def _nir(code: str) -> bool:
    number = code.replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number[:13]) % 97 == int(number[13:])


def _dni(code: str) -> bool:
    number = code[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return _CONTROL_LETTERS[int(number) % 23] == code[-1]


def _nhs(code: str) -> bool:
    return (11 - sum(int(d) * (10 - i) for i, d in enumerate(code[:9])) % 11) % 11 == int(code[9])


_PROOFS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("card", re.compile(_CARD), card),
    ("iban", re.compile(_IBAN), iban),
    ("us_ssn", re.compile(_SSN), lambda _: True),
    ("in_aadhaar", re.compile(_AADHAAR), verhoeff),
    ("fr_nir", re.compile(_NIR), _nir),
    ("es_dni", re.compile(_DNI), _dni),
    ("uk_nhs", re.compile(_NHS), _nhs),
)
_DIGITS = re.compile(r"\d{2}[\d -]{0,3}\d{2}")
_AROUND = 50
"""Characters beside four digits that may belong to the same number; the longest IBAN has 34, and spaces."""


def proved(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield type, start and end of every number in a text that proves itself.

    >>> list(proved("paid with 4111 1111 1111 1111, not with 4111 1111 1111 1112"))
    [('card', 10, 29)]
    """
    for start, end in _neighbourhoods(text):
        for kind, pattern, proof in _PROOFS:
            for match in pattern.finditer(text, start, end):
                if proof(match.group().translate(_SEPARATORS)):
                    yield kind, match.start(), match.end()


def _neighbourhoods(text: str) -> Iterator[tuple[int, int]]:
    """Yield the parts of a text that hold digits enough, so that the patterns read no others."""
    start = end = -1
    for match in _DIGITS.finditer(text):
        if match.start() - _AROUND > end:
            if end >= 0:
                yield start, end
            start = max(0, match.start() - _AROUND)
        end = min(len(text), match.end() + _AROUND)
    if end >= 0:
        yield start, end
