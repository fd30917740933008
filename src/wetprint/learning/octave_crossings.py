"""A trigger fitted to the moments at which its flip-flop turns over.

Near the right trigger most waves are counted, but a little too early or too late. For as long the
octave is then upside down, which leaves a pulse of that length, sent through the octave's filter,
in what is not explained; all such lengths are solved together by least squares. How each setting of
the trigger moves each crossing is measured by moving it, and the settings that bring all crossings
to where they were heard follow by damped least squares (Levenberg 1944, Marquardt 1963). Hundreds
of waves agree on a dozen settings far more closely than a search by what is explained can tell.
"""

from __future__ import annotations

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from scipy.fft import irfft, next_fast_len, rfft
from scipy.linalg import solve_toeplitz
from scipy.signal import fftconvolve
from scipy.sparse import csc_matrix, diags
from scipy.sparse.linalg import spsolve

from wetprint.engine.octave_trigger import Trigger
from wetprint.learning.octave_windows import FIRST, SECOND, OctaveWindows

LEAST = np.array([1e-5, 1e-7, 0.01, 1e-7, -1.0, 0.01, 1e-7, -1.0, 1e-7, 1e-7, 0.0, 1e-9])
MOST = np.array([0.45, 0.1, 0.49, 0.1, 4.0, 0.49, 0.1, 4.0, 1.0, 1.0, 2.0, 1.0])
IS_RATIO = ~np.isin(np.arange(len(LEAST)), (4, 7))
"""Bounds of a trigger's settings, in its order, and whether one is moved by a factor or a sum."""

PROBES = np.array([2e-3, 1e-2, 0.05, 0.05, 0.02, 0.05, 0.05, 0.02, 1e-2, 1e-2, 2e-3, 0.02])
"""By how much each setting is moved to see what it does, a factor's logarithm or a difference."""

DOUBTFUL = np.array([False, False, *6 * [True], False, False, False, False])
"""Settings that crossings hardly tell: they stay where they are without a reason."""

PAIRS = ((3, 6), (8, 9))
"""Corners of the slowest waves; attack and release."""

STEPS = 3
"""At first that bring crossings near to where they were heard, and then of those alone that miss
their sample."""

WITHIN = 0.1
"""How firmly the others are held where they are."""

DAMPING, MOST_DAMPING = 1e-5, 100.0

EXPLAINED = 0.05
"""Windows of which more is left have lost count."""

SOLVED_ON = 0.7
"""Share of the windows, the best explained ones, on which filters are solved."""

MOST_PROBES = 30.0
"""Farthest that a setting is moved in a step."""

ROUNDING = 0.3
"""Crossings happen at samples: standard deviation of what that hides."""

LIKELY_SAMPLES, MOST_SAMPLES = 2.0, 20.0
"""How late crossings typically are at first, and the most that is still the same crossing."""

WHITENING_TAPS = 32
"""Of the filter behind which what is left is as loud at every frequency, so that what is not
understood of low ones says nothing of short pulses."""

SMEARED_SAMPLES = 13
"""How far crossings may be late, on both sides together."""

GENERATIONS, DRAWN, CHOSEN = 5, 60, 12
"""Of triggers that are drawn in turn: how many, and how many of each the next is drawn around."""

WIDELY, SLACK, LATE = 0.7, 1.3, 20.0
"""How widely the first are drawn, in standard deviations; by how much more the next vary than those
they are drawn around; and what a sample of mean lateness costs, in lost counts."""

UNSEEN = np.array([*11 * [0.0], 8.0])
"""How much wider, in probes: where a wrong threshold counts too much, no crossing is understood."""

NEIGHBOURS = 12
"""Crossings whose pulses are told apart."""


@dataclass(frozen=True)
class Crossings:
    """When a trigger counted.

    Attributes:
        times: ``(crossings,)``, between samples.
        samples: ``(crossings,)`` int64, the first at which the count was higher.
        counts: ``(time,)`` int64.
    """

    times: np.ndarray
    samples: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True)
class Heard:
    """What was heard of a trigger.

    Attributes:
        times: ``(crossings,)``, of those that are clear.
        spread: of each, a standard deviation in samples.
        places: ``(places,)`` int64, samples at which the count is known.
        counts: ``(places,)`` int64.
    """

    times: np.ndarray
    spread: np.ndarray
    places: np.ndarray
    counts: np.ndarray


