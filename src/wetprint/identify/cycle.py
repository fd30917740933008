"""How an effect moves: the length of its cycle, read off the sidebands of steady tones.

An effect that stands still gives each steady tone back as a steady tone. One that moves modulates
it; the modulations of several tones together repeat when the effect does, however many oscillators
are at work inside. The cycle is the shortest lag at which they agree with themselves, found as YIN
finds a pitch (de Cheveigne and Kawahara 2002, doi:10.1121/1.1458024), without its cumulative mean:
the modulation's own variance is the yardstick.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.signal import firwin, oaconvolve

TONES_HZ = (311.0, 523.0, 881.0, 1481.0)
"""Far enough apart that no sideband of one is taken for another's."""

LONGEST_CYCLE_SECONDS = 12.0
ONSET_SECONDS = 3.0
"""Until the tones have filled the room."""

LEVEL = 0.1
ENVELOPE_RATE_HZ = 1000
SIDEBANDS_HZ = 40.0
FILTER_SECONDS = 0.08
AGREEMENT = 0.02
"""Difference from itself a cycle later, in shares of the variance, below which motion repeats."""

STILL = 1e-5
"""Share of the tones' power (-50 dB) below which nothing moves that could be heard."""


@dataclass(frozen=True)
class Cycle:
    """What repeats, and how fast it goes.

    Attributes:
        period_samples: after which the effect is as it was.
        moving: share of the tones' power that is in their sidebands.
        bandwidth_hz: of the highest tone's modulation; 99 % of its power is slower.
    """

    period_samples: float
    moving: float
    bandwidth_hz: float


def tones(sample_rate: int) -> np.ndarray:
    """Return what ``find_cycle`` wants to have been played: ``(1, time)`` float32."""
    seconds = ONSET_SECONDS + 2.0 * LONGEST_CYCLE_SECONDS
    time_s = np.arange(round(seconds * sample_rate)) / sample_rate
    together = np.sin(2 * np.pi * np.array(TONES_HZ)[:, None] * time_s).sum(0, keepdims=True)
    return (LEVEL * together).astype(np.float32)


def find_cycle(wet: np.ndarray, sample_rate: int) -> Cycle | None:
    """Find the cycle in what an effect made of ``tones``.

    Args:
        wet: ``(channels_out, time)``.
        sample_rate: Hz.

    Returns:
        The cycle; None where the effect stands still, or does not repeat within
        LONGEST_CYCLE_SECONDS.
    """
    step = max(1, sample_rate // ENVELOPE_RATE_HZ)
    envelopes = _envelopes(
        wet, sample_rate, step
    )  # (tone and channel, time), the lowest tone first
    power = float((np.abs(envelopes) ** 2).sum())
    still = envelopes.mean(1, keepdims=True)
    moving = envelopes - still
    share = float((np.abs(moving) ** 2).sum()) / power if power else 0.0
    if share < STILL:
        return None
    difference = _difference(moving)
    lag = _first_agreement(difference[: round(LONGEST_CYCLE_SECONDS * sample_rate / step) + 2])
    if lag is None:
        return None
    return Cycle(lag * step, share, _bandwidth_hz(moving[-len(wet) :], sample_rate / step))


def _envelopes(wet: np.ndarray, sample_rate: int, step: int) -> np.ndarray:
    """Demodulate every tone on every channel: complex, every ``step`` samples after the onset."""
    low_pass = firwin(round(FILTER_SECONDS * sample_rate) | 1, SIDEBANDS_HZ, fs=sample_rate)
    time_s = np.arange(wet.shape[-1]) / sample_rate
    begin = round(ONSET_SECONDS * sample_rate)
    found = []
    for hz in TONES_HZ:
        turned = wet * np.exp(-2j * np.pi * hz * time_s)
        slow = oaconvolve(turned, low_pass[None], mode="same", axes=-1)
        found.append(slow[:, begin : -len(low_pass) : step])
    return np.concatenate(found)


def _difference(moving: np.ndarray) -> np.ndarray:
    """Return the difference from itself at each lag, as a share of the variance."""
    length = moving.shape[-1]
    spectrum = np.fft.fft(moving, 2 * length)
    alike = np.fft.ifft(np.abs(spectrum) ** 2).real[:, :length].sum(0)
    power = (np.abs(moving) ** 2).sum(0)
    until = np.cumsum(power)[::-1]  # of the first length - lag samples
    since = np.cumsum(power[::-1])[::-1]  # of the last length - lag samples
    return (until + since - 2 * alike) / (until + since)


def _first_agreement(difference: np.ndarray) -> float | None:
    """Return the shortest lag at which there is next to no difference, between samples."""
    away = int(np.argmax(difference > 0.5))  # every motion agrees with itself a moment later
    if difference[away] <= 0.5:
        return None
    middle = difference[1:-1]
    lowest = (middle <= difference[:-2]) & (middle < difference[2:]) & (middle < AGREEMENT)
    lags = np.flatnonzero(lowest) + 1
    lags = lags[lags > away]
    if len(lags) == 0:
        return None
    before, at, after = difference[lags[0] - 1 : lags[0] + 2]
    return float(lags[0] + 0.5 * (before - after) / (before - 2 * at + after))


def _bandwidth_hz(moving: np.ndarray, rate_hz: float) -> float:
    window = np.hanning(moving.shape[-1])
    power = (np.abs(np.fft.fft(moving * window)) ** 2).sum(0)
    away_hz = np.abs(np.fft.fftfreq(moving.shape[-1], 1.0 / rate_hz))
    order = np.argsort(away_hz)
    total = np.cumsum(power[order])
    return math.ceil(10.0 * away_hz[order][np.searchsorted(total, 0.99 * total[-1])]) / 10.0
