"""Reverbs whose tail moves: measured at every moment of their cycle, and played from that.

No mean response, however long, is such a reverb: in its tail most of the sound moves, and cancels
in the mean. But a plugin's motion repeats from its first sample on. So the effect is asked three
things: how long its cycle is (``identify/cycle.py``), how long its tail lasts, and what an impulse
becomes at evenly spread moments of the cycle. The impulses follow each other at a distance that is
no divisor of the cycle, so that a single rendering visits every moment. What all responses share
becomes an impulse response, the rest a ``MovingFir`` beside it, at the lowest rate that carries
what of it can be heard.

Nothing is fitted, all is measured; what is left is how responses change between the moments. It
needs an effect that can be played: a recording holds far too little of each moment.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import firwin, oaconvolve, welch

from wetprint.blocks.moving_fir import LOBES, MovingFir, MovingFirConfig, low_pass_response
from wetprint.blocks.periodic import interpolating
from wetprint.identify.cycle import Cycle, find_cycle, tones
from wetprint.learning.linear import never
from wetprint.learning.material import Material
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.models.recipes import filter_block
from wetprint.progress import Progress, silent

IMPULSE = 0.5
"""Peak of the impulses: loud beside any noise, and still below full scale."""

LONGEST_TAIL_SECONDS = 8.0
SHORTEST_TAIL_SECONDS = 0.1
"""Effects that are over sooner are no reverbs."""

TAIL_FLOOR = 1e-6
"""Share of a response's energy (-60 dB) that may lie behind its end."""

MOMENTS_PER_HZ = 2.0
"""How many moments a second each Hz of motion needs; sidebands of higher tones need more, those of
lower tones fewer."""

FEWEST_MOMENTS, MOST_MOMENTS = 16, 512

MOST_WEIGHTS = 1 << 24
"""64 MiB: as much as a model should weigh."""

HEARD = 1e-2
"""Motion more than 20 dB below its loudest third of an octave may stand still."""

DECIMATIONS = (8, 6, 4, 3, 2)
PASSED = 0.8
"""Share of half the low rate that the block's low-passes leave alone."""

BANDS = 2048
"""In which the spectra of what is played and of what moves are compared."""

LOOKED_AT = 16
"""So many moments tell the spectrum of all."""

REPEATABLE = 1e-4
"""What differs more from itself when played twice cannot be measured moment by moment."""

Play = Callable[[np.ndarray], np.ndarray]
"""Plays ``(1, time)`` float32 through the effect from a fresh start: ``(channels_out, time)``."""


@dataclass(frozen=True)
class Moments:
    """Measured responses.

    Attributes:
        responses: ``(channels_out, moments, taps)`` float32, evenly spread over the cycle.
        cycle: of which they are the moments.
    """

    responses: np.ndarray
    cycle: Cycle


def solve_reverberant(
    material: Material,
    stop: Callable[[], bool] = never,
    progress: Progress = silent,
) -> Chain | None:
    """Measure a moving reverb and return the chain that plays it.

    Args:
        material: whose effect is driven; of recordings, nothing can be measured so.
        stop: says that the time for it is over.
        progress: told how far it is.

    Returns:
        The chain; None where nothing moves, nothing rings, the motion does not repeat, or the
        time is over before every moment was heard.
    """
    unfit = material.channels_in != 1 or (material.repeatability or 0.0) > REPEATABLE
    play, rate = material.drive, material.sample_rate
    if play is None or unfit:
        return None
    progress("measuring the motion", 0.0)
    cycle = find_cycle(play(tones(rate)), rate)
    if cycle is None or stop():
        return None
    taps = tail_samples(play, rate)
    if taps < SHORTEST_TAIL_SECONDS * rate or stop():
        return None
    measured = measure_moments(play, cycle, taps, rate, stop, progress)
    return None if measured is None else moving_chain(measured, material)


def tail_samples(play: Play, sample_rate: int) -> int:
    """Return how long the effect answers an impulse, down to TAIL_FLOOR."""
    dry = np.zeros((1, round(LONGEST_TAIL_SECONDS * sample_rate)), np.float32)
    dry[0, 0] = IMPULSE
    energy = np.square(play(dry), dtype=np.float64).sum(0)
    left = np.cumsum(energy[::-1])[::-1]
    return int(np.count_nonzero(left > TAIL_FLOOR * left[0]))


