"""``wetprint apply``: a file through a model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wetprint.cli import console
from wetprint.errors import ModelFileError

if TYPE_CHECKING:
    from wetprint.models import Model


def apply(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="a .wetprint file")],
    source: Annotated[Path, typer.Argument(metavar="IN", help="a dry sound file of any length")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="file to write")],
    encoding: Annotated[str, typer.Option(help="pcm16, pcm24 or float32")] = "pcm24",
    phase: Annotated[
        float | None,
        typer.Option(
            metavar="TURNS",
            help="where in its turn the model's LFO begins, 0 to 1; at its own beginning otherwise",
        ),
    ] = None,
) -> None:
    """Play a file of any length through a model, in constant memory."""
    from wetprint.models import load_model
    from wetprint.playing import apply_file

    loaded = load_model(model)
    start_sample = 0 if phase is None else _start(model, loaded, phase)
    with console.progress() as progress:
        said = apply_file(loaded, source, target, encoding, progress, start_sample)
    console.notes(said)
    console.say(f"wrote {target}")


def _start(path: Path, model: Model, phase_turns: float) -> int:
    """Return the absolute time at which a model's LFO stands at a phase."""
    from wetprint.models.lfo import lfo_periods, start_of_turn

    if not math.isfinite(phase_turns):
        raise typer.BadParameter(f"--phase is a share of the LFO's turn, 0 to 1, got {phase_turns}")
    if not lfo_periods(model.chain):
        raise ModelFileError(
            f"--phase sets where an LFO begins, but nothing moves in {path}; leave it out"
        )
    return start_of_turn(model.chain, phase_turns)
