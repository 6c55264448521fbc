"""What an adapter learns by heart: a canary planted so many times in a release, and controls that never were.

python benchmarks/canaries.py RELEASE [--times 0 50] [--examples 150] [--epochs 3]

RELEASE is a folder below artifacts/dataset_release. Exposure is in bits: 8 is the first rank of 256, 1 is the median.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from arms import packaged
from peft import PeftModel

from assets import base_model, tables
from assets.canaries import canary, found, planted
from assets.evaluation.memorization import exposed
from assets.release.params import ReleaseParams
from assets.release.release import FOLDER, release
from assets.released import open_release, subset
from assets.training import ADAPTER, LoraParams, TrainingRequest
from assets.tuning.train import train

SEED = 1
CONTROLS = ("8", "9", "12")


def main() -> None:
    """Print a row a number of times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("--times", type=int, nargs="+", default=[0, 50])
    parser.add_argument("--examples", type=int, default=150, help="examples the canary stands among")
    parser.add_argument("--epochs", type=float, default=3.0, help="how often each of them is met")
    asked = parser.parse_args()
    opened = open_release(asked.release)
    among = subset(opened.examples("train"), asked.examples, by=("source",), seed=SEED)
    told, tokenizer = (
        [canary("7", SEED), *(canary(name, SEED) for name in CONTROLS)],
        base_model.load_tokenizer(packaged()),
    )
    print("| planted | among | steps | exposure, bits | of the controls | found |\n|---|---|---|---|---|---|")
    for times in asked.times:
        with tempfile.TemporaryDirectory() as scratch:
            rows = [*among, *opened.examples("validation"), *planted(told[0], among[0], times)]
            verdict = tables.QUALITY_VERDICT.of([{"verdict_id": "benchmark", "passed": True, "dataset_sha256": "none"}])
            examples = tables.TRAINING_EXAMPLES.of(rows)
            made = release(examples, verdict, ReleaseParams(), home=Path(scratch), dataset_sha256="none")
            folder = Path(scratch) / FOLDER / made.table.column("release")[0].as_py()
            params = LoraParams(num_epochs=asked.epochs, validation_examples=0)
            request = TrainingRequest(release=folder, base_model=packaged(), params=params)
            result = train(request, Path(scratch) / "out")
            adapted = PeftModel.from_pretrained(base_model.load_model(packaged()), str(Path(scratch) / "out" / ADAPTER))
            bits = [exposed(each, adapted.eval(), tokenizer) for each in told]
        others = ", ".join(f"{each:.1f}" for each in bits[1:])
        names = ["planted"] * found(bits[0]) + [
            name for name, each in zip(CONTROLS, bits[1:], strict=True) if found(each)
        ]
        print(
            f"| {times} | {len(among)} | {result.steps} | {bits[0]:.1f} | {others} | {', '.join(names) or 'none'} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
