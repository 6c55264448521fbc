import pytest

from assets.validation.evidence import agreeing, numbers_of, opposed

LIMITS = {"mistaken": 0.02, "least": 50, "least_covered": 0.45}
ARTICLES = [
    "Moving an appointment\nAppointments can be moved in the app under Visits up to 24 hours before. Later costs $25.",
    "Pets\nSmall pets are allowed in all flats of the house when the landlord agrees in writing.",
]
MOVE = "You can move appointments in the app (Visits) up to {} hours before; later it costs ${}."


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [
        (MOVE.format(24, 25), True),
        (MOVE.format(48, 25), False),
        (MOVE.format(24, 30), False),
        ("Small pets are allowed in all flats when the landlord agrees in writing.", True),
        ("Small pets are not allowed in all flats when the landlord agrees in writing.", False),
        ("Your parcel was handed to the neighbour on the second floor of the house.", False),
        ("Visits.", False),
        ("", False),
    ],
)
def test_an_answer_agrees_with_an_article_that_says_the_same_with_the_same_numbers(answer, agrees):
    assert agreeing([answer], ARTICLES, [""], ["", ""], **LIMITS).tolist() == [agrees]


def test_without_articles_nothing_agrees():
    assert agreeing(["Small pets are allowed in all flats."], [], [""], [], **LIMITS).tolist() == [False]
    assert agreeing([], ARTICLES, [], ["", ""], **LIMITS).tolist() == []
    assert agreeing(["[PERSON_1]"], ["[PERSON_1]"], [""], [""], **LIMITS).tolist() == [False]


def test_how_much_an_article_must_hold_is_learnt_from_articles_of_other_matters():
    """A desk that says the same of everything confirms nothing by it."""
    alike = "Visits for the {} can be moved in the app under Visits and then Change."
    answers, articles = ([alike.format(thing) + more for thing in ("boiler", "router")] for more in ("", " Call us."))
    told, own = [answers[0]] * 60 + [answers[1]] * 60, ["boiler"] * 60 + ["router"] * 60
    assert not agreeing(told, [articles[1]], own, ["router"], **LIMITS)[:60].any()
    assert agreeing(told, articles, own, ["boiler", "router"], **LIMITS).all()


def test_numbers_of_another_matter_are_no_claim():
    hours = MOVE.format(24, 25) + " Our office: Monday to Friday from 8 until 20."
    assert agreeing([hours], ARTICLES, [""], ["", ""], **LIMITS).tolist() == [True]


def test_a_placeholder_and_a_list_mark_are_no_numbers():
    assert numbers_of("1. Call [PHONE_2]\n2. Wait 1.5 hours") == {"1.5"}


def test_only_a_sentence_that_is_the_same_otherwise_is_opposed():
    assert opposed("The lamp must not blink.", "The lamp must blink.")
    assert not opposed("Never open the lid.", "The lamp must blink.")
