"""The trigger of an octave divider: which wave of the sound this is, counted in fours.

An analogue divider (Boss OC-2 and its kin) hears its input through a low-pass and a coupling
capacitor and compares it with the held peaks of either side. Both comparators set and reset a
latch, which clocks a flip-flop, which clocks a second one: two bits that count waves. Here the
low-pass is a Butterworth of third order and the capacitor a high-pass of first order. What is
compared and what is held may each pass a low-pass of first order more, and hear the slowest waves
louder or softer, as small capacitors make them. Held is what a low-pass of first order makes of the
rectified halves. All are discretised by the bilinear transform. What switches has no gradient. It
runs sample by sample: in the engine, or in a Python loop beside it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from wetprint.engine.presence import is_present

STATE_SIZE = 15
COUNT_AT = 14
"""Where in the state the count stands."""


@dataclass(frozen=True)
class Trigger:
    """How a trigger hears and decides.

    Attributes:
        lowpass: cutoff in cycles per sample, as all of them.
        highpass: likewise.
        compared_lowpass: likewise, of what the comparators hear alone.
        compared_slow: below this the comparators hear more or less.
        compared_slow_share: how much more of it, as a share.
        held_lowpass: of what the held peaks hear alone.
        held_slow: below this the held peaks hear more or less.
        held_slow_share: how much more of it, as a share.
        attack: share of the way that a held peak rises in a sample.
        release: share of the way that it falls.
        ratio: of a held peak, that the sound must exceed.
        threshold: what it must exceed beyond that.
    """

    lowpass: float
    highpass: float
    compared_lowpass: float
    compared_slow: float
    compared_slow_share: float
    held_lowpass: float
    held_slow: float
    held_slow_share: float
    attack: float
    release: float
    ratio: float
    threshold: float


def silent_state(count: int = 0) -> np.ndarray:
    """Return what a trigger remembers after silence, with a count: ``(15,)`` float64."""
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
        state: ``(15,)`` float64, see silent_state; moved on in place.

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
    low, high = _slope(trigger.lowpass), _slope(trigger.highpass)
    whole = 1.0 + low + low * low
    second_gain, feedback = low * low / whole, 2.0 * (low * low - 1.0) / whole
    feedback_before, high_pole = (1.0 - low + low * low) / whole, (1.0 - high) / (1.0 + high)
    first_share, compared_share, compared_slow_share, held_share, held_slow_share = (
        2.0 * _slope(each) / (1.0 + _slope(each))
        for each in (
            trigger.lowpass,
            trigger.compared_lowpass,
            trigger.compared_slow,
            trigger.held_lowpass,
            trigger.held_slow,
        )
    )
    heard, one, one_before, two, two_before, passed, *behind = state.tolist()
    compared, compared_slow, held, held_slow, late, above, below, latch, count = behind
    for sample in audio:
        first = _low_passed(one, first_share, sample, heard)
        second = second_gain * (first + 2.0 * one + one_before)
        second = second - feedback * two - feedback_before * two_before
        through = high_pole * passed + 0.5 * (1.0 + high_pole) * (second - two)
        plain = _low_passed(compared, compared_share, through, passed)
        plain_held = _low_passed(held, held_share, through, passed)
        compared_slow = _low_passed(compared_slow, compared_slow_share, plain, compared)
        held_slow = _low_passed(held_slow, held_slow_share, plain_held, held)
        now = plain + trigger.compared_slow_share * compared_slow
        held_now = plain_held + trigger.held_slow_share * held_slow
        above = _followed(above, max(held_now, 0.0), max(late, 0.0), trigger)
        below = _followed(below, max(-held_now, 0.0), max(-late, 0.0), trigger)
        heard, one_before, one, two_before, two = sample, one, first, two, second
        passed, compared, held, late = through, plain, plain_held, held_now
        excess = -now - trigger.ratio * below - trigger.threshold
        if now - trigger.ratio * above - trigger.threshold >= 0.0:
            latch = 0.0
        elif excess >= 0.0 and latch == 0.0:
            latch, count = 1.0, (count + 1.0) % 4.0
        yield count, excess
    filters = heard, one, one_before, two, two_before, passed, compared, compared_slow
    state[:] = *filters, held, held_slow, late, above, below, latch, count


def _slope(cutoff: float) -> float:
    return math.tan(math.pi * cutoff)


def _low_passed(before: float, share: float, sample: float, sample_before: float) -> float:
    return before + share * (0.5 * (sample + sample_before) - before)


def _followed(held: float, level: float, level_before: float, trigger: Trigger) -> float:
    share = trigger.attack if level > held else trigger.release
    return _low_passed(held, share, level, level_before)
