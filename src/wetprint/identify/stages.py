"""Stages of an effect that moves and distorts: filters, static curves, what follows an LFO.

Here is what a stage is made of and what of it is solved for; ``played_stages.py`` plays stages, and
``moving_branches.py`` joins them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wetprint.blocks.crossfaded_delay import CrossfadedDelay
from wetprint.identify.curve import Curve

HEADROOM = 1.1
"""Curves reach this much further than the loudest sample heard."""


@dataclass(frozen=True)
class Filter:
    """An impulse response, ``(taps,)``."""

    taps: np.ndarray

    @property
    def parameters(self) -> np.ndarray:
        """What is solved for, ``(parameters,)``."""
        return self.taps

    def moved(self, step: np.ndarray) -> Filter:
        """Return the stage with a step added to its parameters."""
        return Filter(self.taps + step)


@dataclass(frozen=True)
class Circuit:
    """A filter that is a sum of known responses.

    Attributes:
        shares: of each response, ``(responses,)``.
        responses: ``(responses, taps)``, see decays.py.
    """

    shares: np.ndarray
    responses: np.ndarray

    @property
    def taps(self) -> np.ndarray:
        """The impulse response, ``(taps,)``."""
        return self.shares @ self.responses

    @property
    def parameters(self) -> np.ndarray:
        """See Filter."""
        return self.shares

    def moved(self, step: np.ndarray) -> Circuit:
        """See Filter."""
        return Circuit(self.shares + step, self.responses)


@dataclass(frozen=True)
class Shape:
    """A static curve."""

    curve: Curve

    @property
    def parameters(self) -> np.ndarray:
        """See Filter."""
        return self.curve.coefficients

    def moved(self, step: np.ndarray) -> Shape:
        """See Filter."""
        return Shape(self.curve.moved(step))

    def with_room(self, loudest: float) -> Shape:
        """Return the same curve with the reach that a signal needs."""
        if loudest <= self.curve.reach <= 2.0 * HEADROOM * loudest:
            return self
        return Shape(self.curve.on_grid(self.curve.intervals, HEADROOM * max(loudest, 1e-6)))


@dataclass(frozen=True)
class MovingGain:
    """A gain over an LFO's turn: ``(knots,)``, see wetprint.blocks.periodic."""

    gain: np.ndarray

    @property
    def parameters(self) -> np.ndarray:
        """See Filter."""
        return self.gain

    def moved(self, step: np.ndarray) -> MovingGain:
        """See Filter."""
        return MovingGain(self.gain + step)


@dataclass(frozen=True)
class FadingDelay:
    """A delay that fades from one length to the next, of one channel; it is known, not solved."""

    block: CrossfadedDelay

    @property
    def parameters(self) -> np.ndarray:
        """See Filter; none."""
        return np.zeros(0)

    def moved(self, step: np.ndarray) -> FadingDelay:
        """See Filter."""
        return self


Stage = Filter | Circuit | Shape | MovingGain | FadingDelay
