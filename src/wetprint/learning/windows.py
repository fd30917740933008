"""Choosing stretches of what was heard, short enough to be solved on and telling enough."""

from __future__ import annotations

import numpy as np
from scipy.fft import next_fast_len
from scipy.signal import freqz

from wetprint.blocks.high_pass import high_pass_coefficients, pole_at
from wetprint.identify.branches import Heard
from wetprint.identify.cascade import Windows
from wetprint.identify.moving_branches import MovingWindows
from wetprint.learning.material import Take

WINDOW_SECONDS = 65_536 / 48_000

HEARD_SECONDS = 30.0
"""How much is listened to in all."""

STRETCH_SAMPLES = 1 << 15

STRETCHES = 24

MOVING_WINDOW_SECONDS = 32_768 / 48_000
MOVING_HEARD_SECONDS = 8.0
"""Several branches take as many times longer than one to be solved."""

LOWEST_HZ = 15.0
"""What lies below is not listened to: a window is too short to tell."""


def choose_windows(takes: tuple[Take, ...], context: int, sample_rate: int) -> Windows:
    """Cut stretches out of what was heard: half of them the loudest, half evenly spread.

    Args:
        takes: what was heard, with one dry channel.
        context: samples that each stretch needs as its past.
        sample_rate: Hz.
    """
    length = next_fast_len(round(WINDOW_SECONDS * sample_rate), real=True)
    places = _places(takes, length - context, context, HEARD_SECONDS * sample_rate)
    cut = [_window(take, at, context, length) for take, at in places]
    dry, wet, heard = zip(*cut, strict=True)
    emphasis = _emphasis(length, sample_rate)
    return Windows(np.stack(dry)[:, 0], np.stack(wet, axis=1), np.stack(heard), emphasis)


def choose_moving_windows(
    takes: tuple[Take, ...],
    channel: int,
    context: int,
    sample_rate: int,
    period_samples: float,
    heard_seconds: float = MOVING_HEARD_SECONDS,
    window_seconds: float = MOVING_WINDOW_SECONDS,
) -> MovingWindows:
    """Cut stretches out of what was heard as ``choose_windows`` does, fewer and shorter ones.

    Args:
        takes: what was heard, with one dry channel.
        channel: of the wet side.
        context: samples that each stretch needs as its past.
        sample_rate: Hz.
        period_samples: of the LFO.
        heard_seconds: how much is listened to in all.
        window_seconds: how long each stretch is.
    """
    length = next_fast_len(round(window_seconds * sample_rate), real=True)
    places = _places(takes, length - context, context, heard_seconds * sample_rate)
    cut = [_window(take, at, context, length) for take, at in places]
    dry, wet, heard = zip(*cut, strict=True)
    starts = np.array([take.start_sample + at - context for take, at in places])
    emphasis = _emphasis(length, sample_rate)
    sides = np.stack(dry)[:, 0], np.stack(wet, axis=1)[channel]
    return MovingWindows(*sides, np.stack(heard), starts, emphasis, period_samples)


def choose_stretches(takes: list[Take], context: int) -> Heard:
    """Cut evenly spread stretches out of what several inputs and one output heard.

    Args:
        takes: what was heard; the dry channels are the inputs.
        context: samples that each stretch needs as its past.
    """
    length = STRETCH_SAMPLES
    scored = length - context
    places = [
        (take, start)
        for take in takes
        for start in range(_first_scored(take, context), take.dry.shape[-1], scored)
    ]
    wanted = np.linspace(0, len(places) - 1, min(STRETCHES, len(places))).astype(int)
    chosen = [places[each] for each in wanted]
    cut = [_window(take, at, context, length) for take, at in chosen]
    inputs, wet, heard = zip(*cut, strict=True)
    return Heard(np.stack(inputs, axis=1), np.stack(wet)[:, 0], np.stack(heard))


def _places(
    takes: tuple[Take, ...], scored: int, context: int, heard_samples: float
) -> list[tuple[Take, int]]:
    """Choose which take to cut and where the scored part of each stretch begins."""
    places = [
        (take, start)
        for take in takes
        for start in range(_first_scored(take, context), take.dry.shape[-1], scored)
    ]
    wanted = max(1, int(heard_samples / scored))
    if len(places) <= wanted:
        return places
    loudness = [np.abs(take.dry[:, at : at + scored]).max() for take, at in places]
    order = np.argsort(loudness)[::-1]
    rest = np.sort(order[wanted // 2 :])
    spread = rest[np.linspace(0, len(rest) - 1, wanted - wanted // 2).astype(int)]
    return [places[each] for each in sorted({*order[: wanted // 2], *spread})]


def _emphasis(length: int, sample_rate: int) -> np.ndarray:
    coefficients = high_pass_coefficients(pole_at(LOWEST_HZ, sample_rate))
    bins = 2.0 * np.pi * np.arange(length // 2 + 1) / length
    return freqz(*coefficients, worN=bins)[1].astype(np.complex64)


def _first_scored(take: Take, context: int) -> int:
    """Return the first sample whose past is known: silence lies before a take without one."""
    return max(take.heard_from, context) if take.heard_from else 0


def _window(
    take: Take, at: int, context: int, length: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut one stretch whose scored part begins at ``at``; silence where the take has nothing."""
    begin = at - context
    first, last = max(0, begin), min(take.dry.shape[-1], begin + length)
    inside = slice(first - begin, last - begin)
    dry = np.zeros((len(take.dry), length), np.float32)
    heard = np.zeros(length, np.float32)
    wet = np.zeros((len(take.wet), length), np.float32)
    dry[:, inside], wet[:, inside] = take.dry[:, first:last], take.wet[:, first:last]
    heard[context : inside.stop] = 1.0
    return dry, wet, heard
