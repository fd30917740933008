"""Lag that an effect does not report, measured from its answers to clicks.

Clicks are short: a clipped click is still a click, and one that a chorus or an echo repeats still
has a first arrival. Six of them at three levels and both polarities, at uneven distances (so that
an LFO is met at several phases), lie in noise far below hearing, because some plugins stop
calculating in digital silence. Of each answer the first arrival is cut out, and what a filter adds
to its delay is taken off: divided, with regularisation, by the minimum-phase response of the same
magnitude (folded cepstrum; Oppenheim and Schafer, Discrete-Time Signal Processing, 12.4), the
arrival becomes a pulse where the pure delay ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wetprint.effects.effect import Effect
from wetprint.errors import EffectError
from wetprint.progress import Progress, silent

_LEVELS = (0.5, -0.5, 0.1, -0.1, 0.02, -0.02)
_SPACING_S = 1.0
# Added once more with every click: prime to all usual LFO periods.
_UNEVEN_S = 0.0373
_SEARCH_S = 0.9
_WAKEFUL = 3e-6
# What is this loud beside the loudest is an arrival, not noise or the ringing before a pulse.
_ARRIVAL = 0.1
_ARRIVAL_S = 0.003
_RINGING_S = 0.0014
_FLOOR_DB, _REGULAR_DB = -100.0, -40.0
_OVERSAMPLING = 8
_MUSICAL_HZ = 2000.0
_AGREEING_SAMPLES = 2.0


@dataclass(frozen=True)
class Latency:
    """How late an effect answers, beyond what it reports.

    Attributes:
        samples: the pure delay to the first arrival, the median over clicks; what a filter delays
            is not counted. To a fraction of a sample where the effect's bandwidth allows.
        seconds: the same in seconds.
        peak_samples: to the highest point of the first arrival, filters included.
        onset_samples: what comes earlier than this is below a thousandth of the peak; a model that
            is delayed by this much can still be causal.
        polarity: +1, or -1 when the effect turns the sound upside down.
        spread_samples: largest minus smallest delay over the clicks; large for modulated delays.
        confidence: share of the clicks that agree with ``samples`` to within 2, 0 to 1.
    """

    samples: float
    seconds: float
    peak_samples: int
    onset_samples: int
    polarity: int
    spread_samples: float
    confidence: float


def measure_latency(
    effect: Effect, sample_rate: int = 48000, progress: Progress = silent
) -> Latency:
    """Measure the lag of an effect that it keeps to itself (up to 0.9 s).

    Args:
        effect: any effect; latency that it reports is already compensated by its host.
        sample_rate: Hz.
        progress: told how far the rendering is.

    Raises:
        EffectError: the effect answers none of the clicks, or fails.
    """
    dry, places = _clicks(sample_rate)
    wet = effect.process(dry, sample_rate, progress, allow_silence=True)
    side = wet[int(np.abs(wet).max(axis=1).argmax())].astype(np.float64)
    answers = [
        _arrival(side, place, level, sample_rate)
        for place, level in zip(places, _LEVELS, strict=True)
    ]
    heard = [answer for answer in answers if answer is not None]
    if not heard:
        raise EffectError(
            f"{effect.spec} answers no click within {_SEARCH_S} s, so its latency cannot be "
            "measured; open its gate or turn it up"
        )
    delays = np.array([answer.delay for answer in heard])
    samples = float(np.median(delays))
    return Latency(
        samples=samples,
        seconds=samples / sample_rate,
        peak_samples=round(float(np.median([answer.peak for answer in heard]))),
        onset_samples=min(answer.onset for answer in heard),
        polarity=1 if sum(answer.polarity for answer in heard) >= 0 else -1,
        spread_samples=float(np.ptp(delays)),
        confidence=float((np.abs(delays - samples) <= _AGREEING_SAMPLES).mean()),
    )


@dataclass(frozen=True)
class _Arrival:
    delay: float
    peak: int
    onset: int
    polarity: int


def _clicks(sample_rate: int) -> tuple[np.ndarray, list[int]]:
    """Give the test sound (1, time) and where its clicks are."""
    count = len(_LEVELS)
    distances = _SPACING_S + _UNEVEN_S * np.arange(count + 1)
    places = [round(each * sample_rate) for each in np.cumsum(distances)]
    noise = np.random.default_rng(0).standard_normal(places[-1])
    dry = (_WAKEFUL * noise).astype(np.float32)[None]
    dry[0, places[:count]] += np.array(_LEVELS, np.float32)
    return dry, places[:count]


def _arrival(side: np.ndarray, place: int, level: float, sample_rate: int) -> _Arrival | None:
    """Find the first arrival of one click's answer; None when there is only noise."""
    before = side[place - round(0.05 * sample_rate) : place]
    response = (side[place : place + round(_SEARCH_S * sample_rate)] - before.mean()) / level
    noise = float(before.std()) / abs(level)
    loudness = np.abs(response)
    loudest = float(loudness.max())
    if loudest <= max(8 * noise, 1e-6):
        return None
    first = int(np.argmax(loudness > max(_ARRIVAL * loudest, 6 * noise)))
    start = max(0, first - round(_RINGING_S * sample_rate))
    arrival = response[start : first + round(_ARRIVAL_S * sample_rate)].copy()
    fade = len(arrival) // 3
    arrival[-fade:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(fade) / fade)
    pulse = _without_minimum_phase(arrival)
    at = int(np.abs(pulse).argmax())
    height = float(np.abs(arrival).max())
    quiet = max(1e-3 * height, 6 * noise)
    return _Arrival(
        delay=start + _refined(np.abs(pulse), at) / _OVERSAMPLING,
        peak=start + _first_peak(np.abs(arrival), height),
        onset=start + int(np.argmax(np.abs(arrival) > quiet)),
        polarity=_polarity(pulse, arrival, sample_rate),
    )


