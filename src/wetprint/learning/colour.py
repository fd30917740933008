"""The filter that makes every band of what was played as loud as in the wet sound.

For chains whose phases are their own affair, so that no least squares can find their filter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import minimum_phase, oaconvolve

from wetprint.identify.spectra import log_mel

MOST_COLOUR_DB = 12.0

AUDIBLE_DB = 6.0
"""Cells count that lie this far above the floor in both sounds."""

LEAST_HEARD = 0.02
"""Share of cells that must count in a band; other bands go with their neighbours."""

QUIETEST_LUFS = -70.0
"""The standard's absolute gate: below it, nothing is heard."""

SMOOTHING = (0.1, 0.2, 0.4, 0.2, 0.1)
"""Weights of neighbouring mel bands."""


def colour(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]], sample_rate: int, taps: int
) -> np.ndarray:
    """Return the minimum-phase filter that brings the bands of played sound to those of wet sound.

    The median over time of each mel band's difference decides its shape, because that makes the
    mel distance least; their typical loudness decides its gain, because the ear does.

    Args:
        pairs: played and wet sound, ``(time,)`` each.
        sample_rate: Hz.
        taps: length of the filter.

    Returns:
        ``(taps,)``.
    """
    frequencies_hz, gains_db = _band_gains(pairs, sample_rate)
    if not gains_db.size:
        return np.eye(1, taps)[0]
    response = _minimum_phase(frequencies_hz, gains_db, sample_rate, taps)
    missing_db = [
        _loudness(wet, sample_rate)
        - _loudness(oaconvolve(played, response)[: wet.size], sample_rate)
        for played, wet in pairs
        if _loudness(wet, sample_rate) > QUIETEST_LUFS
    ]
    return response * 10.0 ** (np.median(missing_db or [0.0]) / 20.0)


def _band_gains(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]], sample_rate: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres of the mel bands that are heard and what each lacks, in dB."""
    from librosa import mel_frequencies

    differences = []
    for played, wet in pairs:
        ours, wanted = log_mel(played[None], wet[None], sample_rate)
        audible = (ours > ours.min() + AUDIBLE_DB) & (wanted > wanted.min() + AUDIBLE_DB)
        differences.append(np.where(audible, wanted - ours, np.nan)[0])
    away = np.concatenate(differences, 1)  # (band, frame)
    heard = np.isfinite(away).mean(1) > LEAST_HEARD
    gains_db = np.array([np.nanmedian(row) for row in away[heard]])
    centres = mel_frequencies(len(away) + 2, fmin=0.0, fmax=sample_rate / 2)[1:-1]
    return centres[heard], np.clip(gains_db, -MOST_COLOUR_DB, MOST_COLOUR_DB)


def _minimum_phase(
    frequencies_hz: np.ndarray, gains_db: np.ndarray, sample_rate: int, taps: int
) -> np.ndarray:
    reach = len(SMOOTHING) // 2
    smooth = np.convolve(np.pad(gains_db, reach, mode="edge"), SMOOTHING, mode="valid")
    grid = np.linspace(0.0, sample_rate / 2, taps + 1)
    gains = 10.0 ** (np.interp(grid, frequencies_hz, smooth) / 20.0)
    symmetric = np.fft.fftshift(np.fft.irfft(gains))[1:] * np.hanning(2 * taps + 1)[1:-1]
    return minimum_phase(symmetric, half=False)[:taps]


def _loudness(sound: np.ndarray, sample_rate: int) -> float:
    """Return the integrated loudness of ``(time,)``, in LUFS (ITU-R BS.1770-4)."""
    import pyloudnorm

    filled = np.pad(sound, (0, max(0, sample_rate - sound.size)))
    return max(QUIETEST_LUFS, float(pyloudnorm.Meter(sample_rate).integrated_loudness(filled)))
