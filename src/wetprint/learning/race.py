"""The race: what can be solved is solved, the rest is trained; the best on validation wins.

A filter is solved first; then whatever else the effect may be made of (``solvers.py``); what the
best of them leaves is learned by a network beside it, within the time that is left. Where the pitch
was shifted no waveform can be matched, and mel spectrograms decide.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wetprint.errors import LearningError
from wetprint.learning.budget import Budget
from wetprint.learning.checkpoint import chains_of, read_checkpoint, restore, save_checkpoint
from wetprint.learning.config import LearnConfig
from wetprint.learning.entrant import Base, Entrant
from wetprint.learning.linear import LinearModel, shortest_good_model, solve_linear_models
from wetprint.learning.material import Material
from wetprint.learning.measure import validation_mel_error
from wetprint.learning.pace import refuse_what_takes_too_long
from wetprint.learning.solvers import CROSSFADED, MOVING_SOLVERS, PITCHED
from wetprint.learning.solving import PARAMETRIC, SOLVED_WELL, SQUASHED, Candidate, Solving
from wetprint.models.chain import Chain
from wetprint.models.recipes import RECIPES, KnownEffect, Recipe, safe_delay_samples
from wetprint.progress import Progress, silent

LONGEST_TRAINED_FILTER = 4096
"""Longer filters cost more time in training than they give."""

SHORTEST_TRAINED_FILTER = 1024
"""A cabinet behind a distortion is longer than the solved filter may show."""

WORTH_KEEPING = 0.5
"""A solved chain that leaves more error than this explains too little to stand beside."""

PATIENCE = 0.5
"""Share of training after which a chain that is far behind the solved model is given up."""

HOPELESS = 3.0
"""What counts as far behind: above this many times the solved model's error. A chain that stands
beside a solved one is given up when it has gained nothing by then."""

MOVING = (CROSSFADED.recipe, *(each.recipe for each in MOVING_SOLVERS))

UNTRAINED_BELOW = dict.fromkeys((SQUASHED, *MOVING), SOLVED_WELL)
"""What such a chain leaves follows the level further back than networks hear, or moves while they
stand still. With more error than this, one behind the chain may still learn how the sound is bent
there; with less none is trained."""

CHECKPOINT_SECONDS = 20.0


@dataclass
class Race:
    """One race on one material.

    Attributes:
        material: what is learned from.
        config: of the run.
        budget: its time.
        device: where chains are trained.
        identity: what must be equal for an interrupted race to be taken up again.
        checkpoint: where the state of training is put away, or None.
        resume: whether to take up the state found there.
        progress: told how far the race is.
        interrupted: set when the race was cut short by the user.
        gave_up: set when training went astray for good: then a better filter is kept in any case.
        notes: what the user should know.
        saved_at: when its state was last put away.
    """

    material: Material
    config: LearnConfig
    budget: Budget
    device: torch.device
    identity: dict[str, Any] = field(default_factory=dict)
    checkpoint: Path | None = None
    resume: bool = False
    progress: Progress = silent
    interrupted: bool = False
    gave_up: bool = False
    notes: tuple[str, ...] = ()
    saved_at: float = 0.0

    @property
    def solving(self) -> Solving:
        """What is done without training."""
        return Solving(self.material, self.budget, self.device, self.progress)

    def run(self, recipes: list[Recipe]) -> list[Candidate]:
        """Run the race and return all candidates, the winner first.

        Raises:
            LearningError: the one recipe that was asked for does not suit what was heard, or the
                time there is.
        """
        wanted = {recipe.name for recipe in recipes}
        begun = self.budget.elapsed_seconds()
        solved = solve_linear_models(self.material, self.progress, self.budget.stop_solving())
        linear, response = shortest_good_model(solved), trainable_response(solved)
        candidates = [self.solving.candidate("linear", KnownEffect(linear.response), begun)]
        if PARAMETRIC in wanted and (self.solving.stands(linear.error) or len(wanted) == 1):
            candidates += self.solving.parametric(min(solved, key=lambda each: each.error))
        try:
            for candidate in self._others(recipes, response, candidates[0]):
                candidates.append(candidate)
        except KeyboardInterrupt:
            if not any(each.recipe in wanted for each in candidates):
                raise
            self.interrupted = True
        if candidates[-1].recipe == PITCHED.recipe:
            return self._by_spectrum([each for each in candidates if each.recipe in wanted])
        wanted |= {"linear"} if self.gave_up else set()
        kept = [each for each in candidates if each.recipe in wanted]
        if not kept:
            raise LearningError(
                f"a model '{recipes[0].name}' does not suit what was heard: what it is made of was "
                "not found; use another model, or auto"
            )
        return sorted(kept, key=self._rank)

    def _rank(self, candidate: Candidate) -> tuple[bool, float]:
        """Order by error; where that no longer counts, by size."""
        stands = self.solving.stands(candidate.error)
        weights = sum(each.numel() for each in candidate.chain.parameters())
        return not stands, weights if stands else candidate.error

    def _by_spectrum(self, candidates: list[Candidate]) -> list[Candidate]:
        """Order candidates by how far their mel spectrograms are from the wet ones."""
        return sorted(
            candidates,
            key=lambda each: validation_mel_error(each.chain, self.material, self.device),
        )

    def _others(
        self, recipes: list[Recipe], response: np.ndarray, best: Candidate
    ) -> Iterator[Candidate]:
        """Give whatever else is worth trying, the solved ones first."""
        asked_for = len(recipes) == 1
        names = {recipe.name for recipe in recipes}
        solved = (
            self._put_away_base()
            if self.resume
            else self.solving.beyond_linear(names, response, best)
        )
        is_pitched = False
        for candidate in solved:
            yield candidate
            is_pitched = candidate.recipe == PITCHED.recipe
            best = min(best, candidate, key=lambda each: each.error)
        trained = [recipe for recipe in recipes if recipe.trained]
        worth = self.budget.worth_training() and not self.solving.stands(best.error)
        worth = worth and not is_pitched and best.error >= UNTRAINED_BELOW.get(best.recipe, 0.0)
        if trained and (asked_for or worth):
            recipe = trained[0] if asked_for else suited(trained, best)
            yield self._train(recipe, response, best, asked_for)

    def _put_away_base(self) -> Iterator[Candidate]:
        """Take up the solved chain beside which an interrupted run trained."""
        header, tensors = self._put_away_state()
        _, base = chains_of(header, tensors)
        if base is not None and header["base_recipe"] != "linear":
            yield Candidate(header["base_recipe"], base, header["base_error"], 0.0)

    def _train(
        self, recipe: Recipe, response: np.ndarray, best: Candidate, asked_for: bool
    ) -> Candidate:
        begun = self.budget.elapsed_seconds()
        entrant = self._take_up() if self.resume else self._enter(recipe, response, best)
        training = entrant.training
        if asked_for and not training.history:
            known = entrant.recipe, training.chain, self.material, self.budget, self.device
            refuse_what_takes_too_long(*known)
        self.budget.begin_training()
        try:
            training.run(self.budget, self._watch(entrant, math.inf if asked_for else best.error))
        except KeyboardInterrupt:
            if not training.best_weights:
                raise
            self.interrupted = True
            self._put_away(entrant)
            training.keep_best()
        self.gave_up, self.notes = training.gave_up, self.notes + training.notes
        seconds = self.budget.elapsed_seconds() - begun
        chain, steps = entrant.finished(), training.step
        return Candidate(entrant.recipe, chain, entrant.error, seconds, steps, entrant.history)

    def _enter(self, recipe: Recipe, response: np.ndarray, best: Candidate) -> Entrant:
        """Build an untrained chain and what it is to learn."""
        delays = tuple(safe_delay_samples(each) for each in response)
        torch.manual_seed(self.config.seed)
        chain = recipe.build(KnownEffect(response, delays))
        base = None
        if recipe.beside_solved or recipe.behind_solved:
            base = Base(best.recipe, best.chain, best.error, recipe.behind_solved)
        return self._entrant(recipe.name, chain, base)

    def _entrant(self, recipe: str, chain: Chain, base: Base | None) -> Entrant:
        training = dataclasses.replace(self.config.training, **RECIPES[recipe].training)
        seed = self.config.seed
        material, device = self.material, self.device
        return Entrant.on(material, recipe, chain, base, training, device, seed, self.progress)

    def _watch(self, entrant: Entrant, rival: float) -> Callable[[float], bool]:
        """Return what training asks after every step: report, put away, whether to go on.

        Args:
            entrant: the run.
            rival: the error to be beaten; infinite when the run is to go on in any case.
        """

        def go_on(share: float) -> bool:
            left = self.budget.remaining_seconds()
            detail = f"error {entrant.error:.2g}"
            timed = self.budget.steps is None
            self.progress("training", share, f"{detail}, {left:.0f} s left" if timed else detail)
            if time.monotonic() - self.saved_at > CHECKPOINT_SECONDS:
                self._put_away(entrant)
            bound = rival if entrant.base is not None else HOPELESS * rival
            hopeless = share > PATIENCE and entrant.error >= bound
            return not hopeless and not self.solving.stands(entrant.error)

        return go_on

    def _put_away(self, entrant: Entrant) -> None:
        if self.checkpoint is not None:
            spent = self.budget.elapsed_seconds()
            save_checkpoint(entrant, self.checkpoint, self.identity, spent)
        self.saved_at = time.monotonic()

    def _put_away_state(self) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        assert self.checkpoint is not None
        return read_checkpoint(self.checkpoint, self.identity)

    def _take_up(self) -> Entrant:
        """Go on with the chains as they were put away, not as what is known now would build."""
        header, tensors = self._put_away_state()
        chain, solved = chains_of(header, tensors)
        base = None
        if solved is not None:
            is_heard = RECIPES[header["recipe"]].behind_solved
            base = Base(header["base_recipe"], solved, header["base_error"], is_heard)
        entrant = self._entrant(header["recipe"], chain, base)
        restore(entrant.training, header, tensors)
        return entrant


def suited(trained: list[Recipe], best: Candidate) -> Recipe:
    """Choose what to train: with the best solved chain where that explains something."""
    worth_keeping = best.error < WORTH_KEEPING
    behind = worth_keeping and best.recipe in UNTRAINED_BELOW
    wanted = (worth_keeping and not behind, behind)
    fitting = (each for each in trained if (each.beside_solved, each.behind_solved) == wanted)
    return next(fitting, trained[0])


def trainable_response(solved: list[LinearModel]) -> np.ndarray:
    """Return the linear part, no longer than is worth training."""
    short = [each for each in solved if each.taps <= LONGEST_TRAINED_FILTER]
    start = shortest_good_model(short or solved[:1])
    if start.taps < SHORTEST_TRAINED_FILTER:
        longer = [each for each in short if each.taps >= SHORTEST_TRAINED_FILTER]
        start = longer[0] if longer else start
    return start.response
