"""Cross-spectra of a dry recording and a wet one, in short windows laid along their common time."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.ndimage

WINDOW_SECONDS = 0.34
MOST_WINDOWS = 120
MOST_GROUPS = 24
WINDOWS_PER_GROUP = 4
SMALLEST_WINDOW = 256
COHERENCE_BINS = 5
"""Neighbouring bins averaged, so that few windows do not look coherent by chance."""


@dataclass(frozen=True)
class CrossSpectra:
    """Sums over the windows of each group of neighbours in time.

    Attributes:
        times: ``(group,)``, the middle of each group in samples of the dry.
        dry: ``(group, bin)``, power.
        wet: ``(group, bin)``, power.
        cross: ``(group, bin)``, conjugate of the dry times the wet.
        count: windows in all.
        size: samples in a window.
        sample_rate: Hz.
    """

    times: np.ndarray
    dry: np.ndarray
    wet: np.ndarray
    cross: np.ndarray
    count: int
    size: int
    sample_rate: int

    @property
    def frequencies_hz(self) -> np.ndarray:
        """``(bin,)``."""
        return np.fft.rfftfreq(self.size, 1 / self.sample_rate)

    def coherence(self) -> np.ndarray:
        """Magnitude-squared coherence ``(bin,)`` in [0, 1), less what chance would give."""
        dry, wet, cross = (_smooth(each.sum(0)) for each in (self.dry, self.wet, self.cross))
        raw = np.abs(cross) ** 2 / (np.real(dry) * np.real(wet) + 1e-30)
        chance = 1.5 / self.count
        return np.clip((raw - chance) / max(1 - chance, 0.1), 0, 0.9999)

    def explained(self) -> float:
        """Share of the wet's energy that some linear filter of the dry accounts for."""
        wet = self.wet.sum(0)
        return float((self.coherence() * wet).sum() / (wet.sum() + 1e-30))


Character = Callable[[np.ndarray], np.ndarray]
"""What becomes of a stretch of the dry, ``(time,)``, before it is compared."""


def plain(dry: np.ndarray) -> np.ndarray:
    """Leave the dry as it is."""
    return dry


def characters(dry: np.ndarray) -> list[Character]:
    """The dry as it may look to a filter inside the effect: plain, driven ever harder, folded.

    A distorted recording lines up with its distorted dry far more exactly than with the dry.
    """
    level = float(np.sqrt(np.mean(np.square(dry)) + 1e-20))
    driven = [functools.partial(_driven, drive=drive / level) for drive in (3, 12, 50)]
    return [plain, *driven, _folded]


def _driven(dry: np.ndarray, drive: float) -> np.ndarray:
    return np.tanh(dry * np.float32(drive))


def _folded(dry: np.ndarray) -> np.ndarray:
    return np.abs(dry)


def cross_spectra(
    dry: np.ndarray,
    wet: np.ndarray,
    as_heard: Sequence[Character],
    sample_rate: int,
    lag: int,
    slope: float,
    most_windows: int = MOST_WINDOWS,
) -> list[CrossSpectra]:
    """Measure several characters of a dry recording against one wet one.

    Args:
        dry: ``(time,)``.
        wet: ``(time,)``.
        as_heard: what to compare the wet with.
        sample_rate: Hz.
        lag: of the wet at the start, samples.
        slope: by how much the lag grows per sample.
        most_windows: to look at, spread over the recording.

    Returns:
        One result per character.
    """
    starts, size = _lay_windows(len(dry), len(wet), sample_rate, lag, slope)
    if len(starts) > most_windows:
        starts = starts[np.linspace(0, len(starts) - 1, most_windows).astype(int)]
    groups = max(1, min(MOST_GROUPS, len(starts) // WINDOWS_PER_GROUP))
    group_of = np.arange(len(starts)) * groups // len(starts)
    bins = size // 2 + 1
    wet_power = np.zeros((groups, bins), np.float32)
    dry_power = np.zeros((len(as_heard), groups, bins), np.float32)
    cross = np.zeros((len(as_heard), groups, bins), np.complex64)
    taper = np.hanning(size).astype(np.float32)
    turn = 2j * np.pi * np.arange(bins) / size
    for start, group in zip(starts, group_of, strict=True):
        exact = lag + slope * (start + size / 2)
        begin = start + round(exact)
        heard = _spectrum(wet[begin : begin + size], taper)
        if slope != 0.0:
            heard *= np.exp(turn * (exact - round(exact))).astype(np.complex64)
        wet_power[group] += _power(heard)
        for index, character in enumerate(as_heard):
            played = _spectrum(character(dry[start : start + size]), taper)
            dry_power[index, group] += _power(played)
            cross[index, group] += np.conj(played) * heard
    times = np.bincount(group_of, starts + size / 2) / np.bincount(group_of)
    return [
        CrossSpectra(times, dry_power[i], wet_power, cross[i], len(starts), size, sample_rate)
        for i in range(len(as_heard))
    ]


def _lay_windows(
    dry_length: int, wet_length: int, sample_rate: int, lag: int, slope: float
) -> tuple[np.ndarray, int]:
    """Choose where windows start in the dry, and their size, so that all lie inside both."""
    margin = 2 + math.ceil(abs(slope) * dry_length)
    first = max(0, -lag) + margin
    last = min(dry_length, wet_length - lag) - margin
    wanted = 2 ** round(np.log2(WINDOW_SECONDS * sample_rate))
    fits = 2 ** int(np.log2(max(1, (last - first) / 4)))
    size = max(SMALLEST_WINDOW, min(wanted, fits))
    count = max(1, min(MOST_WINDOWS, 2 * (last - first) // size - 1))
    starts = np.linspace(first, max(first, last - size), count).astype(int)
    return np.unique(starts), size


def _spectrum(sound: np.ndarray, taper: np.ndarray) -> np.ndarray:
    """Windowed spectrum without the constant offset that rectifiers and some converters add."""
    return scipy.fft.rfft((sound - sound.mean()) * taper)


def _power(spectrum: np.ndarray) -> np.ndarray:
    return np.real(spectrum) ** 2 + np.imag(spectrum) ** 2


def _smooth(values: np.ndarray) -> np.ndarray:
    if np.iscomplexobj(values):
        return _smooth(np.real(values)) + 1j * _smooth(np.imag(values))
    return scipy.ndimage.uniform_filter1d(values.astype(float), COHERENCE_BINS, mode="nearest")
