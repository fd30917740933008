"""The trigger of an octave divider: which wave of the sound this is, counted in fours.

An analogue divider (Boss OC-2 and its kin) hears its input through a low-pass and a coupling
capacitor and compares it with the held peaks of either side. Both comparators set and reset a
latch, which clocks a flip-flop, which clocks a second one: two bits that count waves. Here the
low-pass is a Butterworth of third order and the capacitor a high-pass of first order, both through
the bilinear transform; the peaks of the rectified halves are followed as in ``envelope.py``. What
switches has no gradient. It runs sample by sample: in the engine, or in a Python loop beside it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from wetprint.engine.presence import is_present

STATE_SIZE = 11
COUNT_AT = 10
"""Where in the state the count stands."""


@dataclass(frozen=True)
class Trigger:
    """How a trigger hears and decides.

    Attributes:
        lowpass: cutoff in cycles per sample.
        highpass: likewise.
        lag: how late the comparators hear, 0 to 1 sample, on a straight line between two samples.
        held_lag: how much later the held peaks hear, likewise.
        attack: share of the way that a held peak rises in a sample.
        release: share of the way that it falls.
        ratio: of a held peak, that the sound must exceed.
        threshold: what it must exceed beyond that.
    """

    lowpass: float
    highpass: float
    lag: float
    held_lag: float
    attack: float
    release: float
    ratio: float
    threshold: float


def silent_state(count: int = 0) -> np.ndarray:
    """Return what a trigger remembers after silence, with a count: ``(11,)`` float64."""
    state = np.zeros(STATE_SIZE)
    state[COUNT_AT] = count
    return state


def count_octaves(
    audio: np.ndarray, trigger: Trigger, state: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Count the waves of the next samples.

    Args:
        audio: ``(time,)`` float32.
        trigger: see there.
        state: ``(11,)`` float64, see silent_state; moved on in place.

    Returns:
        The count at every sample, 0 to 3, and by how much the sample exceeds what must be exceeded
        for the next one; both ``(time,)`` float32.
    """
    counts, excess = np.empty(audio.shape, np.float32), np.empty(audio.shape, np.float32)
    if audio.size == 0:
        return counts, excess
    heard = np.ascontiguousarray(audio, np.float32)
    settings = np.array(dataclasses.astuple(trigger))
    if is_present():
        from wetprint import _engine

        given = (heard, settings, state, counts, excess)
        _engine.count_octaves(*(torch.from_numpy(each) for each in given))
        return counts, excess
    told = list(_count(heard.tolist(), trigger, state))
    counts[:], excess[:] = zip(*told, strict=True)
    return counts, excess


def _count(
    audio: list[float], trigger: Trigger, state: np.ndarray
) -> Iterator[tuple[float, float]]:
    """Do what engine/source/training/octave_trigger.h does, in the same order."""
    low, high = math.tan(math.pi * trigger.lowpass), math.tan(math.pi * trigger.highpass)
    whole = 1.0 + low + low * low
    first_pole, first_gain = (1.0 - low) / (1.0 + low), low / (1.0 + low)
    second_gain, feedback = low * low / whole, 2.0 * (low * low - 1.0) / whole
    feedback_before, high_pole = (1.0 - low + low * low) / whole, (1.0 - high) / (1.0 + high)
    heard, one, one_before, two, two_before, passed, compared, above, below, latch, count = (
        state.tolist()
    )
    for sample in audio:
        first = first_pole * one + first_gain * (sample + heard)
        second = second_gain * (first + 2.0 * one + one_before)
        second = second - feedback * two - feedback_before * two_before
        through = high_pole * passed + 0.5 * (1.0 + high_pole) * (second - two)
        now = through + trigger.lag * (passed - through)
        late = now + trigger.held_lag * (compared - now)
        above = _followed(above, max(late, 0.0), trigger)
        below = _followed(below, max(-late, 0.0), trigger)
        heard, one_before, one, two_before, two = sample, one, first, two, second
        passed, compared = through, now
        excess = -now - trigger.ratio * below - trigger.threshold
        if now - trigger.ratio * above - trigger.threshold >= 0.0:
            latch = 0.0
        elif excess >= 0.0 and latch == 0.0:
            latch, count = 1.0, (count + 1.0) % 4.0
        yield count, excess
    state[:] = heard, one, one_before, two, two_before, passed, compared, above, below, latch, count


def _followed(held: float, level: float, trigger: Trigger) -> float:
    return held + (trigger.attack if level > held else trigger.release) * (level - held)
