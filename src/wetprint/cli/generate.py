"""``wetprint generate``: training audio as the 2019 study made it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wetprint.cli import console


def generate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder to write the tracks into")],
    tracks: Annotated[int, typer.Option(min=1, help="how many tracks")] = 4,
    segments: Annotated[int, typer.Option(min=1, help="segments of 10 s in each track")] = 6,
    seed: Annotated[int, typer.Option(help="another seed gives other tracks")] = 0,
) -> None:
    """Write training audio: sines, chirps, squares and saws from 80 to 1200 Hz."""
    from wetprint.signals import write_study_tracks

    with console.progress() as progress:
        written = write_study_tracks(folder, tracks, segments, seed, progress=progress)
    console.say(f"wrote {len(written)} tracks of {10 * segments} s to {folder}")
