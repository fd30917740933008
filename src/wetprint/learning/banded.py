"""Solving bands of sound that are bent apart, each by curves between circuits.

Models of tube amplifiers and tapes often split what is played into bands, send each through tubes
of its own, and add them up: high notes then stay clear while low ones distort. Each band is solved
as circuit, curve, circuit, what moves, curve, circuit, where filters are such as resistors and
capacitors make them (``identify/decays.py``): of so many filters of many taps a few seconds of
sound tell nothing. From bands at generic crossovers those of the effect are found by descent
(``identify/moving_branches.py``), on a few stretches first, and on more of them in the end.

Left out: several curves before or behind what moves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.signal import butter, sosfilt

from wetprint.blocks.spline import straight
from wetprint.identify.curve import Curve
from wetprint.identify.decays import decays
from wetprint.identify.descent import SolveConfig
from wetprint.identify.moving_branches import (
    Branch,
    Listening,
    on_grid,
    solve_branches,
)
from wetprint.identify.stages import Circuit, FadingDelay, Shape, Stage
from wetprint.learning.circuits import arrival, wire
from wetprint.learning.material import Material
from wetprint.learning.windows import choose_moving_windows

CROSSOVERS_HZ = (100.0, 400.0, 1500.0, 6000.0)
"""Where bands begin their search."""

POLES_PER_OCTAVE = 2.0
"""Of the circuits: then they leave -34 to -25 dB of a third-order band."""

WINDOW_SECONDS = 16_384 / 48_000
"""Short windows at many places: what a band does is heard when it is loud."""

FIRST_SECONDS, HEARD_SECONDS = 6.0, 16.0
"""How much is listened to at first, and in the end."""

COARSE, FINER = 16, (32, 64)
"""Intervals of the curves."""

DAMPING, FINER_DAMPING = 1e-3, 1e-4

INNER_STEPS, LINEAR_STEPS, FIRST_STEPS, FINER_STEPS = 30, 4, 20, 5


class BandSearch:
    """What bands are looked for in.

    Args:
        heard: what was heard, of one dry and one wet channel.
        movers: what moves, one behind the other; none where nothing does.
        period_samples: of the LFO.
        peak_samples: where a filter in their place is loudest: sound arrives no later than that.
        stop: says that the search has lasted long enough.
        report: told the error after every step.
    """

    def __init__(
        self,
        heard: Material,
        movers: Sequence[Stage],
        period_samples: float,
        peak_samples: int,
        stop: Callable[[], bool],
        report: Callable[[float], None],
    ):
        self.heard, self.movers, self.period_samples = heard, tuple(movers), period_samples
        self.peak_samples, self.stop, self.report = peak_samples, stop, report
        self.responses = decays(heard.sample_rate, POLES_PER_OCTAVE)
        self.first = self._listening(FIRST_SECONDS)

    def solve(self) -> list[Branch]:
        """Solve all bands."""
        linear, _ = self._solved(self._linear_bands(), self.first, LINEAR_STEPS)
        found, _ = self._solved([self._bent(each) for each in linear], self.first, FIRST_STEPS)
        listening = self._listening(HEARD_SECONDS)
        for intervals in FINER:
            if self.stop():
                break
            finer = [on_grid(each, intervals) for each in found]
            found, _ = self._solved(finer, listening, FINER_STEPS, FINER_DAMPING)
        return found

    def _linear_bands(self) -> list[Branch]:
        def solved(branch: Branch) -> tuple[Branch, float]:
            ((found,), error) = self._solved([branch], self.first, LINEAR_STEPS)
            return found, error

        delay, _ = arrival(self.responses, self.peak_samples, solved, self.movers)
        parts = parted(self.responses.shape[1], self.heard.sample_rate)
        return [(self._circuit(each), *self.movers, wire(self.responses, delay)) for each in parts]

    def _bent(self, band: Branch) -> Branch:
        """Put curves around what moves."""
        before, *movers, after = band
        return (before, _straight(), wire(self.responses), *movers, _straight(), after)

    def _circuit(self, taps: np.ndarray) -> Circuit:
        """Return the circuit nearest to a filter."""
        return Circuit(np.linalg.lstsq(self.responses.T, taps, rcond=None)[0], self.responses)

    def _solved(
        self, start: list[Branch], listening: Listening, steps: int, damping: float = DAMPING
    ) -> tuple[list[Branch], float]:
        config = SolveConfig(steps, INNER_STEPS, damping, worthwhile=0.003)
        return solve_branches(start, listening, config, self.stop, self.report)

    def _listening(self, seconds: float) -> Listening:
        lines = [each.block.config for each in self.movers if isinstance(each, FadingDelay)]
        latest = sum(each.most_delay_samples for each in lines) + self.peak_samples
        parts = 0, 3 * self.responses.shape[1] + latest, self.heard.sample_rate
        windows = choose_moving_windows(
            self.heard.training, *parts, self.period_samples, seconds, WINDOW_SECONDS
        )
        return Listening(windows)


def _straight() -> Shape:
    return Shape(Curve(1.0, straight(COARSE, 1.0)))


def parted(samples: int, sample_rate: int) -> list[np.ndarray]:
    """Return impulse responses that part sound at the crossovers, highest band first.

    Args:
        samples: length of each.
        sample_rate: Hz.
    """
    rest = np.zeros(samples)
    rest[0] = 1.0
    bands = []
    for crossover in reversed(CROSSOVERS_HZ):
        edge = 2.0 * crossover / sample_rate
        if edge < 1.0:
            bands.append(sosfilt(butter(3, edge, "high", output="sos"), rest))
            rest = sosfilt(butter(3, edge, output="sos"), rest)
    return [*bands, rest]
