"""What can be solved beyond a filter, in the order in which it is tried.

A new solver is one function and one line here; its recipe's name is what ``--model`` takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wetprint.identify.turn import tremolo_period
from wetprint.learning.crossfaded import solve_crossfaded
from wetprint.learning.divided import solve_divided
from wetprint.learning.echoed import solve_echoed
from wetprint.learning.hammerstein import solve_hammerstein
from wetprint.learning.material import Material
from wetprint.learning.moved import solve_tremolo
from wetprint.learning.moving import Motion, recordings_of, solve_modulated
from wetprint.learning.phased import phaser_chain, solve_periodic_filter, solve_phaser
from wetprint.learning.pitched import solve_pitched
from wetprint.learning.reverberant import solve_reverberant
from wetprint.learning.ring_modulator import solve_ring_modulator
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


def _solve_tremolo(
    material: Material, motion: Motion, stop: Callable[[], bool], progress: Progress
) -> Chain | None:
    if material.channels_in > 1:
        return None
    train = None if material.drive is None else motion.trains[0]
    period = tremolo_period(recordings_of(material), material.sample_rate, train, motion.lfo)
    return None if period is None else solve_tremolo(material, period, stop, progress)


def _solve_phaser(
    material: Material, motion: Motion, stop: Callable[[], bool], progress: Progress
) -> Chain | None:
    if material.channels_in > 1:
        return None
    heard, period = recordings_of(material), motion.lfo.period_samples
    found = solve_phaser(heard, period, material.sample_rate, stop, progress)
    return None if found is None else phaser_chain(found)


def _solve_periodic_filter(
    material: Material, motion: Motion, stop: Callable[[], bool], progress: Progress
) -> Chain | None:
    if material.channels_in > 1:
        return None
    heard, period = recordings_of(material), motion.lfo.period_samples
    return solve_periodic_filter(heard, period, stop, progress)


def _solve_moving_reverb(
    material: Material, motion: Motion, stop: Callable[[], bool], progress: Progress
) -> Chain | None:
    """A room has a cycle of its own, of several LFOs together, which it finds by itself."""
    return solve_reverberant(material, stop, progress)


RING = Solver("ring_modulator", solve_ring_modulator)
"""Apart from the others that move, since what moves it is no LFO."""

PITCHED = Solver("pitch_shifter", solve_pitched)
"""Apart from the others, since another measure decides."""

CROSSFADED = Solver("crossfaded_delay", solve_crossfaded)
"""Apart from the others that move, since it need not have an LFO that can be heard as one."""

OCTAVES = Solver("octave_divider", solve_divided)
"""Solved when it is asked for: its trigger is not found exactly enough yet, and one wave counted
wrongly turns over all that follow."""

KERNELS = Solver("hammerstein", solve_hammerstein)
"""A baseline: solved when it is asked for."""

STILL_SOLVERS = (Solver("echo", solve_echoed),)

MOVING_SOLVERS = (
    MovingSolver("tremolo", _solve_tremolo),
    MovingSolver("modulated_delay", solve_modulated),
    MovingSolver("phaser", _solve_phaser),
    MovingSolver("periodic_filter", _solve_periodic_filter),
    MovingSolver("moving_reverb", _solve_moving_reverb),
)
