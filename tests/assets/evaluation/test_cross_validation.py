import json

import numpy as np
import pytest

from assets import tables
from assets.errors import RefineryError
from assets.evaluation import cross_validation as cross
from assets.evaluation.params import PredictionParams, ScoreParams
from assets.evaluation.predict import PredictionRequest, predict
from assets.ledger import balance
from assets.training import LoraParams, read_learnt
from assets.tuning.train import train
from tests import models

PARAMS = LoraParams(r=4, batch_size=4, learning_rate=5e-3, dtype="float32", threads=1, validation_examples=0)
ASKED = PredictionParams(max_test=6, max_generated=0, max_labelled=0, dtype="float32", threads=1)
ADAPTER = tables.LORA_ADAPTER.of([{"artifact": "a", "params": PARAMS.model_dump_json()}])
SCORED = {"question_quality": 0.4, "answer_quality": 0.6, "relevance": 0.8, "completeness": 1.0}
PAIRS = tables.BALANCED_PAIRS.of(
    [{"pair_id": f"pair-train-{n:03}", **SCORED, "relevance": 0.4 if n % 2 or n > 23 else 0.8} for n in range(28)]
    + [{"pair_id": other, **dict.fromkeys(SCORED, 0.0)} for other in ("too long to be met", "pair-validation-040")]
)


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    rows = [models.example(n, "train", fold=n % 2) for n in range(24)]
    rows += [models.example(n, "train", fold=1, origin="rule") for n in range(24, 28)]
    rows += [models.example(n, split) for n, split in ((40, "validation"), (48, "test"))]
    return models.release(tmp_path_factory.mktemp("folded") / "r", rows)


@pytest.fixture(scope="module")
def folds(folded, tiny_model, tmp_path_factory):
    home, found = tmp_path_factory.mktemp("folds"), []
    for request in cross.requests(folded, ADAPTER, tiny_model, 2):
        result = train(request, out := home / str(request.fold))
        asked = PredictionRequest(
            release=folded, base_model=tiny_model, trained={"lora": out}, fold=request.fold, params=ASKED
        )
        said = predict(asked, out / "predictions.parquet")
        found.append(cross.Fold(result, read_learnt(out), said))
    return found


def test_each_fold_is_asked_of_the_adapter_that_did_not_learn_it(folds, folded):
    by_id = {f"train-{n:03}": models.example(n, "train") for n in range(28)}
    for fold in folds:
        asked = set(fold.predictions.column("example_id").to_pylist())
        assert {int(e[-3:]) % 2 for e in asked} == {fold.trained.fold}
        assert asked <= {e for e in by_id if int(e[-3:]) < 24}, "nothing made is asked"
    assert [fold.trained.examples for fold in folds] == [16, 12]


def test_a_row_a_fold_and_one_of_all(folds):
    published = cross.cross_validation(folds, PAIRS, ScoreParams(resamples=100))
    first, second, all_ = rows = published.table.to_pylist()
    assert [r["fold"] for r in rows] == [0, 1, None]
    assert (first["train_size"], first["val_size"], all_["val_size"]) == (16, 6, 12)
    for row, fold in ((first, folds[0]), (second, folds[1])):
        said = [r for r in fold.predictions.to_pylist() if r["approach"] == "lora"]
        expected = sum(r["nll"] for r in said) / sum(r["answer_tokens"] for r in said)
        assert row["performance"] == pytest.approx(expected, abs=1e-6)
        assert row["difference"] == pytest.approx(row["performance"] - row["zero_shot"], abs=2e-6)
        assert row["performance_low"] <= row["performance"] <= row["performance_high"]
    assert all_["spread"] == pytest.approx(np.std([first["performance"], second["performance"]], ddof=1), abs=1e-6)
    assert all_["train_size"] == 14
    assert balance(published.ledger).derived == 3


def test_data_quality_is_that_of_the_pairs_that_were_learnt_from(folds):
    first, second, all_ = cross.cross_validation(folds, PAIRS, ScoreParams(resamples=100)).table.to_pylist()
    assert (first["data_quality"], second["data_quality"]) == (0.6, 0.7)
    assert all_["data_quality"] == pytest.approx(0.65)


def test_it_is_off_unless_asked_for(folded, tiny_model):
    assert cross.requests(folded, ADAPTER, tiny_model, 0) == []
    published = cross.cross_validation([], PAIRS, ScoreParams(resamples=100))
    assert len(published.table) == 0


def test_what_cannot_be_validated_names_the_setting(folded, tiny_model):
    with pytest.raises(RefineryError, match="asks for 5 folds of 2"):
        cross.requests(folded, ADAPTER, tiny_model, 5)
    with pytest.raises(RefineryError, match="no LoRA adapter"):
        cross.requests(folded, tables.LORA_ADAPTER.of([]), tiny_model, 2)


def test_an_adapter_that_learnt_the_fold_is_not_asked_it(folded, folds, tiny_model, tmp_path):
    (tmp_path / "adapter").mkdir()
    stated = json.loads(folds[0].trained.model_dump_json()) | {"fold": None}
    (tmp_path / "training.json").write_text(json.dumps(stated))
    asked = PredictionRequest(release=folded, base_model=tiny_model, trained={"lora": tmp_path}, fold=0, params=ASKED)
    with pytest.raises(RefineryError, match="another fold"):
        predict(asked, tmp_path / "p.parquet")
