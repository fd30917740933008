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
    """

    threshold_db: float
    slope_below: float
    slope_above: float
    width_log: float
    makeup_db: float
    expands: bool = False

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
        threshold, below, above, width, makeup = self.parameters + step
        return KneeCurve(
            float(np.clip(threshold, LOWEST_DB, HIGHEST_DB)),
            float(np.clip(below, -1.0, 20.0)),
            float(np.clip(above, -1.5, 1.0)),
            float(np.clip(width, NARROWEST_LOG, WIDEST_LOG)),
            float(makeup),
            self.expands,
        )


def fitted_knee(gain_db: np.ndarray, told: np.ndarray, expands: bool = False) -> KneeCurve:
    """Return the textbook's curve nearest to a free one.

    Args:
        gain_db: of the free curve, ``(knots,)``.
        told: how much is known of it at each knot, 0 where nothing is.
        expands: whether the slope lies below the knee.
    """
    slopes = (1.0, 0.0) if expands else (0.0, 1.0)
    root, best = np.sqrt(told / told.sum()), (np.inf, KneeCurve(0.0, 0.0, 0.0, 0.0, 0.0))
    for threshold in np.arange(LOWEST_DB + 10.0, HIGHEST_DB, 1.0):
        for width in KNEES_DB:
            shape = KneeCurve(float(threshold), *slopes, float(np.log(width)), 0.0, expands)
            columns = np.stack([shape.at(LEVELS_DB), np.ones(KNOTS)], axis=1)
            found, *_ = np.linalg.lstsq(root[:, None] * columns, root * gain_db, rcond=1e-9)
            left = float(np.square(root * (columns @ found - gain_db)).sum())
            if left < best[0]:
                slope, makeup = (float(each) for each in found)
                name = "slope_below" if expands else "slope_above"
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
class GainModel:
    """A compressor.

    Attributes:
        detection, followed, ballistics: see CompressorConfig.
        attack_log, release_log, window_log: see Compressor.
        curve: the static curve.
        lookahead_samples: by how much the gain comes before the sound.
    """

    detection: str
    followed: str
    ballistics: str
    attack_log: float
    release_log: float
    window_log: float
    curve: KneeCurve | FreeCurve
    lookahead_samples: int = 0

    @property
    def has_window(self) -> bool:
        """Whether there is a window of mean squares in front of the curve."""
        return (self.detection, self.followed) == ("rms", "gain")

    @property
    def times(self) -> np.ndarray:
        """The logarithms of its times: attack, release, and the window where there is one."""
        times = [self.attack_log, self.release_log, self.window_log]
        return np.array(times if self.has_window else times[:2])

    def moved(self, step: np.ndarray) -> GainModel:
        """Return the model with a step added to its times and then to its curve's parameters."""
        count = len(self.times)
        times = np.clip(self.times + step[:count], FASTEST_LOG, SLOWEST_LOG).tolist()
        return dataclasses.replace(
            self,
            attack_log=times[0],
            release_log=times[1],
            window_log=times[2] if self.has_window else self.window_log,
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
            self.detection,
            self.followed,
            self.ballistics,
            "free" if is_free else "knee",
            KNOTS,
            LOWEST_DB,
            HIGHEST_DB,
            self.lookahead_samples,
        )
        block = Compressor(config)
        times = {"attack_log": self.attack_log, "release_log": self.release_log}
        if self.has_window:
            times["window_log"] = self.window_log
        if isinstance(self.curve, FreeCurve):
            curve: dict[str, object] = {"gain_db": self.curve.gain_db}
        else:
            curve = dataclasses.asdict(self.curve)
            del curve["expands"]
        state = {name: torch.as_tensor(value).float() for name, value in {**times, **curve}.items()}
        block.load_state_dict(state)
        return block
