from assets import tables
from assets.anonymization import guards
from checks import anonymization as promises
from tests.promises import assert_each_promise_can_fail

GOOD = {
    "record_id": "r1",
    "partition": "2024-01",
    "kind": "chat",
    "subject": "A question of [PERSON_1]",
    "turns": [
        {"speaker": "customer", "text": "I paid $1,299.00 on 2024-05-03, mail [EMAIL], card [CARD]"},
        {"speaker": "agent", "text": "Thank you, call extension 1234 in 2025 or 2026."},
    ],
    "entities": [{"name": "EMAIL", "count": 1}],
}


def said(text):
    return lambda rows: [rows[0] | {"turns": [{"speaker": "customer", "text": text}]}]


def test_each_promise_on_anonymized_records_can_fail():
    assert_each_promise_can_fail(
        tables.ANONYMIZED_RECORDS,
        promises.ANONYMIZED_RECORDS,
        good=[GOOD],
        bad={
            "record_id_is_unique": lambda rows: rows * 2,
            "every_record_has_turns": lambda rows: [rows[0] | {"turns": []}],
            "kind_is_known": lambda rows: [rows[0] | {"kind": "letter"}],
            "no_mail_address": said("write to ann.lee@corp.local please"),
            "no_mail_address_in_subject": lambda rows: [rows[0] | {"subject": "from ann@b.org"}],
            "no_social_security_number": said("it is 123-45-6789."),
            "no_card_number": said("my card 4111 1111 1111 1112"),
        },
    )


def test_the_room_sets_aside_exactly_what_the_promises_forbid():
    assert set(guards.PROMISED.values()) == {promises.MAIL, promises.SSN, promises.CARD}
