"""Solving effects whose delay moves: chorus, flanger, vibrato, doubling.

``wet = colour_0 * dry + sum over taps of colour_v * w_v``, where ``w_v`` is a delay line with its
own trajectory and feedback, and colours are FIR filters to every channel out. For given
trajectories the colours are a least-squares problem (``identify/linear_response.py``); for given
colours the trajectories, few numbers, are found by Gauss-Newton. Each column of its Jacobian is
exact: to move a tap injects ``slope * change`` where it reads, and that then passes through the
same feedback and colour. From a start within some samples, as snapshots give it, a handful of steps
suffices.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import oaconvolve
from torch import Tensor

from wetprint.engine.delay_line import NEWER_SAMPLES, read_delay_line
from wetprint.engine.recirculation import recirculate
from wetprint.identify.linear_response import LinearFitConfig, NormalEquations
from wetprint.identify.moving_taps import MovingTap, fourier_waves, turned
from wetprint.learning.material import Take

MOST_FEEDBACK = 0.995
MOST_FASTER = 1.5
"""Times the rate, or its inverse, that a step may change: an LFO never turns back."""

SLOPE_STEP_SAMPLES = 0.05
"""Half the distance over which the slope of what a tap reads is taken."""

DAMPING = 1e-6
"""Added to the diagonal of the normal equations, whose columns have unit length."""


@dataclass(frozen=True)
class MovingDelays:
    """Taps that share one LFO, and how they are heard.

    Attributes:
        period_samples: of the LFO, which stands at phase 0 at absolute time 0.
        taps: harmonics and feedback of each.
        interpolation: of the delay lines.
        colours: ``(channels_out, 1 + taps, length)``: of the dry signal, then of each tap.
    """

    period_samples: float
    taps: tuple[MovingTap, ...]
    interpolation: str
    colours: np.ndarray

    def with_harmonics(self, count: int) -> MovingDelays:
        """Return the same with room for so many harmonics in each trajectory."""
        taps = []
        for tap in self.taps:
            harmonics = np.zeros(1 + 2 * count)
            kept = min(len(harmonics), len(tap.harmonics))
            harmonics[:kept] = tap.harmonics[:kept]
            taps.append(dataclasses.replace(tap, harmonics=harmonics))
        return dataclasses.replace(self, taps=tuple(taps))


@dataclass(frozen=True)
class Fit:
    """Moving delays after a step, and the share of the wet energy that they leave."""

    delays: MovingDelays
    error: float


@dataclass
class MovingDelaySolver:
    """Fits moving delays to takes that are short enough to be held several times over.

    Attributes:
        takes: mono dry, any wet channels.
        skipped_samples: at the start of each take, which hear a past that is not known.
        has_feedback: whether feedback is fitted too.
    """

    takes: Sequence[Take]
    skipped_samples: int
    has_feedback: bool

    def solve(self, start: MovingDelays, taps: int, steps: int, stop: Callable[[], bool]) -> Fit:
        """Take some steps from a start, and return the best of what was passed.

        Args:
            start: its colours are not used.
            taps: length of the colours.
            steps: Gauss-Newton steps at most.
            stop: asked before every step.
        """
        best = self.coloured(start, taps)
        now = best
        for _ in range(steps):
            if stop():
                break
            now = self.coloured(self._moved(now.delays), taps)
            if now.error < best.error:
                gained = now.error < 0.98 * best.error
                best = now
                if not gained:
                    break
            elif now.error > 4.0 * best.error:
                break
        return best

    def coloured(self, delays: MovingDelays, taps: int) -> Fit:
        """Solve the colours for given trajectories."""
        channels = len(self.takes[0].wet)
        equations = NormalEquations(taps, 1 + len(delays.taps), channels)
        for take in self.takes:
            heard = np.concatenate([take.dry, play_taps(delays, take)])
            first = self._first(take)
            past = max(0, first - taps)  # a long past that does not count would cost, and no more
            equations.add(heard[:, past:], take.wet[:, past:], first - past)
        config = LinearFitConfig(ridge=1e-9, tolerance=1e-8, most_iterations=300)
        solved = dataclasses.replace(delays, colours=equations.solve(config).response)
        left = [self._left(solved, take) for take in self.takes]
        wet = [take.wet[:, self._first(take) :] for take in self.takes]
        return Fit(solved, _energy(left) / max(_energy(wet), 1e-30))

    def _first(self, take: Take) -> int:
        return max(take.heard_from, self.skipped_samples)

    def _left(self, delays: MovingDelays, take: Take) -> np.ndarray:
        heard = np.concatenate([take.dry, play_taps(delays, take)])
        played = convolve_rows(heard[None], delays.colours).sum(1)
        return (take.wet - played)[:, self._first(take) :]

    def _moved(self, delays: MovingDelays) -> MovingDelays:
        """Take one Gauss-Newton step, gains and rate included."""
        grams, rights = [], []
        for take in self.takes:
            columns = self._columns(delays, take)
            grams.append(columns @ columns.T)
            rights.append(columns @ self._left(delays, take).ravel())
        gram, right = np.sum(grams, axis=0), np.sum(rights, axis=0)
        size = np.sqrt(np.diag(gram)) + 1e-30
        scaled = gram / np.outer(size, size) + DAMPING * np.eye(len(gram))
        return self._changed(delays, np.linalg.solve(scaled, right / size) / size)

    def _columns(self, delays: MovingDelays, take: Take) -> np.ndarray:
        """Return the Jacobian, transposed: ``(parameters, channels * scored samples)``."""
        first, rows, rate = self._first(take), [], 0.0
        played = play_taps(delays, take)
        for number, (tap, heard) in enumerate(zip(delays.taps, played, strict=True), 1):
            pushed = self._pushed(delays, tap, take, heard)  # (parameters of the tap, time)
            coloured = convolve_rows(pushed[None], delays.colours[:, number : number + 1])
            shaped = coloured[..., first:].swapaxes(0, 1).reshape(len(pushed), -1)
            rate = rate + shaped[0]
            rows.append(shaped[1:])
        heard = np.concatenate([take.dry, played])
        gains = convolve_rows(heard[None], delays.colours)[..., first:]
        channels, regressors, samples = gains.shape
        apart = np.zeros((regressors, channels, channels, samples), np.float32)
        for channel, each in enumerate(gains):  # a gain acts on its own channel only
            apart[:, channel, channel] = each
        rows.append(apart.reshape(regressors * channels, channels * samples))
        return np.concatenate([np.asarray(rate)[None], *rows]).astype(np.float64)

    def _pushed(
        self, delays: MovingDelays, tap: MovingTap, take: Take, heard: np.ndarray
    ) -> np.ndarray:
        """Return what a tap plays more for a little more of its rate, harmonics and feedback."""
        phase, since = _time(delays, take), self._since(take)
        delay = _held(tap.delay(phase), delays.interpolation)
        line = take.dry[0] + tap.feedback * heard
        slope = _slope(line, delay, delays.interpolation)
        waves = fourier_waves(len(tap.harmonics) // 2, phase).T  # (harmonics, time)
        turning = _turning(tap.harmonics, phase) * since
        sources = [slope * turning, *(slope * waves)]
        if self.has_feedback:
            sources.append(_read(heard, delay, delays.interpolation))
        pushed = np.stack(sources).astype(np.float32)
        return _returned(pushed, delay, tap.feedback, delays.interpolation)

    def _middle(self) -> tuple[float, int]:
        """Return the time about which the rate is changed, and the time over which by one turn."""
        starts = [each.start_sample for each in self.takes]
        stops = [each.start_sample + each.dry.shape[1] for each in self.takes]
        return 0.5 * (min(starts) + max(stops)), max(stops) - min(starts)

    def _since(self, take: Take) -> np.ndarray:
        middle, samples = self._middle()
        return (take.start_sample + np.arange(take.dry.shape[1]) - middle) / samples

    def _changed(self, delays: MovingDelays, step: np.ndarray) -> MovingDelays:
        """Apply a step: rate, then for each tap its harmonics and feedback; gains are left."""
        middle, samples = self._middle()
        rate = 1.0 / delays.period_samples
        rate = float(np.clip(rate + step[0] / samples, rate / MOST_FASTER, rate * MOST_FASTER))
        taps, at = [], 1
        for tap in delays.taps:
            count = len(tap.harmonics)
            harmonics = tap.harmonics + step[at : at + count]
            at += count
            feedback = tap.feedback
            if self.has_feedback:
                feedback = float(np.clip(feedback + step[at], -MOST_FEEDBACK, MOST_FEEDBACK))
                at += 1
            shift = middle * (1.0 / delays.period_samples - rate)
            taps.append(MovingTap(turned(harmonics, shift), tap.strength, feedback))
        return dataclasses.replace(delays, period_samples=1.0 / rate, taps=tuple(taps))


def play_taps(delays: MovingDelays, take: Take) -> np.ndarray:
    """Return what every tap plays: ``(taps, time)`` float32; there may be none."""
    phase = _time(delays, take)
    played = [np.empty((0, take.dry.shape[1]), np.float32)]
    for tap in delays.taps:
        delay = _held(tap.delay(phase), delays.interpolation)
        read = _read(take.dry[0], delay, delays.interpolation)[None]
        played.append(_returned(read, delay, tap.feedback, delays.interpolation))
    return np.concatenate(played)


def convolve_rows(rows: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Convolve rows with filters that broadcast to them, along time; as long as the rows are."""
    return oaconvolve(rows, filters.astype(rows.dtype), axes=-1)[..., : rows.shape[-1]]


