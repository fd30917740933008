"""The carrier of a ring modulator: a gain that turns faster than any LFO, found in any sound.

Dry times wet is the square of the sound times the gain, and a square has a mean: in the spectrum of
that product, over everything that was heard, a gain that comes again stands as a line, as narrow as
the time is long. Notes draw lines there too; what tells a carrier is that the dry sound, multiplied
by it, explains the wet one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import next_fast_len, rfft
from scipy.signal import oaconvolve

from wetprint.identify.gain_heard import loudest
from wetprint.identify.linear_response import LinearFitConfig, solve_fir
from wetprint.identify.periodic_response import solve_turned, turned_inputs
from wetprint.identify.recording import Recording

SLOWEST_HZ, SHORTEST_TURN_SAMPLES = 16.0, 17.0
"""Slower is an LFO's; a turn of fewer samples is none that the block plays."""

LISTENED_SECONDS = 120.0
"""How much of each recording is listened to."""

CANDIDATES = 3
"""Lines that are tried, the brightest first."""

ASIDE_BINS = 16
"""A line takes up so many bins on either side."""

TAPS, MOST_TAPS = 256, 2048
"""Lengths of a filter alone, the better of which counts; those that go with a carrier are short."""

HEARD_SECONDS = 8.0
"""Of the two stretches by which a carrier is told from a note: what is fitted to one must explain
the other."""

SHORTEST_SECONDS = 5.0
"""Of a shorter sound one note may be all."""

EXPLAINS = 0.5
"""With the carrier, filters must leave less than this share of what one leaves without."""

LEAST_LEFT = 1e-3
"""A filter that leaves no more than this of the sound (-30 dB) leaves nothing to explain."""

STEPS, NARROWINGS = 9, 5
"""Each narrowing looks at so many rates, and brings the rate four times closer."""

FIT = LinearFitConfig(ridge=1e-8, tolerance=1e-5, most_iterations=100)


@dataclass(frozen=True)
class Carrier:
    """A gain at an audio rate, and the filters that go with it.

    Attributes:
        period_samples: one turn, which begins at absolute time zero.
        responses: of the filters behind the dry sound as it is, times the cosine and times the
            sine, ``(3, taps)``.
    """

    period_samples: float
    responses: np.ndarray

    @property
    def response(self) -> np.ndarray:
        """The strongest of the filters, ``(taps,)``."""
        return self.responses[int(np.argmax(np.square(self.responses).sum(1)))]

    def at(self, phase: np.ndarray) -> np.ndarray:
        """Return the gain in front of that filter, were it the only one, at phases in turns."""
        like = self.response
        mean, cosine, sine = self.responses @ like / float(like @ like)
        angle = 2.0 * np.pi * phase
        return mean + cosine * np.cos(angle) + sine * np.sin(angle)


def find_carrier(recordings: Sequence[Recording], sample_rate: int) -> Carrier | None:
    """Find the carrier of a ring modulator.

    Args:
        recordings: dry and wet signals whose absolute times agree with one another; of several
            wet channels the loudest counts.
        sample_rate: Hz.

    Returns:
        None where no gain of an audio rate explains what was heard, or a filter does.
    """
    samples = round(LISTENED_SECONDS * sample_rate)
    recordings = [
        Recording(each.dry[:, :samples], loudest(each.wet[:, :samples])[None], each.start_sample)
        for each in recordings
    ]
    products = [each.dry[0].astype(np.float64) * each.wet[0] for each in recordings]
    starts = [each.start_sample for each in recordings]
    size = next_fast_len(2 * max((len(each) for each in products), default=1), real=True)
    turning = np.arange(size // 2 + 1) / size  # turns a sample
    lines = np.zeros(len(turning), complex)
    for product, start in zip(products, starts, strict=True):
        lines += rfft(product, size) * np.exp(-2j * np.pi * (turning * start % 1.0))
    height = np.abs(lines)
    height[(turning < SLOWEST_HZ / sample_rate) | (turning > 1.0 / SHORTEST_TURN_SAMPLES)] = 0.0
    for _ in range(CANDIDATES):
        at = int(np.argmax(height))
        if height[at] == 0.0:
            break
        rate = _refined(products, starts, turning[at], 1.0 / size)
        found = _explained(recordings, 1.0 / rate, sample_rate)
        if found is not None:
            return found
        height[max(0, at - ASIDE_BINS) : at + ASIDE_BINS + 1] = 0.0
    return None


def _refined(
    products: Sequence[np.ndarray], starts: Sequence[int], rate: float, width: float
) -> float:
    """Return the rate, in turns a sample, within a width of another at which the line is highest.

    A long sound is first turned back by the rate that is known and cut into short sums, of which
    the sums at rates nearby are made.
    """
    step = max(1, int(0.02 / width))
    sums, times = [], []
    for product, start in zip(products, starts, strict=True):
        whole = len(product) // step * step
        time = start + np.arange(whole)
        turned = product[:whole] * np.exp(-2j * np.pi * (rate * time % 1.0))
        sums.append(turned.reshape(-1, step).sum(1))
        times.append(time.reshape(-1, step).mean(1))
    short, time = np.concatenate(sums), np.concatenate(times)
    off = 0.0
    for _ in range(NARROWINGS):
        near = off + width * np.linspace(-1.0, 1.0, STEPS)
        height = np.abs(np.exp(-2j * np.pi * np.outer(near, time)) @ short)
        off = float(near[int(np.argmax(height))])
        width /= 4.0
    return rate + off


def _explained(
    recordings: Sequence[Recording], period_samples: float, sample_rate: int
) -> Carrier | None:
    """Return the carrier if filters explain much more with it than without."""
    longest = max(recordings, key=lambda each: each.dry.shape[-1])
    samples = longest.dry.shape[-1]
    if samples < SHORTEST_SECONDS * sample_rate:
        return None
    stretch = min(round(HEARD_SECONDS * sample_rate), samples // 2)
    fitted, judged = (
        Recording(longest.dry[:, at : at + stretch], longest.wet[:, at : at + stretch], start)
        for at, start in (
            (0, longest.start_sample),
            (samples - stretch, longest.start_sample + samples - stretch),
        )
    )
    turned = turned_inputs(judged.dry[0], judged.start_sample, period_samples, 1)

    def left(responses: np.ndarray) -> float:
        """Return what filters ``(inputs, taps)`` leave of the other stretch, once they are full."""
        both = zip(turned, responses, strict=False)
        played = sum(oaconvolve(each, taps)[:stretch] for each, taps in both)
        return float(np.square(judged.wet[0] - played)[MOST_TAPS:].sum())

    alone = [solve_fir(fitted.dry, fitted.wet, count, FIT)[0] for count in (TAPS, MOST_TAPS)]
    without = min(left(each) for each in alone)
    if without <= LEAST_LEFT * float(np.square(judged.wet).sum()):
        return None
    (responses,) = solve_turned([fitted], period_samples, 1, TAPS, FIT)
    return Carrier(period_samples, responses) if left(responses) < EXPLAINS * without else None
