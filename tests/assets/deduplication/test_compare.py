import numpy as np
import pyarrow as pa
import pytest

from assets.deduplication.compare import Comparison, Overlap, Runs
from assets.deduplication.signed import Ragged
from assets.signature import coded, word_identity

LIBRARY = "The loan of a microfilm ends after 14 days."
FRAMES = ("We love the new reading hall.", "My aunt always recommends you.", "It rained all weekend here.")
TOPICS = (
    (LIBRARY, "Can I keep the microfilm over the holidays?"),
    ("Lost cards are replaced for 6 euros.", "My reader card vanished on the tram."),
    ("Scores are copied in the music room.", "Where may one copy an orchestra score?"),
)


def said(*texts):
    return Ragged(pa.array([coded(text, frozenset()) for text in texts], pa.list_(pa.int64())))


def overlap():
    """Nine questions: three topics, each in all three frames; what a question is about is its topic's own direction."""
    texts = [f"{frame} {question}" for _, question in TOPICS for frame in FRAMES]
    about = np.repeat(np.eye(3, dtype=np.float32), 3, axis=0)
    return Overlap(Runs(said(*texts)), about)


def test_what_is_said_about_everything_does_not_make_two_questions_alike():
    of_one_topic, of_one_frame = overlap().of(np.array([(0, 1), (0, 3)]))[1]
    assert of_one_topic > 0.8
    assert of_one_frame < 0.2


def test_a_word_is_idle_if_no_answer_hangs_on_it():
    idle = overlap().idle
    assert {word_identity(word) for word in ("rained", "aunt", "hall")} <= idle
    assert not {word_identity(word) for word in ("microfilm", "tram", "orchestra")} & idle


def test_without_answers_rarity_alone_decides():
    texts = [f"{frame} {question}" for _, question in TOPICS for frame in FRAMES]
    assert not Overlap(Runs(said(*texts))).idle


def test_no_run_of_words_spans_two_sentences_or_a_placeholder():
    runs, rows = Runs(said("Hold the lever. Then [PERSON_1] pull")).of(2)
    assert (len(runs), set(rows.tolist())) == (2, {0})


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("The loan ends after 14 days.", "The loan ends after 21 days.", True),
        ("It ends after 14 days. A reminder comes for 3 days.", "It comes for 3 days. It ends within 14 days.", False),
        ("The lamp never blinks twice.", "The lamp blinks twice.", True),
        ("Wait until the lamp blinks green. If the lamp never blinks, ring us.", "Once the lamp blinks, go.", False),
    ],
    ids=["another_number", "both_numbers_in_another_order", "negation", "said_both_ways"],
)
def test_answers_differ_by_what_one_of_them_does_not_say(one, other, differ):
    assert Comparison(said(one, other)).differ(0, 1) == differ


def test_idle_words_are_no_difference_between_questions_that_are_alike():
    texts = said(*["We need the score by noon"] * 3, *["We need the atlas by noon"] * 3)
    assert Comparison(texts).differ(0, 5, closely=True)
    idle = frozenset(map(word_identity, ("score", "atlas")))
    assert not Comparison(texts, idle).differ(0, 5, closely=True)
