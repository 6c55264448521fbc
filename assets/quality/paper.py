"""The report as people get it: a file that stands alone, and the page in the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from assets import page
from assets.drawing import as_png
from assets.quality.figures import figures, title
from assets.quality.frame import side_by_side
from assets.quality.funnel import Account
from assets.quality.page import as_html
from assets.quality.params import QualityParams
from assets.quality.report import as_markdown
from assets.quality.verdict import shortfalls

PLACE = "reports/quality.html"
"""Where the file rests, below REFINERY_HOME."""


class Paper(NamedTuple):
    """One report in two forms; equal input gives equal bytes of both."""

    html: str
    markdown: str

    def write(self, home: Path) -> None:
        """Put the file in its place, so that it is there whole or as it was."""
        page.write(self.html, home / PLACE)


def paper(
    report: pa.Table,
    dataset: tuple[pa.Table, pa.Table, pa.Table],
    stages: Sequence[Account],
    merged: Sequence[int],
    params: QualityParams,
) -> Paper:
    """Draw up the report of a scorecard.

    Args:
        report: A table in the form of `tables.QUALITY_REPORT`.
        dataset: The examples, pairs and records it was measured on, see `scorecard`.
        stages: What each stage did with its rows, in the order of the flow.
        merged: Of each unique pair how many it stands for, see `funnel.stands_for`.
        params: The knobs of quality, for what the gate will say.
    """
    rows = report.to_pylist()
    reasons = list(shortfalls({row["measure"]: row["value"] for row in rows}, params))
    drawn = figures(rows, side_by_side(*dataset).examples, stages, merged)
    pictures = {title(name): as_png(figure) for name, figure in drawn.items()}
    return Paper(as_html(rows, reasons, drawn, stages), as_markdown(report, reasons, pictures))
