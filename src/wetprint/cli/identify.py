"""``wetprint identify``: what kind of box it is, before anything is learned."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from wetprint.cli import console


def identify(
    dry: Annotated[Path | None, typer.Argument(metavar="[DRY", help="a dry recording")] = None,
    wet: Annotated[
        Path | None, typer.Argument(metavar="WET]", help="the same through the box")
    ] = None,
    effect: Annotated[
        str | None, typer.Option(metavar="SPEC", help="the effect, instead of a recording of it")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Say what an effect is made of: delay, linearity, motion, voices, pitch, dynamics."""
    from wetprint import workflow
    from wetprint.judging.findings import in_words

    if (effect is None) == (dry is None) or (dry is None) != (wet is None):
        raise typer.BadParameter("give either --effect SPEC, or DRY and WET")
    with console.progress() as progress:
        found, notes = workflow.identify(effect, dry, wet, progress)
    console.notes(notes)
    if as_json:
        console.say_json(dataclasses.asdict(found))
        return
    for line in in_words(found):
        console.say(line)
