"""The house's words: what is replaced, what is left alone, and files that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.errors import RefineryError
from assets.standardization import domain
from assets.standardization.wording import SpecialCase, Terminology

HOUSE = Path(__file__).resolve().parents[3] / "domain"
TERMS = domain.terminology(HOUSE / "terminology.yaml")
CASES = domain.special_cases(HOUSE / "special_cases.yaml").cases


def handled(text: str, kind: str = "ticket") -> str:
    for case in CASES:
        if not case.kinds or kind in case.kinds:
            text = case.handle(text)
    return text.strip()


def test_a_term_takes_the_case_of_what_it_replaces_and_a_name_its_own():
    terms = Terminology(terms={"email": ["e-mail"], "Wi-Fi": ["wifi", "wi fi"]})
    assert terms.put("E-mail, E-MAIL and e-mail over WIFI, wifi, wi  fi") == (
        "Email, EMAIL and email over Wi-Fi, Wi-Fi, Wi-Fi",
        6,
    )


def test_only_whole_words_are_terms():
    terms = Terminology(terms={"automobile": ["car"]})
    assert terms.put("my car, the card, a scar and car-pool") == (
        "my automobile, the card, a scar and automobile-pool",
        2,
    )


def test_the_longest_form_wins_and_nothing_is_replaced_twice():
    terms = Terminology(terms={"sign-in": ["sign-on"], "single sign-on": ["sso"], "b": ["a"], "c": ["x b"]})
    assert terms.put("sso, single sign-on, sign-on, a, x b") == ("single sign-on, single sign-on, sign-in, b, c", 4)


def test_a_form_is_text_and_no_regular_expression():
    terms = Terminology(terms={"C++": ["c plus plus"], "dotnet": [".net"]})
    assert terms.put("c plus plus and .net, not xnet") == ("C++ and dotnet, not xnet", 2)


@pytest.mark.parametrize(
    "text", ["[WIFI]", "https://x.org/wifi", "www.wifi.org", "wifi@example.org", "my.wifi.org", "`wifi`", "/etc/wifi"]
)
def test_nothing_is_replaced_in_placeholders_addresses_and_code(text: str):
    assert Terminology(terms={"Wi-Fi": ["wifi"]}).put(text) == (text, 0)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from(["e-mail", "WIFI", "[", "]", ".", " ", "user name"])).map("".join),
    )
)
def test_replacing_twice_changes_no_more_than_once(text: str):
    once, _ = TERMS.put(text)
    assert TERMS.put(once) == (once, 0)


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("On XX/XX/XXXX I sent XXXX XXXX {$25.00} !!!", "On [DATE] I sent [REDACTED] $25.00!"),
        ("phone w/ case w/o charger b/c pls", "phone with case without charger because please"),
        ("Really?!?! No........ ok ,fine", "Really? No... ok ,fine"),
        ("Um, I was uh there", "Um, I was uh there"),
    ],
)
def test_special_cases_of_tickets(text: str, becomes: str):
    assert handled(text) == becomes


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("Um, uh, I was, um, at the the bank.", "I was, at the bank."),
        ("your , your umbrella. , yes", "your umbrella. yes"),
        ("it's four four one one five", "it's four four one one five"),
        ("I had had enough", "I had had enough"),
    ],
)
def test_special_cases_of_calls(text: str, becomes: str):
    assert handled(text, "call") == becomes


def test_a_special_case_touches_no_placeholder_and_no_address():
    case = SpecialCase(name="x", pattern="um", replacement="")
    assert case.handle("[UM_1] um http://um.org um") == "[UM_1]  http://um.org "


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80), st.sampled_from(["ticket", "call"]))
def test_any_text_can_be_handled(text: str, kind: str):
    assert isinstance(handled(TERMS.put(text)[0], kind), str)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("terms:\n  email: [mail]\n  post: [mail]\n", "line 1: Value error, 'mail' is said to mean both"),
        ("terms:\n  a: [b]\n  a: [c]\n", "line 3: 'a' stands twice"),
        ("terms:\n  a: [b]\nterm: {}\n", "line 3: term: Extra inputs are not permitted"),
        ("terms:\n  a: b\n", "line 2: terms.a"),
        ("terms: [\n", "line 2"),
    ],
)
def test_a_wrong_terminology_file_is_refused_with_its_line(tmp_path: Path, content: str, complaint: str):
    (tmp_path / "terms.yaml").write_text(content)
    with pytest.raises(RefineryError, match=complaint):
        domain.terminology(tmp_path / "terms.yaml")


@pytest.mark.parametrize(
    ("case", "complaint"),
    [
        ("{name: x, pattern: '(', replacement: ''}", "line 2: cases.0.pattern"),
        ("{name: x, pattern: a, replacement: '\\2'}", "line 2: .*replacement of 'x'"),
        (
            "{name: x, pattern: a, replacement: b, examples: [{text: a, becomes: c}]}",
            "'x' makes 'b' of its example 'a'",
        ),
        ("{name: x, pattern: a, replacement: b}\n- {name: x, pattern: a, replacement: b}", "two cases are called 'x'"),
    ],
)
def test_a_special_case_that_cannot_work_is_refused(tmp_path: Path, case: str, complaint: str):
    (tmp_path / "cases.yaml").write_text(f"cases:\n- {case}\n")
    with pytest.raises(RefineryError, match=complaint):
        domain.special_cases(tmp_path / "cases.yaml")


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(RefineryError, match=r"none\.yaml: the file cannot be read"):
        domain.terminology(tmp_path / "none.yaml")


def test_an_empty_file_says_nothing(tmp_path: Path):
    (tmp_path / "empty.yaml").write_text("")
    assert domain.terminology(tmp_path / "empty.yaml").put("e-mail") == ("e-mail", 0)
