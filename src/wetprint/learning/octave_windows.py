"""What an octave divider does to a stretch of playing, in windows that each count on their own.

One wave miscounted turns everything after it over. While a trigger is still being looked for, the
count may therefore begin anywhere in every window, 0 to 3, and only the waves within a window must
be right. With counts given, the filters of the sound itself and of both octaves are solved by least
squares, and so are the gains with which the flip-flops switch, in turn.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, lfilter

from wetprint.blocks.octave_divider import FIRST_STATE, SECOND_STATE
from wetprint.blocks.power import powers
from wetprint.engine.octave_trigger import Trigger, count_octaves, silent_state
from wetprint.identify.linear_response import LinearFitConfig, NormalEquations
from wetprint.learning.linear import filter_audio

WINDOW_SECONDS = 0.15
AUDIBLE = 1e-5
"""Windows with less than this share of the mean energy (-50 dB) tell nothing."""

FIRST_HZ, SECOND_HZ = 400.0, 200.0
"""Below these the octaves are looked for."""

LONGEST_LAG_SECONDS, LAGS = 0.006, 13

RIDGE = 1e-9
"""Of the gains, as a share of each one's energy."""

FIT = LinearFitConfig(ridge=1e-9, tolerance=1e-6, most_iterations=60)
FIRST, SECOND = np.array(FIRST_STATE), np.array(SECOND_STATE)

EVERY = 4
"""Gains are solved at one of so many samples."""

ROUNDS = 3
"""How often filters and gains, each solved while the others stay, are solved in turn."""


@dataclass(frozen=True)
class Divider:
    """All that is solved: the sound itself, and the two octaves with their gains.

    Attributes:
        direct: ``(taps,)``, what the sound itself is sent through.
        response: ``(taps,)``, between the flip-flops.
        steady, switched: ``(order,)``, gains of powers of the sound; 1 of the first switched one.
        step: half of the constant that the first flip-flop switches; no model plays it.
        second_response: ``(taps,)``, behind the second one; zeros while there is none.
        second_steady, second_switched: ``(second_order,)``, gains of powers of the octave.
        second_step: likewise, of the second one.
    """

    direct: np.ndarray
    response: np.ndarray
    steady: np.ndarray
    switched: np.ndarray
    step: float
    second_response: np.ndarray
    second_steady: np.ndarray
    second_switched: np.ndarray
    second_step: float

    @property
    def has_second(self) -> bool:
        """Whether a second octave is heard."""
        return bool(np.any(self.second_response))


def plain_divider(taps: int, order: int, second_order: int) -> Divider:
    """Return what turns over and filters nothing; only gains are meant."""
    nothing, none, one = np.zeros(taps), np.zeros, lambda size: np.eye(1, size)[0]
    second = nothing, none(second_order), one(second_order), 0.0
    return Divider(nothing, nothing, none(order), one(order), 0.0, *second)


