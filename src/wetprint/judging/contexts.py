"""A verdict in context: every measure of the model beside that of three others on the same sound.

The dry signal is what doing nothing leaves; the best FIR is what plain linear algebra leaves; the
effect played twice is what the effect itself leaves. "Done" is an error near the third.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from wetprint.errors import PairError
from wetprint.judging import metrics
from wetprint.judging.metrics import Scores

MODEL = "model"
DRY = "dry signal"
BEST_FIR = "best FIR"
REPEAT = "effect played twice"


@dataclass(frozen=True)
class Evaluation:
    """The measures of a model in their contexts; a context that was not measured is None.

    Attributes:
        model: the model's scores against the wet signal.
        dry: the untouched dry signal's.
        best_fir: the best linear filter's.
        repeat: those of a second rendering of the effect against the first.
        sample_rate: of what was compared, in Hz.
        channels: of the wet signal.
        seconds: how long the compared sound is.
    """

    model: Scores
    dry: Scores
    best_fir: Scores | None
    repeat: Scores | None
    sample_rate: int
    channels: int
    seconds: float

    @property
    def contexts(self) -> tuple[tuple[str, Scores], ...]:
        """Names and scores of what was measured, from doing nothing to the effect itself."""
        rows = ((DRY, self.dry), (BEST_FIR, self.best_fir), (MODEL, self.model))
        rows += ((REPEAT, self.repeat),)
        return tuple((name, scores) for name, scores in rows if scores is not None)

    def to_json(self) -> dict[str, Any]:
        """Return plain dicts of finite numbers, None where there is none."""
        return {
            "sample_rate": self.sample_rate,
            "channels": self.channels,
            "seconds": self.seconds,
            "model": self.model.to_json(),
            "dry": self.dry.to_json(),
            "best_fir": None if self.best_fir is None else self.best_fir.to_json(),
            "repeat": None if self.repeat is None else self.repeat.to_json(),
        }


def evaluate(
    prediction: np.ndarray,
    target: np.ndarray,
    dry: np.ndarray,
    sample_rate: int,
    repeat: np.ndarray | None = None,
    best_fir: np.ndarray | None = None,
) -> Evaluation:
    """Judge a model's output in context.

    Args:
        prediction: what the model plays, shape (channel, time).
        target: the wet signal, same shape.
        dry: what went in, shape (channel or 1, time); see ``as_channels``.
        sample_rate: of all of them, in Hz.
        repeat: the effect rendered a second time, same shape as the target.
        best_fir: what the best linear filter plays, same shape as the target.

    Raises:
        PairError: something does not fit together, and what.
    """
    metrics.validate(prediction, target)
    level_dry = as_channels(dry, target.shape[0])

    def scores(audio: np.ndarray | None, name: str) -> Scores | None:
        if audio is None:
            return None
        try:
            return metrics.evaluate(audio, target, level_dry, sample_rate)
        except PairError as error:
            raise PairError(f"judging the {name}: {error}") from error

    model = metrics.evaluate(prediction, target, level_dry, sample_rate)
    return Evaluation(
        model=model,
        dry=metrics.evaluate(level_dry, target, level_dry, sample_rate),
        best_fir=scores(best_fir, BEST_FIR),
        repeat=scores(repeat, REPEAT),
        sample_rate=sample_rate,
        channels=target.shape[0],
        seconds=target.shape[1] / sample_rate,
    )


def as_channels(dry: np.ndarray, channels: int) -> np.ndarray:
    """Bring the dry signal to the wet one's channels: mono is duplicated, anything folds to mono.

    Args:
        dry: shape (channel, time).
        channels: how many are wanted.

    Returns:
        Shape (channels, time).

    Raises:
        PairError: any other change of the channel count.
    """
    if dry.ndim == 2 and dry.shape[0] == channels:
        return dry
    if dry.ndim == 2 and dry.shape[0] == 1:
        return np.repeat(dry, channels, axis=0)
    if dry.ndim == 2 and channels == 1:
        return dry.mean(axis=0, keepdims=True, dtype=dry.dtype)
    raise PairError(
        f"the dry signal of shape {dry.shape} cannot stand beside a wet one of {channels} "
        "channels; give it as (channel, time) with one channel, or with as many as the wet one"
    )