def _time(delays: MovingDelays, take: Take) -> np.ndarray:
    """Return the LFO's phase in turns at each sample of a take."""
    return (take.start_sample + np.arange(take.dry.shape[1])) / delays.period_samples


def _turning(harmonics: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Return how fast a series changes with the phase, per turn."""
    orders = 2.0 * np.pi * np.arange(1, len(harmonics) // 2 + 1)
    derived = np.zeros_like(harmonics)
    derived[1::2], derived[2::2] = orders * harmonics[2::2], -orders * harmonics[1::2]
    return fourier_waves(len(harmonics) // 2, phase) @ derived


def _held(delay: np.ndarray, interpolation: str) -> np.ndarray:
    return np.maximum(delay, NEWER_SAMPLES[interpolation] + 1.0)


def _tensor(rows: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(rows, np.float32))[None]


def _read(line: np.ndarray, delay: np.ndarray, interpolation: str) -> np.ndarray:
    return read_delay_line(_tensor(line[None]), _tensor(delay[None]), interpolation)[0, 0].numpy()


def _slope(line: np.ndarray, delay: np.ndarray, interpolation: str) -> np.ndarray:
    later = _read(line, delay + SLOPE_STEP_SAMPLES, interpolation)
    sooner = _read(line, delay - SLOPE_STEP_SAMPLES, interpolation)
    return (later - sooner) / (2.0 * SLOPE_STEP_SAMPLES)


def _returned(
    rows: np.ndarray, delay: np.ndarray, feedback: float, interpolation: str
) -> np.ndarray:
    """Send rows through the loop that all of them share."""
    if feedback == 0.0:
        return rows
    loop = torch.full((1, len(rows)), feedback)
    return recirculate(_tensor(rows), _tensor(delay[None]), loop, interpolation)[0].numpy()


def _energy(signals: Sequence[np.ndarray]) -> float:
    return float(sum(np.square(each, dtype=np.float64).sum() for each in signals))
