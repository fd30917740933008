"""The time that a learning run may use."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

CLOSING_SECONDS = 6.0
"""Kept back from the budget for the last judgement and for writing the model."""

SOLVING_SHARE = 0.4
"""Of the time left, at most, for each part that is solved: the linear one takes seconds unless it
is ill-posed, the curve half a minute."""

LINEAR_SECONDS = 8.0
"""The linear part may take so long even where nothing is left: all else is measured by it."""

CURVE_SECONDS = 40.0
"""The curve may take so long even where it is a larger share: training gains less in that time."""

ALONE_SHARE = 0.8
"""Of the time left, at most, for what is solved where nothing is trained after it."""

FINISHING_SECONDS = 10.0
"""What the search for a curve leaves to the steps that come after it."""


WORTH_TRAINING_SECONDS = 10.0
"""With less time than this, training is not begun beside what was solved."""


@dataclass
class Budget:
    """A run's budget, by the clock or by a count of steps.

    Attributes:
        minutes: the whole run's time, measured from ``started``.
        steps: if given, training takes exactly this many steps and the clock only reports.
        started: ``time.monotonic()`` at which the time began to run.
        spent_before_seconds: time used by an interrupted run that this one continues.
        training_from_seconds: when training began; set by ``begin_training``.
    """

    minutes: float
    steps: int | None
    started: float
    spent_before_seconds: float = 0.0
    training_from_seconds: float = 0.0

    def elapsed_seconds(self) -> float:
        """Return the time spent so far."""
        return time.monotonic() - self.started + self.spent_before_seconds

    def remaining_seconds(self) -> float:
        """Return the time left, never below 0."""
        return max(0.0, 60.0 * self.minutes - CLOSING_SECONDS - self.elapsed_seconds())

    def stop_solving(self) -> Callable[[], bool]:
        """Return what says that a solved part has had its share; counted steps know no clock."""
        left = self.remaining_seconds() + self.spent_before_seconds  # solved anew when resumed
        return self._stop_in(max(SOLVING_SHARE * left, LINEAR_SECONDS))

    def stop_dynamics(self) -> Callable[[], bool]:
        """Return what says that the search for a compressor has had its share.

        It never takes what the curve needs, which comes after it.
        """
        return self._stop_in(SOLVING_SHARE * self.remaining_seconds())

    def stop_curve(self) -> Callable[[], bool]:
        """Return what says that the search for a curve has had its share."""
        left = self.remaining_seconds()
        return self._stop_in(
            max(SOLVING_SHARE * left, min(CURVE_SECONDS, left - FINISHING_SECONDS))
        )

    def stop_alone(self) -> Callable[[], bool]:
        """Return what says that a search after which nothing is trained has had its share."""
        return self._stop_in(ALONE_SHARE * self.remaining_seconds())

    def over(self) -> bool:
        """Say whether nothing is left; counted steps know no clock."""
        return self.steps is None and self.remaining_seconds() <= 0.0

    def worth_training(self) -> bool:
        """Say whether there is time for enough steps to gain anything."""
        return self.steps is not None or self.remaining_seconds() > WORTH_TRAINING_SECONDS

    def _stop_in(self, seconds: float) -> Callable[[], bool]:
        until = self.elapsed_seconds() + seconds
        return lambda: self.steps is None and self.elapsed_seconds() > until

    def begin_training(self) -> None:
        """Note that what is left from now on belongs to training."""
        self.training_from_seconds = self.elapsed_seconds()

    def share(self, step: int) -> float:
        """Return how much of training is done after ``step`` steps, 0 to 1."""
        if self.steps is not None:
            return min(1.0, step / self.steps)
        left = self.remaining_seconds()
        if left <= 0.0:
            return 1.0
        done = self.elapsed_seconds() - self.training_from_seconds
        return done / (done + left)
