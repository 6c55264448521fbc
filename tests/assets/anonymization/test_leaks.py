"""What counts as a leak, and what only looks like one."""

import random

import pytest

from assets.anonymization.leaks import Search, Watchlist, named, thread_names
from assets.anonymization.leaks_forms import normal, spellings
from assets.anonymization.leaks_patterns import card, iban, verhoeff

KNOWN = [
    ("name", "José Müller-Lüdenscheidt"),
    ("name", "Will Young"),
    ("name", "山田太郎"),
    ("email", "j.d+x@firma.de"),
    ("phone", "+49 30 1234567"),
    ("phone", "+1 415 555 0134"),
    ("account", "AC-2042-77"),
    ("account", "a1b2c3d4e5f60718"),
    ("card", "4111 1111 1111 1111"),
    ("address", "1420 Maple St., Apt 4, Springfield, IL 62704"),
]
WATCH = Watchlist(KNOWN, ordinary=["will", "young"])


def types(text: str) -> list[str]:
    return [leak.type for leak in WATCH.find(text)]


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("JOSE MULLER LUDENSCHEIDT rang", "name"),
        ("müller-lüdenscheidt, josé", "name"),
        ("jose\u0301 mu\u0308ller\u2011lu\u0308denscheidt", "name"),
        ("お客様山田 太郎さん", "name"),
        ("Will Young", "name"),
        ("to J.D+X@FIRMA.DE", "email"),
        ("j.d+x@\u200bfir\u00adma.de", "email"),
        ("(415) 555-0134", "phone"),
        ("+14155550134", "phone"),
        ("0014155550134", "phone"),
        ("415.555.0134x9", "phone"),
        ("tel4155550134", "phone"),
        ("４１５５５５０１３４", "phone"),
        ("٤١٥ ٥٥٥ ٠١٣٤", "phone"),
        ("030/1234567", "phone"),
        ("+49301234567", "phone"),
        ("ac2042 77", "account"),
        ("?key=a1b2c3d4e5f60718&x", "account"),
        ("4111-1111-1111-1111", "card"),
        ("at 1420 maple street", "address"),
        ("1420 MAPLE ST", "address"),
    ],
)
def test_a_known_identity_is_found_however_it_is_written(text: str, type_: str) -> None:
    assert type_ in types(text)


@pytest.mark.parametrize(
    "text",
    [
        "will young people pay?",
        "Müller sold it to José",
        "order 94155550134, 41555501349",
        "0.4155550134 and 3.1415555013499",
        "9f4155550134abcd4155550134ab",
        "id 4155550134ab3c4155550134ab3c41",
        "Springfield, apt 4, maple syrup on 1420 streets",
        "AC-2042-78",
        "1764155550.134000",
    ],
)
def test_what_only_looks_like_somebody_is_left_alone(text: str) -> None:
    assert types(text) == []


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("5555 5555 5555 4444", "card"),
        ("3714-496353-98431", "card"),
        ("DE89 3704 0044 0532 0130 00", "iban"),
        ("gb82west12345698765432", "iban"),
        ("SSN 536-22-8726.", "us_ssn"),
        ("2 69 05 49 588 157 80", "fr_nir"),
        ("12345678Z", "es_dni"),
        ("NHS number 943 476 5919", "uk_nhs"),
        ("2234 5678 9124", "in_aadhaar"),
    ],
)
def test_a_number_that_proves_itself_is_found_whoevers_it_is(text: str, type_: str) -> None:
    if type_ == "in_aadhaar":
        digits = next(f"22345678912{d}" for d in range(10) if verhoeff(f"22345678912{d}"))
        text = f"{digits[:4]} {digits[4:8]} {digits[8:]}"
    assert type_ in types(text)


@pytest.mark.parametrize(
    "text",
    [
        "5555 5555 5555 4445",
        "1764000000123452",
        "0.5555555555554444",
        "a5555555555554444",
        "DE89 3704 0044 0532 0130 01",
        "000-12-3456 666-12-3456 912-12-3456 123-00-4567 123-45-0000",
        "2026-11-24T08:00:00.123456",
        "12345678A",
    ],
)
def test_a_number_that_fails_its_proof_is_left_alone(text: str) -> None:
    assert types(text) == []


def test_hashes_ids_and_measurements_hold_nobody() -> None:
    """What machines write, by the hundred thousand digits, against many numbers."""
    chance = random.Random(5)
    digits = ["".join(chance.choices("23456789", k=10)) for _ in range(2_000)]
    watch = Watchlist([("phone", d) for d in digits] + [("account", d + "1") for d in digits])
    machine = [
        f"{chance.getrandbits(256):064x} d.{chance.getrandbits(64):016x}.parquet {chance.random()!r}"
        for _ in range(2_000)
    ]
    assert [leak for line in machine for leak in watch.find(line)] == []


def test_short_and_single_values_are_not_searched_for_everywhere() -> None:
    for kind, value in [
        ("name", "Ana"),
        ("account", "4711"),
        ("phone", "112"),
        ("other", "sunflower"),
        ("address", "Rome"),
    ]:
        assert Watchlist([(kind, value)]).not_searched == 1
    assert list(spellings("birth_date", "1981-05-26")) == []


def test_a_single_name_counts_in_its_own_thread_alone_and_only_capitalised() -> None:
    search = Search(Watchlist([]), {"t": thread_names([("name", "Zelda Li Page"), ("email", "z@x.org")])})
    assert search.types("Ask Zelda on the next page.", "t") == ["single_name"]
    assert search.types("Ask ZELDA, Page!", "t") == ["single_name"] * 2
    assert search.types("Ask Zelda on the next page.", "u") == []
    assert search.types("Page one.", "t", template="Say on which page it stands.") == []
    assert named("Zoë", frozenset({"zoe"})) == 1


def test_places_are_those_of_the_normal_form() -> None:
    text = "Ｚ: j.d+x@\u200bfirma.de"
    (leak,) = WATCH.find(text)
    assert normal(text)[leak.start : leak.end] == "j.d+x@firma.de"


def test_check_digits_follow_their_standards() -> None:
    assert card("6011111111111117")
    assert not card("6011111111111118")
    assert iban("BE68539007547034")
    assert not iban("BE68539007547035")
    assert verhoeff("123451")
