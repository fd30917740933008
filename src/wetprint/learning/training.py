"""Gradient training of a chain, readable from top to bottom.

Adam (Kingma and Ba 2015, arXiv:1412.6980) on random segments, the gradient clipped because drives
make it spike, the learning rate rising for a moment and then falling along a cosine. What is
judged is a running mean of the weights (Polyak and Juditsky 1992, doi:10.1137/0330046), which shows
how far training is without the noise of its large early steps. The mean as it validated best is
what remains. A run that goes astray is taken back to there and goes on in smaller steps; after a
few such attempts it is given up. Everything that the next step depends on can be put away and taken
up again (``checkpoint.py``).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from wetprint.errors import LearningError
from wetprint.learning.budget import Budget
from wetprint.learning.losses import cross_entropy_loss, waveform_loss
from wetprint.learning.material import Batches, Material, validation_esr
from wetprint.learning.sequential import SequentialBatches
from wetprint.models.chain import Chain

FUSED_DEVICES = ("cpu", "cuda")
"""Where PyTorch has Adam in one kernel, which costs a third."""

YOUNG_MEAN_SHARE = 5.0
"""The running mean looks back over at most a fifth of the steps so far."""


ASTRAY = 10.0
"""A validation error of so many times the best one so far is a run that goes astray."""

BACKED_OFF = 0.25
"""What remains of the learning rate when a run that went astray is taken back."""

MOST_BACK_OFFS = 6
"""Steps a four-thousandth as large that still lead astray will not lead anywhere."""


JUDGING_COSTS = 4.0
"""Between two judgements lies so many times what one of them takes: a fifth of the run at most."""


@dataclass(frozen=True)
class TrainingConfig:
    """How a chain is trained.

    Attributes:
        segment_samples: scored length of one segment.
        batch: segments in one step.
        learning_rate: its peak.
        final_rate: what is left of it at the end, as a share of the peak.
        warm_up: share of the run in which it rises.
        gradient_norm: where the gradient is clipped.
        emphasis: weight of the pre-emphasised error, 0 to 1.
        mean_steps: about how many steps the running mean of the weights looks back.
        validations: how often the chain is judged in one run.
        order: how segments are drawn: "random", or "sequential", in order from places that change.
        loss: "waveform", or "cross_entropy" for a network that chooses among steps.
    """

    segment_samples: int = 8192
    batch: int = 8
    learning_rate: float = 4e-3
    final_rate: float = 0.01
    warm_up: float = 0.01
    gradient_norm: float = 1.0
    emphasis: float = 0.5
    mean_steps: int = 50
    validations: int = 24
    order: str = "random"
    loss: str = "waveform"


@dataclass(frozen=True)
class Judgement:
    """The validation error at one moment of a run: share done, seconds spent, steps, ESR."""

    share: float
    seconds: float
    step: int
    error: float


@dataclass
class Training:
    """A training run that can be advanced, judged, put away and taken up again.

    Attributes:
        chain: the chain being trained.
        step: steps done.
        mean_weights: the running mean of the weights.
        best_error: lowest validation ESR so far.
        best_weights: the weights that reached it.
        history: every judgement so far, in order.
        astray: how it went astray, in words, each time that it was taken back.
    """

    chain: Chain
    material: Material
    config: TrainingConfig
    device: torch.device
    seed: int
    step: int = 0
    mean_weights: dict[str, torch.Tensor] = field(default_factory=dict)
    best_error: float = math.inf
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)
    history: list[Judgement] = field(default_factory=list)
    astray: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chain.to(self.device).requires_grad_(True)
        self.mean_weights = copy.deepcopy(self.chain.state_dict())
        self.generator = np.random.default_rng(self.seed)
        groups = [
            {"params": list(block.parameters()), "factor": block.learning_rate_factor}
            for block in self.chain
        ]
        self.optimizer = torch.optim.Adam(
            [each for each in groups if each["params"]], fused=self.device.type in FUSED_DEVICES
        )
        drawn = SequentialBatches if self.config.order == "sequential" else Batches
        self.batches = drawn(
            self.material.training,
            self.chain.context_samples,
            self.config.segment_samples,
            self.device,
        )

    def run(self, budget: Budget, go_on: Callable[[float], bool]) -> None:
        """Train until the budget is used or ``go_on`` says no, then keep the best weights.

        Args:
            budget: says how much of the run is done, by the clock or by a count of steps.
            go_on: asked after every step, with that share.

        A loss that is no number, or a validation error far above the best one, takes the run back
        to its best weights; see ``gave_up``.
        """
        share = budget.share(self.step)
        if not self.history:
            self.judge(share, budget.elapsed_seconds())
        next_judgement = self.history[-1].share + 1.0 / self.config.validations
        while share < 1.0 and not self.gave_up:
            try:
                self.advance(share)
            except LearningError as error:
                self.step += 1  # it counts, or a run of counted steps might never end
                self.back_off(str(error))
            share = budget.share(self.step)
            if share >= next_judgement or share >= 1.0:
                error = self.judge(share, budget.elapsed_seconds())
                cost = budget.share(self.step) - share  # nothing where steps are counted
                next_judgement = share + max(1.0 / self.config.validations, JUDGING_COSTS * cost)
                if not error <= ASTRAY * self.best_error:  # not a number is astray, too
                    self.back_off(f"the validation error is {error:.3g} after {self.step} steps")
            if not go_on(share):
                break
        self.keep_best()

    @property
    def gave_up(self) -> bool:
        """Whether it went astray so often that it is not gone on with."""
        return len(self.astray) >= MOST_BACK_OFFS

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know: whether it went astray, and what was done about it."""
        if not self.astray:
            return ()
        done = "given up" if self.gave_up else "taken back, and went on in smaller steps"
        often = f"{len(self.astray)} times" if len(self.astray) > 1 else "once"
        return (f"training went astray {often} ({self.astray[-1]}) and was {done}",)

    def back_off(self, why: str) -> None:
        """Take the run back to its best weights, to go on from there in smaller steps."""
        self.astray.append(why)
        self.keep_best()
        self.mean_weights = copy.deepcopy(self.best_weights)
        self.optimizer.state.clear()

    def keep_best(self) -> None:
        """Give the chain the weights that validated best."""
        self.chain.load_state_dict(self.best_weights)

    def advance(self, share: float) -> float:
        """Take one step and return its loss.

        Raises:
            LearningError: the loss is no longer a number.
        """
        rate = self.learning_rate(share) * BACKED_OFF ** len(self.astray)
        for group in self.optimizer.param_groups:
            group["lr"] = group["factor"] * rate
        dry, wet = self.batches.draw(self.generator, self.config.batch, self.step)
        loss = self._loss(dry, wet)
        if not torch.isfinite(loss):
            raise LearningError(
                f"the loss is {loss.item()} at step {self.step}, with segments that start at "
                f"samples {self.batches.last_drawn}; use a lower learning rate"
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.chain.parameters(), self.config.gradient_norm)
        self.optimizer.step()
        self.step += 1
        self._move_mean()
        return loss.item()

    def _loss(self, dry: torch.Tensor, wet: torch.Tensor) -> torch.Tensor:
        if self.config.loss == "cross_entropy":
            return cross_entropy_loss(self.chain, dry, wet)
        return waveform_loss(self.chain.valid(dry), wet, self.config.emphasis)

    def _move_mean(self) -> None:
        """Move the running mean towards the weights; in the beginning it looks back less far."""
        share = max(1.0 / self.config.mean_steps, YOUNG_MEAN_SHARE / (self.step + 1))
        share = min(1.0, share)
        for name, weight in self.chain.state_dict().items():
            self.mean_weights[name].lerp_(weight, share)

    def learning_rate(self, share: float) -> float:
        """Return the learning rate when ``share`` of the run is done: a rise, then a cosine."""
        config = self.config
        if share < config.warm_up:
            return config.learning_rate * (0.1 + 0.9 * share / config.warm_up)
        along = min(1.0, (share - config.warm_up) / (1.0 - config.warm_up))
        fall = 0.5 * (1.0 + math.cos(math.pi * along))
        return config.learning_rate * (config.final_rate + (1.0 - config.final_rate) * fall)

    def judge(self, share: float, seconds: float) -> float:
        """Measure the mean's validation error, keep it when it is the lowest, and return it."""
        weights = copy.deepcopy(self.chain.state_dict())
        self.chain.load_state_dict(self.mean_weights)
        error = validation_esr(self.chain, self.material, self.device)
        self.chain.load_state_dict(weights)
        self.history.append(Judgement(share, seconds, self.step, error))
        if error < self.best_error or not self.best_weights:
            self.best_error = error if math.isfinite(error) else math.inf
            self.best_weights = copy.deepcopy(self.mean_weights)
        return error
