"""``wetprint render``: a file, or a folder, through an effect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wetprint.cli import console


def render(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="the effect, as scheme:name?knob=1")],
    source: Annotated[Path, typer.Argument(metavar="IN", help="a dry file, or a folder of them")],
    target: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="by default IN/processed")
    ] = None,
) -> None:
    """Play a file, or each file of a folder, through an effect."""
    from wetprint.effects import render_file, render_folder
    from wetprint.errors import OutputError

    with console.progress() as progress:
        if source.is_dir():
            done = render_folder(spec, source, target or source / "processed", progress=progress)
            console.notes(done.notes)
            console.say(done.summary)
            return
        if target is None:
            raise OutputError(f"expected a file to write beside {source}; give OUT")
        rendered = render_file(spec, source, target, progress=progress)
    console.notes(rendered.notes)
    console.say(f"wrote {target}")