def hear_crossings(windows: OctaveWindows, trigger: Trigger) -> Heard:
    """Solve the windows' filters for a trigger, and tell when it should have counted."""
    crossings = find_crossings(windows, trigger)
    for _ in range(2):
        shares = windows.choose(crossings.counts)
        windows.solve(crossings.counts, windows.explained(shares, SOLVED_ON), rounds=1)
    shares = windows.choose(crossings.counts)
    late, spread, is_clear = _lateness(windows, crossings)
    places = windows.starts[windows.audible & (shares < EXPLAINED)] + windows.window // 2
    places = places[places < len(windows.dry)]
    return Heard(
        (crossings.samples - 0.5 + np.round(late))[is_clear],
        spread[is_clear],
        places,
        windows.counted(crossings.counts)[places],
    )


def fit_crossings(windows: OctaveWindows, trigger: Trigger, heard: Heard) -> Trigger:
    """Move a trigger to where its crossings were heard."""
    for is_exact in (False, True):
        damping, least = DAMPING, _misfit(windows, trigger, heard, is_exact)
        for _ in range(STEPS):
            normal = _normal_equations(windows, trigger, heard, is_exact)
            while damping < MOST_DAMPING:
                other = moved(trigger, _step(*normal, _free(trigger), damping))
                misfit = _misfit(windows, other, heard, is_exact)
                if misfit < least:
                    break
                damping *= 10.0
            else:
                break
            trigger, least, damping = other, misfit, max(DAMPING, 0.1 * damping)
    return trigger


def _misfit(windows: OctaveWindows, trigger: Trigger, heard: Heard, is_exact: bool) -> float:
    """Return the mean of what crossings miss their moment by, or their sample, in samples."""
    crossings = find_crossings(windows, trigger)
    wanted = _beyond(heard, crossings) if is_exact else _wanted(heard, crossings)
    return float(np.minimum(np.abs(wanted), LIKELY_SAMPLES).mean())


def fit_counts(windows: OctaveWindows, trigger: Trigger, heard: Heard) -> Trigger:
    """Among triggers that crossings can hardly tell from one another, find what counts best.

    Triggers are drawn around the best ones so far (cross-entropy method: Rubinstein 1999,
    doi:10.1023/A:1010091220143), at first as widely as the crossings leave them uncertain, and
    compared by how often they lose count between the places where it is known.
    """

    def lost(step: np.ndarray) -> tuple[int, float]:
        other = find_crossings(windows, moved(trigger, step * PROBES))
        count = int(np.count_nonzero(np.diff((other.counts[heard.places] - heard.counts) % 4)))
        late = np.minimum(np.abs(_beyond(heard, other)), LIKELY_SAMPLES)
        return count, count + LATE * float(late.mean())

    matrix, _ = _normal_equations(windows, trigger, heard, is_exact=False)
    free = _free(trigger)
    held = matrix + np.diag(np.where(DOUBTFUL, 0.05, 1e-3))
    spread = WIDELY**2 * free @ np.linalg.inv(free.T @ held @ free) @ free.T
    spread += np.diag(UNSEEN**2)
    generator = np.random.default_rng(0)
    middle = best = np.zeros(len(PROBES))
    fewest, least = lost(best)
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        for number in range(GENERATIONS):
            steps = np.vstack([middle, generator.multivariate_normal(middle, spread, DRAWN)])
            counts, costs = np.array(list(pool.map(lost, steps))).T
            chosen = steps[np.argsort(costs, kind="stable")[:CHOSEN]]
            middle, spread = chosen.mean(0), SLACK * np.cov(chosen.T)
            if costs.min() < least:
                fewest, least, best = counts[costs.argmin()], costs.min(), steps[costs.argmin()]
            if fewest == 0 and number > 1:
                break
    return moved(trigger, best * PROBES)


def find_crossings(windows: OctaveWindows, trigger: Trigger) -> Crossings:
    """Count waves, and tell between which samples each was counted."""
    counts, excess = windows.count_with_excess(trigger)
    samples = np.flatnonzero(np.diff(counts)) + 1
    before, after = (excess[each].astype(np.float64) for each in (samples - 1, samples))
    share = np.where(before < 0.0, -before / np.maximum(after - before, 1e-30), 1.0)
    return Crossings(samples - 1 + share, samples, counts)


