"""Is an adapter that learnt nonsense kept out? A release's answers are shuffled, and an adapter is trained on them.

python benchmarks/useless_adapter.py RELEASE [--steps 56] [--tests 100] [--keep FOLDER]

RELEASE is a folder below `artifacts/dataset_release`. The shuffled adapter and one that learnt the true answers, in
equal steps, are held against both prompt approaches, with true shots and with shuffled ones, on the same test by the
product's own scores, recommendation and contest of champions. The recommendation should be prompts for the shuffled
one, and it should not replace what was champion, whatever the shots.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from arms import packaged, repacked

from assets import base_model, tables
from assets.evaluation.costs import approach_costs, rates
from assets.evaluation.facts import facts
from assets.evaluation.knowledge import Knowledge
from assets.evaluation.params import EvaluationParams, PredictionParams
from assets.evaluation.predict import PredictionRequest, predict
from assets.evaluation.recommend import recommendation
from assets.evaluation.scores import approach_scores
from assets.language_model import LanguageModelParams
from assets.operation.champions import objections
from assets.operation.contest import compare
from assets.operation.marks import marks
from assets.operation.params import PromotionParams
from assets.released import lot
from assets.training import LoraParams, TrainingRequest
from assets.tuning.few_shot import few_shot_prompts
from assets.tuning.params import FewShotParams
from assets.tuning.train import train

Rows = list[dict[str, Any]]


def main() -> None:
    """Print what becomes of the two adapters."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("--steps", type=int, default=56)
    parser.add_argument("--tests", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="folder that keeps what was trained, to go on from")
    said = parser.parse_args()
    print("| answers learnt | shots | LoRA - zero-shot | LoRA - five-shot | question gain, LoRA - zero-shot "
          "| recommended | as challenger of the five shots |\n|---|---|---|---|---|---|---|")  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        releases = {"true": said.release}
        for name in ("true", "shuffled"):
            folder = (said.keep or Path(scratch)) / name
            if name == "shuffled" and not (folder / "release").exists():
                repacked(said.release, folder / "release", shuffled)
            releases[name] = said.release if name == "true" else folder / "release"
            _train(releases[name], folder, said.steps)
            for shots in releases:
                told = _judged(releases[name], releases[shots], folder, said.tests)
                print(f"| {name} | {shots} | {' | '.join(told)} |", flush=True)


def shuffled(rows: Rows) -> Rows:
    """Give each training example of answers another one's answer."""
    own = [r for r in rows if r["task"] == "answer"]
    order = sorted(own, key=lambda r: lot(7, "shuffle", r["example_id"]))
    other = {r["example_id"]: order[at - 1] for at, r in enumerate(order)}
    return [_answered(r, other[r["example_id"]]["output"]) if r["task"] == "answer" else r for r in rows]


def _answered(row: dict[str, Any], answer: str) -> dict[str, Any]:
    return row | {"output": answer, "messages": [*row["messages"][:-1], {"role": "assistant", "content": answer}]}


def _train(release: Path, folder: Path, steps: int) -> None:
    asked = LoraParams(
        max_steps=steps,
        batch_size=8,
        micro_batch_tokens=768,
        num_epochs=9,
        max_example_tokens=320,
        validation_examples=0,
    )
    train(TrainingRequest(release=release, base_model=packaged(), params=asked), folder / "lora")


def _judged(release: Path, shown: Path, folder: Path, tests: int) -> list[str]:
    base, params = packaged(), EvaluationParams()
    prompts = few_shot_prompts(shown, FewShotParams(), base_model.load_tokenizer(base)).table
    pq.write_table(prompts, folder / "prompts.parquet")
    request = PredictionRequest(
        release=release,
        base_model=base,
        prompts=folder / "prompts.parquet",
        trained={"lora": folder / "lora"},
        params=PredictionParams(max_test=tests, max_generated=0, max_labelled=0, max_prompt_tokens=640),
    )
    said = predict(request, folder / "predictions.parquet")
    scores, known = approach_scores(said, params.scores).table, Knowledge.load(params.approaches)
    made = said, scores, tables.LORA_ADAPTER.of([]), tables.TUNING_TRIALS.of([])
    costs = approach_costs(*made, known, rates(params.costs, LanguageModelParams())).table
    examples = tables.TRAINING_EXAMPLES.conform(
        pa.concat_tables([pq.read_table(f) for f in sorted((release / "data").glob("*.parquet"))])
    )
    case = facts(examples, scores, tables.TUNING_TRIALS.of([]), params.costs)
    advice = recommendation(scores, costs, case, known, params.recommendation).table.to_pylist()[0]
    against = list(
        objections(compare(marks(said, "lora"), marks(said, "few_shot"), PromotionParams()), PromotionParams())
    )
    return [
        *(_gap(scores, b) for b in ("zero_shot", "few_shot")),
        _gap(scores, "zero_shot", "question_gain"),
        advice["approach"],
        "; ".join(against) if against else "promoted",
    ]


def _gap(scores: pa.Table, baseline: str, metric: str = "nll_per_token") -> str:
    where = {"approach": "lora", "baseline": baseline, "metric": metric, "source": "all", "subset": "all"}
    found = [r for r in scores.to_pylist() if where.items() <= r.items() and not r.get("group")]
    return f"{found[0]['value']:+.3f} [{found[0]['low']:+.3f}, {found[0]['high']:+.3f}]" if found else "not compared"


if __name__ == "__main__":
    main()
