"""``wetprint identify``: what kind of box it is, before anything is learned."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wetprint.cli import console

if TYPE_CHECKING:
    from wetprint.identify.identification import Compression, Identification


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


def in_words(found: Identification) -> list[str]:
    """Return what was found, a line for each thing."""
    turned = ", upside down" if found.polarity < 0 else ""
    lines = [
        f"delay: {found.delay_samples} samples{turned}",
        f"beyond the best fixed filter: {found.beyond_linear_db:.1f} dB of the wet signal",
    ]
    if found.repeatability_db is not None:
        lines.append(f"against itself, played twice: {found.repeatability_db:.1f} dB")
    if found.noise_floor_db is not None:
        lines.append(f"noise floor: {found.noise_floor_db:.1f} dBFS")
    if found.lfo_rate_hz is not None:
        share = "" if found.moving_db is None else f"; {found.moving_db:.1f} dB of it moves"
        lines.append(f"moved by an LFO of {found.lfo_rate_hz:.4f} Hz{share}")
    for each in found.voices:
        returns = f", returning by {each.feedback:.2f}" if each.feedback else ""
        side = ("left", "right")[each.side] if found.channels_out == 2 else "voice"
        lines.append(f"  {side}: {each.delay_ms:.2f} ms, moving {each.depth_ms:.2f} ms{returns}")
    if found.pitch_ratio is not None:
        lines.append(f"pitch: times {found.pitch_ratio:.4f}")
    if found.compression is not None:
        lines += compression_in_words(found.compression)
    return [*lines, *(f"could not be seen: {each}" for each in found.unseen)]


def compression_in_words(found: Compression) -> list[str]:
    """Return how the gain follows the level, as a front panel would say it."""
    what, side = ("expander", "below") if found.expands else ("compressor", "above")
    ahead = f", looking {found.lookahead_ms:.1f} ms ahead" if found.lookahead_ms else ""
    return [
        f"{what}: {found.ratio:.2g}:1 {side} {found.threshold_db:.1f} dBFS, knee "
        f"{found.knee_db:.1f} dB, make-up {found.makeup_db:.1f} dB; explains "
        f"{100.0 * found.explained:.1f} % of what the gain does",
        f"  attack {found.attack_ms:.3g} ms, release {found.release_ms:.3g} ms{ahead}; hears "
        f"{found.detection}, follows the {found.followed}, {found.ballistics}",
    ]
