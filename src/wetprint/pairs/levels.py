"""What is wrong with a recording's level: silence, an offset, clipping."""

from __future__ import annotations

import numpy as np

SILENT_DB = -80.0
"""A recording whose loudest sample lies below this is silent."""
OFFSET_DB = -45.0
"""A constant offset louder than this, against full scale, is worth a word."""
OFFSET_BELOW_SOUND_DB = -40.0
FLAT_SAMPLES = 3
"""So many samples in a row at one level are flat."""
FEWEST_FLATS = 3
AT_THE_TOP = 0.9995
FULL_SCALE = 0.985
LEAST_EDGE = 0.002
"""A flat top that clipping made is entered or left by a jump; the top of a slow sine is not."""


def peak_db(audio: np.ndarray) -> float:
    """Return the loudest sample of ``(channel, time)`` in dB against full scale."""
    return float(20 * np.log10(np.abs(audio).max(initial=0.0) + 1e-12))


def is_silent(audio: np.ndarray) -> bool:
    """Say whether ``(channel, time)`` is silent all through."""
    return peak_db(audio) < SILENT_DB


def offset(audio: np.ndarray) -> float | None:
    """Return the largest constant offset of any channel, where it is worth a word."""
    means = audio.mean(axis=1, dtype=np.float64)
    levels = np.sqrt(np.mean(np.square(audio, dtype=np.float64), axis=1)) + 1e-12
    worst = int(np.abs(means).argmax())
    against_sound = 20 * np.log10(abs(means[worst]) / levels[worst] + 1e-12)
    against_full = 20 * np.log10(abs(means[worst]) + 1e-12)
    if against_full > OFFSET_DB and against_sound > OFFSET_BELOW_SOUND_DB:
        return float(means[worst])
    return None


def flat_tops(audio: np.ndarray, at_least: float = 0.0) -> int:
    """Count the places where ``(channel, time)`` stays at its own largest value, cut off.

    Args:
        audio: the recording.
        at_least: ignore recordings that do not reach this value, 1 being full scale.

    Returns:
        0 where there are too few to mean anything.
    """
    found = sum(_flats(side) for side in audio if np.abs(side).max(initial=0.0) >= at_least)
    return found if found >= FEWEST_FLATS else 0


def _flats(side: np.ndarray) -> int:
    """Count runs at the top and at the bottom, which an asymmetric clipper cuts unequally."""
    return sum(_runs(sign * side) for sign in (1.0, -1.0))


def _runs(side: np.ndarray) -> int:
    top = float(side.max(initial=0.0))
    if top < 10 ** (SILENT_DB / 20) or top < 0.5 * np.abs(side).max():
        return 0
    high = np.concatenate([[False], side >= AT_THE_TOP * top, [False]])
    edges = np.flatnonzero(high[1:] != high[:-1])
    starts, stops = edges[::2], edges[1::2]
    long = stops - starts >= FLAT_SAMPLES
    starts, stops = starts[long], stops[long]
    if len(starts) == 0:
        return 0
    before = top - side[np.maximum(starts - 1, 0)]
    after = top - side[np.minimum(stops, len(side) - 1)]
    steady = np.array([np.ptp(side[a:b]) <= 1e-4 * top for a, b in zip(starts, stops, strict=True)])
    return int((steady & (np.maximum(before, after) > LEAST_EDGE * top)).sum())
