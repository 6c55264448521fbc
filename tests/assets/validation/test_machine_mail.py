import pytest

from assets import tables
from assets.validation.decide import failures
from assets.validation.machine_mail import KINDS
from assets.validation.params import ValidationParams
from assets.validation.score import score

PARAMS = ValidationParams()


def kinds_of(make, text, **more):
    """What machine a pair's question is taken for, judged as the room does."""
    (scores,) = score(tables.QA_PAIRS.of([make(question=text, **more)]), PARAMS.scoring).to_pylist()
    return [reason for reason in failures(scores, PARAMS.limits_for()) if reason in KINDS]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Delivery Status Notification (Failure): the address [EMAIL_1] does not exist (550 5.1.1)", "bounce"),
        ("Returned mail: mailbox full. We tried for 3 days and give up, reporting-MTA: mx1.example.org", "bounce"),
        ("Out of office: I'm away until Monday with limited access to mail.", "auto_reply"),
        ("Thank you for your message. This mailbox is not monitored.", "auto_reply"),
        ("I've left the company, please contact my colleague [PERSON_1].", "auto_reply"),
        ("SEO offer: our experts bring your shop to page one. Click here for a free quote!", "spam"),
        ("We are a leading manufacturer of phone cases, MOQ 100 pcs, best price. Interested?", "spam"),
    ],
)
def test_what_a_machine_or_a_trader_wrote_is_named(make, text, kind):
    assert kinds_of(make, text)[:1] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "My mails come back with 'mailbox full'. What can I do?",
        "I am on holiday until Monday, can the parcel wait?",
        "I was charged twice on my credit card, please refund the money today.",
        "Where can I claim the voucher from your newsletter?",
        "My inbox does not show your answer to my request.",
        "The app says my loan was approved but I see no money.",
    ],
)
def test_a_customer_who_speaks_of_the_same_things_is_one(make, text):
    assert kinds_of(make, text) == []


def test_who_talks_or_publishes_is_no_machine(make):
    away = "Out of office: I'm away until Monday with limited access to mail."
    assert kinds_of(make, away) == ["auto_reply"]
    assert kinds_of(make, away, kind="chat") == kinds_of(make, away, kind="article") == []
