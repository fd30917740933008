"""Whether an effect is an octave divider, and roughly how its trigger hears.

What no filter explains of the wet sound is compared, below 400 Hz and window by window, with the
dry sound turned over by a trigger: with its sign free in each window, a share of its energy is
explained that a distortion, a modulation or another pitch hardly reaches.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
from scipy.signal import butter, lfilter

from wetprint.engine.octave_trigger import Trigger, count_octaves, silent_state
from wetprint.learning.octave_windows import FIRST, WINDOW_SECONDS

Choice = tuple[float, float, tuple[float, float]]
"""Low-pass in Hz, ratio, and the times in which held peaks rise and fall, in seconds."""

BELOW_HZ = 400.0
LAGS_SECONDS = (0.0, 0.0005, 0.001, 0.0015, 0.002)

LIKELY, CERTAIN = 0.22, 0.35
"""Shares explained: by a few triggers, to look on; by the best of all, to be a divider."""

HIGHPASS_HZ, THRESHOLD = 40.0, 1e-3
CLEAR = 0.3
"""Cutoff of what the comparators and the held peaks hear, in cycles per sample."""

SLOW_HZ = 1.5
LOWPASS_HZ = (200.0, 400.0, 900.0, 2000.0)
RATIOS = (0.5, 0.9)
TIMES_SECONDS = ((0.001, 0.001), (0.001, 0.02), (0.0001, 0.02), (0.001, 0.1))
"""Attack and release of the held peaks."""

FEW = ((400.0, 0.5, (0.001, 0.001)), (900.0, 0.5, (0.001, 0.02)))


def find_trigger(
    dry: np.ndarray, rest: np.ndarray, sample_rate: int
) -> tuple[Trigger, bool] | None:
    """Find the trigger that explains most, and whether it counts the upper halves of waves.

    Args:
        dry: ``(time,)`` float32.
        rest: ``(time,)``, what a filter leaves of the wet sound.
        sample_rate: Hz.

    Returns:
        None where the effect is no octave divider.
    """

    def best(choices: Iterable[Choice]) -> tuple[float, Trigger, bool]:
        told = [
            (turned_share(dry, rest, trigger, is_inverted, sample_rate), trigger, is_inverted)
            for trigger in (_trigger(each, sample_rate) for each in choices)
            for is_inverted in (False, True)
        ]
        return max(told, key=lambda each: each[0])

    if not np.any(rest) or best(FEW)[0] < LIKELY:
        return None
    share, trigger, is_inverted = best(itertools.product(LOWPASS_HZ, RATIOS, TIMES_SECONDS))
    return (trigger, is_inverted) if share > CERTAIN else None


def turned_share(
    dry: np.ndarray, rest: np.ndarray, trigger: Trigger, is_inverted: bool, sample_rate: int
) -> float:
    """Return how much of the low frequencies of ``rest`` the dry sound explains, turned over."""
    heard = -dry if is_inverted else dry
    counts = count_octaves(heard, trigger, silent_state())[0].astype(np.int64)
    low_pass = butter(3, BELOW_HZ, fs=sample_rate)
    turned, rest = lfilter(*low_pass, FIRST[counts] * dry), lfilter(*low_pass, rest)
    starts = np.arange(0, len(dry), round(WINDOW_SECONDS * sample_rate))
    shares = []
    for lag in (round(each * sample_rate) for each in LAGS_SECONDS):
        late = np.concatenate([np.zeros(lag), turned[: len(turned) - lag]])
        loud = np.add.reduceat(late**2, starts) + 1e-12
        shares.append(float((np.add.reduceat(rest * late, starts) ** 2 / loud).sum()))
    return max(shares) / float(rest @ rest)


def _trigger(choice: Choice, sample_rate: int) -> Trigger:
    lowpass_hz, ratio, times = choice
    rates = [float(-np.expm1(-1.0 / (each * sample_rate))) for each in times]
    lowpass, highpass = min(0.4, lowpass_hz / sample_rate), HIGHPASS_HZ / sample_rate
    slow = SLOW_HZ / sample_rate
    return Trigger(
        lowpass=lowpass,
        highpass=highpass,
        compared_lowpass=CLEAR,
        compared_slow=slow,
        compared_slow_share=0.0,
        held_lowpass=CLEAR,
        held_slow=slow,
        held_slow_share=0.0,
        attack=rates[0],
        release=rates[1],
        ratio=ratio,
        threshold=THRESHOLD,
    )
