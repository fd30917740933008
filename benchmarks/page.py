"""A page written by hand, with a part between two markers that a benchmark writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wetprint.outputs import replacing

BEGIN = "<!-- measured: from here on written by the benchmark -->"
END = "<!-- measured: to here -->"


def between_markers(text: str, lines: Sequence[str]) -> str:
    """Return a page's text with new lines between its markers.

    Raises:
        ValueError: the markers are not there, once each and in this order.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"expected the lines '{BEGIN}' and '{END}' once each, in this order")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return "\n".join([before + BEGIN, "", *lines, END + after])


def write_between_markers(page: Path, lines: Sequence[str]) -> None:
    """Replace what lies between a page's markers.

    Raises:
        ValueError: as between_markers, naming the page.
    """
    try:
        text = between_markers(page.read_text(encoding="utf-8"), lines)
    except ValueError as error:
        raise ValueError(f"{page}: {error}") from error
    with replacing(page) as scratch:
        scratch.write_text(text, encoding="utf-8")
