"""Finding the heads of an echo: which bursts of the response are no mere repeats."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES
from wetprint.identify.echo import find_bursts
from wetprint.identify.linear_response import LinearFitConfig, NormalEquations
from wetprint.learning.echo_inputs import Head, inputs_apart, inputs_of
from wetprint.learning.linear import filter_audio
from wetprint.learning.material import Material, Take, shortened, takes_esr
from wetprint.models.echo import SHORTEST_DELAY_SAMPLES

EARLY_SAMPLES = 16
"""Filters begin so much before the burst that was seen, so that nothing of it is lost."""

MOST_HEADS = 3

WORTHWHILE = 0.8
"""A further head must bring the error below this share to be believed in."""

GAINS = (0.05, 2.0)
"""How loud a further head may be beside the first."""

GAIN_TRIALS = 10

MOST_STEPS = 4
"""How many samples a head is moved at most from where its filter is most like the first one's."""

NOTHING_LEFT = 1e-6
"""With less error than this there is no head left to be found."""

FILTER_SECONDS = 1024 / 48_000
"""Short filters leave so much of the low notes that a head would hardly show."""

LISTENED_SECONDS = 15.0

FIT = LinearFitConfig(ridge=1e-7, tolerance=1e-9, most_iterations=300)
"""Where nothing sounds, near half the sample rate, filters of two inputs that are nearly alike must
not grow against each other: a loop would have gain there. So the ridge is higher than for one."""

TRIAL = LinearFitConfig(ridge=1e-7, tolerance=1e-5, most_iterations=60)
"""Enough to tell whether there is a head."""


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
    taps = round(FILTER_SECONDS * material.sample_rate)
    heads = (Head(delays[0]),)
    error, _ = _solved_apart(takes, heads, taps)
    for delay in delays[1 : MOST_HEADS + 1]:
        if error < NOTHING_LEFT or stop() or len(heads) == MOST_HEADS:
            break
        more, filters = _solved_apart(takes, (*heads, Head(delay)), taps)
        if more < WORTHWHILE * error:
            head = _aligned(delay, filters[0], filters[-1])
            head = _placed(takes, heads, _weighed(takes, heads, head, taps), taps)
            heads, error = (*heads, head), more
    return heads


def solved_filters(takes: Sequence[Take], taps: int, config: LinearFitConfig = FIT) -> np.ndarray:
    """Return the filter of each input of takes: ``(inputs, taps)`` float64."""
    equations = NormalEquations(taps, len(takes[0].dry), 1)
    for take in takes:
        equations.add(take.dry, take.wet, take.heard_from)
    return equations.solve(config).response[0]


def filters_error(takes: Sequence[Take], filters: np.ndarray) -> float:
    """Return the error-to-signal ratio that filters of the inputs leave."""
    return takes_esr(
        takes, lambda take: filter_audio(take.dry, filters[None])[:, take.heard_from :]
    )


def _solved_apart(
    takes: list[Take], heads: tuple[Head, ...], taps: int
) -> tuple[float, np.ndarray]:
    """Return the error with filters of their own for all heads, and those for what was played."""
    apart = [inputs_apart(each, heads) for each in takes]
    filters = solved_filters(apart, taps, TRIAL)
    return filters_error(apart, filters), filters[1 : 1 + len(heads)]


def _aligned(delay: int, first: np.ndarray, other: np.ndarray) -> Head:
    """Return the head that plays what the first one does, as like as it may be."""
    alike = np.correlate(other, first, "full")
    lag = int(np.argmax(np.abs(alike)))
    return Head(delay + lag - (len(first) - 1), float(np.sign(alike[lag])))


def _weighed(takes: list[Take], heads: tuple[Head, ...], head: Head, taps: int) -> Head:
    """Return a head with the gain that leaves least error beside those that are known."""

    def error(size: float) -> float:
        return _together_error(takes, (*heads, _louder(head, size)), taps)

    found = minimize_scalar(error, bounds=GAINS, method="bounded", options={"maxiter": GAIN_TRIALS})
    return _louder(head, float(found.x))


def _placed(takes: list[Take], heads: tuple[Head, ...], head: Head, taps: int) -> Head:
    """Return a head some samples from where curves and noise had moved it, if that leaves less."""
    error = _together_error(takes, (*heads, head), taps)
    begun = head
    for step in (-1, 1):
        while abs(head.delay_samples + step - begun.delay_samples) <= MOST_STEPS:
            moved = dataclasses.replace(head, delay_samples=head.delay_samples + step)
            tried = _together_error(takes, (*heads, moved), taps)
            if tried >= error:
                break
            head, error = moved, tried
    if head == begun:
        return head
    unweighed = dataclasses.replace(head, gain=float(np.sign(head.gain)))
    return _weighed(takes, heads, unweighed, taps)


def _together_error(takes: list[Take], heads: tuple[Head, ...], taps: int) -> float:
    together = [inputs_of(each, heads) for each in takes]
    return filters_error(together, solved_filters(together, taps, TRIAL))


def _louder(head: Head, size: float) -> Head:
    return dataclasses.replace(head, gain=size * head.gain)
