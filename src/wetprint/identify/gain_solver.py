"""Solving a compressor's times and curve from the gain that it shows.

What was heard is cut into short blocks, each of which shows one gain (``gain_heard.py``). The gain
that a model plays is compared with that, by the Levenberg-Marquardt method
(``descent.py``). A follower whose branches are known is linear, so that all derivatives, of every
knot of a curve too, follow the same recursion as the gain (Yu et al. 2024, arXiv:2404.07970); they
are taken from block to block, with what happens within a block summed up beforehand.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from wetprint.blocks.gain_curve import QUIETEST_DB
from wetprint.engine.envelope import follow_envelope
from wetprint.identify.gain_heard import GainHeard
from wetprint.identify.gain_model import HIGHEST_DB, KNOTS, LOWEST_DB, GainModel

LONGEST_STEP = 1.0
"""Times change by no more than this, the logarithm of a factor, in one step."""

EXPECTATION = 1e-6
"""Weight of what is expected of a curve, beside a mean square error of 1 dB."""

_LEAST = 10.0 ** (QUIETEST_DB / 20.0)


class PlayedGain:
    """A model's gain on what was heard, with everything that the next step needs.

    Attributes:
        model: what is played.
        heard: what it is compared with.
        error: mean square error in dB², and what the curve is expected to be.
        mean_square_db: the error alone.
    """

    def __init__(self, model: GainModel, heard: GainHeard):
        self.model, self.heard = model, heard
        self.block_samples = heard.energy.shape[1]
        self.gain = self._play()
        shifted = _earlier(self.gain, model.lookahead_samples).reshape(heard.energy.shape)
        total = np.maximum(heard.energy.sum(1), 1e-30)
        self.residual = heard.gain_db - (shifted * heard.energy).sum(1) / total
        self.mean_square_db = float((heard.weight * np.square(self.residual)).sum())
        matrix, target = model.curve.expected()
        self.disappointment = target - matrix @ model.curve.parameters
        self.error = self.mean_square_db + EXPECTATION * float(np.square(self.disappointment).sum())

    def moved(self, step: np.ndarray) -> PlayedGain:
        """Play the model that a step leads to."""
        return PlayedGain(self.model.moved(step), self.heard)

    def step(self, damping: float, inner_steps: int, stop: Callable[[], bool]) -> np.ndarray:
        """Return a damped Gauss-Newton step, ``(parameters,)``; there are few: it is solved."""
        slopes = self.slopes()
        weighted = slopes * self.heard.weight[:, None]
        matrix, right = weighted.T @ slopes, weighted.T @ self.residual
        expected, _ = self.model.curve.expected()
        count = len(self.model.times)
        matrix[count:, count:] += EXPECTATION * expected.T @ expected
        right[count:] += EXPECTATION * expected.T @ self.disappointment
        damped = matrix + damping * np.diag(np.diag(matrix) + 1e-7)
        step = np.linalg.solve(damped, right)
        step[:count] = np.clip(step[:count], -LONGEST_STEP, LONGEST_STEP)
        return step

    def _play(self) -> np.ndarray:
        """Return the gain in dB at every sample, and keep what the followers held."""
        model, kind = self.model, self.model.kind
        sound = self.heard.played if kind.is_fed_back else self.heard.dry
        heard = self.detected = np.abs(sound) if kind.detection == "peak" else np.square(sound)
        if kind.is_smoothed:
            rate = rate_of(model.window_log)
            heard = followed(heard, rate, rate, 0.0)
        self.windowed = heard
        if kind.followed == "level":
            self.source, self.rest = heard, 0.0
            self.level = self._level_db(self._follow())
            return model.curve.at(self.level)
        self.level = self._level_db(heard)
        self.source = -model.curve.at(self.level)
        self.rest = -float(model.curve.at(np.array([QUIETEST_DB]))[0])
        return -self._follow()

    def _level_db(self, heard: np.ndarray) -> np.ndarray:
        if self.model.kind.detection == "peak":
            return 20.0 * np.log10(np.maximum(heard, _LEAST))
        return 10.0 * np.log10(np.maximum(heard, _LEAST**2))

    def _follow(self) -> np.ndarray:
        attack, release = rate_of(self.model.attack_log), rate_of(self.model.release_log)
        if self.model.kind.ballistics == "branching":
            self.held = self.smooth = followed(self.source, attack, release, self.rest)
        else:
            self.held = followed(self.source, 1.0, release, self.rest)
            self.smooth = followed(self.held, attack, attack, self.rest)
        return self.smooth

    def slopes(self) -> np.ndarray:
        """Return how each block's gain moves with each parameter, ``(blocks, parameters)``."""
        model, count = self.model, len(self.model.times)
        to_curve = model.curve.slopes()  # (knots, parameters)
        by_window = self._by_window() if model.kind.is_smoothed else None
        if model.kind.followed == "level":
            ends = self._recursion(np.zeros((0, 0)), by_window)[:, :count]
            by_level = self._curve_slope() * self._level_slope(self.smooth)
            by_time = ends * by_level[self.block_samples - 1 :: self.block_samples, None]
            return np.concatenate([by_time, self._knots_heard() @ to_curve], axis=1)
        if by_window is not None:
            by_window = -self._curve_slope() * self._level_slope(self.windowed) * by_window
        ends = -self._recursion(to_curve, by_window)
        earlier = np.concatenate([ends[:1], ends[:-1]])
        return 0.5 * (ends + earlier)

    def _curve_slope(self) -> np.ndarray:
        """Return the curve's slope at every sample, dB for each dB."""
        near = 0.05
        return (self.model.curve.at(self.level + near) - self.model.curve.at(self.level - near)) / (
            2.0 * near
        )

    def _by_window(self) -> np.ndarray:
        """Return how what is smoothed moves with the window's logarithm, at every sample."""
        rate = rate_of(self.model.window_log)
        rise = self.detected - _before(self.windowed, 0.0)
        return followed(rise / rate, rate, rate, 0.0) * rate_slope(self.model.window_log)

    def _level_slope(self, heard: np.ndarray) -> np.ndarray:
        """Return how the level in dB moves with an amplitude or a square, at every sample."""
        scale, least = (20.0, _LEAST) if self.model.kind.detection == "peak" else (10.0, _LEAST**2)
        return scale / np.log(10.0) / np.maximum(heard, least)

    def _places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the knot below every sample's level, and how far above it the level lies."""
        position = (self.level - LOWEST_DB) * ((KNOTS - 1) / (HIGHEST_DB - LOWEST_DB))
        position = np.clip(position, 0.0, KNOTS - 1)
        left = np.minimum(position.astype(int), KNOTS - 2)
        shape = (-1, self.block_samples)
        return left.reshape(shape), (position - left).reshape(shape)

    def _knots_heard(self) -> np.ndarray:
        """Return the share of each knot in each block, ``(blocks, knots)``."""
        left, place = self._places()
        share = self.heard.energy / np.maximum(self.heard.energy.sum(1, keepdims=True), 1e-30)
        return _spread(left, (1.0 - place) * share) + _spread(left + 1, place * share)

    def _recursion(self, to_curve: np.ndarray, by_window: np.ndarray | None) -> np.ndarray:
        """Return how what is followed moves with each parameter at the end of each block.

        Args:
            to_curve: ``(knots, parameters)``; empty where the curve comes later.
            by_window: how the follower's source moves with the window, ``(samples,)``.
        """
        model = self.model
        attack, release = rate_of(model.attack_log), rate_of(model.release_log)
        branches = model.kind.ballistics == "branching"
        rise = self._blocks(self.source - _before(self.held, self.rest))  # (samples, blocks)
        is_rising = rise > 0.0
        rate = np.where(is_rising, attack if branches else 1.0, release)
        by_release = np.where(is_rising, 0.0, rise) * rate_slope(model.release_log)
        if branches:
            by_attack = np.where(is_rising, rise, 0.0)
        else:
            by_attack = self._blocks(self.held - _before(self.smooth, self.rest))
        by_attack = by_attack * rate_slope(model.attack_log)
        smoothing = 1.0 if branches else attack

        def at_end(to_held: float, to_smooth: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            """Sum up a block: what it adds, and what stays of either follower before it."""
            held, smooth = (np.full(rise.shape[1], each) for each in (to_held, to_smooth))
            times = np.zeros((rise.shape[1], len(model.times)))
            reach = np.empty_like(rise)
            for sample in range(self.block_samples - 1, -1, -1):
                if not branches:
                    times[:, 0] += smooth * by_attack[sample]
                    held, smooth = held + smoothing * smooth, (1.0 - smoothing) * smooth
                else:
                    times[:, 0] += held * by_attack[sample]
                times[:, 1] += held * by_release[sample]
                reach[sample] = held * rate[sample]
                held = held * (1.0 - rate[sample])
            if by_window is not None:
                times[:, 2] = (reach * self._blocks(by_window)).sum(0)
            if not to_curve.size:
                return times, held, smooth
            left, place = self._places()
            reach = reach.T
            knots = _spread(left, reach * (1.0 - place)) + _spread(left + 1, reach * place)
            return np.concatenate([times, -knots @ to_curve], axis=1), held, smooth

        second = None if branches else at_end(0.0, 1.0)
        return _chained(at_end(1.0, 0.0), second, self._at_rest(to_curve))

    def _blocks(self, signal: np.ndarray) -> np.ndarray:
        """Return a signal as ``(samples of a block, blocks)``."""
        return np.ascontiguousarray(signal.reshape(-1, self.block_samples).T)

    def _at_rest(self, to_curve: np.ndarray) -> np.ndarray:
        """Return how what the followers hold in silence moves with each parameter."""
        of_curve = -to_curve[0] if to_curve.size else np.zeros(0)
        return np.concatenate([np.zeros(len(self.model.times)), of_curve])


def _before(held: np.ndarray, rest: float) -> np.ndarray:
    """Return what was held a sample earlier."""
    return np.concatenate([[rest], held[:-1]])


def _chained(held, smooth, rest: np.ndarray) -> np.ndarray:
    """Carry derivatives from block to block: ``(blocks, parameters)``."""
    added, kept, _ = held
    ends, one, two = np.empty_like(added), rest, rest
    for block in range(len(added)):
        if smooth is not None:
            two = smooth[0][block] + smooth[1][block] * one + smooth[2][block] * two
        one = added[block] + kept[block] * one
        ends[block] = one if smooth is None else two
    return ends


def _spread(knot: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Add up shares by block and knot: ``(blocks, knots)``."""
    blocks = len(knot)
    flat = (knot + KNOTS * np.arange(blocks)[:, None]).ravel()
    return np.bincount(flat, share.ravel(), blocks * KNOTS).reshape(blocks, KNOTS)


def _earlier(gain: np.ndarray, samples: int) -> np.ndarray:
    """Return a gain that comes earlier by a few samples; its last value stands at the end."""
    if samples == 0:
        return gain
    return np.concatenate([gain[samples:], np.full(samples, gain[-1])])


def followed(level: np.ndarray, attack: float, release: float, past: float) -> np.ndarray:
    """Return what an envelope follower makes of ``(time,)``; see follow_envelope."""
    source = torch.from_numpy(level.astype(np.float32))[None, None]
    rise, fall = (torch.tensor(each, dtype=torch.float32) for each in (attack, release))
    start = torch.full((1, 1), past, dtype=torch.float32)
    return follow_envelope(source, rise, fall, start)[0, 0].numpy().astype(np.float64)


def rate_of(time_log: float) -> float:
    """Return the rate of a follower whose time constant is ``exp(time_log)`` samples."""
    return float(-np.expm1(-np.exp(-time_log)))


def rate_slope(time_log: float) -> float:
    """Return how that rate moves with the logarithm."""
    turn = np.exp(-time_log)
    return float(-np.exp(-turn) * turn)
