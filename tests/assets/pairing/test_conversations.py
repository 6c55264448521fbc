import pytest

from assets.pairing.acts import answers, asks, wants


def texts(rows):
    return [(r["question"], r["answer"]) for r in rows]


def test_consecutive_messages_are_one_turn_and_system_messages_none(make, pairs):
    rows, _ = pairs(
        make(
            "chat",
            ("customer", "Hi there"),
            ("system", "The agent joined."),
            ("customer", "Is parking free?"),
            ("agent", "Yes, parking is free."),
            ("agent", "The gate closes at ten."),
        )
    )
    assert texts(rows) == [("Is parking free?", "Yes, parking is free.\nThe gate closes at ten.")]


def test_greetings_stalls_and_offers_are_passed_over(make, pairs):
    rows, _ = pairs(
        make(
            "chat",
            ("agent", "Hello, how can I help you?"),
            ("customer", "Where is my order?"),
            ("agent", "One moment please."),
            ("customer", "ok"),
            ("agent", "It left our warehouse this morning."),
            ("customer", "Thank you!"),
            ("agent", "You're welcome. Is there anything else I can do for you?"),
        )
    )
    assert texts(rows) == [("Where is my order?", "It left our warehouse this morning.")]
    assert rows[0]["truth_evidence"] == "none"


@pytest.mark.parametrize(
    ("said", "evidence"),
    [
        (["Ah, there it goes, the light is back on. Thanks!"], "customer_confirmed"),
        (["ok", "You're a star!"], "customer_confirmed"),
        (["makes sense now thank you so much"], "customer_confirmed"),
        (["Alright, I will do that when I'm at home. Thanks."], "none"),
        (["Nothing happened.", "Ah, now it works."], "none"),
        (["Can I also return it?", "That helped, thank you!"], "none"),
        (["If you say so. Bye."], "none"),
        (["Thank you!"], "none"),
    ],
)
def test_a_customer_confirms_by_saying_that_it_holds(make, pairs, said, evidence):
    turns = [("customer", "The ring on my router is red."), ("agent", "Unplug it for a minute and plug it in again.")]
    for text in said:
        turns += [("customer", text), ("agent", "All right.")]
    assert pairs(make("chat", *turns))[0][0]["truth_evidence"] == evidence


def test_what_was_asked_for_in_any_words_is_no_answer(make, pairs):
    rows, _ = pairs(
        make(
            "call",
            ("customer", "the heating upstairs has gone all funny since monday"),
            ("agent", "no problem and which account number is that"),
            ("customer", "yeah it's [ACCOUNT_1]"),
            ("agent", "for security your birth date"),
            ("customer", "[DATE_OF_BIRTH_1]"),
            ("agent", "take the valve off and press the pin down once"),
            ("customer", "oh it moves now thanks a lot"),
        )
    )
    assert texts(rows) == [
        ("the heating upstairs has gone all funny since monday", "take the valve off and press the pin down once")
    ]
    assert rows[0]["truth_evidence"] == "customer_confirmed"


def test_what_the_customer_replies_to_questions_joins_the_request(make, pairs):
    rows, _ = pairs(
        make(
            "chat",
            ("customer", "I lost my debit card."),
            ("agent", "Could I get your full name, please?"),
            ("customer", "[PERSON_1]"),
            ("agent", "Right, and your PIN as well please."),
            ("customer", "ok"),
            ("agent", "Your report has been submitted."),
        )
    )
    assert texts(rows) == [("I lost my debit card.", "Your report has been submitted.")]
    assert rows[0]["history"] == []


def test_a_request_is_given_up_after_too_many_questions_back(make, pairs):
    turns = [("customer", "I lost my debit card.")]
    turns += [("agent", "Could you tell me more?"), ("customer", "It was gone this morning.")] * 3
    turns += [("agent", "Your report has been submitted.")]
    assert pairs(make("chat", *turns), max_clarifications=2)[0] == []
    assert len(pairs(make("chat", *turns), max_clarifications=3)[0]) == 1


CHAT = (
    ("agent", "Welcome to the bank."),
    ("customer", "What does the gold card cost?"),
    ("agent", "It costs ninety euros a year."),
    ("customer", "And what does the silver card cost?"),
    ("agent", "It costs forty euros a year."),
    ("customer", "Can I switch from one to the other?"),
    ("agent", "You can switch once a year."),
)


def test_history_is_what_came_before_opening_with_the_customer(make, pairs):
    rows, _ = pairs(make("chat", *CHAT))
    assert rows[0]["history"] == []
    assert [m["role"] for m in rows[2]["history"]] == ["user", "assistant", "user", "assistant"]
    assert rows[2]["history"][-1]["content"] == "It costs forty euros a year."


@pytest.mark.parametrize(
    ("knobs", "kept"),
    [({"max_history_turns": 3}, 2), ({"max_history_turns": 0}, 0), ({"max_history_chars": 80}, 2)],
)
def test_history_is_cut_at_turns_and_never_inside(make, pairs, knobs, kept):
    history = pairs(make("chat", *CHAT), **knobs)[0][2]["history"]
    assert len(history) == kept
    assert {m["content"] for m in history} <= {text for _, text in CHAT}


def test_who_only_listens_does_not_interrupt_a_call(make, pairs):
    rows, _ = pairs(
        make(
            "call",
            ("customer", "um i'm looking for"),
            ("agent", "mm-hmm"),
            ("customer", "a a hotel in the mission uh"),
            ("agent", "sure let me check. there is one on five five five main street"),
        )
    )
    assert texts(rows) == [
        (
            "i'm looking for a hotel in the mission",
            "sure let me check. there is one on five five five main street",
        )
    ]


def test_speech_can_be_left_as_it_was_said(make, pairs):
    call = make("call", ("customer", "um is it open"), ("agent", "uh it opens at nine"))
    assert texts(pairs(call, tidy_speech=False)[0]) == [("um is it open", "uh it opens at nine")]


@pytest.mark.parametrize("text", ["ok and do they take cards", "What about breakfast?", "can you give me the address"])
def test_questions_are_heard_without_their_mark(text):
    assert asks(text)


@pytest.mark.parametrize("text", ["ok thanks", "Perfect, thank you so much!", "yes that sounds good", "Hello there"])
def test_courtesies_ask_and_want_nothing(text):
    assert not asks(text)
    assert not wants(text)


@pytest.mark.parametrize(
    "text",
    [
        "Hello, how can I help you?",
        "Sure, let me look that up for you.",
        "Is there anything else that I can do for you?",
        "To assist you with the change, I'll need your user ID.",
        "I am sorry, I don't quite understand what you mean.",
        "Thank you and goodbye.",
    ],
)
def test_an_agent_who_says_nothing_has_not_answered(text):
    assert not answers(text)


@pytest.mark.parametrize("text", ["No.", "I'm sorry, but refunds are not possible.", "Diese Karte ist kostenlos."])
def test_an_agent_who_says_something_has_answered(text):
    assert answers(text)
