"""Pictures that fit where they are shown: inline SVG with the page's own text colour, for light and dark alike.

Colours of data are Okabe and Ito's (2008), told apart by the colour-blind, and of 3:1 contrast on white and on black.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from hierbatch.programs import needed_package

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, VERMILION, GREEN, PURPLE = "#3488c2", "#d55e00", "#009e73", "#b8698f"
INK = "#010203"
"""Stands for the page's text colour: no data is drawn in it."""

_WIDTH_IN = 4.4
_STYLE = {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and scaled
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
    """A figure with the words that say what is to be seen in it; shows itself in a notebook."""

    title: str
    caption: str
    """What the picture shows, in words and numbers: also for who cannot see it."""
    figure: Figure

    def svg(self) -> str:
        """The figure as an `<svg>` element that takes the page's text colour and width."""
        matplotlib = needed_package("matplotlib", extra="study")
        sink = io.StringIO()
        with matplotlib.rc_context(_STYLE):
            self.figure.savefig(sink, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None})
        drawn = sink.getvalue()
        drawn = drawn[drawn.index("<svg") :].replace(INK, "currentColor")
        drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.S)
        opening, rest = drawn.split(">", 1)
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
    """An empty figure in the house's style, of a phone's width; nothing global is touched.

    Raises:
        ProgramError: matplotlib is not installed.
    """
    matplotlib = needed_package("matplotlib", extra="study")
    figures: Any = needed_package("matplotlib.figure", extra="study")
    with matplotlib.rc_context(_STYLE):
        figure = figures.Figure(figsize=(_WIDTH_IN, height_in), layout="constrained")
        return figure, figure.add_subplot()


def styled() -> Any:
    """The house's style for the length of a block, for artists that read it when they are made."""
    return needed_package("matplotlib", extra="study").rc_context(_STYLE)


def whole_numbers() -> Any:
    """A locator for an axis that counts."""
    return needed_package("matplotlib.ticker", extra="study").MaxNLocator(integer=True)
