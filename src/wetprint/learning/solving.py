"""What is solved before anything is trained: whatever the effect may be made of, as candidates.

What more than a filter an effect can be is tried in the order of ``solvers.py``, and no longer than
until one does well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from wetprint.learning.budget import Budget
from wetprint.learning.envelope_filter import solve_envelope_filter
from wetprint.learning.linear import GOOD_ENOUGH, LinearModel
from wetprint.learning.material import Material, validation_esr
from wetprint.learning.moving import Motion, find_motion
from wetprint.learning.parametric import solve_parametric
from wetprint.learning.shaped import ALONE, BLENDED, KINDS, solve_shaped_model
from wetprint.learning.slow_motion import solve_slow
from wetprint.learning.solvers import (
    CROSSFADED,
    KERNELS,
    MOVING_SOLVERS,
    OCTAVES,
    PITCHED,
    RING,
    STILL_SOLVERS,
    Solver,
)
from wetprint.learning.squashed import solve_compressor
from wetprint.learning.training import Judgement
from wetprint.models.chain import Chain
from wetprint.models.recipes import RECIPES, KnownEffect
from wetprint.progress import Progress

NOTHING_LEFT = 1e-6
"""A solved model with less error (-60 dB) than this leaves nothing worth training for."""

NEAR_REPEATABILITY = 2.0
"""An error below this many times the effect's own against itself counts as its equal."""

SOLVED_WELL = 0.003
"""With an error below this (-25 dB) no other kind of moving effect is tried."""

MOVES_MOSTLY = 0.01
"""What moves and leaves less than this needs no curve; a tape moves a little and distorts."""

LONG_FILTER = 16_384
"""An echo is looked for where a filter must be so long, even if that leaves nothing: it is a
hundred times smaller and faster."""

SQUASHED = "compressor"

ENVELOPE = "envelope_filter"

CLEARLY = 0.2
"""With less than this share of what a fixed filter leaves, a gain or a filter that follows the
level is what the effect is."""

MODULATED = "modulated_delay"

PARAMETRIC = "parametric"

AS_EXACT = 1.2
"""Second-order sections are as good as an impulse response when they leave no more than so many
times as much, or nothing but rounding."""


@dataclass(frozen=True)
class Candidate:
    """One chain that was tried, and how it went.

    Attributes:
        recipe: its recipe's name.
        chain: as it validated best.
        error: ESR on the validation takes.
        seconds: time spent on it.
        steps: training steps taken, 0 when it was solved.
        history: its judgements in order.
    """

    recipe: str
    chain: Chain
    error: float
    seconds: float
    steps: int = 0
    history: tuple[Judgement, ...] = ()


