"""``wetprint capture``: the signal to play through hardware."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wetprint.cli import console


def capture(
    output: Annotated[Path, typer.Argument(metavar="OUT.wav", help="file to write")],
    sample_rate: Annotated[int, typer.Option(min=8000, max=192_000, help="in Hz")] = 48_000,
    seed: Annotated[int, typer.Option(help="of the playing in it")] = 0,
) -> None:
    """Write the capture signal, and beside it a map of which seconds are what."""
    from wetprint.signals import write_capture

    written = write_capture(output, sample_rate=sample_rate, seed=seed)
    console.say(f"wrote {' and '.join(str(each) for each in written)}")
    console.say("play it through the box, record the answer, and learn from the two files")
