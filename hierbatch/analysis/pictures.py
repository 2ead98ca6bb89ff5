"""Plot style and rendering: inline SVG that takes the page's text color, for light and dark pages.

Data colors follow the palette of Okabe and Ito (2008), which color-blind readers can distinguish, with a contrast of
3:1 on white and on black.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from hierbatch.programs import require_package

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, VERMILION, GREEN, PURPLE = "#3488c2", "#d55e00", "#009e73", "#b8698f"
INK = "#010203"
"""Placeholder for the page's text color; never used for data."""

_WIDTH_IN = 4.4
_STYLE = {
    "svg.fonttype": "none",  # text stays text: readable by screen readers, searchable, scalable
    "svg.hashsalt": "hierbatch",  # the same data give the same bytes
    "font.family": "sans-serif",
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.18,
    "grid.linewidth": 0.6,
    "axes.titleweight": "bold",
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color"), INK
    ),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure with its caption; displayed as SVG in a notebook."""

    title: str
    caption: str
    """The content of the plot in words and numbers; also its text alternative for screen readers."""
    figure: Figure

    def svg(self) -> str:
        """Render as an `<svg>` element with the page's text color and width."""
        matplotlib = require_package("matplotlib", extra="study")
        sink = io.StringIO()
        with matplotlib.rc_context(_STYLE):
            self.figure.savefig(sink, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None})
        svg = sink.getvalue()
        svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
        svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
        opening, rest = svg.split(">", 1)
        size = re.search(r'viewBox="([^"]+)"', opening)
        view = size[1] if size else "0 0 100 100"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{view}" '
            f'role="img" aria-label="{escape(self.title)}. {escape(self.caption)}">{rest.strip()}'
        )

    def _repr_html_(self) -> str:
        return (
            f'<figure style="max-width:34rem;margin:0">{self.svg()}'
            f"<figcaption>{escape(self.caption)}</figcaption></figure>"
        )


def blank_figure(height_in: float = 2.7) -> tuple[Figure, Axes]:
    """Create an empty figure and its axes in the project's style, as wide as a phone screen, without global changes.

    Raises:
        ProgramError: Matplotlib is not installed.
    """
    matplotlib = require_package("matplotlib", extra="study")
    figures: Any = require_package("matplotlib.figure", extra="study")
    with matplotlib.rc_context(_STYLE):
        figure = figures.Figure(figsize=(_WIDTH_IN, height_in), layout="constrained")
        return figure, figure.add_subplot()


def styled() -> Any:
    """Context with the project's style, for artists that read settings when they are created."""
    return require_package("matplotlib", extra="study").rc_context(_STYLE)


def whole_numbers() -> Any:
    """Tick locator for an axis of counts: integers only."""
    return require_package("matplotlib.ticker", extra="study").MaxNLocator(integer=True)
