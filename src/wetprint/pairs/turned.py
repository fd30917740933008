"""How late a ring modulator's wet comes, of whose waveform no lag shows anything.

Dry times wet is the dry's power times the gain that turns it. At the lag that belongs to the two
this turns at one rate from the first note to the last, which is one line in the product's spectrum;
at any other lag, and behind any other effect, notes of different pitch turn it differently. That is
the cross-ambiguity function of radar (Woodward 1953), looked at near the lag of the rhythm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from wetprint.pairs.peaks import parabola

LISTENED_SECONDS, TRIED_SECONDS = 20.0, 5.0
"""How much is listened to in the end, and while lags are tried: where the dry is loudest."""

REACH_SECONDS = 0.03
"""How far the rhythm's lag may be wrong."""

STEP_SECONDS = 0.00015
"""Between lags that are tried: an instrument's power spectrum hides less."""

SLOWEST_HZ = 20.0
"""What turns more slowly is a tremolo, whose waveform can be found."""

CERTAIN = 0.8
"""Of the product, what turns at one rate: pi / 2 behind a cosine; behind ring modulators and
frequency shifters 1.2 to 1.6 was seen, behind a pitch shifter and a vibrato 0.4 at most."""

DISTINCT = 1.5
"""The lag must show so many times as much as most others do: behind one tone all show the same."""


@dataclass(frozen=True)
class Turned:
    """A wet that is the dry times a carrier.

    Attributes:
        lag_seconds: how much later than the dry it comes.
        rate_hz: of the carrier.
    """

    lag_seconds: float
    rate_hz: float


def find_turned(
    dry: np.ndarray, wet: np.ndarray, rate: float, near_seconds: float
) -> Turned | None:
    """Find at which lag the wet is the dry times a carrier.

    Args:
        dry: ``(time,)``.
        wet: ``(time,)``.
        rate: of both, Hz.
        near_seconds: the lag at which the rhythm fits.

    Returns:
        None where there is no such lag.
    """
    step = max(1, round(STEP_SECONDS * rate))
    reach = round(REACH_SECONDS * rate) // step
    lags = round(near_seconds * rate) + step * np.arange(-reach, reach + 1)
    first = _loudest(dry, round(TRIED_SECONDS * rate))
    shares = np.array([_turning(dry, wet, int(lag), rate, first, TRIED_SECONDS)[0] for lag in lags])
    best = int(shares.argmax())
    if shares[best] < max(CERTAIN, DISTINCT * np.median(shares)) or best in (0, len(lags) - 1):
        return None
    near = [_turning(dry, wet, int(lag), rate, 0, LISTENED_SECONDS) for lag in lags[best - 1 :][:3]]
    share, rate_hz = near[1]
    if share < CERTAIN:
        return None
    lag = lags[best] + step * parabola(np.array([each for each, _ in near]), 1)
    return Turned(float(lag / rate), rate_hz)


def _loudest(dry: np.ndarray, samples: int) -> int:
    """Return where the loudest stretch of so many samples begins."""
    if len(dry) <= samples:
        return 0
    energy = np.concatenate([[0.0], np.cumsum(np.square(dry, dtype=np.float64))])
    return int(np.argmax(energy[samples:] - energy[:-samples]))


def _turning(
    dry: np.ndarray, wet: np.ndarray, lag: int, rate: float, first: int, seconds: float
) -> tuple[float, float]:
    """Return how much of dry times wet turns at one rate, and that rate in Hz.

    Args:
        dry: ``(time,)``.
        wet: ``(time,)``.
        lag: of the wet, in samples.
        rate: of both, Hz.
        first: sample of the dry from which on it is listened to.
        seconds: how long, at most.
    """
    begin = max(first, -lag)
    sound, turned = dry[begin:], wet[max(0, begin + lag) :]
    length = min(len(sound), len(turned), round(seconds * rate))
    if length < rate:
        return 0.0, 0.0
    product = sound[:length] * turned[:length]
    size = scipy.fft.next_fast_len(2 * length, real=True)
    height = np.abs(scipy.fft.rfft(product, size))
    height[: int(SLOWEST_HZ * size / rate)] = 0.0
    at = int(height.argmax())
    # a real line has half its height at the negative rate
    share = 2.0 * float(height[at]) / max(float(np.abs(product).sum(dtype=float)), 1e-30)
    return share, at * rate / size
