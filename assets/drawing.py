"""How pictures are drawn, whoever draws one: one style, equal bytes for equal data, no text of an example."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, LINE = "#1b2430", "#5b6775", "#d5dbe1"
BLUE, TEAL, ORANGE, RED = "#1f5fa8", "#2a9d8f", "#e08e1b", "#b3261e"
_STYLE = {
    "svg.hashsalt": "refinery",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "xtick.color": MUTED,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
}


def as_svg(figure: Figure) -> str:
    """Return a figure as an SVG element: no date, no address, the same for the same figure."""
    with style():
        out = io.StringIO()
        figure.savefig(out, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None})
    element = re.sub(r"<metadata>.*?</metadata>", "", out.getvalue()[out.getvalue().index("<svg") :], flags=re.DOTALL)
    return re.sub(
        r'<svg ([^>]*?)width="[^"]*"', r"<svg \1", re.sub(r' height="[^"]*pt"', "", element, count=1), count=1
    )


def as_png(figure: Figure) -> str:
    """Return a figure as a data URI of a small PNG."""
    with style():
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=80, bbox_inches="tight", metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house's style."""
    import matplotlib as mpl

    with mpl.rc_context(_STYLE):  # type: ignore[arg-type] # stubs know no dict of mixed values
        yield


def canvas(width: float, height: float, **kwargs: Any) -> tuple[Figure, Any]:
    """Return a figure of so many inches, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(**kwargs)


def thousands() -> Any:
    """Return a formatter of numbers with their thousands apart."""
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: f"{value:,.0f}")


def short(name: str) -> str:
    """Return a name that fits beside a bar."""
    return name if len(name) <= 28 else name[:27] + "…"
