"""What an octave divider does to a stretch of playing, in windows that each count on their own.

One wave miscounted turns everything after it over. While a trigger is still being looked for, the
count may therefore begin anywhere in every window, 0 to 3, and only the waves within a window must
be right. With counts given, filters behind powers of the sound and behind the same powers turned
over by the flip-flops are solved by least squares, as for any other inputs.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, lfilter

from wetprint.blocks.octave_divider import FIRST_STATE, SECOND_STATE
from wetprint.blocks.power import powers
from wetprint.engine.octave_trigger import Trigger, count_octaves, silent_state
from wetprint.identify.linear_response import LinearFitConfig, NormalEquations
from wetprint.learning.linear import filter_audio

WINDOW_SECONDS = 0.15
FILTER_SECONDS = 512 / 48_000
ORDER = 3
"""Of the curves while the trigger is looked for."""

AUDIBLE = 1e-3
"""Windows with less than this share of the mean energy (-30 dB) tell nothing."""

FIRST_HZ, SECOND_HZ = 400.0, 200.0
"""Below these the octaves are looked for."""

LONGEST_LAG_SECONDS, LAGS = 0.006, 13

FIT = LinearFitConfig(ridge=1e-9, tolerance=1e-7, most_iterations=200)
FIRST, SECOND = np.array(FIRST_STATE), np.array(SECOND_STATE)


class OctaveWindows:
    """A stretch of playing, how often was counted where, and the filters that explain it.

    Args:
        dry: ``(time,)`` float32, after silence.
        wet: ``(time,)`` float32.
        sample_rate: Hz.
        is_inverted: whether the upper halves of waves are counted.
        order: highest power of the sound.
        reach: where powers go on along their tangents; the loudest sample by default.

    Attributes:
        offsets: ``(windows,)``, what is to be added to the count in each.
        filters: ``(inputs, taps)``; None until solved.
        has_second: whether a second octave is among the inputs.
    """

    def __init__(
        self,
        dry: np.ndarray,
        wet: np.ndarray,
        sample_rate: int,
        is_inverted: bool = False,
        order: int = ORDER,
        reach: float | None = None,
    ):
        self.is_inverted = is_inverted
        self.dry, self.wet, self.rate, self.order = dry, wet.astype(np.float64), sample_rate, order
        self.window = round(WINDOW_SECONDS * sample_rate)
        self.starts = np.arange(0, len(dry), self.window)
        self.reach = reach or float(np.abs(dry).max()) or 1.0
        self.powers = powers(dry[None], self.reach, order).astype(np.float64)
        self.energy = self.per_window(self.wet**2)
        self.audible = self.energy > AUDIBLE * self.energy.mean()
        self.offsets = np.zeros(len(self.starts), np.int64)
        self.filters: np.ndarray | None = None
        self.has_second = False

    def per_window(self, signal: np.ndarray) -> np.ndarray:
        """Sum ``(..., time)`` over every window."""
        return np.add.reduceat(signal, self.starts, axis=-1)

    def count(self, trigger: Trigger) -> np.ndarray:
        """Count waves from silence on: ``(time,)`` int64."""
        heard = -self.dry if self.is_inverted else self.dry
        return count_octaves(heard, trigger, silent_state())[0].astype(np.int64)

    def counted(self, counts: np.ndarray) -> np.ndarray:
        """Add each window's offset."""
        return (counts + np.repeat(self.offsets, self.window)[: len(counts)]) % 4

    def inputs(self, counts: np.ndarray) -> np.ndarray:
        """Return what the filters hear at the counts given: ``(inputs, time)``."""
        turned = FIRST[counts] * self.powers
        rows = [self.powers, turned]
        if self.has_second:
            rows.append(SECOND[counts] * turned[:1])
        return np.concatenate(rows)

    def solve(self, counts: np.ndarray, windows: np.ndarray | None = None) -> None:
        """Solve the filters, on the windows marked, or on all."""
        taps = round(FILTER_SECONDS * self.rate)
        inputs = self.inputs(self.counted(counts))
        equations = NormalEquations(taps, len(inputs), 1)
        for first, last in _runs(np.ones(len(self.starts), bool) if windows is None else windows):
            begin = max(0, first * self.window - taps)
            part = slice(begin, last * self.window)
            equations.add(inputs[:, part], self.wet[None, part], first * self.window - begin)
        self.filters = equations.solve(FIT).response[0]

    def played(self, inputs: np.ndarray, first_filter: int) -> np.ndarray:
        """Play inputs through as many filters, from one on: ``(time,)``."""
        assert self.filters is not None
        filters = self.filters[first_filter : first_filter + len(inputs)]
        return filter_audio(inputs, filters[None])[0]

    def steady(self) -> np.ndarray:
        """Return what does not depend on the count: ``(time,)``."""
        return self.played(self.powers, 0)

    def alternatives(self, counts: np.ndarray) -> list[np.ndarray]:
        """Return what depends on the count, for each offset: ``(time,)``."""
        first, second = FIRST[counts], SECOND[counts]
        octave = self.played(first * self.powers, self.order)
        if not self.has_second:
            return [octave, -octave]
        plain = self.powers[:1]
        even = self.played(first * second * plain, 2 * self.order)
        odd = self.played(second * plain, 2 * self.order)
        return of_each_offset(octave, even, odd)

    def choose(self, counts: np.ndarray) -> np.ndarray:
        """Take the best offset in every window; return the share of energy left, ``(windows,)``."""
        rest = self.wet - self.steady()
        errors = self.per_window(
            np.stack([np.square(rest - each) for each in self.alternatives(counts)])
        )
        self.offsets = errors.argmin(0)
        return errors.min(0) / np.maximum(self.energy, 1e-30)

    def explained(self, shares: np.ndarray, most: float) -> np.ndarray:
        """Mark the best explained of the audible windows, ``most`` of them."""
        return self.audible & (shares <= np.quantile(shares[self.audible], most))

    def find_first(self, counts: np.ndarray) -> None:
        """Decide between the offsets that turn the first octave over."""
        equations = NormalEquations(round(FILTER_SECONDS * self.rate), 1, 1)
        equations.add(self.powers[:1], self.wet[None])
        linear = filter_audio(self.powers[:1], equations.solve(FIT).response)[0]
        low_pass = butter(3, FIRST_HZ, fs=self.rate)
        rest, sound = (
            lfilter(*low_pass, each) for each in (self.wet - linear, FIRST[counts] * self.powers[0])
        )
        self.offsets = (self._agreement(rest, sound) < 0.0).astype(np.int64)

    def find_second(self, counts: np.ndarray) -> None:
        """Decide between the offsets that only a second octave tells apart, and add it."""
        counted = self.counted(counts)
        low_pass = butter(3, SECOND_HZ, fs=self.rate)
        rest = lfilter(*low_pass, self.wet - self.played(self.inputs(counted), 0))
        sound = lfilter(*low_pass, SECOND[counted] * FIRST[counted] * self.powers[0])
        self.offsets = (self.offsets + 2 * (self._agreement(rest, sound) < 0.0)) % 4
        self.has_second = True

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


def of_each_offset(octave: np.ndarray, even: np.ndarray, odd: np.ndarray) -> list[np.ndarray]:
    """Return what is heard of both octaves when a count begins at 0 to 3: ``(time,)`` each.

    Args:
        octave: the first octave as counted; every odd offset turns it over.
        even: what the second octave adds as counted.
        odd: what it adds where the first flip-flop is a wave ahead, but for its sign.
    """
    return [octave + even, -octave - odd, octave - even, odd - octave]


def _runs(marked: np.ndarray) -> list[tuple[int, int]]:
    """Return where marked windows begin and end."""
    edges = np.diff(np.concatenate([[0], marked.astype(int), [0]]))
    return list(
        zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True)
    )
