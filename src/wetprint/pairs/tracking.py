"""The wavefront followed through a recording: whether it stays, drifts, or wanders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from wetprint.pairs.peaks import parabola
from wetprint.pairs.windows import CrossSpectra

FINENESS = 4
REACH_SECONDS = 0.003
"""How far from the common arrival a group of windows may lie."""
AVERAGINGS = 2
FEWEST_GROUPS = 4
CERTAIN = 5.0
"""A slope must be this many times its own standard error ..."""
SMALLEST_DRIFT_SAMPLES = 0.2
"""... and move the arrival this far in all, to be called drift rather than modulation."""
LEAST_SHARE_OF_MOTION = 0.7
"""... and be most of all the motion there is."""

LEAST_SPREAD_SAMPLES = 0.02


@dataclass(frozen=True)
class Track:
    """Motion of the arrival.

    Attributes:
        start: at the start of the dry, in samples after the lag at which the windows were laid.
        slope: how much the lag grows per sample; 0 unless it is certain.
        steadiness: share of the moments that lie where the line says, 0 to 1.
    """

    start: float
    slope: float
    steadiness: float


def follow(spectra: CrossSpectra) -> Track:
    """Fit a straight line through the delays of groups of windows.

    Returns:
        The line; in the middle of the recording it passes through the lag at which the windows
        were laid.
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
    """Delay of every group, in samples, and how much it counts.

    Each is measured against the average of all, and the average is taken anew with the delays
    undone (Woody 1967, doi:10.1007/BF02474247), starting from the loudest group alone: a drift
    would blur the plain average.
    """
    coherence = spectra.coherence()
    weight = np.clip(coherence / (1.02 - coherence), 0, 10) * (coherence > 0.05)
    if weight.sum() == 0:
        weight = np.ones_like(weight)
    white = spectra.cross / (np.abs(spectra.cross) + 1e-30)
    turn = 2j * np.pi * np.arange(white.shape[1]) / spectra.size
    template = white[int(spectra.wet.sum(1).argmax())]
    delays, counts = _against(white, np.conj(template) * weight, spectra)
    for _ in range(AVERAGINGS):
        undone = white * np.exp(turn * delays[:, None])
        template = (undone * counts[:, None]).sum(0) / counts.sum()
        delays, counts = _against(white, np.conj(template) * weight, spectra)
    return delays - _weighted_median(delays, counts), counts


def _against(
    white: np.ndarray, reference: np.ndarray, spectra: CrossSpectra
) -> tuple[np.ndarray, np.ndarray]:
    """Delay of every group against one reference, and the square of how well it fits."""
    size = spectra.size * FINENESS
    reach = min(int(REACH_SECONDS * spectra.sample_rate), spectra.size // 4) * FINENESS
    total = float(np.abs(reference).sum()) + 1e-30
    delays, counts = np.zeros(len(white)), np.zeros(len(white))
    for index, group in enumerate(white):
        moments = scipy.fft.irfft(group * reference, size)
        near = np.concatenate([moments[-reach:], moments[: reach + 1]])
        peak = int(near.argmax())
        delays[index] = (peak - reach + parabola(near, peak)) / FINENESS
        counts[index] = max(near[peak], 0.0) * size / 2 / total
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
