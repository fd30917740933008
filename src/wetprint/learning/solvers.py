"""What can be solved beyond a filter, in the order in which it is tried.

A new solver is one function and one line here; its recipe's name is what ``--model`` takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wetprint.learning.echoed import solve_echoed
from wetprint.learning.material import Material
from wetprint.learning.moving import Motion, solve_modulated
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


def _solve_moving_reverb(
    material: Material, motion: Motion, stop: Callable[[], bool], progress: Progress
) -> Chain | None:
    """A room has a cycle of its own, of several LFOs together, which it finds by itself."""
    return solve_reverberant(material, material.drive, stop, progress)


PITCHED = Solver("pitch_shifter", solve_pitched)
"""Apart from the others, since another measure decides."""

STILL_SOLVERS = (Solver("echo", solve_echoed),)

MOVING_SOLVERS = (
    MovingSolver("modulated_delay", solve_modulated),
    MovingSolver("moving_reverb", _solve_moving_reverb),
)