def _wanted(heard: Heard, crossings: Crossings) -> np.ndarray:
    return heard.times - _nearest(crossings.times, heard.times)


def _beyond(heard: Heard, crossings: Crossings) -> np.ndarray:
    """Return by how much crossings miss the sample in which they were heard."""
    wanted = _wanted(heard, crossings)
    slack = 0.5 + 2.0 * heard.spread
    return wanted - np.clip(wanted, -slack, slack)


def _normal_equations(
    windows: OctaveWindows, trigger: Trigger, heard: Heard, is_exact: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the settings' least squares ask: ``(settings, settings)``, ``(settings,)``."""
    crossings = find_crossings(windows, trigger)
    times = _nearest(crossings.times, heard.times)
    wanted = _beyond(heard, crossings) if is_exact else heard.times - times

    def slope(setting: int) -> np.ndarray:
        step = np.eye(1, len(PROBES), setting)[0] * PROBES
        return _nearest(find_crossings(windows, moved(trigger, step)).times, times) - times

    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        slopes = np.stack(list(pool.map(slope, range(len(PROBES)))), 1)
    # a crossing far from where it is wanted counts less: a wave may be miscounted there
    weight = 1.0 / np.sqrt(ROUNDING**2 + heard.spread**2 + ROUNDING * wanted**2)
    weight *= (np.abs(slopes) < MOST_SAMPLES).all(1) & (np.abs(wanted) < MOST_SAMPLES)
    if is_exact:
        weight *= np.where(wanted == 0.0, WITHIN, 1.0)
    slopes *= weight[:, None]
    return slopes.T @ slopes, slopes.T @ (weight * wanted)


def _step(matrix: np.ndarray, side: np.ndarray, free: np.ndarray, damping: float) -> np.ndarray:
    """Return the step of the settings that may move, see ``_free``."""
    held = matrix + np.diag(damping * np.diag(matrix) + np.where(DOUBTFUL, 1e-2, 1e-3))
    step = free @ np.linalg.solve(free.T @ held @ free, free.T @ side)
    return PROBES * np.clip(step, -MOST_PROBES, MOST_PROBES)


def _free(trigger: Trigger) -> np.ndarray:
    """Return in which directions settings may move: ``(settings, directions)``.

    Pairs that are alike stay so: a peak that is held by one resistor rises as it falls.
    """
    free = np.eye(len(PROBES))
    settings = dataclasses.astuple(trigger)
    tied = [
        second
        for first, second in PAIRS
        if math.isclose(settings[first], settings[second], rel_tol=1e-6)
    ]
    for first, second in PAIRS:
        if second in tied:
            free[second, first] = 1.0
    return np.delete(free, tied, axis=1)


@dataclass(frozen=True)
class _Pulses:
    """What would be left of every crossing if it came a sample later.

    Attributes:
        samples: ``(crossings,)`` int64, where.
        heights: for each kind of pulse, of all crossings.
        responses: for each kind, what it looks like.
    """

    samples: np.ndarray
    heights: list[np.ndarray]
    responses: list[np.ndarray]


def _pulses(windows: OctaveWindows, samples: np.ndarray, counts: np.ndarray) -> _Pulses:
    """Return the pulses of the first octave, of the second through it, and of the second itself."""
    found = windows.divider
    old, new = counts[samples - 1], counts[samples]
    first = (FIRST[old] - FIRST[new]) * windows.turned()[samples]
    if not found.has_second:
        return _Pulses(samples, [first], [found.response])
    switched = windows.second(np.add(*windows.octave(counts)))[1]
    second = (SECOND[old] - SECOND[new]) * switched[samples]
    both = fftconvolve(found.response, found.second_response)[: len(found.response)]
    responses = [found.response, both, found.second_response]
    return _Pulses(samples, [first, first * SECOND[new], second], responses)


def _lateness(
    windows: OctaveWindows, crossings: Crossings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return by how many samples crossings come later than counted, how surely, and which tell.

    A crossing that is several samples late leaves as many pulses side by side: what is left is
    compared with pulses that are smeared over as many samples, of which each such pulse is a part.

    Returns:
        The lateness and its standard deviation in samples, and whether it is clear, each
        ``(crossings,)``.
    """
    counts = windows.counted(crossings.counts)
    rest = windows.rest(counts)
    left = windows.per_window(rest**2) / np.maximum(windows.energy, 1e-30)
    pulses = _pulses(windows, crossings.samples, counts)
    whitening = _whitening(rest * np.repeat(left < EXPLAINED, windows.window)[: len(rest)])
    rest = fftconvolve(rest, whitening)[: len(rest)]
    responses = [np.convolve(each, whitening) for each in pulses.responses]
    products = [[np.correlate(one, other, "full") for other in responses] for one in responses]
    smeared = [[_smeared(each) for each in row] for row in products]
    twice = [[_smeared(each) for each in row] for row in smeared]
    matrix = _overlaps(pulses, smeared)
    side = np.zeros(len(pulses.samples))
    for height, each in zip(pulses.heights, responses, strict=True):
        likeness = fftconvolve(rest, each[::-1])[len(each) - 1 :]
        side += height * _smeared(likeness)[pulses.samples]
    window = np.minimum(pulses.samples // windows.window, len(windows.starts) - 1)
    noise = (windows.per_window(rest**2) / windows.window)[window]
    size = _overlaps(pulses, twice, neighbours=1).diagonal()
    middle = np.maximum(matrix.diagonal(), 1e-30)
    held = diags(noise * size / middle / LIKELY_SAMPLES**2 + 1e-12 * matrix.max())
    late, spread = spsolve(matrix + held, side), np.sqrt(noise * size) / middle
    is_clear = (windows.audible & (left < EXPLAINED))[window]
    is_clear &= (spread < LIKELY_SAMPLES) & (np.abs(late) < 3.0 * LIKELY_SAMPLES)
    return late, spread, is_clear


def _smeared(sound: np.ndarray) -> np.ndarray:
    return np.convolve(sound, np.full(SMEARED_SAMPLES, 1.0 / SMEARED_SAMPLES), "same")


def _whitening(rest: np.ndarray) -> np.ndarray:
    """Return the filter that predicts what is left from its past and takes it away.

    Linear prediction by the autocorrelation method (Makhoul 1975, doi:10.1109/PROC.1975.9792).
    """
    spectrum = np.abs(rfft(rest, next_fast_len(2 * len(rest), real=True))) ** 2
    lags = irfft(spectrum)[: WHITENING_TAPS + 1]
    lags[0] *= 1.0 + 1e-9
    return np.concatenate([[1.0], -solve_toeplitz(lags[:-1], lags[1:])])


def _overlaps(
    pulses: _Pulses, products: list[list[np.ndarray]], neighbours: int = NEIGHBOURS
) -> csc_matrix:
    """Return the inner products of the pulses: ``(crossings, crossings)``."""
    at, heights = pulses.samples, pulses.heights
    taps = len(products[0][0]) // 2 + 1
    rows, columns, values = [], [], []
    for apart in range(neighbours):
        first = np.arange(len(at) - apart)
        first = first[at[first + apart] - at[first] < taps]
        second = first + apart
        lag = at[second] - at[first]
        value = sum(
            one[first] * other[second] * products[row][column][taps - 1 + lag]
            for row, one in enumerate(heights)
            for column, other in enumerate(heights)
        )
        rows += [first, second] if apart else [first]
        columns += [second, first] if apart else [first]
        values += [value, value] if apart else [value]
    parts = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return csc_matrix(parts, shape=(len(at), len(at)))


def _nearest(among: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Return for each time the nearest of others, all sorted."""
    after = np.searchsorted(among, to)
    sides = np.stack([among[np.clip(after + each, 0, len(among) - 1)] for each in (-1, 0)])
    return sides[np.abs(sides - to).argmin(0), np.arange(len(to))]


def moved(trigger: Trigger, step: np.ndarray) -> Trigger:
    """Move a trigger's settings, some by the logarithm of a factor, within their bounds."""
    settings = np.array(dataclasses.astuple(trigger))
    settings = np.where(IS_RATIO, settings * np.exp(step), settings + step)
    return Trigger(*(float(each) for each in np.clip(settings, LEAST, MOST)))
