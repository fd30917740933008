"""The trigger of an octave divider, fitted to what it did.

What a trigger explains is the mean over windows of the logarithm of the energy it leaves there, at
the best count of each window: a window in which one wave is miscounted is lost, but no more than
that, and every one won is a step forward. The filters stay as they are while the trigger moves
(Nelder and Mead 1965, doi:10.1093/comjnl/7.4.308), and are solved again, on the windows explained
best, before it moves once more. Wherever the best offset changes from one audible window to the
next, a wave was miscounted between them, be it too soft to be compared; that is counted as well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.signal import upfirdn

from wetprint.engine.octave_trigger import Trigger
from wetprint.learning.octave_windows import FIRST, SECOND, OctaveWindows, of_each_offset

LEAST = np.array([1e-5, 1e-7, 0.0, 0.0, 1e-7, 1e-7, 0.0, 1e-9])
MOST = np.array([0.45, 0.1, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0])
IS_RATIO = np.array([True, True, False, False, True, True, True, True])
"""Whether a setting is moved by a factor, or by a difference."""

STEPS = np.array([0.01, 0.05, 0.05, 0.05, 0.02, 0.02, 0.01, 0.1])
"""By how much each setting is moved for about the same effect."""

EVERY = 8
"""Residuals are looked at once in so many samples; what divides is low."""


@dataclass(frozen=True)
class Round:
    """One search.

    Attributes:
        moved: which settings.
        scale: of the first steps.
        trials: triggers tried.
        floor: share of a window's energy below which no less is better.
        solved_on: share of the windows on which the filters are solved first.
        miscount: what a changed offset costs.
    """

    moved: tuple[int, ...]
    scale: float
    trials: int
    floor: float
    solved_on: float
    miscount: float = 0.0


TIMELESS = (0, 1, 4, 5, 6, 7)
"""Settings but for the lags, which a filter behind the switch nearly makes up for."""


class Residuals:
    """What a trigger leaves of a stretch whose filters are solved."""

    def __init__(self, windows: OctaveWindows, floor: float, miscount: float):
        assert windows.filters is not None
        self.windows, self.floor, self.miscount = windows, floor, miscount
        order = windows.order
        turned = windows.filters[order : 2 * order]  # (order, taps)
        self.filter, bends = common_filter(turned, windows.powers)
        self.bent = bends @ windows.powers
        self.second = windows.filters[2 * order] if windows.has_second else None
        self.rest = (windows.wet - windows.steady())[::EVERY]
        self.starts = np.arange(0, len(self.rest), windows.window // EVERY)
        self.energy = np.add.reduceat(windows.wet[::EVERY] ** 2, self.starts) + 1e-30

    def cost(self, trigger: Trigger) -> float:
        """Return how badly a trigger explains the stretch."""
        shares, offsets = self.shares(trigger)
        audible = self.windows.audible
        miscounts = np.count_nonzero(np.diff(offsets[audible])) / max(1, audible.sum())
        return float(np.log(shares[audible] + self.floor).mean() + self.miscount * miscounts)

    def shares(self, trigger: Trigger) -> tuple[np.ndarray, np.ndarray]:
        """Return the share of energy left in each window, and the offset chosen."""
        counts = self.windows.count(trigger)
        first = FIRST[counts]
        octave = self._through(self.filter, first * self.bent)
        played = [octave, -octave]
        if self.second is not None:
            plain = SECOND[counts] * self.windows.powers[0]
            even, odd = self._through(self.second, first * plain), self._through(self.second, plain)
            played = of_each_offset(octave, even, odd)
        left = np.stack(
            [np.add.reduceat(np.square(self.rest - each), self.starts) for each in played]
        )
        windows = len(self.windows.starts)
        return (left.min(0) / self.energy)[:windows], left.argmin(0)[:windows]

    def _through(self, response: np.ndarray, sound: np.ndarray) -> np.ndarray:
        return upfirdn(response, sound, 1, EVERY)[: len(self.rest)]


def common_filter(filters: np.ndarray, powers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the one filter, and a gain for each power, that come nearest to a filter for each.

    Args:
        filters: ``(order, taps)``.
        powers: ``(order, time)``, what they hear.

    Returns:
        ``(taps,)``, and ``(order,)`` with 1 for the sound itself.
    """
    loudness = np.sqrt(np.mean(powers**2, axis=1)) + 1e-12
    left, size, right = np.linalg.svd(loudness[:, None] * filters, full_matrices=False)
    gains = left[:, 0] / loudness
    return right[0] * size[0] * gains[0], gains / gains[0]


def fit_trigger(
    windows: OctaveWindows,
    trigger: Trigger,
    rounds: tuple[Round, ...],
    stop: Callable[[], bool],
    progress: Callable[[float], None],
) -> Trigger:
    """Move a trigger until it explains as much as it can; the windows' filters follow it.

    Args:
        windows: with filters solved and offsets chosen for the trigger.
        trigger: to begin with.
        rounds: of searching.
        stop: says that it has lasted long enough.
        progress: told how far it is.
    """
    for number, each in enumerate(rounds):
        progress(number / len(rounds))
        if stop():
            break
        counts = windows.count(trigger)
        shares = windows.choose(counts)
        windows.solve(counts, windows.explained(shares, each.solved_on))
        windows.choose(counts)
        trigger = _search(Residuals(windows, each.floor, each.miscount), trigger, each, stop)
        windows.choose(windows.count(trigger))
    return trigger


def _search(
    residuals: Residuals, trigger: Trigger, settings: Round, stop: Callable[[], bool]
) -> Trigger:
    start, moved = np.array(dataclasses.astuple(trigger)), list(settings.moved)

    def at(place: np.ndarray) -> Trigger:
        step = np.zeros(len(start))
        step[moved] = place * STEPS[moved]
        return Trigger(*(float(each) for each in _moved(start, step)))

    def enough(xk: np.ndarray) -> None:
        if stop():
            raise StopIteration

    corners = np.vstack([np.zeros(len(moved)), settings.scale * np.eye(len(moved))])
    found: Any = minimize(
        lambda place: residuals.cost(at(place)),
        corners[0],
        method="Nelder-Mead",
        callback=enough,
        options={"maxfev": settings.trials, "initial_simplex": corners, "adaptive": True},
    )
    return at(found.x)


def _moved(settings: np.ndarray, step: np.ndarray) -> np.ndarray:
    moved = np.where(IS_RATIO, settings * np.exp(step), settings + step)
    return np.clip(moved, LEAST, MOST)
