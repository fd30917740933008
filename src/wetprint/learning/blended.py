"""Solving a curve between two filters together with a filter of the dry signal beside them.

The clean signal stands beside what is clipped in every overdrive whose diodes lie in an amplifier's
feedback (its gain never falls below one), and in every pedal with a knob for that. Such a parallel
Wiener-Hammerstein system (Schoukens and Tiels 2017, section 5,
doi:10.1016/j.automatica.2017.06.044) is no cascade, however long the filters. It is solved from
where the search for a cascade stands, as ``identify/moving_branches.py`` solves branches.

A signal that is driven far beyond where its curve bends needs a grid that is fine around silence:
after the first steps several are tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wetprint.identify.cascade import Cascade
from wetprint.identify.descent import SolveConfig
from wetprint.identify.moving_branches import Branch, Listening, solve_branches
from wetprint.identify.stages import Circuit, Filter, Shape
from wetprint.learning.material import Material
from wetprint.learning.windows import MOVING_HEARD_SECONDS, choose_moving_windows

FILTER_SECONDS = 512 / 48_000

TRIAL_SECONDS = 4.0
"""How much is listened to while it is not known whether there is anything beside the curve."""

TRIAL_STEPS = 4

FRUITFUL = 0.5
"""Something beside the curve must bring the error below this share of what the curve leaves."""

FIRST_STEPS, GRID_STEPS = 6, 12
EVEN_SHARES = (0.0, 0.05)
"""Of the curve's reach: below so much its intervals are equal, see ``blocks/spline.py``."""

FIRST_INTERVALS, TRIED_INTERVALS, GRIDS = 64, 128, (256, 512, 1024)

STEPS_FOR_A_GRID = 3
"""After so many the best of the grids that are tried goes on."""

INNER_STEPS = 40
"""The two paths are so much alike that their filters are told apart slowly."""


@dataclass(frozen=True)
class Blend:
    """A curve between two filters and what stands beside them.

    Attributes:
        cascade: the filters and the curve; of one channel.
        beside: the filter of the dry signal, ``(taps,)``; None where nothing stands there.
    """

    cascade: Cascade
    beside: np.ndarray | None

    def branches(self) -> list[Branch]:
        """Return what is solved."""
        before, after = self.cascade.filters
        curved = (Filter(before), Shape(self.cascade.curves[0]), Filter(after[0]))
        return [curved, *([] if self.beside is None else [(Filter(self.beside),)])]

    @classmethod
    def of(cls, branches: list[Branch]) -> Blend:
        """Return what was solved."""
        (before, shape, after), *clean = branches
        assert isinstance(before, Filter | Circuit)
        assert isinstance(shape, Shape)
        assert isinstance(after, Filter | Circuit)
        cascade = Cascade((before.taps, after.taps[None]), (shape.curve,))
        if not clean:
            return cls(cascade, None)
        ((beside,),) = clean
        assert isinstance(beside, Filter | Circuit)
        return cls(cascade, beside.taps)

    def on_grid(self, intervals: int, even_below: float | None = None) -> Blend:
        """Return the same with its curve on another grid; see Curve.on_grid."""
        curve = self.cascade.curves[0]
        curve = curve.on_grid(intervals, curve.reach, even_below)
        return Blend(Cascade(self.cascade.filters, (curve,)), self.beside)


@dataclass(frozen=True)
class BlendSearch:
    """What a blend is looked for in.

    Attributes:
        material: what was heard, with one dry channel.
        channel: of the wet side.
        stop: says that the search has lasted long enough.
        report: told the error after every step.
    """

    material: Material
    channel: int
    stop: Callable[[], bool]
    report: Callable[[float], None]

    def shows(self, cascade: Cascade) -> bool:
        """Say whether something beside a curve explains what the curve leaves."""
        start, heard = self._start(cascade), self._listening(TRIAL_SECONDS)
        start = start.on_grid(TRIED_INTERVALS, EVEN_SHARES[-1] * start.cascade.curves[0].reach)
        steps = SolveConfig(most_steps=TRIAL_STEPS, worthwhile=0.0)
        alone = solve_branches(start.branches()[:1], heard, steps, self.stop)[1]
        both = solve_branches(start.branches(), heard, steps, self.stop, self.report)[1]
        return both < FRUITFUL * alone

    def solve(self, cascade: Cascade) -> Blend:
        """Solve both paths, the curve on finer and finer grids, while there is time.

        Args:
            cascade: a start whose first filter is hardly more than a wire. From one that is
                smooth the search ends where the curve is late by a sample, and never sharp.
        """
        heard, best = self._listening(MOVING_HEARD_SECONDS), self._start(cascade)
        best, error = self._solved(best, heard, FIRST_STEPS)
        reach = best.cascade.curves[0].reach
        grids = [best.on_grid(TRIED_INTERVALS, share * reach) for share in EVEN_SHARES]
        tried = [self._solved(each, heard, STEPS_FOR_A_GRID) for each in grids]
        best, error = min(((best, error), *tried), key=lambda each: each[1])
        for intervals in GRIDS:
            if self.stop():
                break
            finer = self._solved(best.on_grid(intervals), heard, GRID_STEPS)
            if finer[1] >= error:
                break
            best, error = finer
        return best

    def _solved(self, start: Blend, heard: Listening, steps: int) -> tuple[Blend, float]:
        config = SolveConfig(steps, INNER_STEPS, damping=1e-5)
        found, error = solve_branches(start.branches(), heard, config, self.stop, self.report)
        return Blend.of(found), error

    def _start(self, cascade: Cascade) -> Blend:
        """Begin with the cascade as it is, and with nothing beside it."""
        taps, (before, after) = self._taps, cascade.filters
        curve = cascade.curves[0]
        sides = fitted_taps(before, taps), fitted_taps(after[self.channel], taps)[None]
        curve = curve.on_grid(FIRST_INTERVALS, curve.reach)
        return Blend(Cascade(sides, (curve,)), np.zeros(taps))

    def _listening(self, seconds: float) -> Listening:
        rate, still = self.material.sample_rate, float(self.material.sample_rate)  # no LFO
        context = 2 * (self._taps - 1)
        parts = self.channel, context, rate, still, seconds
        return Listening(choose_moving_windows(self.material.training, *parts))

    @property
    def _taps(self) -> int:
        return round(FILTER_SECONDS * self.material.sample_rate)


def loudest_channel(material: Material) -> int:
    """Return the wet channel with the most energy."""
    takes = material.training
    return int(np.argmax(sum(np.square(each.scored_wet).sum(-1) for each in takes)))


def fitted_taps(response: np.ndarray, taps: int) -> np.ndarray:
    """Return ``(taps,)``: a response cut short, or silence behind it."""
    kept = response[:taps]
    return np.pad(kept, (0, taps - len(kept)))
