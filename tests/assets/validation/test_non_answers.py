import csv

import pytest

from assets.validation.non_answers import substance


@pytest.mark.parametrize(
    ("answer", "act"),
    [
        ("Closed with explanation", "status"),
        ("Untimely response", "status"),
        ("Resolved - duplicate", "status"),
        ("RESOLVED_FIXED", "status"),
        ("Ticket closed as duplicate", "status"),
        ("Your request has been received and will be reviewed.", "status"),
        ("Completed - see attached", "status"),
        ("I'll escalate this.", "escalation"),
        ("Forwarded to tier 2", "status"),
        ("A member of our team will contact you shortly.", "escalation"),
        ("Let me transfer you to a specialist.", "escalation"),
        ("Could you please send us your order number?", "asks_back"),
        ("Please provide your account number and date of birth.", "asks_back"),
        ("We apologize for the inconvenience this has caused.", "apology"),
        ("We are looking into this and will get back to you as soon as possible.", "stall"),
        ("Hello,\n\nThank you for reaching out.\n\nBest regards,\n[PERSON_1]", "courtesy"),
    ],
)
def test_what_answers_nothing_is_found(answer, act):
    assert substance(answer) == (0.0, act)


@pytest.mark.parametrize(
    "answer",
    [
        "Yes, parking is free.",
        "Closed on Sundays.",
        "Resolved by restarting the router.",
        "Sorry they do not serve alcohol.",
        "I'm sorry, but refunds are only possible within 30 days.",
        "The Department of Finance resolved this issue.",
        "The complaint was referred to the Federal Communications Commission.",
        "I have cancelled your reservation and refunded the fare.",
        "Please send the form to [EMAIL] with your receipt.",
        "Free parking available on site",
        "Diese Karte ist kostenlos.",
    ],
)
def test_a_short_answer_that_says_something_is_one(answer):
    assert substance(answer).substance == 1.0


def test_substance_is_the_share_of_words_that_say_something():
    assert substance("Thank you for contacting us. Hold the button for ten seconds.").substance == round(6 / 11, 4)


def test_real_outcomes_of_complaints_are_no_answers_and_real_resolutions_are(refinery_data):
    """Rules of form find them: no outcome of this data stands in the lexicon."""
    with (refinery_data / "cfpb_complaints/complaints_mixed.csv").open(encoding="utf-8") as file:
        outcomes = {row["Company response to consumer"] for row in csv.DictReader(file)} - {""}
    with (refinery_data / "nyc_311/service_requests.csv").open(encoding="utf-8") as file:
        resolutions = {row["Resolution Description"] for row in csv.DictReader(file)}
    sentences = {text for text in resolutions if len(text) > 20}
    assert outcomes
    assert {text for text in outcomes if substance(text).substance > 0} == set()
    assert sum(substance(text).substance > 0.1 for text in sentences) >= 0.97 * len(sentences)
