"""The race: every candidate chain gets its share of the budget, the best on validation wins.

For now the solved model runs against one trained chain.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from wetprint.learning.budget import Budget
from wetprint.learning.checkpoint import chain_of, read_checkpoint, restore, save_checkpoint
from wetprint.learning.config import LearnConfig
from wetprint.learning.linear import LinearModel, shortest_good_model, solve_linear_models
from wetprint.learning.material import Material, validation_esr, wire_levels
from wetprint.learning.training import Judgement, Training
from wetprint.models.chain import Chain
from wetprint.models.recipes import RECIPES, KnownEffect, Recipe, safe_delay_samples
from wetprint.progress import Progress, silent

NOTHING_LEFT = 1e-6
"""A solved model with less error (-60 dB) than this leaves nothing worth training for."""

NEAR_REPEATABILITY = 2.0
"""An error below this many times the effect's own against itself counts as its equal."""

LONGEST_TRAINED_FILTER = 4096
"""Longer filters cost more time in training than they give."""

SHORTEST_TRAINED_FILTER = 1024
"""A cabinet behind a distortion is longer than the solved filter may show."""

PATIENCE = 0.5
"""Share of training after which a chain that is far behind the solved model is given up."""

HOPELESS = 3.0
"""What counts as far behind: above this many times the solved model's error."""

CHECKPOINT_SECONDS = 20.0


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
        interrupted: set when training was cut short by the user.
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
    saved_at: float = 0.0

    def run(self, recipes: list[Recipe]) -> list[Candidate]:
        """Run the race and return all candidates, the winner first."""
        begun = self.budget.elapsed_seconds()
        solved = solve_linear_models(self.material, self.progress, self.budget.stop_solving())
        candidates = [self._solved(shortest_good_model(solved), begun)]
        for recipe in recipes:
            asked_for = len(recipes) == 1
            if recipe.trained and (asked_for or not self._stands(candidates[0].error)):
                rival = math.inf if asked_for else min(each.error for each in solved)
                candidates.append(self._train(recipe, solved, rival))
        wanted = {recipe.name for recipe in recipes}
        return sorted(
            (each for each in candidates if each.recipe in wanted), key=lambda each: each.error
        )

    def _solved(self, linear: LinearModel, begun: float) -> Candidate:
        chain = RECIPES["linear"].build(KnownEffect(linear.response)).to(self.device)
        error = validation_esr(chain, self.material, self.device)
        now = self.budget.elapsed_seconds()
        return Candidate("linear", chain, error, now - begun, 0, (Judgement(1.0, now, 0, error),))

    def _stands(self, error: float) -> bool:
        """Say whether an error leaves nothing to train for."""
        repeatability = self.material.repeatability or 0.0
        return error <= max(NOTHING_LEFT, NEAR_REPEATABILITY * repeatability)

    def _known(self, solved: list[LinearModel]) -> KnownEffect:
        """Say what recipes may start from: the linear part, no longer than is worth training."""
        short = [each for each in solved if each.taps <= LONGEST_TRAINED_FILTER]
        start = shortest_good_model(short or solved[:1])
        if start.taps < SHORTEST_TRAINED_FILTER:
            longer = [each for each in short if each.taps >= SHORTEST_TRAINED_FILTER]
            start = longer[0] if longer else start
        delays = tuple(safe_delay_samples(each) for each in start.response)
        levels = wire_levels(self.material.training, delays)
        return KnownEffect(start.response, delays, levels)

    def _train(self, recipe: Recipe, solved: list[LinearModel], rival: float) -> Candidate:
        begun = self.budget.elapsed_seconds()
        torch.manual_seed(self.config.seed)
        training = self._take_up() if self.resume else self._new(recipe.build(self._known(solved)))
        self.budget.begin_training()
        try:
            training.run(self.budget, self._watch(training, rival))
        except KeyboardInterrupt:
            if not training.best_weights:
                raise
            self.interrupted = True
            self._put_away(training)
            training.keep_best()
        seconds = self.budget.elapsed_seconds() - begun
        history = tuple(training.history)
        return Candidate(
            recipe.name, training.chain, training.best_error, seconds, training.step, history
        )

    def _watch(self, training: Training, rival: float) -> Callable[[float], bool]:
        """Return what training asks after every step: report, put away, whether to go on.

        Args:
            training: the run.
            rival: the error to be beaten; infinite when the run is to go on in any case.
        """

        def go_on(share: float) -> bool:
            left = self.budget.remaining_seconds()
            detail = f"error {training.best_error:.2g}"
            timed = self.budget.steps is None
            self.progress("training", share, f"{detail}, {left:.0f} s left" if timed else detail)
            if time.monotonic() - self.saved_at > CHECKPOINT_SECONDS:
                self._put_away(training)
            hopeless = share > PATIENCE and training.best_error > HOPELESS * rival
            return not hopeless and not self._stands(training.best_error)

        return go_on

    def _put_away(self, training: Training) -> None:
        if self.checkpoint is not None:
            spent = self.budget.elapsed_seconds()
            save_checkpoint(training, self.checkpoint, self.identity, spent)
        self.saved_at = time.monotonic()

    def _take_up(self) -> Training:
        """Go on with the chain as it was put away, not as what is known now would build it."""
        assert self.checkpoint is not None
        header, tensors = read_checkpoint(self.checkpoint, self.identity)
        training = self._new(chain_of(header))
        restore(training, header, tensors)
        return training

    def _new(self, chain: Chain) -> Training:
        return Training(chain, self.material, self.config.training, self.device, self.config.seed)
