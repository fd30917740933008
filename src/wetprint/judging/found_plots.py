"""The pictures of what was found of a box before it was learned: each returns a ``Figure``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wetprint.identify.findings import Identification, LevelSweep, Response, Turn, Voice
from wetprint.judging.drawing import (
    COLOUR,
    OCTAVES_HZ,
    Picture,
    dress,
    hertz,
    label_panel,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DEEPEST_DB = 48.0
"""Below the highest gain; what lies lower is not drawn."""

SIDE_COLOURS = ("wet", "model")
SIDE_NAMES = ("left", "right")


def found_pictures(found: Identification) -> list[Picture]:
    """Return the pictures of what was found, those that have something to show."""
    pictures = [
        Picture(
            "response",
            response_plot(found.response),
            "Response",
            "Gain of the best fixed filter in thirds of an octave, and how long it takes to die "
            "away by 60 dB where it rings.",
        )
    ]
    if found.voices:
        text = "Delay of each voice over one turn of the LFO."
        pictures.append(Picture("voices", voices_plot(found.voices), "What the LFO moves", text))
    if found.turn.gain_db:
        text = "Gain over one turn of the LFO."
        pictures.append(Picture("gain", gain_plot(found.turn), "What the LFO moves", text))
    if found.turn.notches_hz:
        text = "Frequencies that are cancelled, over one turn of the LFO."
        pictures.append(Picture("notches", notches_plot(found.turn), "What the LFO moves", text))
    if found.sweep is not None:
        text = "Cutoff of the filter over the level that its follower hears."
        pictures.append(Picture("sweep", sweep_plot(found.sweep), "What the level moves", text))
    return pictures


def response_plot(response: Response) -> Figure:
    """Draw the gain of the best fixed filter and, where it rings, its decay times."""
    rings = any(each is not None for each in response.decay_seconds)
    figure = new_figure(height=4.4 if rings else 2.6)
    panels = figure.subplots(2 if rings else 1, 1, sharex=True, squeeze=False)[:, 0]
    gain = panels[0]
    for side, gains in enumerate(response.gain_db):
        gain.plot(response.hz, gains, color=COLOUR[SIDE_COLOURS[side]], linewidth=1.6)
    highest = max(max(each) for each in response.gain_db)
    lowest = min(min(each) for each in response.gain_db)
    gain.set_ylim(max(lowest, highest - DEEPEST_DB) - 3.0, highest + 3.0)
    gain.set_ylabel("gain, dB")
    dress(gain)
    if rings:
        _bars(panels[1], response)
    _octaves(panels[-1])
    return figure


def voices_plot(voices: Sequence[Voice]) -> Figure:
    """Draw the trajectory of every voice over the turn."""
    figure = new_figure(height=2.9)
    axes = figure.subplots()
    for voice in voices:
        _over_turn(axes, voice.trajectory_ms, voice.side)
    axes.set_ylabel("delay, ms")
    _turn_axis(axes, len({each.side for each in voices}))
    return figure


def gain_plot(turn: Turn) -> Figure:
    """Draw the gain of every side over the turn."""
    figure = new_figure(height=2.9)
    axes = figure.subplots()
    for side, gains in enumerate(turn.gain_db):
        _over_turn(axes, gains, side)
    axes.set_ylabel("gain, dB")
    _turn_axis(axes, len(turn.gain_db))
    return figure


def notches_plot(turn: Turn) -> Figure:
    """Draw where the notches stand over the turn."""
    figure = new_figure(height=3.2)
    axes = figure.subplots()
    steps = len(turn.notches_hz)
    places = [(step / steps, hz) for step, notches in enumerate(turn.notches_hz) for hz in notches]
    axes.scatter(*zip(*places, strict=True), s=14, color=COLOUR["wet"], linewidths=0)
    _hertz_upwards(axes, "notch, Hz")
    _turn_axis(axes, 1)
    return figure


def sweep_plot(sweep: LevelSweep) -> Figure:
    """Draw where a cutoff that follows the level stands."""
    figure = new_figure(height=2.9)
    axes = figure.subplots()
    axes.plot(sweep.levels_db, sweep.cutoffs_hz, color=COLOUR["wet"], linewidth=1.6)
    _hertz_upwards(axes, "cutoff, Hz")
    axes.set_xlabel("level, dBFS")
    dress(axes)
    return figure


def _hertz_upwards(axes: Axes, name: str) -> None:
    axes.set_yscale("log")
    axes.set_yticks([each for each in OCTAVES_HZ if 60 <= each <= 16000])
    axes.yaxis.set_major_formatter(lambda value, _: hertz(value))
    axes.minorticks_off()
    axes.set_ylabel(name)


def _bars(axes: Axes, response: Response) -> None:
    octaves = zip(response.decay_octaves_hz, response.decay_seconds, strict=True)
    known = [(hz, seconds) for hz, seconds in octaves if seconds is not None]
    places = np.array([each[0] for each in known])
    width = places * (2**0.4 - 2**-0.4)
    axes.bar(places, [each[1] for each in known], width, color=COLOUR["wet"], alpha=0.7)
    for hz, seconds in known:
        axes.annotate(
            f"{seconds:.2f}",
            (hz, seconds),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            color=COLOUR["ink"],
        )
    axes.set_ylabel("60 dB, s")
    axes.margins(y=0.2)
    dress(axes)


def _octaves(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_xticks(OCTAVES_HZ)
    axes.xaxis.set_major_formatter(lambda value, _: hertz(value))
    axes.minorticks_off()
    axes.set_xlabel("frequency, Hz")


def _over_turn(axes: Axes, values: Sequence[float], side: int) -> None:
    """Draw a curve that closes upon itself."""
    closed = [*values, values[0]]
    turn = np.linspace(0.0, 1.0, len(closed))
    stroke = "-" if side == 0 else (0, (4, 1.5))
    axes.plot(turn, closed, color=COLOUR[SIDE_COLOURS[side]], linewidth=1.6, linestyle=stroke)


def _turn_axis(axes: Axes, sides: int) -> None:
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("turn of the LFO")
    dress(axes)
    if sides == 2:
        label_panel(axes, f"{SIDE_NAMES[0]} drawn through, {SIDE_NAMES[1]} dashed")
