"""What an LFO does over one turn: gains and notches, and how its curve is called.

The gain is the ratio of loudness, wet to dry, of short frames sorted by where the LFO stood
(``tremolo.py``); notches are minima of the frequency responses sorted likewise
(``phase_spectra.py``), as a phaser's stages make them: Smith 1984, "An all-pass approach to digital
phasing and flanging" (ICMC).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import find_peaks

from wetprint.identify.findings import Turn
from wetprint.identify.lfo import Lfo
from wetprint.identify.phase_spectra import spectra_of_sound
from wetprint.identify.recording import Recording
from wetprint.identify.snapshots import Snapshots
from wetprint.identify.tremolo import find_tremolo_rate, frame_gains

STEPS = 32
"""Of the turn."""

MOSTLY_ONE = 0.8
"""Share of what moves that one response must explain for the motion to be that of a gain."""

LIKE_MEAN = 0.7
"""Correlation of that response with the mean of all, of which a gain makes more or less."""

MOSTLY_GAIN = 0.5
"""Share of what loudness does that the LFO must explain; it explains .3 of other moving effects."""

NOTCH_DB = 6.0
"""How far a notch stands below what is on both sides of it."""

NOTCHED_SHARE = 0.5
"""Of the turn, in which notches must be seen."""

MOST_NOTCHES = 12
"""More are the teeth of a comb, which a delay makes."""

LIKENESS = 0.98
"""Correlation of harmonics from which on a curve bears a wave's name."""

SHAPES_HARMONICS = 15


def tremolo_period(
    recordings: Sequence[Recording], sample_rate: int, train: Snapshots | None, lfo: Lfo
) -> float | None:
    """Return the LFO's period in samples if it moves a gain, and None where it moves another thing.

    A gain moves all of the response alike: what moves is their mean, more or less of it. Of
    playing, which shows no response clearly, loudness tells more.

    Args:
        recordings: playing.
        sample_rate: Hz.
        train: snapshots of chirps, where the effect could be asked.
        lfo: that moves it.
    """
    if train is None:
        found = find_tremolo_rate(recordings, sample_rate)
        return found.period_samples if found and found.explained > MOSTLY_GAIN else None
    moving = train.moving.reshape(len(train.times), -1)
    _, sizes, ways = np.linalg.svd(moving, full_matrices=False)
    mean = train.responses.mean(0).ravel()
    like_mean = abs(float(ways[0] @ mean)) / max(float(np.linalg.norm(mean)), 1e-30)
    is_one = sizes[0] ** 2 > MOSTLY_ONE * np.square(sizes).sum()
    return lfo.period_samples if is_one and like_mean > LIKE_MEAN else None


def gain_turn(recordings: Sequence[Recording], period_samples: float, sample_rate: int) -> Turn:
    """Return the gain of each side over the turn."""
    sides = [
        _gain_db(
            [
                Recording(each.dry, each.wet[side : side + 1], each.start_sample)
                for each in recordings
            ],
            period_samples,
            sample_rate,
        )
        for side in range(len(recordings[0].wet))
    ]
    shape = curve_shape(10.0 ** (sides[0] / 20.0))
    return Turn(tuple(tuple(map(float, each)) for each in sides), shape)


def notch_turn(recordings: Sequence[Recording], period_samples: float, sample_rate: int) -> Turn:
    """Return the notches of the first side over the turn, where there are some most of the time."""
    spectra = spectra_of_sound(recordings, period_samples, sample_rate, STEPS)
    notches = []
    for response in spectra.response[0]:
        level_db = 20.0 * np.log10(np.abs(response) + 1e-9)
        peaks, _ = find_peaks(-level_db, prominence=NOTCH_DB)
        notches.append(tuple(map(float, spectra.hz[peaks])))
    counts = np.array([len(each) for each in notches])
    seen = np.mean(counts > 0) >= NOTCHED_SHARE and np.median(counts) <= MOST_NOTCHES
    return Turn(notches_hz=tuple(notches)) if seen else Turn()


def _gain_db(
    recordings: Sequence[Recording], period_samples: float, sample_rate: int
) -> np.ndarray:
    """Return the mean gain in each step of the turn; a step that was not heard is interpolated."""
    parts = [frame_gains(each, sample_rate) for each in recordings]
    time_s, gain_db, weight = (np.concatenate(each) for each in zip(*parts, strict=True))
    step = np.floor(time_s * sample_rate / period_samples % 1.0 * STEPS).astype(int)
    heard = np.bincount(step, weight, STEPS)
    total = np.bincount(step, weight * gain_db, STEPS)
    known = np.flatnonzero(heard > 0.0)
    return np.interp(np.arange(STEPS), known, total[known] / heard[known], period=STEPS)


def curve_shape(curve: np.ndarray) -> str:
    """Return the word for a periodic curve: sine, triangle, saw, square, or irregular.

    The word of the wave whose harmonics correlate best with the curve's, wherever it begins and
    whichever way up.

    Args:
        curve: one turn at equal steps.

    >>> curve_shape(np.abs(np.arange(32) - 16.0))
    'triangle'
    """
    count = min(SHAPES_HARMONICS, len(curve) // 2 - 1)
    found = np.abs(np.fft.rfft(curve - curve.mean()))[1 : count + 1]
    norm = float(np.linalg.norm(found))
    if norm == 0.0:
        return "still"
    order = np.arange(1, count + 1)
    odd = order % 2
    shapes = {
        "sine": (order == 1).astype(float),
        "triangle": odd / order**2,
        "square": odd / order,
        "saw": 1.0 / order,
    }
    likeness = {
        name: float(found @ each) / norm / float(np.linalg.norm(each))
        for name, each in shapes.items()
    }
    best = max(likeness, key=likeness.__getitem__)
    return best if likeness[best] > LIKENESS else "irregular"
