import pytest

from assets.anonymization.known import Identities, typed
from assets.anonymization.text import plain

ORDINARY = frozenset({"will", "mark", "young"})


def found(text, *known):
    spans = Identities(known, ORDINARY).find(plain(text))
    return [text[s.start : s.end] for s in spans]


@pytest.mark.parametrize(
    ("value", "text", "forms"),
    [
        ("John Smith", "JOHN SMITH, smith john and J. Smith", ["JOHN SMITH", "smith john", "J. Smith"]),
        ("John Smith", "I met Smith; his first name is john.", ["Smith", "john"]),
        ("Dr. José Núñez", "jose nunez wrote, Nuñez signed", ["jose nunez", "Nuñez"]),
        ("Will Young", "will you call? Will did. young at heart", ["Will"]),
        ("Ada Wu", "Ms. Wu and wu", ["Wu"]),
        ("Olivia Gonzalez", "user oliviagonzalez here", ["oliviagonzalez"]),
        ("王小明", "我是王小明。", ["王小明"]),
        ("Sarah Smith", "it's Sarah Smith, Sarah's card", ["Sarah Smith", "Sarah"]),
        ("Ann Lee", "Annual leave, sleeves, announce", []),
    ],
)
def test_a_name_is_found_in_every_form(value, text, forms):
    assert found(text, ("name", value)) == forms


@pytest.mark.parametrize(
    "text",
    ["+1 (415) 555-0134", "415.555.0134", "4155550134", "1-415-555-0134", "001 415 555 0134"],
)
def test_a_phone_number_is_found_in_every_format(text):
    assert found(f"ring {text} now", ("phone", "+14155550134")) == [text]


@pytest.mark.parametrize("text", ["AC-1234-99", "ac 1234 99", "AC123499", "ac1234.99"])
def test_an_account_is_found_whatever_separates_its_parts(text):
    assert found(f"account {text}, thanks", ("account", "AC123499")) == [text]


@pytest.mark.parametrize(
    "text",
    ["1981-05-26", "05/26/1981", "26.5.81", "May 26, 1981", "26th of May 1981", "26 may 81", "05261981"],
)
def test_a_birth_date_is_found_in_every_format(text):
    assert found(f"born {text}!", ("birth_date", "1981-05-26")) == [text]


def test_an_address_is_found_in_parts_but_its_city_alone_stays():
    address = ("address", "176 Willow Lane, Suite 431, Jacksonville, FL 32131")
    assert found("176 willow ln., suite 431", address) == ["176 willow ln., suite 431"]
    assert found("on Willow Lane, zip 32131", address) == ["Willow Lane", "32131"]
    assert found("flights from Jacksonville to Miami, suite 5", address) == []


def test_a_mail_address_is_found_spelled_out_and_by_its_local_part():
    mail = ("email", "ann.lee42@corp.example")
    assert found("Ann.Lee42@Corp.example", mail) == ["Ann.Lee42@Corp.example"]
    assert found("ann dot lee42 at corp dot example", mail) == ["ann dot lee42 at corp dot example"]
    assert found("my login is ann.lee42 there", mail) == ["ann.lee42"]
    assert found("write to our support", ("email", "support@corp.example")) == []


def test_invisible_characters_and_wide_digits_hide_nothing():
    assert found("Jo\u200dhn Smi\u200bth", ("name", "John Smith")) == ["Jo\u200dhn Smi\u200bth"]
    assert found("\uff18\uff15\uff17\uff13\uff11\uff18", ("account", "857318")) == [
        "\uff18\uff15\uff17\uff13\uff11\uff18"
    ]


def test_ten_thousand_identities_are_searched_in_one_pass():
    people = [("name", f"Given{i} Family{i}") for i in range(10_000)]
    assert found("from Quist, Zora and Given7 Family7 " * 3, *people, ("name", "Zora Quist")) == [
        *["Quist, Zora", "Given7 Family7"] * 3
    ]


def test_bare_strings_get_the_type_they_look_like():
    values = [
        "Ann Lee",
        "a@b.org",
        "1981-05-26",
        "+1 415 555 0134",
        "4111 1111 1111 1111",
        "12 High Street",
        "ann_lee_7",
        "8573",
    ]
    assert [kind for kind, _ in typed(values)] == [
        "name", "email", "birth_date", "phone", "card", "address", "other", "account",
    ]  # fmt: skip