def _polarity(pulse: np.ndarray, arrival: np.ndarray, sample_rate: int) -> int:
    """Tell which way the arrival points.

    Where the pulse holds most of the energy, it is the pulse that tells; where all-pass filters
    have spread it, the arrival as it is in the range where music has its energy.
    """
    top = pulse[np.abs(pulse).argmax()]
    if _OVERSAMPLING * top**2 > 0.5 * np.square(pulse).sum():
        return 1 if top > 0 else -1
    spectrum = np.fft.rfft(arrival, 8 * len(arrival))
    frequency_hz = np.fft.rfftfreq(8 * len(arrival), 1 / sample_rate)
    smooth = np.fft.irfft(spectrum * np.exp(-0.5 * (frequency_hz / _MUSICAL_HZ) ** 2))
    return 1 if smooth[np.abs(smooth).argmax()] > 0 else -1


def _without_minimum_phase(response: np.ndarray) -> np.ndarray:
    """Divide a response by the minimum-phase one of its magnitude: a pulse at its pure delay.

    Returns:
        (time,), oversampled 8 times.
    """
    size = 1 << (8 * len(response)).bit_length()
    spectrum = np.fft.rfft(response, size)
    magnitude = np.abs(spectrum)
    loudest = magnitude.max()
    floored = np.maximum(magnitude, loudest * 10 ** (_FLOOR_DB / 20))
    cepstrum = np.fft.irfft(np.log(floored), size)
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    minimum_phase = np.exp(np.fft.rfft(cepstrum, size))
    regular = (loudest * 10 ** (_REGULAR_DB / 20)) ** 2
    weight = magnitude**2 / (magnitude**2 + regular)
    pulse = np.fft.irfft(weight * spectrum / minimum_phase, _OVERSAMPLING * size)
    # The pulse of a response without pure delay lies at 0 and rings on both sides.
    return pulse[: _OVERSAMPLING * len(response)]


def _first_peak(loudness: np.ndarray, height: float) -> int:
    """Find the first top that reaches half the height of the arrival."""
    padded = np.concatenate([[0.0], loudness, [0.0]])
    tops = (loudness >= padded[:-2]) & (loudness > padded[2:]) & (loudness > 0.5 * height)
    return int(np.argmax(tops)) if tops.any() else int(loudness.argmax())


def _refined(loudness: np.ndarray, at: int) -> float:
    """Put a parabola through the top (Smith, Spectral Audio Signal Processing, 2011)."""
    if not 0 < at < len(loudness) - 1:
        return float(at)
    left, top, right = loudness[at - 1 : at + 2]
    bend = left - 2 * top + right
    return at + float(0.5 * (left - right) / bend) if bend < 0 else float(at)
