from assets.anonymization.params import AnonymizationParams
from assets.anonymization.second_look import second_look


def test_it_sees_people_and_no_placeholders():
    texts = [
        "Hi, I am Jonathan Whitfield of 12 Baker Street, call 415 555 0134.",
        "The parcel for [PERSON_1] went to [ADDRESS_2] on Monday.",
        "Hold the button until the light is amber.",
    ]
    seen = second_look(texts, AnonymizationParams())
    assert seen[0] > 0
    assert seen[1:] == [0, 0]


def test_names_that_the_settings_keep_are_nobody():
    said = ["Can Whitfield Tarnow come on Monday?"]
    assert second_look(said, AnonymizationParams()) == [1]
    assert second_look(said, AnonymizationParams(keep=("Whitfield Tarnow",))) == [0]
