"""Sinusoids in short windows of sound, at their instantaneous frequencies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import rfft

WINDOW_SECONDS = 8192 / 48_000
RANGE_DB = 40.0
"""Softer sinusoids than this, against a window's loudest, are left out."""

SILENCE_DB = 60.0
"""So are windows' whose loudest is this far below the loudest of all."""


@dataclass(frozen=True)
class Sinusoids:
    """What sounds in each window.

    Attributes:
        windows: of each sinusoid, ``(sinusoid,)``, in rising order.
        frequencies_hz: ``(sinusoid,)``.
        amplitudes: ``(sinusoid,)``.
        window_count: how many windows there are.
    """

    windows: np.ndarray
    frequencies_hz: np.ndarray
    amplitudes: np.ndarray
    window_count: int

    def of(self, window: int) -> Sinusoids:
        """Return those of one window."""
        part = slice(*np.searchsorted(self.windows, [window, window + 1]))
        return Sinusoids(
            self.windows[part], self.frequencies_hz[part], self.amplitudes[part], self.window_count
        )


def window_samples(sample_rate: int) -> int:
    """Return the length of a window, a power of two near 170 ms."""
    return 2 ** round(np.log2(WINDOW_SECONDS * sample_rate))


def stft(sound: np.ndarray, sample_rate: int, window: np.ndarray | None = None) -> np.ndarray:
    """Return the spectra of half-overlapping Hann windows: ``(window, bin)`` complex.

    Args:
        sound: ``(time,)``; sound shorter than a window is filled up with silence.
        sample_rate: Hz.
        window: another one of the same length.
    """
    size = window_samples(sample_rate)
    padded = np.pad(sound, (0, max(0, size - sound.size)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 2]
    return np.asarray(rfft(frames * (_hann(size) if window is None else window)))


def find_sinusoids(sound: np.ndarray, sample_rate: int) -> Sinusoids:
    """Find the peaks of every window's spectrum.

    Args:
        sound: ``(time,)``.
        sample_rate: Hz.
    """
    size = window_samples(sample_rate)
    spectra = stft(sound, sample_rate)
    size_of = np.abs(spectra)  # (window, bin)
    loudest = size_of.max(1, keepdims=True)
    inner = size_of[:, 1:-1]
    heard = inner > loudest * 10.0 ** (-RANGE_DB / 20.0)
    heard &= loudest > loudest.max() * 10.0 ** (-SILENCE_DB / 20.0)
    peaks = heard & (inner > size_of[:, :-2]) & (inner >= size_of[:, 2:])
    windows, bins = np.nonzero(peaks)
    bins += 1
    slope = np.pi / size * np.sin(2.0 * np.pi * np.arange(size) / size)  # derivative of the window
    moving = stft(sound, sample_rate, slope)
    turn = -(moving[windows, bins] / spectra[windows, bins]).imag  # radians a sample, off the bin
    frequencies = (bins / size + turn / (2.0 * np.pi)) * sample_rate
    amplitudes = size_of[windows, bins] * 4.0 / size
    return Sinusoids(windows, frequencies, amplitudes, len(spectra))


def _hann(size: int) -> np.ndarray:
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
