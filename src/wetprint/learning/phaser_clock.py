"""Where an LFO that runs free stands in a recording, with the phaser behind it known."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from wetprint.identify.recording import Recording
from wetprint.learning.linear import never
from wetprint.learning.phaser_fit import FittedPhaser, Window, error_on, fit_phaser

OFFSETS = 24
"""Places in the turn that are tried."""

SLOWER = (-0.01, 0.0, 0.01)
"""Changes of the period that are tried."""

FIRST_WINDOWS = 6
MOST_WINDOWS = 48
STEPS = 4


def find_clock(
    phaser: FittedPhaser,
    recording: Recording,
    sample_rate: int,
    window_seconds: float = 0.25,
    settling_seconds: float = 0.1,
    stop: Callable[[], bool] = never,
) -> FittedPhaser:
    """Return the same phaser with the LFO of a recording: its period, and its only offset.

    Places all around the turn are tried on the beginning of the recording; from the best one,
    period and offset are followed through twice as much of it again and again.

    Args:
        phaser: the period is refined, the rest is taken as it is.
        recording: what was heard.
        sample_rate: Hz.
        window_seconds: length of the stretches that are looked at.
        settling_seconds: of what comes before each.
        stop: says that the search has lasted long enough.
    """
    windows = _windows(
        recording, round(window_seconds * sample_rate), settling_seconds * sample_rate
    )
    first = windows[:FIRST_WINDOWS]
    starts = [
        dataclasses.replace(
            phaser, period_samples=phaser.period_samples * (1.0 + slower), offsets=(0.0, offset)
        )
        for slower in SLOWER
        for offset in np.arange(OFFSETS) / OFFSETS
    ]
    found = min(starts, key=lambda each: error_on(each, first))
    count = FIRST_WINDOWS
    while True:
        near = windows[:count]
        near = near[:: -(-len(near) // MOST_WINDOWS)]
        found = fit_phaser(found, near, STEPS, stop, lambda _: None, free="clock")
        if count >= len(windows):
            return dataclasses.replace(found, offsets=(found.offsets[1] % 1.0,))
        count *= 2


def _windows(recording: Recording, scored: int, settling: float) -> list[Window]:
    lead, length = round(settling), recording.dry.shape[-1]
    found = []
    for first in range(lead, length - scored + 1, scored):
        part = slice(first - lead, first + scored)
        start = recording.start_sample + first - lead
        found.append(Window(recording.dry[0, part], recording.wet[:, part], start, lead, 1))
    energy = np.array([np.square(each.wet, dtype=np.float64).mean() for each in found])
    return [each for each, one in zip(found, energy, strict=True) if one > 0.03 * energy.mean()]
