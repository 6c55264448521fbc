import pytest

from assets.anonymization.spoken import find


def found(text, before=""):
    return [(s.type, text[s.start : s.end]) for s in find(text, before)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it's j o h n at gmail dot com", ("EMAIL", "j o h n at gmail dot com")),
        (
            "priya dot raman at mail dot example dot org please",
            ("EMAIL", "priya dot raman at mail dot example dot org"),
        ),
        ("four one one one, one one one one, one one one one, one one one one", ("CARD", None)),
        ("sure, that's A B C three four seven five seven zero", ("ACCOUNT", "A B C three four seven five seven zero")),
        ("oh two oh seven nine four six oh oh two four", ("PHONE", None)),
        ("R for Romeo, A for Alfa, Y for Yankee", ("PERSON", None)),
        ("yes, G-A-R-C-I-A.", ("PERSON", "G-A-R-C-I-A")),
        ("double four seven one oh eight", ("NUMBER", None)),
        (
            "the 19th of December nineteen seventy five.",
            ("DATE_OF_BIRTH", "the 19th of December nineteen seventy five"),
        ),
    ],
)
def test_what_is_spelled_or_counted_out_is_found(text, expected):
    kind, span = expected
    assert found(text) == [(kind, span or text)]


@pytest.mark.parametrize(
    "text",
    [
        "I have a T V and a U S B stick",
        "one or two days, at three dot five",
        "the update of the 3rd of May two thousand and twenty",
        "look at the page, it's a joke",
        "one two three testing",
    ],
)
def test_ordinary_speech_stays(text):
    assert found(text) == []


def test_a_birth_date_of_this_century_needs_the_question():
    text = "3rd of May two thousand and four"
    assert found(text) == []
    assert found(text, "and your date of birth?") == [("DATE_OF_BIRTH", text)]
