"""``wetprint apply``: a file through a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wetprint.cli import console


def apply(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="a .wetprint file")],
    source: Annotated[Path, typer.Argument(metavar="IN", help="a dry sound file of any length")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="file to write")],
    encoding: Annotated[str, typer.Option(help="pcm16, pcm24 or float32")] = "pcm24",
) -> None:
    """Play a file of any length through a model, in constant memory."""
    from wetprint.models import load_model
    from wetprint.playing import apply_file

    loaded = load_model(model)
    with console.progress() as progress:
        said = apply_file(loaded, source, target, encoding, progress)
    console.notes(said)
    console.say(f"wrote {target}")
