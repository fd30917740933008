"""A compressor as it is solved for: its kind, its two times and its curve.

``wetprint.blocks.compressor`` says what each kind does; here is only what a solver moves. Times are
logarithms of samples, as they are there, so that a step is a factor.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from wetprint.blocks.compressor import Compressor, CompressorConfig
from wetprint.blocks.gain_curve import free_gain_db, knee_gain_db

LOWEST_DB, HIGHEST_DB, KNOTS = -90.0, 12.0, 103
"""Where curves have their knots, one each dB."""

LEVELS_DB = np.linspace(LOWEST_DB, HIGHEST_DB, KNOTS)

FASTEST_LOG, SLOWEST_LOG = np.log(0.2), np.log(2e6)
NARROWEST_LOG, WIDEST_LOG = np.log(0.2), np.log(40.0)

SLOPES = (-1.0, 20.0), (-1.5, 1.0)
"""Of a curve below and above its knee, dB for each dB."""

FED_BACK_SLOPES = (-20.0, 0.95), (-20.0, 0.95)
"""The same over the level that comes out."""

KNEES_DB = (1.0, 3.0, 6.0, 12.0, 24.0)
"""Widths that are tried when a knee is read from a free curve."""

STIFFNESS = 3e3
"""Of a slope that is expected to be none: it stays within a hundredth."""


class GainCurve(Protocol):
    """A static curve with parameters, gain in dB over level in dBFS."""

    @property
    def parameters(self) -> np.ndarray:
        """What a solver moves, ``(parameters,)``."""
        ...

    def at(self, level_db: np.ndarray) -> np.ndarray:
        """Return the gain at levels of any shape."""
        ...

    def slopes(self) -> np.ndarray:
        """Return what each parameter adds to the gain at the knots, ``(knots, parameters)``."""
        ...

    def expected(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what is to be expected: a matrix and where it should take the parameters."""
        ...

    def moved(self, step: np.ndarray) -> GainCurve:
        """Return the curve with a step added to its parameters."""
        ...


@dataclass(frozen=True)
class KneeCurve:
    """The textbook's curve; see wetprint.blocks.gain_curve.

    Attributes:
        threshold_db, slope_below, slope_above, width_log, makeup_db: see Compressor.
        expands: whether the slope below is solved for, and none above expected; or the other way.
        is_fed_back: whether it is of the level that comes out, over which a ratio of R has a slope
            of 1 - R, and no gain may grow as fast as the level.
    """

    threshold_db: float
    slope_below: float
    slope_above: float
    width_log: float
    makeup_db: float
    expands: bool = False
    is_fed_back: bool = False

    @property
    def parameters(self) -> np.ndarray:
        """See GainCurve."""
        slopes = (self.slope_below, self.slope_above)
        return np.array([self.threshold_db, *slopes, self.width_log, self.makeup_db])

    def at(self, level_db: np.ndarray) -> np.ndarray:
        """See GainCurve."""
        given = (self.threshold_db, self.slope_below, self.slope_above, np.exp(self.width_log))
        knee = (torch.tensor(each, dtype=torch.float64) for each in given)
        return knee_gain_db(torch.from_numpy(level_db), *knee).numpy() + self.makeup_db

    def slopes(self) -> np.ndarray:
        """See GainCurve; by central differences, the curve being a parabola at most."""
        shift = 1e-4
        steps = shift * np.eye(len(self.parameters))
        each = [self.moved(step).at(LEVELS_DB) - self.moved(-step).at(LEVELS_DB) for step in steps]
        return np.stack(each, axis=1) / (2.0 * shift)

    def expected(self) -> tuple[np.ndarray, np.ndarray]:
        """See GainCurve: no slope on the one side."""
        matrix = np.zeros((1, 5))
        matrix[0, 2 if self.expands else 1] = STIFFNESS
        return matrix, np.zeros(1)

    def moved(self, step: np.ndarray) -> KneeCurve:
        """See GainCurve."""
        threshold, below, above, width, makeup = (self.parameters + step).tolist()
        slopes = FED_BACK_SLOPES if self.is_fed_back else SLOPES
        below, above = (
            float(np.clip(each, *ends)) for each, ends in zip((below, above), slopes, strict=True)
        )
        return dataclasses.replace(
            self,
            threshold_db=float(np.clip(threshold, LOWEST_DB, HIGHEST_DB)),
            slope_below=below,
            slope_above=above,
            width_log=float(np.clip(width, NARROWEST_LOG, WIDEST_LOG)),
            makeup_db=makeup,
        )


