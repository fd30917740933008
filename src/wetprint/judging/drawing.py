"""How pictures look, and the one door to matplotlib.

Pictures are ``Figure``s that no global state knows of; nothing opens a window. Colours come from
``palette`` and mean the same everywhere. ``svg_text`` gives a figure as SVG for a page (see ``svg``
for what makes it follow the page's theme), ``write_picture`` a file of any kind.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wetprint import outputs
from wetprint.judging.palette import LIGHT as COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_INCHES = 9.0

OCTAVES_HZ = (31.5, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)
"""Where axes of frequency are marked."""


@dataclass(frozen=True)
class Picture:
    """A figure and what is said of it.

    Attributes:
        key: its name in files and pages.
        figure: what is drawn.
        title: in a few words.
        text: what to see in it.
    """

    key: str
    figure: Figure
    title: str
    text: str


def write_picture(path: str | os.PathLike[str], figure: Figure) -> None:
    """Write a figure as PNG, SVG or PDF, by the suffix, on white.

    Raises:
        OutputError: the place cannot be written.
    """
    with outputs.replacing(path) as scratch:
        figure.savefig(scratch, format=Path(path).suffix[1:].lower(), dpi=200, facecolor="white")


def svg_text(figure: Figure) -> str:
    """Return a figure as SVG with live text and no background, the same for the same figure."""
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "wetprint"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return buffer.getvalue()


def new_figure(height: float, width: float = WIDTH_INCHES) -> Figure:
    """Return an empty figure; sizes in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def dress(axes: Axes, grid: bool = True) -> None:
    """Give axes the look that all pictures share: little ink, and none where there is no datum."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(COLOUR["muted"])
        axes.spines[side].set_linewidth(0.6)
    axes.tick_params(colors=COLOUR["muted"], length=3, width=0.6)
    axes.xaxis.label.set_color(COLOUR["muted"])
    axes.yaxis.label.set_color(COLOUR["muted"])
    axes.set_axisbelow(True)
    if grid:
        axes.grid(color=COLOUR["grid"], linewidth=0.6)


def label_panel(axes: Axes, name: str) -> None:
    """Write a panel's name above it."""
    axes.set_title(name, loc="left", color=COLOUR["ink"], fontsize=10, fontweight="bold", pad=4)


def put_legend(axes: Axes) -> None:
    """Say above a panel what its lines are."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=4,
        frameon=False,
        labelcolor=COLOUR["ink"],
        borderaxespad=0.2,
        handlelength=2.2,
    )


def hertz(frequency_hz: float) -> str:
    """Return a frequency as an axis names it.

    >>> hertz(2500.0)
    '2.5k'
    """
    return f"{frequency_hz / 1000:g}k" if frequency_hz >= 1000 else f"{frequency_hz:g}"
