"""Finding the heads of an echo: which bursts of the response are no mere repeats."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES
from wetprint.identify.echo import find_bursts
from wetprint.identify.linear_response import LinearFitConfig, NormalEquations
from wetprint.learning.echo_inputs import Head, inputs_apart
from wetprint.learning.linear import filter_audio
from wetprint.learning.material import Material, Take, takes_esr
from wetprint.models.echo import SHORTEST_DELAY_SAMPLES

EARLY_SAMPLES = 16
"""Filters begin so much before the burst that was seen, so that nothing of it is lost."""

MOST_HEADS = 3

WORTHWHILE = 0.8
"""A further head must bring the error below this share to be believed in."""

NOTHING_LEFT = 1e-6
"""With less error than this there is no head left to be found."""

TAPS = 256

LISTENED_SECONDS = 30.0

FIT = LinearFitConfig(ridge=1e-7, tolerance=1e-9, most_iterations=300)
"""Where nothing sounds, near half the sample rate, filters of two inputs that are nearly alike must
not grow against each other: a loop would have gain there. So the ridge is higher than for one."""


def find_heads(material: Material, stop: Callable[[], bool]) -> tuple[Head, ...]:
    """Return the heads, the earliest first; none where there is no echo.

    Args:
        material: what was heard, of one channel.
        stop: says that no further head is to be looked for.
    """
    loudest = max(material.training, key=lambda take: float(np.square(take.wet).sum()))
    bursts = find_bursts(loudest.dry[0], loudest.wet[0], material.sample_rate)
    delays = [each.onset - EARLY_SAMPLES for each in bursts]
    delays = [d for d in delays if SHORTEST_DELAY_SAMPLES <= d <= LONGEST_MEMORY_SAMPLES]
    if not delays:
        return ()
    takes = [shortened(loudest, round(LISTENED_SECONDS * material.sample_rate))]
    heads = (Head(delays[0]),)
    error, _ = _solved_apart(takes, heads)
    for delay in delays[1 : MOST_HEADS + 1]:
        if error < NOTHING_LEFT or stop() or len(heads) == MOST_HEADS:
            break
        more, filters = _solved_apart(takes, (*heads, Head(delay)))
        if more < WORTHWHILE * error:
            heads, error = (*heads, _aligned(delay, filters[0], filters[-1])), more
    return heads


def shortened(take: Take, samples: int) -> Take:
    """Return the beginning of a take, with as many scored samples at most."""
    end = take.heard_from + samples
    return dataclasses.replace(take, dry=take.dry[:, :end], wet=take.wet[:, :end])


def solved_filters(takes: Sequence[Take], taps: int) -> np.ndarray:
    """Return the filter of each input of takes: ``(inputs, taps)`` float64."""
    equations = NormalEquations(taps, len(takes[0].dry), 1)
    for take in takes:
        equations.add(take.dry, take.wet, take.heard_from)
    return equations.solve(FIT).response[0]


def filters_error(takes: Sequence[Take], filters: np.ndarray) -> float:
    """Return the error-to-signal ratio that filters of the inputs leave."""
    return takes_esr(
        takes, lambda take: filter_audio(take.dry, filters[None])[:, take.heard_from :]
    )


def _solved_apart(takes: list[Take], heads: tuple[Head, ...]) -> tuple[float, np.ndarray]:
    """Return the error with filters of their own for all heads, and those for what was played."""
    apart = [inputs_apart(each, heads) for each in takes]
    filters = solved_filters(apart, TAPS)
    return filters_error(apart, filters), filters[1 : 1 + len(heads)]


def _aligned(delay: int, first: np.ndarray, other: np.ndarray) -> Head:
    """Return the head that plays what the first one does, as like as it may be."""
    alike = np.correlate(other, first, "full")
    lag = int(np.argmax(np.abs(alike))) - (len(first) - 1)
    return Head(delay + lag, float(alike[lag + len(first) - 1] / np.square(first).sum()))
