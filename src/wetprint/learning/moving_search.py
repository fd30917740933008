"""The steps of a search for an effect that moves and distorts, simple models first.

What moves is tried between two filters. Where that leaves something, a curve is put before it or
behind it; then another one, or several branches, each with a band of the sound: amplifiers and
their models that distort bands apart are common, and a wide band that distorts as a whole is not
far from one of several. From bands at generic crossovers the solver (``moving_branches.py``) finds
those of the effect; ``banded.py`` does so with curves before and behind what moves, between
filters of few numbers. What follows is linear again: the coupling capacitor (``capacitor.py``) and
a last filter over everything that was heard.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence

import numpy as np

from wetprint.blocks.spline import straight
from wetprint.identify.curve import Curve
from wetprint.identify.descent import SolveConfig
from wetprint.identify.moving_branches import (
    Branch,
    Listening,
    PlayedBranches,
    on_grid,
    solve_branches,
)
from wetprint.identify.period import refine_period
from wetprint.identify.stages import Filter, MovingGain, Shape, Stage
from wetprint.learning.banded import BandSearch, parted
from wetprint.learning.capacitor import find_capacitor
from wetprint.learning.linear import solve_linear_model
from wetprint.learning.material import Material, takes_esr
from wetprint.learning.moved_model import MovedModel, behind
from wetprint.learning.windows import choose_moving_windows
from wetprint.progress import Progress

BEFORE_SECONDS = 1024 / 48_000
"""Length of the filters before the gain; a low band rings long."""

AFTER_SECONDS = 64 / 48_000
"""Length of those behind it: what is slower stands before it, or is solved in the end."""

COARSE, FINER = 16, (32, 128, 256)
"""Intervals of the curves: with many from the start, noise is followed before the bands are found.
The characteristics of tubes bend most where they are crossed most often."""

FINER_PAYS = 0.97
"""A finer grid must bring the error below this share for a still finer one to be tried."""

LINEAR = SolveConfig(most_steps=6, inner_steps=15, worthwhile=0.02)
TRIAL = SolveConfig(most_steps=3, inner_steps=15, worthwhile=0.0)
THOROUGH = SolveConfig(most_steps=12, inner_steps=50, worthwhile=0.02)
FINISHING = SolveConfig(most_steps=4, inner_steps=50, damping=1e-6, worthwhile=0.02)
"""Bands overlap, and what one gains its neighbour loses: with fewer inner steps each step is too
short to tell them apart."""

FRUITFUL = 0.8
"""What leaves more than this share of a simpler model's error is not worth its parts."""

GOOD_ENOUGH = 1e-5
"""Below this error (-50 dB) over the windows no further parts are looked for."""


