"""What every solver of filters and curves does alike: conjugate gradients, and damped steps.

Steps are those of Levenberg and Marquardt (Marquardt 1963, doi:10.1137/0111030); each is found by
preconditioned conjugate gradients (Hestenes and Stiefel 1952).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

ENOUGH = 1e-10
"""Conjugate gradients stop at this share of the first descent."""

SHORTER_STEPS = (1.0, 0.5, 0.25)
"""Shares of a step that are tried before the damping is raised."""

MOST_DAMPING = 1e4

LEAST_DAMPING = 1e-9


@dataclass(frozen=True)
class SolveConfig:
    """How a cascade is solved.

    Attributes:
        most_steps: Levenberg-Marquardt steps at most.
        inner_steps: conjugate-gradient steps in each.
        damping: to start with, beside the preconditioner.
        worthwhile: a step that lowers the error by a smaller share than this is the last.
    """

    most_steps: int = 20
    inner_steps: int = 20
    damping: float = 1e-3
    worthwhile: float = 0.01


class Steppable(Protocol):
    """Something played on what was heard, that knows a step towards less error."""

    error: float

    def step(self, damping: float, inner_steps: int, stop: Callable[[], bool]) -> np.ndarray:
        """Return a damped Gauss-Newton step, ``(parameters,)``."""
        ...

    def moved(self, step: np.ndarray) -> Steppable:
        """Play what a step leads to."""
        ...


S = TypeVar("S", bound=Steppable)


def descend(
    best: S,
    config: SolveConfig,
    stop: Callable[[], bool],
    report: Callable[[float], None],
    renewed: Callable[[S], S],
) -> S:
    """Step towards less error as long as that is worthwhile.

    Args:
        best: where to begin.
        config: how.
        stop: asked again and again; once it says yes, what was found so far is returned.
        report: told the error after every step.
        renewed: prepares what was found for the next step.
    """
    damping = config.damping
    for _ in range(config.most_steps):
        found = _descended(best, best.step(damping, config.inner_steps, stop))
        if found is None:
            damping *= 10.0
            if damping > MOST_DAMPING or stop():
                break
            continue
        gained = 1.0 - found.error / best.error
        damping = max(damping / 5.0, LEAST_DAMPING)
        best = found
        report(best.error)
        if gained < config.worthwhile or stop():
            break
        best = renewed(best)
    return best


def _descended(played: S, step: np.ndarray) -> S | None:
    """Return where a step or a part of it leads to less error, or None."""
    for share in SHORTER_STEPS:
        found = played.moved(share * step)
        if found.error < played.error:
            return found  # pyright: ignore[reportReturnType]
    return None


def descent_step(
    right: np.ndarray,
    product: Callable[[np.ndarray], np.ndarray],
    solved: Callable[[np.ndarray], np.ndarray],
    inner_steps: int,
    stop: Callable[[], bool],
) -> np.ndarray:
    """Solve ``product(step) = right`` by preconditioned conjugate gradients, as far as they get.

    Args:
        right: ``(parameters,)``.
        product: multiplies by the matrix.
        solved: multiplies by the inverse of a matrix near to it.
        inner_steps: at most.
        stop: asked before each; once it says yes, the step stays as good as it is.
    """
    step, residual = np.zeros_like(right), right.copy()
    ahead = solved(right)
    direction, descent = ahead, float(right @ ahead)
    first = descent
    for _ in range(inner_steps):
        multiplied = product(direction)
        along = float(direction @ multiplied)
        if descent <= ENOUGH * first or along <= 0.0 or stop():
            break
        length = descent / along
        step += length * direction
        residual -= length * multiplied
        ahead = solved(residual)
        before, descent = descent, float(residual @ ahead)
        direction = ahead + descent / before * direction
    return step