def fitted_knee(gain_db: np.ndarray, told: np.ndarray, like: KneeCurve | None = None) -> KneeCurve:
    """Return the textbook's curve nearest to a free one.

    Args:
        gain_db: of the free curve, ``(knots,)``.
        told: how much is known of it at each knot, 0 where nothing is.
        like: says whether the slope lies below the knee, and of which level the curve is.
    """
    like = like or KneeCurve(0.0, 0.0, 0.0, 0.0, 0.0)
    below, above = (1.0, 0.0) if like.expands else (0.0, 1.0)
    root, best = np.sqrt(told / told.sum()), (np.inf, like)
    for threshold in np.arange(LOWEST_DB + 10.0, HIGHEST_DB, 1.0):
        for width in KNEES_DB:
            shape = dataclasses.replace(
                like,
                threshold_db=float(threshold),
                slope_below=below,
                slope_above=above,
                width_log=float(np.log(width)),
                makeup_db=0.0,
            )
            columns = np.stack([shape.at(LEVELS_DB), np.ones(KNOTS)], axis=1)
            found, *_ = np.linalg.lstsq(root[:, None] * columns, root * gain_db, rcond=1e-9)
            left = float(np.square(root * (columns @ found - gain_db)).sum())
            if left < best[0]:
                slope, makeup = (float(each) for each in found)
                name = "slope_below" if like.expands else "slope_above"
                fitted = dataclasses.replace(shape, **{name: slope}, makeup_db=makeup)
                best = left, fitted.moved(np.zeros(5))  # within what is allowed
    return best[1]


@dataclass(frozen=True)
class FreeCurve:
    """A linear spline, which bends no more than it must and leaves another curve where it is heard.

    Attributes:
        gain_db: ``(knots,)``.
        beside: ``(knots,)``, the curve that it comes from.
    """

    gain_db: np.ndarray
    beside: np.ndarray

    @property
    def parameters(self) -> np.ndarray:
        """See GainCurve."""
        return self.gain_db

    def at(self, level_db: np.ndarray) -> np.ndarray:
        """See GainCurve."""
        levels, gains = torch.from_numpy(level_db), torch.from_numpy(self.gain_db)
        return free_gain_db(levels, gains, LOWEST_DB, HIGHEST_DB).numpy()

    def slopes(self) -> np.ndarray:
        """See GainCurve."""
        return np.eye(KNOTS)

    def expected(self) -> tuple[np.ndarray, np.ndarray]:
        """See GainCurve."""
        bend = np.diff(np.eye(KNOTS), 2, axis=0)
        near = np.eye(KNOTS)
        return np.concatenate([bend, near]), np.concatenate(
            [bend @ self.beside, near @ self.beside]
        )

    def moved(self, step: np.ndarray) -> FreeCurve:
        """See GainCurve."""
        return dataclasses.replace(self, gain_db=self.gain_db + step)


@dataclass(frozen=True)
class GainKind:
    """What sort of compressor it is; see CompressorConfig."""

    detection: str
    followed: str
    ballistics: str
    is_smoothed: bool = False
    is_fed_back: bool = False


@dataclass(frozen=True)
class GainModel:
    """A compressor.

    Attributes:
        kind: what sort it is.
        attack_log, release_log, window_log: see Compressor.
        curve: the static curve.
        lookahead_samples: by how much the gain comes before the sound.
    """

    kind: GainKind
    attack_log: float
    release_log: float
    window_log: float
    curve: KneeCurve | FreeCurve
    lookahead_samples: int = 0

    @property
    def times(self) -> np.ndarray:
        """The logarithms of its times: attack, release, and the window where it smooths."""
        times = [self.attack_log, self.release_log, self.window_log]
        return np.array(times if self.kind.is_smoothed else times[:2])

    def moved(self, step: np.ndarray) -> GainModel:
        """Return the model with a step added to its times and then to its curve's parameters."""
        count = len(self.times)
        times = np.clip(self.times + step[:count], FASTEST_LOG, SLOWEST_LOG).tolist()
        return dataclasses.replace(
            self,
            attack_log=times[0],
            release_log=times[1],
            window_log=times[2] if self.kind.is_smoothed else self.window_log,
            curve=self.curve.moved(step[count:]),
        )

    def freed(self) -> GainModel:
        """Return the same with a curve that may take any shape."""
        knots = self.curve.at(LEVELS_DB)
        return dataclasses.replace(self, curve=FreeCurve(knots, knots))

    def block(self) -> Compressor:
        """Return the block that plays it."""
        is_free = isinstance(self.curve, FreeCurve)
        config = CompressorConfig(
            **dataclasses.asdict(self.kind),
            curve="free" if is_free else "knee",
            knots=KNOTS,
            lowest_db=LOWEST_DB,
            highest_db=HIGHEST_DB,
            lookahead_samples=self.lookahead_samples,
        )
        block = Compressor(config)
        times = {"attack_log": self.attack_log, "release_log": self.release_log}
        if self.kind.is_smoothed:
            times["window_log"] = self.window_log
        if isinstance(self.curve, FreeCurve):
            curve: dict[str, object] = {"gain_db": self.curve.gain_db}
        else:
            curve = dataclasses.asdict(self.curve)
            del curve["expands"], curve["is_fed_back"]
        state = {name: torch.as_tensor(value).float() for name, value in {**times, **curve}.items()}
        block.load_state_dict(state)
        return block
