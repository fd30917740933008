"""The rate of a tremolo, from any dry and wet signal.

Loudness is followed in short frames on both sides; what their ratio does in decibels is the gain,
however little of a filter stands between. A Fourier series of a rate to be found is fitted to it,
weighted by how loud the frames are, and the rate that explains most is taken (a periodogram by
least squares: Lomb 1976, doi:10.1007/BF00648343; several harmonics: Palmer 2009,
doi:10.1088/0004-637X/695/1/496). A distorting effect holds its loudness where the dry signal
swells, which adds to the ratio what does not come again with the LFO: the fit averages it away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wetprint.identify.recording import Recording

FRAME_SECONDS = 0.01

HARMONICS = 3

SLOWEST_HZ, FASTEST_HZ = 0.1, 16.0

SILENT_DB = -50.0
"""Frames this far below the loudest tell nothing."""

FLOOR_DB = -40.0
"""A ratio is held above its median by so much: a chopper's silence is not minus infinity."""

STEPS_PER_LOBE = 5.0
"""The search stands so many times in each peak."""

NARROWINGS = 6
"""Each brings the rate five times closer."""


@dataclass(frozen=True)
class FoundRate:
    """What was found.

    Attributes:
        period_samples: of the LFO.
        explained: which share of the gain's movement it explains, 0 to 1. Where nothing moves,
            chance alone explains a few hundredths.
    """

    period_samples: float
    explained: float


def find_tremolo_rate(recordings: Sequence[Recording], sample_rate: int) -> FoundRate | None:
    """Find the rate at which an effect's loudness moves.

    Args:
        recordings: dry and wet signals whose absolute times agree with one another.
        sample_rate: Hz.

    Returns:
        The rate, or None where there is too little sound to tell.
    """
    time_s, gain_db, weight = (
        np.concatenate(each)
        for each in zip(*(frame_gains(each, sample_rate) for each in recordings), strict=True)
    )
    if len(time_s) < 20 * HARMONICS:
        return None
    gain_db = gain_db - np.average(gain_db, weights=weight)
    moving = float(np.sum(weight * gain_db**2))
    if moving <= 0.0:
        return None

    def explained(rate_hz: float) -> float:
        return _explained(time_s, gain_db, weight, rate_hz) / moving

    step = 1.0 / (STEPS_PER_LOBE * HARMONICS * float(np.ptp(time_s)))
    rates = np.arange(SLOWEST_HZ, FASTEST_HZ, step)
    shares = np.array([explained(each) for each in rates])
    best = _fundamental(rates, shares)
    for _ in range(NARROWINGS):
        near = best + step * np.linspace(-1.0, 1.0, 11)
        best = float(near[np.argmax([explained(each) for each in near])])
        step /= 5.0
    return FoundRate(sample_rate / best, explained(best))


def frame_gains(
    recording: Recording, sample_rate: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where the frames lie in seconds, their gain in dB, and how much they weigh."""
    frame = round(FRAME_SECONDS * sample_rate)
    dry, wet = (_powers(each, frame) for each in (recording.dry, recording.wet))
    time_s = (recording.start_sample + frame * (np.arange(len(dry)) + 0.5)) / sample_rate
    telling = dry > max(float(dry.max(initial=0.0)), 1e-30) * 10.0 ** (SILENT_DB / 10.0)
    ratio_db = 10.0 * np.log10((wet[telling] + 1e-30) / dry[telling])
    if len(ratio_db):
        ratio_db = np.maximum(ratio_db, np.median(ratio_db) + FLOOR_DB)
    return time_s[telling], ratio_db, np.sqrt(dry[telling])


def _powers(audio: np.ndarray, frame: int) -> np.ndarray:
    count = audio.shape[-1] // frame
    framed = audio[:, : count * frame].astype(np.float64).reshape(len(audio), count, frame)
    return np.square(framed).mean((0, 2))


def _explained(
    time_s: np.ndarray, gain_db: np.ndarray, weight: np.ndarray, rate_hz: float
) -> float:
    """Return what of the weighted energy a Fourier series of a rate explains."""
    turn = 2.0 * np.pi * rate_hz * time_s
    waves = [np.ones_like(turn)]
    for order in range(1, HARMONICS + 1):
        waves += [np.cos(order * turn), np.sin(order * turn)]
    series = np.stack(waves)
    weighted = series * weight
    right = weighted @ gain_db
    return float(right @ np.linalg.lstsq(weighted @ series.T, right, rcond=1e-9)[0])


def _fundamental(rates: np.ndarray, shares: np.ndarray) -> float:
    """Return the fastest of the rates that explain about as much as any.

    Half the rate explains as much, its even harmonics being those of the rate itself.
    """
    peaks = (shares[1:-1] >= shares[:-2]) & (shares[1:-1] >= shares[2:])
    good = np.flatnonzero(peaks & (shares[1:-1] > 0.9 * shares.max())) + 1
    return float(rates[good[-1]] if len(good) else rates[np.argmax(shares)])
