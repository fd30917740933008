"""Whether two recorders' clocks drifted apart: a straight line through the lags of many moments.

Short windows of the thinned dry recording are looked for in the wet one. In each, every lag gets a
score (phase transform: Knapp and Carter 1976, doi:10.1109/TASSP.1976.1162830); the line of lag
against time that collects the highest score is the drift, as in a Radon transform. Windows in
which nothing is found do not disturb it, and neither does an effect that is never coherent twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.ndimage

WINDOW_SECONDS = 1.4
WINDOW_COUNT = 32
STEEPEST_PPM = 1_500.0
POOL = 8
"""Neighbouring lags that share a score; also the steps in which slopes are tried, end to end."""
FINE_POOL = 2
CLEARLY_BETTER = 1.1
"""By how much a drifting line must beat a level one."""
QUIETEST_WINDOW_DB = -50.0


@dataclass(frozen=True)
class Line:
    """Lag against time: ``lag = start + slope * time``, in thinned samples; and its mean score."""

    start: float
    slope: float
    score: float


def find_drift(dry: np.ndarray, wet: np.ndarray, rate: float, max_lag_seconds: float) -> float:
    """Return how much the wet recording's lag grows with time, as a fraction (1e-6 is 1 ppm).

    Args:
        dry: ``(time,)``, thinned.
        wet: ``(time,)``, thinned.
        rate: of both, Hz.
        max_lag_seconds: how far to look to both sides.

    Returns:
        0 unless a drifting line fits clearly better than a level one.
    """
    width = int(WINDOW_SECONDS * rate)
    if len(dry) < 3 * width:
        return 0.0
    lags = int(max_lag_seconds * rate)
    starts = np.unique(np.linspace(0, len(dry) - width, WINDOW_COUNT).astype(int))
    starts = starts[_loud_enough(dry, starts, width)]
    if len(starts) < 4:
        return 0.0
    scores = _scores(dry, wet, starts, width, lags)
    times = starts + width / 2
    steepest = STEEPEST_PPM * 1e-6
    step = POOL / (times[-1] - times[0])
    steps = int(steepest / step)
    pooled = _pool(scores, POOL // FINE_POOL)
    level = _best_line(pooled, times, np.zeros(1), POOL)
    best = _best_line(pooled, times, np.arange(-steps, steps + 1) * step, POOL)
    if best.score < CLEARLY_BETTER * level.score:
        return 0.0
    near = best.slope + np.linspace(-step, step, 2 * POOL // FINE_POOL + 1)
    return _best_line(scores, times, near, FINE_POOL).slope


def undo_drift(wet: np.ndarray, slope: float) -> np.ndarray:
    """Straighten ``(time,)`` well enough to look at, not to listen to."""
    if slope == 0.0:
        return wet
    positions = np.arange(int(len(wet) / (1 + slope))) * (1 + slope)
    return np.interp(positions, np.arange(len(wet)), wet).astype(np.float32)


def _loud_enough(dry: np.ndarray, starts: np.ndarray, width: int) -> np.ndarray:
    energies = np.array([float(np.sum(dry[s : s + width] ** 2)) for s in starts])
    return energies > energies.max() * 10 ** (QUIETEST_WINDOW_DB / 10)


def _scores(
    dry: np.ndarray, wet: np.ndarray, starts: np.ndarray, width: int, lags: int
) -> np.ndarray:
    """Score every lag in every window: ``(window, pooled lag)``, 0 for noise."""
    size = scipy.fft.next_fast_len(width + 2 * lags, real=True)
    taper = np.hanning(width).astype(np.float32)
    wet = np.pad(wet, (lags, max(0, len(dry) + lags - len(wet))))
    count = (2 * lags + 1) // FINE_POOL
    scores = np.empty((len(starts), count), np.float32)
    for row, start in enumerate(starts):
        piece = scipy.fft.rfft(dry[start : start + width] * taper, size)
        cross = np.conj(piece) * scipy.fft.rfft(wet[start : start + width + 2 * lags], size)
        loudness = np.abs(piece) ** 2
        weight = loudness / (loudness + 1e-6 * loudness.max() + 1e-30)
        found = scipy.fft.irfft(weight * cross / (np.abs(cross) + 1e-30), size)
        peaks = np.abs(found[: count * FINE_POOL]).reshape(count, FINE_POOL).max(axis=1)
        scores[row] = np.log(np.maximum(peaks / (np.median(peaks) + 1e-30), 1))
    return scores


def _pool(scores: np.ndarray, factor: int) -> np.ndarray:
    count = scores.shape[1] // factor
    return scores[:, : count * factor].reshape(len(scores), count, factor).max(axis=2)


def _best_line(scores: np.ndarray, times: np.ndarray, slopes: np.ndarray, pool: int) -> Line:
    """Try slopes (lag per time) and return the line of the highest mean score."""
    middle = times.mean()
    best = Line(0.0, 0.0, -1.0)
    for slope in slopes:
        shifts = np.round(slope * (times - middle) / pool).astype(int)
        reach = int(np.abs(shifts).max())
        padded = np.pad(scores, ((0, 0), (reach, reach)))
        total = sum(
            padded[row, reach + shift : reach + shift + scores.shape[1]]
            for row, shift in enumerate(shifts)
        )
        assert isinstance(total, np.ndarray)
        index = int(total.argmax())
        score = float(total[index]) / len(scores)
        if score > best.score:
            best = Line(index * pool - slope * middle, float(slope), score)
    return best
