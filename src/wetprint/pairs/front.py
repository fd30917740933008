"""The wavefront of the first arrival, to a fraction of a sample, whatever filter it came through.

A low-pass or a cabinet smears an arrival, and the loudest moment of the smear says more of the
filter than of the delay. So the filter is taken out first: nearly all filters, cabinets and amps
are of minimum phase, and then the logarithm of the magnitude fixes the phase (Oppenheim and
Schafer, Discrete-Time Signal Processing, 3rd ed., section 12.2, by the cepstrum). What phase is
left is a delay and a sign. Frequencies count by their coherence (Hannan and Thomson 1973,
doi:10.2307/2334540), so that distortion and noise count little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from wetprint.pairs.peaks import parabola
from wetprint.pairs.windows import CrossSpectra

LOWEST_HZ = 40.0
HIGHEST_SHARE = 0.9
"""Of the band: above it converters and resamplers cut off steeply, with linear phase."""
GRID_POINTS = 160
LEAST_COHERENCE = 0.1
MOST_WEIGHT = 50.0
BEFORE_SECONDS = 0.0027
AFTER_SECONDS = 0.043
"""The stretch around the arrival that counts as its own filter, before echoes and tails."""
EARLIEST_SECONDS = 0.003
LATEST_SECONDS = 0.0005
"""How far before and after the coarse arrival the front may lie."""
STEEPEST_FALL = -4.0
"""A filter is continued above the band that was heard at its own slope, at most 24 dB/octave."""
MUCH_LOWER = 0.5
BLUR_COUNTS = 1.2
"""A blurred front may begin with a peak half as high as its highest, a sharp one may not."""
FINENESS = 8
"""Points per sample at which the front is looked for, before a parabola is laid through three."""


@dataclass(frozen=True)
class Front:
    """A wavefront.

    Attributes:
        offset_samples: after the lag at which the windows were laid.
        polarity: +1 or -1.
        sharpness: share of the coherent energy that arrives in phase at this moment, 0 to 1.
        bandwidth_hz: root-mean-square bandwidth that was coherent.
    """

    offset_samples: float
    polarity: int
    sharpness: float
    bandwidth_hz: float


def find_front(spectra: CrossSpectra) -> Front | None:
    """Find the wavefront near the lag at which the windows were laid.

    Returns:
        None when too little of the wet is coherent with the dry.
    """
    coherence = spectra.coherence()
    dry = spectra.dry.sum(0)
    cross = spectra.cross.sum(0)
    trust = np.clip(coherence - min(LEAST_COHERENCE, 3 / spectra.count + 0.02), 0, 1)
    trust[spectra.frequencies_hz > HIGHEST_SHARE * spectra.sample_rate / 2] = 0
    peak = _loudest_moment(cross, trust, spectra)
    path, heard = _direct_path(cross / (dry + 1e-14 * dry.max() + 1e-30), trust, peak, spectra)
    magnitude = _continued_magnitude(np.abs(path), trust * heard, spectra)
    if magnitude is None:
        return None
    weight = np.clip(coherence / (1 - coherence + 0.02), 0, MOST_WEIGHT) * (trust > 0) * heard
    weight[spectra.frequencies_hz < LOWEST_HZ / 2] = 0
    residue = np.exp(1j * (np.angle(path) - _minimum_phase(magnitude))) * weight
    return _pick(residue, weight, peak, spectra)


def _loudest_moment(cross: np.ndarray, trust: np.ndarray, spectra: CrossSpectra) -> int:
    """Return the offset, in samples, of the loudest coherent moment near the coarse arrival."""
    whitened = scipy.fft.irfft(cross / (np.abs(cross) + 1e-30) * trust, spectra.size)
    reach = _samples(EARLIEST_SECONDS, spectra)
    near = np.concatenate([whitened[-reach:], whitened[: reach + 1]])
    return int(np.abs(near).argmax()) - reach


def _direct_path(
    response: np.ndarray, trust: np.ndarray, peak: int, spectra: CrossSpectra
) -> tuple[np.ndarray, np.ndarray]:
    """Keep the stretch around ``peak`` of a response known at trusted frequencies only.

    Returns:
        The path's spectrum with ``peak`` at time zero, and where it is known (0 or 1).
    """
    size = spectra.size
    turned = response * np.exp(2j * np.pi * np.arange(len(response)) * peak / size)
    time = (np.arange(size) + size // 2) % size - size // 2
    before = np.clip(-time / _samples(BEFORE_SECONDS, spectra), 0, 1)
    after = np.clip(time / _samples(AFTER_SECONDS, spectra), 0, 1)
    keep = np.cos(np.pi / 2 * np.maximum(before, after)) ** 2
    smoothed = scipy.fft.rfft(scipy.fft.irfft(turned * trust, size) * keep)
    known = scipy.fft.rfft(scipy.fft.irfft(trust, size) * keep).real
    return smoothed / np.maximum(known, 0.05), (known > 0.05).astype(float)


def _continued_magnitude(
    magnitude: np.ndarray, trust: np.ndarray, spectra: CrossSpectra
) -> np.ndarray | None:
    """Return the logarithm of a magnitude, averaged on a logarithmic grid and continued beyond."""
    frequencies = np.maximum(spectra.frequencies_hz, LOWEST_HZ / 2)
    grid = np.geomspace(LOWEST_HZ, 0.4995 * spectra.sample_rate, GRID_POINTS)
    cell = np.digitize(frequencies, np.sqrt(grid[1:] * grid[:-1]))
    trust = np.where(frequencies < LOWEST_HZ, 0, trust)
    total = np.bincount(cell, trust, GRID_POINTS)
    sums = np.bincount(cell, trust * np.log(magnitude + 1e-30), GRID_POINTS)
    known = total > 0.1 * np.maximum(np.bincount(cell, minlength=GRID_POINTS), 1)
    if known.sum() < 6:
        return None
    place, value = np.log(grid[known]), sums[known] / total[known]
    log_frequencies = np.log(frequencies)
    continued = np.interp(log_frequencies, place, value)
    top = place > place[-1] - np.log(2)
    fall = np.polyfit(place[top], value[top], 1)[0] if top.sum() > 3 else 0.0
    above = log_frequencies > place[-1]
    continued[above] += np.clip(fall, STEEPEST_FALL, 0) * (log_frequencies[above] - place[-1])
    return continued


def _minimum_phase(log_magnitude: np.ndarray) -> np.ndarray:
    """Return the phase of the minimum-phase filter with this log magnitude, ``(bin,)``."""
    size = 2 * (len(log_magnitude) - 1)
    cepstrum = scipy.fft.irfft(log_magnitude, size)
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    return scipy.fft.rfft(cepstrum).imag


def _pick(
    residue: np.ndarray, weight: np.ndarray, peak: int, spectra: CrossSpectra
) -> Front | None:
    """Find the moment at which the residue is most in phase, or the first of several alike."""
    total = float(weight.sum())
    if total <= 0:
        return None
    moments = scipy.fft.irfft(residue, spectra.size * FINENESS) * (spectra.size * FINENESS / 2)
    first = (-_samples(EARLIEST_SECONDS, spectra) - peak) * FINENESS
    last = (_samples(LATEST_SECONDS, spectra) - peak) * FINENESS
    near = moments[np.arange(first, last + 1) % len(moments)] / total
    index = _first_of_the_highest(np.abs(near))
    if index is None:
        return None
    exact = index + parabola(np.abs(near), index)
    frequencies = spectra.frequencies_hz
    return Front(
        offset_samples=peak + (first + exact) / FINENESS,
        polarity=1 if near[index] > 0 else -1,
        sharpness=float(min(1.0, abs(near[index]))),
        bandwidth_hz=float(np.sqrt((weight * frequencies**2).sum() / total)),
    )


def _first_of_the_highest(values: np.ndarray) -> int | None:
    """Return the earliest peak not much lower than the highest; a blurred front has several."""
    inner = values[1:-1]
    peaks = 1 + np.flatnonzero((inner > values[:-2]) & (inner >= values[2:]))
    if len(peaks) == 0:
        return None
    highest = float(values[peaks].max())
    close = float(np.clip(MUCH_LOWER + BLUR_COUNTS * (highest - MUCH_LOWER), MUCH_LOWER, 1))
    return int(peaks[values[peaks] >= close * highest][0])


def _samples(seconds: float, spectra: CrossSpectra) -> int:
    return max(1, min(int(seconds * spectra.sample_rate), spectra.size // 8))
