"""The best fixed filter in words: its gain in thirds of an octave, and how it dies away."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from wetprint.identify.decay import decay_times
from wetprint.identify.findings import Response
from wetprint.signals.excitations import amplitude, exponential_sweep, with_edges

LOWEST_HZ, HIGHEST_HZ = 25.0, 20_000.0
BANDS_AN_OCTAVE = 3

FLOOR_DB = -200.0

SWEEP_SECONDS, SWEEP_DB, SWEEP_EDGES_SECONDS = 6.0, -20.0, 0.01
TAIL_SECONDS = 4.0
RIDGE = 1e-6
"""Of the sweep's power at its peak."""

AT_ONCE_SECONDS = 0.1
"""What has died away sooner is a filter, and no room."""

LEAST_OCTAVES = 3
"""That must ring for longer: one alone is a resonance."""


def impulse_response(play: Callable[[np.ndarray], np.ndarray], sample_rate: int) -> np.ndarray:
    """Measure an impulse response with all of its tail, by an exponential sweep (Farina 2000).

    What the box distorts comes before time zero, and is left out.

    Args:
        play: sends ``(1, time)`` through the effect: ``(channels, time)``.
        sample_rate: Hz.

    Returns:
        ``(channels, time)``, TAIL_SECONDS long.
    """
    highest = min(HIGHEST_HZ, 0.45 * sample_rate)
    sweep, _ = exponential_sweep(LOWEST_HZ, highest, SWEEP_SECONDS, sample_rate)
    sweep = with_edges(sweep, SWEEP_EDGES_SECONDS, sample_rate) * amplitude(SWEEP_DB)
    tail = round(TAIL_SECONDS * sample_rate)
    dry = np.pad(sweep, (0, tail))[None].astype(np.float32)
    size = next_fast_len(2 * dry.shape[1], real=True)
    spectrum = rfft(dry.astype(np.float64), size)
    power = np.square(np.abs(spectrum))
    answer = rfft(play(dry).astype(np.float64), size)
    return irfft(answer * spectrum.conj() / (power + RIDGE * power.max()), size)[:, :tail]


def describe_response(response: np.ndarray, dying: np.ndarray | None, sample_rate: int) -> Response:
    """Describe impulse responses.

    Args:
        response: ``(channels, taps)``.
        dying: ``(channels, time)`` with all of the tail; None where it is not known.
        sample_rate: Hz.
    """
    size = max(1 << math.ceil(math.log2(response.shape[1])), sample_rate // 5)  # bins below 25 Hz
    power = np.square(np.abs(np.fft.rfft(response, size)))
    at_hz = np.fft.rfftfreq(size, 1.0 / sample_rate)
    bands = [each for each in _bands() if each * 2.0 ** (0.5 / BANDS_AN_OCTAVE) < sample_rate / 2]
    gains = [[_band_db(side, at_hz, each) for each in bands] for side in power]
    decay = decay_times(response[:, :1] if dying is None else dying, sample_rate)
    rings = decay.t20 > AT_ONCE_SECONDS  # nan is not greater than anything
    rings &= rings.sum() >= LEAST_OCTAVES
    seconds = tuple(
        float(each) if ring else None for each, ring in zip(decay.t20, rings, strict=True)
    )
    return Response(tuple(bands), tuple(map(tuple, gains)), decay.octaves_hz, seconds)


def _bands() -> list[float]:
    """Return centre frequencies in thirds of an octave about 1 kHz (IEC 61260-1, base two)."""
    first, last = (
        round(BANDS_AN_OCTAVE * math.log2(each / 1000.0)) for each in (LOWEST_HZ, HIGHEST_HZ)
    )
    return [1000.0 * 2.0 ** (each / BANDS_AN_OCTAVE) for each in range(first, last + 1)]


def _band_db(power: np.ndarray, at_hz: np.ndarray, centre_hz: float) -> float:
    half = 2.0 ** (0.5 / BANDS_AN_OCTAVE)
    inside = (at_hz >= centre_hz / half) & (at_hz < centre_hz * half)
    mean = float(power[inside].mean()) if inside.any() else 0.0
    return max(FLOOR_DB, 10.0 * math.log10(max(mean, 1e-30)))
