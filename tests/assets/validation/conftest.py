"""Pairs as pairing hands them over."""

import pytest

GOOD = {
    "partition": "2024-01",
    "record_id": "r",
    "kind": "ticket",
    "source": "desk",
    "question": "How do I reset the router to its factory settings?",
    "answer": "Hold the reset button of the router for ten seconds, then wait until the light is green.",
    "origin": "human",
    "truth_evidence": "none",
}


@pytest.fixture
def make():
    """Make a good pair, but for what is said."""

    def pair(pair_id="p1", **more):
        return GOOD | {"pair_id": pair_id, "record_id": f"r-{pair_id}"} | more

    return pair
