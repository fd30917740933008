"""The configuration of one learning run; saved verbatim with the model."""

from __future__ import annotations

from dataclasses import dataclass, field

from wetprint.learning.training import TrainingConfig


@dataclass(frozen=True)
class LearnConfig:
    """What to learn with, and for how long.

    Attributes:
        model: a recipe's name, or "auto" to let the recipes race.
        minutes: the whole run's budget by the clock, rendering included.
        steps: train exactly this many steps instead of going by the clock; the same seed then
            gives the same model on the same machine, to the bit.
        seed: of everything that is drawn at random.
        sample_rate: Hz at which a plugin is learned; recordings keep their own.
        generated_seconds: how much audio is generated to drive a plugin with.
        validation_seconds: how much is kept for judging.
        device: "auto", "cpu", "cuda" or "mps".
        training: how chains are trained.
    """

    model: str = "auto"
    minutes: float = 5.0
    steps: int | None = None
    seed: int = 0
    sample_rate: int = 48_000
    generated_seconds: float = 180.0
    validation_seconds: float = 20.0
    device: str = "auto"
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        if not 0.0 < self.minutes <= 10_080.0:
            raise ValueError(f"minutes must be above 0 and at most a week, got {self.minutes}")
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"steps must be at least 1, got {self.steps}")