class MovingSearch:
    """What the steps of a search share.

    Args:
        heard: what was heard, of one dry and one wet channel.
        period_samples: of the LFO.
        stop: says that the search has lasted long enough.
        progress: told how far it is, under a name.
        name: that name.
        longest_delay_samples: how much later than the filters what moves may still answer.
        after_seconds: length of the filters behind what moves.
    """

    def __init__(
        self,
        heard: Material,
        period_samples: float,
        stop: Callable[[], bool],
        progress: Progress,
        name: str,
        longest_delay_samples: int = 0,
        after_seconds: float = AFTER_SECONDS,
    ):
        self.heard, self.period_samples, self.stop = heard, period_samples, stop
        rate = heard.sample_rate
        self.before, self.after = (round(each * rate) for each in (BEFORE_SECONDS, after_seconds))
        context = 2 * self.before + longest_delay_samples
        windows = choose_moving_windows(heard.training, 0, context, rate, period_samples)
        self.listening = Listening(windows)
        steps = itertools.count(1)
        self.report = lambda error: progress(name, 1.0 - 0.95 ** next(steps), f"error {error:.2g}")

    def still(self) -> Branch:
        """Solve a filter alone."""
        return self._solve([(Filter(np.zeros(self.before)),)], LINEAR)[0]

    def refine_period(self, still: Branch) -> None:
        """Bring the period from close to exact."""
        windows = self.listening.windows
        self.period_samples = refine_period(windows, still[0].parameters)
        self.listening = Listening(dataclasses.replace(windows, period_samples=self.period_samples))

    def moving(self, still: Branch, movers: Sequence[Stage]) -> Branch:
        """Solve filter, what moves, filter."""
        return self._solve([(*still, *movers, self._wire())], LINEAR)[0]

    def again(self, branch: Branch) -> Branch:
        """Solve a branch once more, as far as what is linear goes."""
        return self._solve([branch], LINEAR)[0]

    def curved(self, moving: Branch) -> tuple[list[Branch], bool]:
        """Put a curve before the gain or behind it; say whether it stands before it."""
        tried = [self._solve([_with_curve(moving, first)], TRIAL) for first in (True, False)]
        first = self.error(tried[0]) <= self.error(tried[1])
        return self.thorough(tried[0 if first else 1]), first

    def with_one_more(self, branch: Branch) -> list[Branch]:
        """Put a curve before everything or behind everything."""
        curve = Shape(Curve(1.0, straight(COARSE, 1.0)))
        longer = ((self._wire(), curve, *branch), (*branch, curve, self._wire()))
        tried = [self._solve([each], TRIAL) for each in longer]
        return self.thorough(min(tried, key=self.error))

    def banded(self, moving: Branch, first: bool) -> list[Branch]:
        """Begin a branch for each band, its curve before what moves or behind it."""
        mover = moving[1]
        if isinstance(mover, MovingGain):
            mover = MovingGain(mover.gain / np.mean(mover.gain))
        bands = parted(self.before, self.heard.sample_rate)
        start: list[Branch] = [(Filter(band), mover, self._wire()) for band in bands]
        linear = self._solve(start, LINEAR)
        return self._solve([_with_curve(each, first) for each in linear], TRIAL)

    def banded_circuits(self, moving: Branch) -> list[Branch]:
        """Solve bands that are bent apart before and behind what moves; see ``banded.py``."""
        ends = [each.taps for each in moving if isinstance(each, Filter)]
        peak = sum(int(np.abs(each).argmax()) for each in ends)
        movers = [each for each in moving if not isinstance(each, Filter)]
        bands = BandSearch(self.heard, movers, self.period_samples, peak, self.stop, self.report)
        return bands.solve()

    def thorough(self, start: list[Branch]) -> list[Branch]:
        """Solve on the coarse grid, and then on finer ones."""
        best = self._solve(start, THOROUGH)
        for intervals in FINER:
            finer = self._solve([on_grid(each, intervals) for each in best], FINISHING)
            pays = self.error(finer) < FINER_PAYS * self.error(best)
            best = min(best, finer, key=self.error)
            if not pays or self.stop():
                break
        return best

    def error(self, branches: list[Branch]) -> float:
        """Return the ESR over the windows."""
        return PlayedBranches(branches, self.listening).error

    def goes_on(self, best: list[Branch]) -> bool:
        """Say whether there is something left to be found, and time."""
        return self.error(best) > GOOD_ENOUGH and not self.stop()

    def better(self, simple: list[Branch], more: list[Branch]) -> list[Branch]:
        """Return the one with more parts where they pay."""
        return more if self.error(more) < FRUITFUL * self.error(simple) else simple

    def _solve(self, start: list[Branch], config: SolveConfig) -> list[Branch]:
        return solve_branches(start, self.listening, config, self.stop, self.report)[0]

    def _wire(self) -> Filter:
        wire = np.zeros(self.after)
        wire[0] = 1.0
        return Filter(wire)

    def finished(self, branches: list[Branch]) -> MovedModel:
        """Find the capacitor, and solve the last filter over everything."""
        plain = MovedModel(branches, None, np.ones(1), self.period_samples, np.inf)
        plain = dataclasses.replace(plain, error=takes_esr(self.heard.validation, plain.play))
        bent = behind(plain, self.heard)
        pole = find_capacitor(bent)
        model = dataclasses.replace(plain, pole=pole)
        if pole is not None:
            bent = behind(model, self.heard)
        last = solve_linear_model(bent, self.before, self.stop)
        model = dataclasses.replace(model, after=last.response[0, 0], error=last.error)
        return min(plain, model, key=lambda each: each.error)


def _with_curve(moving: Branch, first: bool) -> Branch:
    """Put a straight curve before what moves in filter, movers, filter, or behind it."""
    before, *movers, after = moving
    curve = Shape(Curve(1.0, straight(COARSE, 1.0)))
    return (before, curve, *movers, after) if first else (before, *movers, curve, after)