class OctaveWindows:
    """A stretch of playing, how often was counted where, and what explains it.

    Args:
        dry: ``(time,)`` float32, after silence.
        wet: ``(time,)`` float32.
        sample_rate: Hz.
        is_inverted: whether the upper halves of waves are counted.
        divider: to begin with; ``plain_divider`` for its orders and taps.
        reach: where powers go on along their tangents; the loudest sample by default.

    Attributes:
        offsets: ``(windows,)``, what is to be added to the count in each.
        divider: what was solved.
    """

    def __init__(
        self,
        dry: np.ndarray,
        wet: np.ndarray,
        sample_rate: int,
        is_inverted: bool,
        divider: Divider,
        reach: float | None = None,
    ):
        self.is_inverted = is_inverted
        self.dry, self.wet, self.rate = dry, wet.astype(np.float64), sample_rate
        self.window = round(WINDOW_SECONDS * sample_rate)
        self.starts = np.arange(0, len(dry), self.window)
        self.reach = reach or float(np.abs(dry).max()) or 1.0
        self.divider = divider
        self.powers = self._powers(dry, len(divider.steady))
        self.energy = self.per_window(self.wet**2)
        self.audible = self.energy > AUDIBLE * self.energy.mean()
        self.offsets = np.zeros(len(self.starts), np.int64)

    def per_window(self, signal: np.ndarray) -> np.ndarray:
        """Sum ``(..., time)`` over every window."""
        return np.add.reduceat(signal, self.starts, axis=-1)

    def count(self, trigger: Trigger) -> np.ndarray:
        """Count waves from silence on: ``(time,)`` int64."""
        return self.count_with_excess(trigger)[0]

    def count_with_excess(self, trigger: Trigger) -> tuple[np.ndarray, np.ndarray]:
        """Count waves from silence on, and tell the excess, see ``count_octaves``."""
        heard = -self.dry if self.is_inverted else self.dry
        counts, excess = count_octaves(heard, trigger, silent_state())
        return counts.astype(np.int64), excess

    def counted(self, counts: np.ndarray) -> np.ndarray:
        """Add each window's offset."""
        return (counts + np.repeat(self.offsets, self.window)[: len(counts)]) % 4

    def turned(self) -> np.ndarray:
        """Return what the first flip-flop turns over: ``(time,)``."""
        return self.divider.switched @ self.powers + self.divider.step

    def octave(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what stays of the octave, and what is turned over: ``(time,)`` each."""
        sources = self.divider.steady @ self.powers, FIRST[counts] * self.turned()
        steady, turned = (_filtered(each, self.divider.response) for each in sources)
        return steady, turned

    def second(self, octave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what the second flip-flop lets stay of an octave, and what it turns over."""
        found = self.divider
        parts = self._powers(octave.astype(np.float32), len(found.second_steady))
        return found.second_steady @ parts, found.second_switched @ parts + found.second_step

    def _second_source(self, octave: np.ndarray, counts: np.ndarray) -> np.ndarray:
        steady, turned = self.second(octave)
        return steady + SECOND[counts] * turned

    def rest(self, counts: np.ndarray) -> np.ndarray:
        """Return what is not explained at the counts given: ``(time,)``."""
        octave = np.add(*self.octave(counts))
        played = _filtered(self.dry, self.divider.direct) + octave
        if self.divider.has_second:
            source = self._second_source(octave, counts)
            played += _filtered(source, self.divider.second_response)
        return self.wet - played

    def alternatives(self, counts: np.ndarray) -> list[np.ndarray]:
        """Return what is not explained, for each offset: ``(time,)``."""
        steady, turned = self.octave(counts)
        rest = self.wet - _filtered(self.dry, self.divider.direct) - steady
        lefts = [rest - turned, rest + turned]
        if not self.divider.has_second:
            return lefts
        states = SECOND[counts], FIRST[counts] * SECOND[counts]
        seconds = []
        for sign, state in zip((1.0, -1.0), states, strict=True):
            stays, switched = self.second(steady + sign * turned)
            seconds.append(
                [
                    _filtered(each, self.divider.second_response)
                    for each in (stays, state * switched)
                ]
            )
        (even, even_turned), (odd, odd_turned) = seconds
        return [
            lefts[0] - even - even_turned,
            lefts[1] - odd - odd_turned,
            lefts[0] - even + even_turned,
            lefts[1] - odd + odd_turned,
        ]

    def choose(self, counts: np.ndarray) -> np.ndarray:
        """Take the best offset in every window; return the share of energy left, ``(windows,)``."""
        lefts = self.alternatives(counts)
        errors = self.per_window(np.square(np.stack(lefts)))
        self.offsets = errors.argmin(0)
        return errors.min(0) / np.maximum(self.energy, 1e-30)

    def explained(self, shares: np.ndarray, most: float) -> np.ndarray:
        """Mark the best explained of the audible windows, ``most`` of them."""
        return self.audible & (shares <= np.quantile(shares[self.audible], most))

    def solve(
        self, counts: np.ndarray, windows: np.ndarray | None = None, rounds: int = ROUNDS
    ) -> None:
        """Solve filters and gains in turn, on the windows marked, or on all."""
        counts = self.counted(counts)
        marked = np.ones(len(self.starts), bool) if windows is None else windows
        for _ in range(rounds):
            self._solve_filters(counts, marked)
            self._solve_gains(counts, marked)

    def _solve_filters(self, counts: np.ndarray, marked: np.ndarray) -> None:
        taps, found = len(self.divider.direct), self.divider
        source = found.steady @ self.powers + FIRST[counts] * self.turned()
        inputs = [self.dry.astype(np.float64), source]
        if found.has_second:
            inputs.append(self._second_source(np.add(*self.octave(counts)), counts))
        equations = NormalEquations(taps, len(inputs), 1)
        for first, last in _runs(marked):
            begin = max(0, first * self.window - taps)
            part = slice(begin, last * self.window)
            rows = np.stack([each[part] for each in inputs])
            equations.add(rows, self.wet[None, part], first * self.window - begin)
        direct, response, *second = equations.solve(FIT).response[0]
        self.divider = dataclasses.replace(found, direct=direct, response=response)
        if second:
            self.divider = dataclasses.replace(self.divider, second_response=second[0])

    def _solve_gains(self, counts: np.ndarray, marked: np.ndarray) -> None:
        """Solve all gains; the filters make up for those that must be 1."""
        found, first = self.divider, FIRST[counts]
        order, second_order = len(found.steady), len(found.second_steady)
        sources = [*self.powers[1:], *(first * self.powers), first]
        columns = [_filtered(each, found.response) for each in sources]
        if found.has_second:
            octave = np.add(*self.octave(counts))
            parts = self._powers(octave.astype(np.float32), second_order)
            state = SECOND[counts]
            sources = [*parts[1:], *(state * parts), state]
            columns += [_filtered(each, found.second_response) for each in sources]
        inside = np.flatnonzero(np.repeat(marked, self.window)[: len(self.dry)])[::EVERY]
        wanted = self.wet - _filtered(self.dry, found.direct)
        heard = np.stack([each[inside] for each in columns])
        size = np.sqrt(np.square(heard).sum(1, keepdims=True)) + 1e-30
        matrix = (heard / size) @ (heard / size).T + RIDGE * np.eye(len(heard))
        gains = np.linalg.solve(matrix, heard / size @ wanted[inside]) / size[:, 0]
        one = gains[order - 1]
        self.divider = dataclasses.replace(
            found,
            steady=np.concatenate([[0.0], gains[: order - 1] / one]),
            switched=gains[order - 1 : 2 * order - 1] / one,
            step=float(gains[2 * order - 1] / one),
            response=found.response * one,
        )
        if found.has_second:
            gains = gains[2 * order :]
            two = gains[second_order - 1]
            self.divider = dataclasses.replace(
                self.divider,
                second_steady=np.concatenate([[0.0], gains[: second_order - 1] / two]),
                second_switched=gains[second_order - 1 : 2 * second_order - 1] / two,
                second_step=float(gains[-1] / two),
                second_response=found.second_response * two,
            )

    def _powers(self, sound: np.ndarray, order: int) -> np.ndarray:
        return powers(sound[None], self.reach, order).astype(np.float64)

    def find_first(self, counts: np.ndarray) -> None:
        """Decide between the offsets that turn the first octave over."""
        equations = NormalEquations(len(self.divider.direct), 1, 1)
        equations.add(self.powers[:1], self.wet[None])
        linear = _filtered(self.dry, equations.solve(FIT).response[0, 0])
        low_pass = butter(3, FIRST_HZ, fs=self.rate)
        rest, sound = (
            lfilter(*low_pass, each) for each in (self.wet - linear, FIRST[counts] * self.powers[0])
        )
        self.offsets = (self._agreement(rest, sound) < 0.0).astype(np.int64)

    def find_second(self, counts: np.ndarray) -> None:
        """Decide between the offsets that only a second octave tells apart, and add it."""
        counted = self.counted(counts)
        low_pass = butter(3, SECOND_HZ, fs=self.rate)
        octave = SECOND[counted] * np.add(*self.octave(counted))
        rest, sound = (lfilter(*low_pass, each) for each in (self.rest(counted), octave))
        self.offsets = (self.offsets + 2 * (self._agreement(rest, sound) < 0.0)) % 4
        impulse = np.eye(1, len(self.divider.response))[0]
        self.divider = dataclasses.replace(self.divider, second_response=impulse)

    def _agreement(self, rest: np.ndarray, sound: np.ndarray) -> np.ndarray:
        """Correlate per window, at the lag that suits all windows best."""
        found, most = np.zeros(len(self.starts)), -1.0
        for lag in np.linspace(0, LONGEST_LAG_SECONDS * self.rate, LAGS).astype(int):
            late = np.concatenate([np.zeros(lag), sound[: len(sound) - lag]])
            loudness = np.sqrt(self.per_window(late**2)) + 1e-12
            each = self.per_window(rest * late) / loudness
            if np.square(each).sum() > most:
                found, most = each, float(np.square(each).sum())
        return found


def _filtered(sound: np.ndarray, response: np.ndarray) -> np.ndarray:
    return filter_audio(sound[None], response[None, None])[0]


def _runs(marked: np.ndarray) -> list[tuple[int, int]]:
    """Return where marked windows begin and end."""
    edges = np.diff(np.concatenate([[0], marked.astype(int), [0]]))
    return list(
        zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True)
    )