def measure_moments(
    play: Play,
    cycle: Cycle,
    taps: int,
    sample_rate: int,
    stop: Callable[[], bool] = never,
    progress: Progress = silent,
) -> Moments | None:
    """Play impulses that visit evenly spread moments of the cycle; None when stopped."""
    count = _moments_needed(cycle, sample_rate)
    per_impulse = coprime_steps(taps, count, cycle.period_samples)
    distance = per_impulse * cycle.period_samples / count  # samples between impulses
    responses = None
    piece = max(1, count // 8)
    for first in range(0, count, piece):
        progress("measuring the motion", first / count, f"{count} moments")
        if stop():
            return None
        # a piece begins at the effect's time zero: its impulses wait for their own moments
        numbers = np.arange(first, min(count, first + piece))
        wait = (first * per_impulse % count) * cycle.period_samples / count
        places = np.round(wait + (numbers - first) * distance).astype(int)
        heard = _responses_at(play, places, taps)
        if responses is None:
            responses = np.empty((len(heard), count, taps), np.float32)
        responses[:, numbers * per_impulse % count] = heard
    progress("measuring the motion", 1.0)
    return None if responses is None else Moments(responses, cycle)


def coprime_steps(taps: int, count: int, period_samples: float) -> int:
    """Return how many moments apart impulses are: far enough, and visiting every moment.

    >>> coprime_steps(taps=100, count=8, period_samples=200.0)  # 4 would only visit two
    5
    """
    steps = max(1, math.ceil(taps * count / period_samples))
    while math.gcd(steps, count) > 1:
        steps += 1
    return steps


def _moments_needed(cycle: Cycle, sample_rate: int) -> int:
    seconds = cycle.period_samples / sample_rate
    wanted = MOMENTS_PER_HZ * cycle.bandwidth_hz * seconds
    return int(np.clip(math.ceil(wanted), FEWEST_MOMENTS, MOST_MOMENTS))


def _responses_at(play: Play, places: np.ndarray, taps: int) -> np.ndarray:
    """Return ``(channels_out, places, taps)``: what an impulse at each place became."""
    dry = np.zeros((1, int(places[-1]) + taps), np.float32)
    dry[0, places] = IMPULSE
    wet = play(dry)
    return np.stack([wet[:, each : each + taps] for each in places], 1) / np.float32(IMPULSE)


def moving_chain(measured: Moments, material: Material) -> Chain:
    """Return the mean response, and beside it what moves, as a chain.

    What moves too fast for the low rate is lost in the mean: there the response of a single moment
    stands for all, so that it dies away as it should, though it stands still.
    """
    mean = measured.responses.mean(1)  # (out, taps)
    moving = measured.responses - mean[:, None]
    decimation = choose_decimation(moving, material)
    lost = moving[:, 0] - _carried(moving[:, 0], decimation)
    fir = filter_block((mean + lost)[:, None])
    block = _moving_block(moving, measured.cycle.period_samples, decimation)
    return Chain([Parallel([Chain([fir]), Chain([block])])]).requires_grad_(False)


def choose_decimation(moving: np.ndarray, material: Material) -> int:
    """Return the largest decimation that carries what is heard of the motion.

    Args:
        moving: ``(channels_out, moments, taps)``.
        material: whose validation takes say what is played.
    """
    dry = np.concatenate([take.dry[0] for take in material.validation])
    hz, played = welch(dry, material.sample_rate, nperseg=2 * BANDS)
    some = moving[:, :: max(1, moving.shape[1] // LOOKED_AT)]
    per_band = math.ceil(moving.shape[-1] / (2 * BANDS))
    bins = np.square(np.abs(np.fft.rfft(some, 2 * BANDS * per_band))).sum((0, 1))[:-1]
    moved = bins.reshape(BANDS, per_band).sum(1)
    heard = hz[:-1] * played[:-1] * moved  # in bands as wide as they are high
    edge_hz = hz[:-1][heard > HEARD * heard.max()].max(initial=0.0)
    passed_hz = PASSED * material.sample_rate / 2
    carries = (each for each in DECIMATIONS if edge_hz <= passed_hz / each)
    return max(next(carries, 1), math.ceil(moving.size / MOST_WEIGHTS))


def _moving_block(moving: np.ndarray, period_samples: float, decimation: int) -> MovingFir:
    """Return the block whose responses are ``(out, moments, taps)`` at the full rate."""
    channels_out, moments, _ = moving.shape
    late = 2 * LOBES * decimation if decimation > 1 else 0  # by the block's own low-passes
    rows = [_low_passed(each, decimation)[:, late::decimation] for each in moving.swapaxes(0, 1)]
    low = decimation * np.stack(rows, 1)
    config = MovingFirConfig(period_samples, moments, low.shape[-1], decimation, channels_out)
    block = MovingFir(config)
    block.responses.data = torch.from_numpy(
        interpolating(low.swapaxes(1, 2)).swapaxes(1, 2)
    ).float()
    return block


def _carried(responses: np.ndarray, decimation: int) -> np.ndarray:
    """Return what the block's two low-passes let through, without their delay."""
    low_pass = low_pass_response(decimation)[None].astype(np.float32)
    for _ in range(2):
        responses = oaconvolve(responses, low_pass, mode="same", axes=-1)
    return responses


def _low_passed(responses: np.ndarray, decimation: int) -> np.ndarray:
    """Take away, without delay, what a low rate cannot carry."""
    if decimation == 1:
        return responses
    half = 40 * decimation
    low_pass = firwin(2 * half + 1, 0.97 / decimation).astype(np.float32)
    return oaconvolve(responses, low_pass[None], axes=-1)[:, half:-half]
