"""What can be solved beyond a filter, in the order in which it is tried.

A new solver is one function and one line here; its recipe's name is what ``--model`` takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wetprint.learning.material import Material
from wetprint.learning.moving import Motion, solve_modulated
from wetprint.models.chain import Chain
from wetprint.progress import Progress


@dataclass(frozen=True)
class MovingSolver:
    """Solves effects that an LFO moves.

    Attributes:
        recipe: the name of what it makes, see wetprint.models.recipes.
        solve: returns the chain, or None where the effect is not of this kind.
    """

    recipe: str
    solve: Callable[[Material, Motion, Callable[[], bool], Progress], Chain | None]


MOVING_SOLVERS = (MovingSolver("modulated_delay", solve_modulated),)
