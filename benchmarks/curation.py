"""What curation finds of what was planted: one table of all its figures.

python benchmarks/curation.py [--tickets 20000] [--holdout] [--only validation ...] [--keep FOLDER]

Every file `benchmarks/curation_<section>.py` is a section: its `rows(desk)` yields (what, value, target) for the sample
desk it is given, and (with a data set's name in `what`) for the public sets under REFINERY_DATA. A value is a number
or a text; a target says what it should be ('>= 0.85'), or is empty where the value is only reported.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
import tempfile
from pathlib import Path

from desk import SampleDesk

ORDER = ("validation", "duplicates", "splits", "scorecard")
_TARGET = re.compile(r"(?P<is><|<=|>|>=|=) (?P<limit>[\d.,]+)")


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=20_000, help="size of the desk (default: 20000)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--holdout", action="store_true", help="the language that nothing was tuned on")
    parser.add_argument("--only", nargs="*", default=(), choices=ORDER, help="sections (default: all there are)")
    parser.add_argument("--keep", type=Path, help="folder to keep the desk in, so that it is read once")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        desk = SampleDesk.below(told.keep or Path(scratch), told.tickets, told.seed, told.holdout)
        print(f"Sample desk: {desk.name}, {len(desk.pairs):,} pairs.\n")
        print("| section | measured | value | target | met |\n|---|---|---|---|---|")
        for section in told.only or sections():
            for what, value, target in importlib.import_module(f"curation_{section}").rows(desk):
                shown = (
                    f"{value:,}" if isinstance(value, int) else f"{value:.3f}" if isinstance(value, float) else value
                )
                print(f"| {section} | {what} | {shown} | {target} | {met(value, target)} |")
                sys.stdout.flush()


def sections() -> list[str]:
    """Return the sections there are, in the order of the line."""
    here = Path(__file__).parent
    return [name for name in ORDER if (here / f"curation_{name}.py").exists()]


def met(value: object, target: str) -> str:
    """Say whether a value meets its target.

    >>> met(0.9, ">= 0.85"), met(3, "= 0"), met(0.5, "")
    ('yes', 'NO', '')
    """
    if not (stated := _TARGET.fullmatch(target)) or not isinstance(value, int | float):
        return ""
    limit, sign = float(stated["limit"].replace(",", "")), stated["is"]
    kept = {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit, "=": value == limit}
    return "yes" if kept[sign] else "NO"


if __name__ == "__main__":
    main()
