"""The wavefront followed through a recording: whether it stays, drifts, or wanders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from wetprint.pairs.peaks import parabola
from wetprint.pairs.windows import CrossSpectra

FINENESS = 4
REACH_SECONDS = 0.0015
"""How far from the common arrival a group of windows may lie."""
FEWEST_GROUPS = 4
CERTAIN = 5.0
"""A slope must be this many times its own standard error ..."""
SMALLEST_DRIFT_SAMPLES = 0.3
"""... and move the arrival this far in all, to be called drift rather than modulation."""
LEAST_SHARE_OF_MOTION = 0.7
"""... and be most of all the motion there is."""

LEAST_SPREAD_SAMPLES = 0.02


@dataclass(frozen=True)
class Track:
    """Motion of the arrival.

    Attributes:
        start: lag in samples at the start of the dry recording.
        slope: how much the lag grows per sample; 0 unless it is certain.
        steadiness: share of the moments that lie where the line says, 0 to 1.
    """

    start: float
    slope: float
    steadiness: float


def follow(spectra: CrossSpectra) -> Track:
    """Fit a straight line through the delays of groups of windows.

    Returns:
        The line, its start relative to the lag at which the windows were laid.
    """
    if len(spectra.times) < FEWEST_GROUPS:
        return Track(0.0, 0.0, 1.0)
    delays, weights = _delays(spectra)
    slope, start = _robust_line(spectra.times, delays, weights)
    residue = delays - (start + slope * spectra.times)
    if not _is_drift(spectra.times, delays, residue, slope):
        start, slope = _weighted_median(delays, weights), 0.0
        residue = delays - start
    near = np.abs(residue) < max(2.0, 1e-4 * spectra.sample_rate)
    return Track(float(start), float(slope), float(weights[near].sum() / weights.sum()))


def _delays(spectra: CrossSpectra) -> tuple[np.ndarray, np.ndarray]:
    """Delay of every group against all of them together, in samples, and how much it counts."""
    coherence = spectra.coherence()
    together = spectra.cross.sum(0)
    weight = np.clip(coherence / (1.02 - coherence), 0, 10) * (coherence > 0.05)
    if weight.sum() == 0:
        weight = np.ones_like(weight)
    reference = np.conj(together) / (np.abs(together) + 1e-30) * weight
    reach = min(int(REACH_SECONDS * spectra.sample_rate), spectra.size // 4) * FINENESS
    delays, counts = np.zeros(len(spectra.times)), np.zeros(len(spectra.times))
    for index, cross in enumerate(spectra.cross):
        against = scipy.fft.irfft(
            cross / (np.abs(cross) + 1e-30) * reference, spectra.size * FINENESS
        )
        near = np.concatenate([against[-reach:], against[: reach + 1]])
        peak = int(near.argmax())
        delays[index] = (peak - reach + parabola(near, peak)) / FINENESS
        counts[index] = max(near[peak], 0.0) * spectra.size * FINENESS / 2 / weight.sum()
    return delays, counts**2 + 1e-6


def _robust_line(times: np.ndarray, values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Theil and Sen's line: the weighted median of all slopes between two points."""
    first, second = np.triu_indices(len(times), 1)
    slopes = (values[second] - values[first]) / (times[second] - times[first])
    slope = _weighted_median(slopes, weights[first] * weights[second])
    return slope, _weighted_median(values - slope * times, weights)


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _is_drift(times: np.ndarray, delays: np.ndarray, residue: np.ndarray, slope: float) -> bool:
    spread = 1.4826 * np.median(np.abs(residue)) + LEAST_SPREAD_SAMPLES
    error = spread / (np.std(times) * np.sqrt(len(times)))
    moved = abs(slope) * (times[-1] - times[0])
    motion = np.median(np.abs(delays - np.median(delays)))
    left = np.median(np.abs(residue))
    mostly = left <= (1 - LEAST_SHARE_OF_MOTION) * motion + 2 * LEAST_SPREAD_SAMPLES
    return bool(abs(slope) > CERTAIN * error and moved > SMALLEST_DRIFT_SAMPLES and mostly)
