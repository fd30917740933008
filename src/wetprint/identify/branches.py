"""Branches side by side, each a filter, or a filter, a curve and a filter, of one or more inputs.

What comes out of an echo is a sum of such branches once its inputs are known: what is played now,
what was played one echo ago, and what was heard one echo ago (``learning/echoed.py``). Parallel
cascades of filters and curves: Schoukens and Tiels 2017, section 5
(doi:10.1016/j.automatica.2017.06.044).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wetprint.identify.curve import Curve

ROOM = 1.1
"""A curve keeps its grid while its reach is within this factor of the one it should have."""


@dataclass(frozen=True)
class Branch:
    """One branch.

    Attributes:
        hears: the numbers of its inputs.
        before: ``(inputs, taps)``, a filter for each input; they are added up.
        curve: what they are sent through, or None in a branch that is a filter.
        after: ``(taps,)``, the filter behind the curve; None where there is no curve.
    """

    hears: tuple[int, ...]
    before: np.ndarray
    curve: Curve | None = None
    after: np.ndarray | None = None

    @property
    def parts(self) -> list[np.ndarray]:
        """What is solved for: the filters before, the curve's coefficients, the filter after."""
        if self.curve is None or self.after is None:
            return [self.before]
        return [self.before, self.curve.coefficients, self.after]

    def moved(self, steps: Sequence[np.ndarray]) -> Branch:
        """Return the branch with a step added to each of its parts."""
        before = self.before + steps[0]
        if self.curve is None or self.after is None:
            return dataclasses.replace(self, before=before)
        return Branch(self.hears, before, self.curve.moved(steps[1]), self.after + steps[2])

    def on_reach(self, reach: float) -> Branch:
        """Return the branch with a curve of this reach; itself where the curve's will do."""
        curve = self.curve
        if curve is None or reach / ROOM <= curve.reach <= ROOM * reach:
            return self
        return dataclasses.replace(self, curve=curve.on_grid(curve.intervals, reach))


@dataclass(frozen=True)
class Heard:
    """Stretches of all inputs and of what comes out; see Windows, of which this is the like.

    Attributes:
        inputs: ``(inputs, windows, time)`` float32.
        wet: ``(windows, time)`` float32.
        heard: ``(windows, time)`` float32; 1 where the error counts.
    """

    inputs: np.ndarray
    wet: np.ndarray
    heard: np.ndarray


def split(branches: Sequence[Branch], step: np.ndarray) -> list[list[np.ndarray]]:
    """Cut ``(parameters,)`` into the parts of every branch."""
    at, cut = 0, []
    for branch in branches:
        parts = []
        for part in branch.parts:
            parts.append(step[at : at + part.size].reshape(part.shape))
            at += part.size
        cut.append(parts)
    return cut


def flat(parts: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Return the parts of every branch as one, ``(parameters,)`` float64."""
    return np.concatenate([each.ravel() for branch in parts for each in branch]).astype(np.float64)