@dataclass(frozen=True)
class Solving:
    """What can be solved of one material.

    Attributes:
        material: what is learned from.
        budget: the run's time.
        device: where chains are judged.
        progress: told how far it is.
    """

    material: Material
    budget: Budget
    device: torch.device
    progress: Progress

    def beyond_linear(
        self, names: set[str], response: np.ndarray, linear: Candidate
    ) -> Iterator[Candidate]:
        """Solve what more than a filter can be, of the recipes asked for."""
        if names == {KERNELS.recipe}:
            yield from self._found(KERNELS, response, self.budget.stop_alone())
            return
        wanted = (
            {each.name for each in RECIPES.values()} if names & {"refined", "corrected"} else names
        )
        is_long = linear.chain.context_samples >= LONG_FILTER
        stands = self.stands(linear.error)
        if is_long and wanted & {each.recipe for each in STILL_SOLVERS}:
            for candidate in self._still(wanted, response):
                yield candidate
                stands = stands or self.stands(candidate.error)
        if stands:
            return
        if OCTAVES.recipe in names:
            found = list(self._found(OCTAVES, response, self.budget.stop_alone()))
            yield from found
            if found:
                return
        squashed = self._squashed(response, linear) if SQUASHED in wanted else None
        if squashed is not None:
            yield squashed
            if squashed.error < SOLVED_WELL:
                return
        is_squashed = squashed is not None and squashed.error < CLEARLY * linear.error
        swept = self._swept(response, linear) if ENVELOPE in wanted and not is_squashed else None
        if swept is not None:
            yield swept
            if swept.error < CLEARLY * linear.error:
                return
        if RING.recipe in wanted:
            for candidate in self._found(RING, response, self.budget.stop_curve()):
                yield candidate
                if candidate.error < SOLVED_WELL:
                    return
        for solver, stop in (
            (PITCHED, self.budget.stop_curve),
            (CROSSFADED, self.budget.stop_alone),
        ):
            if solver.recipe in wanted:
                found = list(self._found(solver, response, stop()))
                yield from found
                if found:
                    return
        moving = [each for each in MOVING_SOLVERS if each.recipe in wanted]
        motion = find_motion(self.material, self.progress) if moving else None
        least = math.inf
        for candidate in [] if motion is None else self._moving(motion, wanted, response):
            yield candidate
            least = min(least, candidate.error)
        still_error = min(least, linear.error)
        if MODULATED in wanted and still_error > SOLVED_WELL:
            for candidate in self._slow(wanted, response, still_error):
                yield candidate
                least = min(least, candidate.error)
        kinds = wanted & set(KINDS)
        if kinds and least > MOVES_MOSTLY:
            yield from self._curve(kinds, response, linear)

    def parametric(self, solved: LinearModel) -> Iterator[Candidate]:
        """Give the linear part as second-order sections, where they are as good."""
        begun = self.budget.elapsed_seconds()
        chain = solve_parametric(solved.response, solved.error)
        if chain is not None:
            found = self.candidate(PARAMETRIC, KnownEffect(solved.response, found=chain), begun)
            if found.error <= max(AS_EXACT * solved.error, GOOD_ENOUGH):
                yield found

    def _squashed(self, response: np.ndarray, linear: Candidate) -> Candidate | None:
        """Solve a compressor, where the effect is one."""
        parts = self.budget.stop_dynamics(), self.budget.over, self.progress
        solve = partial(solve_compressor, self.material, response, linear.error, *parts)
        return self._solved(SQUASHED, response, solve)

    def _swept(self, response: np.ndarray, linear: Candidate) -> Candidate | None:
        """Solve a filter whose cutoff follows the level, where the effect is one."""
        parts = self.budget.stop_curve(), self.budget.over, self.progress
        solve = partial(solve_envelope_filter, self.material, linear.error, *parts)
        return self._solved(ENVELOPE, response, solve)

    def _solved(
        self, recipe: str, response: np.ndarray, solve: Callable[[], Chain | None]
    ) -> Candidate | None:
        """Run a solver; None where it finds nothing."""
        begun = self.budget.elapsed_seconds()
        chain = solve()
        if chain is None:
            return None
        return self.candidate(recipe, KnownEffect(response, found=chain), begun)

    def _still(self, wanted: set[str], response: np.ndarray) -> Iterator[Candidate]:
        """Try every solver of effects that stand still."""
        for solver in STILL_SOLVERS:
            if solver.recipe in wanted:
                yield from self._found(solver, response, self.budget.stop_curve())

    def _found(
        self, solver: Solver, response: np.ndarray, stop: Callable[[], bool]
    ) -> Iterator[Candidate]:
        """Give what a solver finds, where it finds anything."""
        solve = partial(solver.solve, self.material, stop, self.progress)
        found = self._solved(solver.recipe, response, solve)
        if found is not None:
            yield found

    def _moving(
        self, motion: Motion, wanted: set[str], response: np.ndarray
    ) -> Iterator[Candidate]:
        """Try every solver of moving effects, until one of them does well or the time is up."""
        tried = [each for each in MOVING_SOLVERS if each.recipe in wanted]
        for number, solver in enumerate(tried):
            if number and self.budget.over():
                return
            parts = motion, self.budget.stop_curve(), self.progress
            candidate = self._solved(
                solver.recipe, response, partial(solver.solve, self.material, *parts)
            )
            if candidate is None:
                continue
            yield candidate
            if candidate.error < SOLVED_WELL:
                return

    def _slow(
        self, wanted: set[str], response: np.ndarray, still_error: float
    ) -> Iterator[Candidate]:
        """Solve what an LFO moves that turns only a few times in a recording."""
        begun = self.budget.elapsed_seconds()
        found = solve_slow(self.material, still_error, self.budget.stop_curve(), self.progress)
        if found is None:
            return
        yield self.candidate(MODULATED, KnownEffect(response, found=found.chain), begun)
        yield from self._moving(found.motion, wanted - {MODULATED}, response)

    def _curve(
        self, kinds: set[str], response: np.ndarray, linear: Candidate
    ) -> Iterator[Candidate]:
        """Solve a curve between two filters, where there may be one."""
        if self.material.channels_in > 1:
            return
        begun = self.budget.elapsed_seconds()
        found = solve_shaped_model(
            self.material,
            response,
            linear.error,
            kinds,
            self.budget.stop_curve(),
            self.budget.over,
            self.progress,
        )
        if found is not None:
            known = KnownEffect(response, curve=found.known())
            recipe = ALONE if found.beside is None else BLENDED
            yield self.candidate(recipe, known, begun)

    def candidate(self, recipe: str, known: KnownEffect, begun: float) -> Candidate:
        """Build and judge what was solved since a moment of the budget's clock."""
        chain = RECIPES[recipe].build(known).to(self.device).requires_grad_(False)
        error = validation_esr(chain, self.material, self.device)
        now = self.budget.elapsed_seconds()
        return Candidate(recipe, chain, error, now - begun, 0, (Judgement(1.0, now, 0, error),))

    def stands(self, error: float) -> bool:
        """Say whether an error leaves nothing to train for."""
        repeatability = self.material.repeatability or 0.0
        return error <= max(NOTHING_LEFT, NEAR_REPEATABILITY * repeatability)
