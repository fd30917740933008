"""Every picture of a report as a file of its own."""

from __future__ import annotations

import os
from pathlib import Path

from wetprint.judging.drawing import Picture, write_picture
from wetprint.judging.found_plots import found_pictures
from wetprint.judging.report.content import ReportContent
from wetprint.judging.report.parts import learning_pictures, passage_pictures
from wetprint.outputs import make_folder
from wetprint.progress import Progress, silent

SUFFIXES = (".png", ".svg")


def write_figures(
    folder: str | os.PathLike[str], content: ReportContent, progress: Progress = silent
) -> list[Path]:
    """Write each picture as PNG and SVG, named after what it shows and the passage it shows.

    Args:
        folder: made where it is missing.
        content: of one learned effect.
        progress: told how far it is.

    Returns:
        The files.

    Raises:
        OutputError: the folder or a file cannot be written.
    """
    make_folder(folder)
    named: list[tuple[str, Picture]] = []
    for index, passage in enumerate(content.passages):
        mark = f"-{index + 1}" if len(content.passages) > 1 else ""
        named += [(f"{each.key}{mark}", each) for each in passage_pictures(passage)]
    named += [(each.key, each) for each in learning_pictures(content)]
    if content.identification is not None:
        named += [(each.key, each) for each in found_pictures(content.identification)]
    written = []
    for number, (name, picture) in enumerate(named):
        progress("drawing", number / len(named), picture.title)
        for suffix in SUFFIXES:
            written.append(Path(folder) / f"{name}{suffix}")
            write_picture(written[-1], picture.figure)
    return written
