"""Test signals in closed form: sweeps, chirps, tones, steps, noise, markers.

Each returns one channel in double precision, ``(time,)``, and nothing but its arguments decides
it: whoever knows the arguments can rebuild the very samples, which identification relies on.
Levels are peak levels in dBFS.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal.windows import tukey

NOISE_COLOURS = {"white": 0.0, "pink": -1.0, "brown": -2.0}
"""Exponent of power over frequency."""


def exponential_sweep(
    f_start_hz: float, f_stop_hz: float, seconds: float, sample_rate: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sweep so that the phase of every harmonic is the sweep's own, only earlier.

    The synchronised swept sine of Novak, Lotton and Simon (JAES 63(10), 2015,
    doi:10.17743/jaes.2015.0071, eq. 47-49): ``sin(2 pi f_start L (exp(t / L) - 1))`` with the
    rate L rounded so that ``f_start L`` is a whole number. The sweep therefore lasts a little
    more or less than asked: :func:`sweep_rate_s` times ``log(f_stop_hz / f_start_hz)``.

    Args:
        f_start_hz: first frequency, above 0.
        f_stop_hz: last frequency, above the first.
        seconds: wished length; the nearest possible is taken.
        sample_rate: in Hz.

    Returns:
        The sweep, peaks at 1 and without any fade, and its phase in radians, ``(time,)`` each.
    """
    rate_s = sweep_rate_s(f_start_hz, f_stop_hz, seconds)
    length = round(rate_s * np.log(f_stop_hz / f_start_hz) * sample_rate)
    times_s = np.arange(length) / sample_rate
    phase = 2 * np.pi * f_start_hz * rate_s * np.expm1(times_s / rate_s)
    return np.sin(phase), phase


def sweep_rate_s(f_start_hz: float, f_stop_hz: float, seconds: float) -> float:
    """Give L of the synchronised sweep: the time in which its frequency grows e-fold.

    >>> sweep_rate_s(20.0, 20000.0, 6.0)
    0.85
    """
    if not 0 < f_start_hz < f_stop_hz:
        raise ValueError(f"expected 0 < f_start_hz < f_stop_hz, got {f_start_hz}, {f_stop_hz}")
    cycles = f_start_hz * seconds / np.log(f_stop_hz / f_start_hz)
    return max(1, round(cycles)) / f_start_hz


def linear_chirp(
    f_start_hz: float, f_stop_hz: float, seconds: float, sample_rate: int, edges: float = 0.2
) -> np.ndarray:
    """Sweep evenly from one frequency to another, so that its spectrum is nearly flat.

    Args:
        f_start_hz: first frequency.
        f_stop_hz: last frequency.
        seconds: length.
        sample_rate: in Hz.
        edges: share of the length that rises and falls as a raised cosine.
    """
    length = round(seconds * sample_rate)
    times_s = np.arange(length) / sample_rate
    slope = (f_stop_hz - f_start_hz) / seconds
    return np.sin(2 * np.pi * (f_start_hz + 0.5 * slope * times_s) * times_s) * tukey(length, edges)


def chirp_train(chirp: np.ndarray, period_samples: int, count: int) -> np.ndarray:
    """Repeat a chirp: ``(count * period_samples,)``."""
    if len(chirp) > period_samples:
        raise ValueError(f"a chirp of {len(chirp)} samples does not fit into {period_samples}")
    return np.tile(np.pad(chirp, (0, period_samples - len(chirp))), count)


def tone(frequency_hz: float, seconds: float, sample_rate: int) -> np.ndarray:
    """Hold a sine of peak 1 with edges of 5 ms."""
    times_s = np.arange(round(seconds * sample_rate)) / sample_rate
    return with_edges(np.sin(2 * np.pi * frequency_hz * times_s), 0.005, sample_rate)


def level_steps(
    frequency_hz: float, levels_db: Sequence[float], step_seconds: float, sample_rate: int
) -> np.ndarray:
    """Hold a sine that jumps from level to level.

    Where a step is a whole number of periods the jumps fall on zero crossings.
    """
    length = round(step_seconds * sample_rate)
    times_s = np.arange(length * len(levels_db)) / sample_rate
    gains = np.repeat([amplitude(each) for each in levels_db], length)
    return gains * np.sin(2 * np.pi * frequency_hz * times_s)


def two_tones(
    first_hz: float, second_hz: float, second_db: float, seconds: float, sample_rate: int
) -> np.ndarray:
    """Hold two sines together, peak at most 1; the second is ``second_db`` beside the first."""
    ratio = amplitude(second_db)
    first, second = (tone(each, seconds, sample_rate) for each in (first_hz, second_hz))
    return (first + ratio * second) / (1 + ratio)


def noise(colour: str, seconds: float, sample_rate: int, seed: int) -> np.ndarray:
    """Gaussian noise from 20 Hz up, peak at 1, edges of 5 ms.

    Args:
        colour: a key of :data:`NOISE_COLOURS`.
        seconds: length.
        sample_rate: in Hz.
        seed: what to draw.
    """
    length = round(seconds * sample_rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    frequencies_hz = np.fft.rfftfreq(length, 1 / sample_rate)
    shape = np.maximum(frequencies_hz, 20.0) ** (NOISE_COLOURS[colour] / 2)
    sound = np.fft.irfft(spectrum * shape * (frequencies_hz >= 20.0), length)
    return with_edges(sound / np.abs(sound).max(), 0.005, sample_rate)


def marker(
    click_s: float,
    chirp_s: float,
    chirp_seconds: float,
    f_start_hz: float,
    f_stop_hz: float,
    seconds: float,
    sample_rate: int,
) -> np.ndarray:
    """A click that is all on the positive side, for polarity, and a chirp, for delay."""
    sound = np.zeros(round(seconds * sample_rate))
    pulse = np.hanning(max(3, round(0.0003 * sample_rate)) + 2)[1:-1]
    chirp = linear_chirp(f_start_hz, f_stop_hz, chirp_seconds, sample_rate)
    for start_s, part in ((click_s, pulse), (chirp_s, chirp)):
        start = round(start_s * sample_rate)
        sound[start : start + len(part)] = part
    return sound


def with_edges(
    sound: np.ndarray, rise_s: float, sample_rate: int, fall_s: float | None = None
) -> np.ndarray:
    """Fade in and out by raised cosines: a new ``(time,)``."""
    sound = sound.copy()
    rise = min(round(rise_s * sample_rate), len(sound) // 2)
    fall = min(round((rise_s if fall_s is None else fall_s) * sample_rate), len(sound) // 2)
    sound[:rise] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / max(1, rise))
    sound[len(sound) - fall :] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, fall + 1) / max(1, fall))
    return sound


def amplitude(level_db: float) -> float:
    """Give the amplitude of a level in dB.

    >>> amplitude(-20.0)
    0.1
    """
    return float(10 ** (level_db / 20))
