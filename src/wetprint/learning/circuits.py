"""Solving a curve between two filters, all filters such as resistors and capacitors make them.

A few notes tell of a filter at their partials and nowhere else. One of many taps then follows the
notes, and what it does to others is left to chance; one of a dozen numbers that goes on as a
circuit would (``identify/decays.py``) is known from them everywhere. Pedals are such circuits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wetprint.blocks.spline import straight
from wetprint.identify.curve import Curve
from wetprint.identify.decays import decays
from wetprint.identify.descent import SolveConfig
from wetprint.identify.moving_branches import Branch, Listening, solve_branches
from wetprint.identify.stages import Circuit, Shape, Stage
from wetprint.learning.blended import Blend
from wetprint.learning.material import Material
from wetprint.learning.windows import choose_moving_windows

HEARD_SECONDS = 5.0
"""How much is listened to: a dozen numbers need little."""

GRIDS = ((16, 0.0), (32, 0.05), (48, 0.02), (64, 0.01))
"""Intervals of the curve, and below which share of its reach they are equal: coarse first."""

LINEAR_STEPS, TRIAL_STEPS, FIRST_STEPS, GRID_STEPS = 3, 4, 24, 12

CONTINUED_STARTS = 2
"""Of three: what is best after a few steps may end where nothing goes on."""

INNER_STEPS = 30
"""Of conjugate gradients in each step; see blended.py."""

WORTH_BLENDING = 0.7
"""Something beside the curve must bring the error below this share of what the curve leaves."""

EXPLAINED = 1e-6
"""What leaves no more than this (-60 dB) needs nothing beside it."""

NEAR_PEAK = 5
"""Delays that are tried up to where the linear part is loudest, beside none."""


@dataclass(frozen=True)
class CircuitSearch:
    """What circuits and a curve are looked for in.

    Attributes:
        material: what was heard, with one dry channel.
        channel: of the wet side.
        peak_samples: where the linear part is loudest: sound arrives no later than that.
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
    ) -> Blend | None:
        """Solve both filters and the curve, the curve on finer and finer grids.

        Args:
            may_stand_alone: whether the curve may be all there is.
            may_blend: whether a circuit that the dry signal passes may stand beside it. Where both
                may be, it stands there if it is worth it.
            hopeless: with more error than this on a coarse grid the search is given up.

        Returns:
            What was solved; None where the search was given up, or nothing that may be comes of it.
        """
        responses = decays(self.material.sample_rate)
        heard = self._listening(responses.shape[1] + self.peak_samples)
        starts = self._starts(responses, heard)
        best, error = self._coarse([start[:1] for start in starts], heard)
        if may_blend and error > EXPLAINED and not self.stop():
            blended = self._coarse(starts, heard)
            if blended[1] < WORTH_BLENDING * error:
                best, error = blended
        if error > hopeless or (len(best) == 1 and not may_stand_alone):
            return None
        for grid in GRIDS[2:]:
            if self.stop():
                break
            finer = self._solved(_on_grid(best, *grid), heard, GRID_STEPS)
            best, error = min((best, error), finer, key=lambda each: each[1])
        return Blend.of(best)

    def _starts(self, responses: np.ndarray, heard: Listening) -> list[list[Branch]]:
        """Begin with wires, and with the linear part before or behind the curve.

        Whatever follows the curve is as late as explains most without one; beside it, where nothing
        stands yet, sound may be as late, or come at once.
        """

        def solved(branch: Branch) -> tuple[Branch, float]:
            ((found,), error) = self._solved([branch], heard, LINEAR_STEPS)
            return found, error

        delay, passed = arrival(responses, self.peak_samples, solved)
        at_once = np.pad(responses, ((0, 0), (0, delay)))
        both = np.concatenate([at_once, passed.responses]) if delay else responses
        beside = Circuit(np.zeros(len(both)), both)
        line = Shape(Curve(1.0, straight(GRIDS[0][0], 1.0)))
        first, last = wire(responses), wire(passed.responses)
        before = Circuit(passed.shares, responses)
        ends = (first, last), (first, passed), (before, last)
        return [[(start, line, end), (beside,)] for start, end in ends]

    def _coarse(self, starts: list[list[Branch]], heard: Listening) -> tuple[list[Branch], float]:
        """Try starts on the coarsest grid, and solve from the best of them on the next."""
        tried = [self._solved(each, heard, TRIAL_STEPS) for each in starts]
        tried.sort(key=lambda each: each[1])
        finer = [_on_grid(each, *GRIDS[1]) for each, _ in tried[:CONTINUED_STARTS]]
        found = [self._solved(each, heard, FIRST_STEPS) for each in finer]
        return min(found, key=lambda each: each[1])

    def _solved(
        self, start: list[Branch], heard: Listening, steps: int
    ) -> tuple[list[Branch], float]:
        config = SolveConfig(steps, INNER_STEPS, damping=1e-3, worthwhile=0.003)
        return solve_branches(start, heard, config, self.stop, self.report)

    def _listening(self, taps: int) -> Listening:
        rate, still = self.material.sample_rate, float(self.material.sample_rate)  # no LFO
        parts = self.channel, 2 * (taps - 1), rate, still, HEARD_SECONDS
        return Listening(choose_moving_windows(self.material.training, *parts))


def wire(responses: np.ndarray, delay_samples: int = 0) -> Circuit:
    """Return the circuit that changes nothing but, if asked to, the time."""
    return Circuit(np.eye(1, len(responses))[0], np.pad(responses, ((0, 0), (delay_samples, 0))))


def arrival(
    responses: np.ndarray,
    peak_samples: int,
    solved: Callable[[Branch], tuple[Branch, float]],
    movers: Sequence[Stage] = (),
) -> tuple[int, Circuit]:
    """Find how late sound arrives behind a circuit.

    Args:
        responses: see Circuit.
        peak_samples: no later than that.
        solved: solves a branch, and says what it leaves.
        movers: what sound passes before the circuit.

    Returns:
        The delay in samples that leaves least, and the circuit behind it.
    """
    tried = {}
    for delay in {0, *range(max(0, peak_samples - NEAR_PEAK + 1), peak_samples + 1)}:
        tried[delay] = solved((*movers, wire(responses, delay)))
    delay = min(tried, key=lambda each: tried[each][1])
    passed = tried[delay][0][-1]
    assert isinstance(passed, Circuit)
    return delay, passed


def _on_grid(branches: list[Branch], intervals: int, even_share: float) -> list[Branch]:
    before, shape, after = branches[0]
    assert isinstance(shape, Shape)
    curve = shape.curve
    curve = curve.on_grid(intervals, curve.reach, even_share * curve.reach)
    return [(before, replace(shape, curve=curve), after), *branches[1:]]
