"""Solving a curve between two filters, all filters such as resistors and capacitors make them.

A few notes tell of a filter at their partials and nowhere else. One of many taps then follows the
notes, and what it does to others is left to chance; one of a dozen numbers that goes on as a
circuit would (``identify/decays.py``) is known from them everywhere. Pedals are such circuits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from wetprint.blocks.spline import straight
from wetprint.identify.cascade import Cascade
from wetprint.identify.curve import Curve
from wetprint.identify.decays import decays
from wetprint.identify.descent import SolveConfig
from wetprint.identify.moving_branches import Branch, Listening, solve_branches
from wetprint.identify.stages import Circuit, Shape
from wetprint.learning.material import Material
from wetprint.learning.windows import choose_moving_windows

HEARD_SECONDS = 5.0

GRIDS = ((16, 0.0), (32, 0.05), (48, 0.02), (64, 0.01))
"""Intervals of the curve, and below which share of its reach they are equal: coarse first."""

LINEAR_STEPS, TRIAL_STEPS, GRID_STEPS = 3, 4, 12

INNER_STEPS = 30

WORTH_BLENDING = 0.7
"""Something beside the curve must bring the error below this share of what the curve leaves."""

AHEAD_OF_PEAK = 2
"""Sound may arrive so many samples before the linear part is loudest."""


@dataclass(frozen=True)
class CircuitSearch:
    """What circuits and a curve are looked for in.

    Attributes:
        material: what was heard, with one dry channel.
        channel: of the wet side.
        peak_samples: where the linear part is loudest: sound may arrive as late as that.
        stop: says that the search has lasted long enough.
        report: told the error after every step.
    """

    material: Material
    channel: int
    peak_samples: int
    stop: Callable[[], bool]
    report: Callable[[float], None]

    def solve(
        self, may_stand_alone: bool, may_blend: bool, hopeless: float = np.inf
    ) -> tuple[Cascade, np.ndarray | None] | None:
        """Solve both filters and the curve, the curve on finer and finer grids.

        Args:
            may_stand_alone: whether the curve may be all there is.
            may_blend: whether a circuit that the dry signal passes may stand beside it. Where both
                may be, it stands there if it is worth it.
            hopeless: with more error than this on a coarse grid the search is given up.

        Returns:
            The filters and the curve, of one channel; and the filter of the dry signal,
            ``(taps,)``, or None. Nothing where the search was given up, or nothing that may be
            comes of it.
        """
        responses = decays(self.material.sample_rate)
        delays = {0, max(0, self.peak_samples - AHEAD_OF_PEAK)}
        heard = self._listening(responses.shape[1] + max(delays))
        best, error = self._coarse(responses, delays, heard, is_blended=False)
        if may_blend and not self.stop():
            blended = self._coarse(responses, delays, heard, is_blended=True)
            if blended[1] < WORTH_BLENDING * error:
                best, error = blended
        if error > hopeless or (len(best) == 1 and not may_stand_alone):
            return None
        for grid in GRIDS[2:]:
            if self.stop():
                break
            finer = self._solved(_on_grid(best, *grid), heard, GRID_STEPS)
            if finer[1] < error:
                best, error = finer
        return _with_taps(best)

    def _coarse(
        self, responses: np.ndarray, delays: set[int], heard: Listening, is_blended: bool
    ) -> tuple[list[Branch], float]:
        """Choose a start, and solve it on the coarsest grid and the next."""
        tried = [
            self._solved(each, heard, TRIAL_STEPS)
            for delay in sorted(delays)
            for each in self._starts(responses, delay, heard, is_blended)
        ]
        best, error = min(tried, key=lambda each: each[1])
        best, error = self._solved(best, heard, GRID_STEPS)
        finer = self._solved(_on_grid(best, *GRIDS[1]), heard, GRID_STEPS)
        return min((best, error), finer, key=lambda each: each[1])

    def _starts(
        self, responses: np.ndarray, delay: int, heard: Listening, is_blended: bool
    ) -> list[list[Branch]]:
        """Begin with wires, and with the linear part before or behind the curve.

        Whatever follows the curve is late by ``delay`` samples; beside it sound may be as late, or
        come at once.
        """
        late = np.pad(responses, ((0, 0), (delay, 0)))
        (linear,), _ = self._solved([(_wire(late),)], heard, LINEAR_STEPS)
        (passed,) = linear
        assert isinstance(passed, Circuit)
        line = Shape(Curve(1.0, straight(GRIDS[0][0], 1.0)))
        wire, last = _wire(responses), _wire(late)
        both = np.concatenate([np.pad(responses, ((0, 0), (0, delay))), late]) if delay else late
        beside = [(Circuit(np.zeros(len(both)), both),)] if is_blended else []
        chains = (
            (wire, line, last),
            (wire, line, passed),
            (replace(passed, responses=responses), line, last),
        )
        return [[each, *beside] for each in chains]

    def _solved(
        self, start: list[Branch], heard: Listening, steps: int
    ) -> tuple[list[Branch], float]:
        config = SolveConfig(steps, INNER_STEPS, damping=1e-3, worthwhile=0.003)
        return solve_branches(start, heard, config, self.stop, self.report)

    def _listening(self, taps: int) -> Listening:
        rate, still = self.material.sample_rate, float(self.material.sample_rate)  # no LFO
        parts = self.channel, 2 * (taps - 1), rate, still, HEARD_SECONDS
        return Listening(choose_moving_windows(self.material.training, *parts))


def _wire(responses: np.ndarray) -> Circuit:
    return Circuit(np.eye(1, len(responses))[0], responses)


def _on_grid(branches: list[Branch], intervals: int, even_share: float) -> list[Branch]:
    before, shape, after = branches[0]
    assert isinstance(shape, Shape)
    curve = shape.curve
    curve = curve.on_grid(intervals, curve.reach, even_share * curve.reach)
    return [(before, replace(shape, curve=curve), after), *branches[1:]]


def _with_taps(branches: list[Branch]) -> tuple[Cascade, np.ndarray | None]:
    """Return what was solved as filters of many taps."""
    before, shape, after = branches[0]
    assert isinstance(before, Circuit)
    assert isinstance(shape, Shape)
    assert isinstance(after, Circuit)
    beside = None
    if len(branches) > 1:
        (clean,) = branches[1]
        assert isinstance(clean, Circuit)
        beside = clean.taps
    return Cascade((before.taps, after.taps[None]), (shape.curve,)), beside
