"""What can be solved beyond a filter, in the order in which it is tried.

A new solver is one function and one line here; its recipe's name is what ``--model`` takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wetprint.identify.periodic_response import Recording
from wetprint.learning.echoed import solve_echoed
from wetprint.learning.material import Material
from wetprint.learning.moved import solve_tremolo
from wetprint.learning.moving import Motion, long_takes, solve_modulated
from wetprint.learning.phased import phaser_chain, solve_phaser
from wetprint.learning.pitched import solve_pitched
from wetprint.learning.reverberant import solve_reverberant
from wetprint.models.chain import Chain
from wetprint.progress import Progress

Solve = Callable[[Material, Callable[[], bool], Progress], Chain | None]
"""Returns a chain, or None where the effect is not of this kind."""

SolveMoving = Callable[[Material, Motion, Callable[[], bool], Progress], Chain | None]


@dataclass(frozen=True)
class Solver:
    """Solves effects of one kind.

    Attributes:
        recipe: the name of what it makes, see wetprint.models.recipes.
        solve: what does it.
    """

    recipe: str
    solve: Solve


@dataclass(frozen=True)
class MovingSolver:
    """Solves effects of one kind that an LFO moves."""

    recipe: str
    solve: SolveMoving


MOSTLY_ONE = 0.8
"""Share of what moves that one response must explain for the motion to be that of a gain."""


def _solve_tremolo(
    material: Material, motion: Motion, stop: Callable[[], bool], progress: Progress
) -> Chain | None:
    """A gain moves all of the response alike: the snapshots differ by a factor only."""
    moving = motion.trains[0].moving.reshape(len(motion.trains[0].times), -1)
    sizes = np.square(np.linalg.svd(moving, compute_uv=False))
    if material.channels_in > 1 or sizes[0] < MOSTLY_ONE * sizes.sum():
        return None
    return solve_tremolo(material, motion.lfo.period_samples, stop, progress)


def _solve_phaser(
    material: Material, motion: Motion, stop: Callable[[], bool], progress: Progress
) -> Chain | None:
    if material.channels_in > 1:
        return None
    heard = [Recording(each.dry, each.wet, each.start_sample) for each in long_takes(material)]
    period, rate = motion.lfo.period_samples, material.sample_rate
    found = solve_phaser(heard, period, rate, stop, progress)
    return None if found is None else phaser_chain(found)


def _solve_moving_reverb(
    material: Material, motion: Motion, stop: Callable[[], bool], progress: Progress
) -> Chain | None:
    """A room has a cycle of its own, of several LFOs together, which it finds by itself."""
    return solve_reverberant(material, material.drive, stop, progress)


PITCHED = Solver("pitch_shifter", solve_pitched)
"""Apart from the others, since another measure decides."""

STILL_SOLVERS = (Solver("echo", solve_echoed),)

MOVING_SOLVERS = (
    MovingSolver("tremolo", _solve_tremolo),
    MovingSolver("modulated_delay", solve_modulated),
    MovingSolver("phaser", _solve_phaser),
    MovingSolver("moving_reverb", _solve_moving_reverb),
)
