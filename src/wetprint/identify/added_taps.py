"""Taps that move, found by adding up: in playing, whose snapshots are noisy, and where voices move
together, so that their lines hide one another.

One frame of notes hardly shows a voice. Snapshots of the same phase of the LFO are averaged as they
are, with their signs, and summed along lines: what a voice draws adds up, and what notes left
over does not. The line is the sine for which the sum is highest, over all centres, depths and
phases (a generalised Radon transform, as in ``moving_taps.py``, but of amplitudes: Beylkin 1987,
doi:10.1109/TASSP.1987.1165108); it is taken out, and the next one is looked for (matching pursuit:
Mallat and Zhang 1993, doi:10.1109/78.258082).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, rfft

from wetprint.identify.moving_taps import MovingTap, without_repetitions
from wetprint.identify.snapshots import Snapshots

MOST_TAPS = 6
ROWS = 96
"""Parts of the turn in which snapshots are averaged."""

HIGHEST_HZ = 6000.0
"""Playing says little of higher frequencies."""

LEAST_DEPTH_MS, MOST_DEPTH_MS = 0.06, 8.0
DEPTH_STEP_MS = 0.0625
PHASES = 64
FINER = 4
"""Depth and phase are looked at so many times more closely around the best."""

WIDTH_MS = 0.5
"""To either side of a line, that is taken out with it."""

FAINT = 0.3
"""Of the first line's height."""


def find_added_taps(train: Snapshots, channel: int, period_samples: float) -> list[MovingTap]:
    """Find the voices in one channel, brightest first; some of the last may be none.

    Args:
        train: snapshots, of chirps or of playing.
        channel: which one.
        period_samples: of the LFO.
    """
    picture = _Picture(train, channel, period_samples)
    taps: list[MovingTap] = []
    for _ in range(MOST_TAPS):
        line = picture.brightest()
        if taps and abs(line.height) < FAINT * abs(taps[0].strength):
            break
        taps.append(line.tap())
        picture.take_out(line)
    return without_repetitions(taps)


@dataclass(frozen=True)
class _Line:
    """A sine in the picture: samples, samples, turns; and the amplitude along it."""

    centre: float
    depth: float
    phase: float
    height: float

    def tap(self) -> MovingTap:
        turn = 2.0 * np.pi * self.phase
        harmonics = [self.centre, self.depth * np.cos(turn), self.depth * np.sin(turn)]
        return MovingTap(np.array(harmonics), self.height)


class _Picture:
    """Mean responses over the turn, as spectra: ``(rows, bins)``."""

    def __init__(self, train: Snapshots, channel: int, period_samples: float):
        rate = train.sample_rate
        row = (train.times / period_samples % 1.0 * ROWS).astype(int) % ROWS
        count = np.bincount(row, minlength=ROWS)
        self.taps = train.responses.shape[-1]
        mean = np.zeros((ROWS, self.taps))
        np.add.at(mean, row, train.responses[:, channel])
        mean /= np.maximum(count, 1)[:, None]
        mean[count > 0] -= mean[count > 0].mean(0)
        bins = int(min(0.45, HIGHEST_HZ / rate) * 2 * self.taps)
        self.spectra = rfft(mean, 2 * self.taps)[:, :bins].astype(np.complex64)
        self.radians = (np.pi / self.taps * np.arange(bins)).astype(np.float32)
        self.row_phase = (np.arange(ROWS) + 0.5) / ROWS
        self.step = DEPTH_STEP_MS * rate / 1000.0
        self.depths = np.arange(LEAST_DEPTH_MS, MOST_DEPTH_MS, DEPTH_STEP_MS) * rate / 1000.0
        self.width = round(WIDTH_MS * rate / 1000.0)

    def brightest(self) -> _Line:
        """Return the sine along which the sum is highest."""
        lines = [self._best(each / PHASES, self.depths) for each in range(PHASES)]
        coarse = max(lines, key=lambda each: abs(each.height))
        depths = coarse.depth + self.step / FINER * np.arange(-FINER, FINER + 1)
        near = coarse.phase + np.arange(-FINER, FINER + 1) / (FINER * PHASES)
        lines = [self._best(float(each), depths) for each in near]
        return max(lines, key=lambda each: abs(each.height))

    def _best(self, phase: float, depths: np.ndarray) -> _Line:
        """Return the best of sines of one phase; depths are in equal steps."""
        along = np.cos(2.0 * np.pi * (self.row_phase - phase)).astype(np.float32)
        turn = 1j * np.outer(along, self.radians)
        turned = self.spectra * np.exp(turn * np.float32(depths[0]))
        step = np.exp(turn * np.float32(depths[1] - depths[0]))
        sums = np.empty((len(depths), self.spectra.shape[1]), np.complex64)
        for number in range(len(depths)):
            sums[number] = turned.mean(0)
            turned *= step
        heights = irfft(sums, 2 * self.taps)[:, : self.taps]
        which, centre = np.unravel_index(int(np.argmax(np.abs(heights))), heights.shape)
        height = float(heights[which, centre])
        return _Line(float(centre), float(depths[which]), phase % 1.0, height)

    def take_out(self, line: _Line) -> None:
        """Subtract what lies along a line from every row."""
        along = np.cos(2.0 * np.pi * (self.row_phase - line.phase))
        turn = np.exp(1j * line.depth * np.outer(along, self.radians)).astype(np.complex64)
        response = irfft((self.spectra * turn).mean(0), 2 * self.taps)
        near = np.zeros(2 * self.taps, np.float32)
        near[max(0, int(line.centre) - self.width) : int(line.centre) + self.width + 1] = 1.0
        own = rfft(response * near)[: self.spectra.shape[1]]
        self.spectra = self.spectra - own * turn.conj()
