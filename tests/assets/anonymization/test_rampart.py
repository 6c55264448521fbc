import json

import numpy as np
import pytest
import torch

from assets.anonymization.rampart import OVERLAP, WINDOW, Rampart, _windows, folder, rampart


@pytest.fixture(scope="module")
def sentences(refinery_data):
    rows = json.loads((refinery_data / "presidio_pii" / "synth_dataset_v2.json").read_text(encoding="utf-8"))
    return [row["full_text"] for row in rows[:40]]


def test_unpacked_weights_give_what_the_stock_session_gives(sentences):
    """The packed model in its own runtime, label by label, on real texts."""
    onnxruntime = pytest.importorskip("onnxruntime")
    ours = Rampart(folder(), torch.float32)
    session = onnxruntime.InferenceSession(str(folder() / "onnx" / "model_q4.onnx"), providers=["CPUExecutionProvider"])
    for text, labels in zip(sentences, ours.label(sentences), strict=True):
        ids = ours._tokenizer.encode(text).ids
        feed = {"input_ids": np.array([ids]), "attention_mask": np.ones((1, len(ids)), np.int64)}
        feed["token_type_ids"] = np.zeros((1, len(ids)), np.int64)
        logits = session.run(None, feed)[0][0]
        stock = np.exp(logits - logits.max(-1, keepdims=True))
        stock /= stock.sum(-1, keepdims=True)
        assert np.abs(1 - stock[1:-1, 0] - labels.score).max() < 1e-4
        assert labels.label == [ours._labels[i] for i in stock[1:-1, 1:].argmax(-1) + 1]


def test_bfloat16_changes_next_to_nothing(sentences):
    exact, quick = (
        [[s[:3] for s in found] for found in Rampart(folder(), precision).find(sentences)]
        for precision in (torch.float32, torch.bfloat16)
    )
    assert sum(a == b for a, b in zip(exact, quick, strict=True)) >= 0.9 * len(sentences)


def test_a_text_gets_the_same_labels_alone_and_in_company(sentences):
    together = rampart().label(sentences)
    assert rampart().label([sentences[7]])[0] == together[7]


def test_windows_of_a_long_text_decide_every_token_once():
    for count in (0, 1, WINDOW, WINDOW + 1, 1_000):
        decided = [i for w in _windows(count) for i in range(w.first, w.last)]
        assert decided == list(range(count))
        assert all(w.end - w.start <= WINDOW for w in _windows(count))
    assert OVERLAP < WINDOW


def test_names_are_found_at_every_place_of_a_long_text():
    filler = "The parcel has not arrived and nobody answers the telephone. " * 25
    text = filler + "My name is Priya Raman. " + filler + "Regards, Trevor Vandersloot"
    found = next(rampart().find([text]))
    assert {text[s.start : s.end] for s in found if s.type == "PERSON"} >= {"Priya Raman", "Trevor Vandersloot"}


def test_nothing_is_found_in_nothing():
    assert list(rampart().find(["", " ", "\u200d"])) == [[], [], []]
