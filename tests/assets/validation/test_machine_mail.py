import pytest

from assets.validation.machine_mail import machine_mail


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
def test_what_a_machine_or_a_trader_wrote_is_named(text, kind):
    assert machine_mail(text) == kind


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
def test_a_customer_who_speaks_of_the_same_things_is_one(text):
    assert machine_mail(text) is None
