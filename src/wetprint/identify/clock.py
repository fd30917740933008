"""Where the LFO of an effect stands in a recording, with the effect itself known.

A plugin's LFO starts with the plugin; a pedal's runs free, and every recording of it begins
elsewhere in the turn. What the effect should play is compared with what it played, in short pieces
spread over the recording and at places all around the turn. Each piece alone may be unsure of its
place; the line through all of them (a Hough transform over offset and rate: Duda and Hart 1972,
doi:10.1145/361237.361242) is not, and is then brought to a fraction of a thousandth of a turn.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from wetprint.identify.recording import Recording
from wetprint.models.chain import Chain
from wetprint.models.lfo import lfo_periods, with_lfo_speed
from wetprint.models.playing import play_chain

PIECES = 24
PIECE_SECONDS, PIECE_TURNS = 0.4, 0.4
"""A piece is no shorter than either."""

LONGEST_PIECE_SECONDS = 4.0
LONGEST_LEAD_SECONDS = 1.0
"""Of what is played before a piece, so that it has a past."""

PLACES = 32
"""Around the turn."""

MOST_OFF = 0.03
"""The LFO may run slower or faster than the known one by this share."""

FARTHEST_OFF = 0.1
"""Refining leads no further away than this: short recordings say little of a speed."""

ROUNDS = 3
"""Of narrowing, each to a third."""

STEPS = 6
SLOPE_SAMPLES = 8.0
"""An LFO is moved by so much to see how what is played changes: it begins at whole samples."""

SHORTEST_STEP = 1 / 8
"""Of a Gauss-Newton step, when a whole one overshoots."""

GAIN = 0.98
"""A step that leaves more than this share of the error is the last."""

CLEARLY_BETTER = 0.95
"""Another place than the LFO's own beginning must leave less than this share of the error."""


@dataclass(frozen=True)
class Clock:
    """An LFO in one recording.

    Attributes:
        phase_turns: where in its turn it stands at the recording's absolute time zero, 0 to 1.
        speed: how many times as fast as the known one it runs.
        error: error-to-signal ratio over the pieces that were compared.
    """

    phase_turns: float
    speed: float
    error: float


STARTS_WITH_IT = (0.0, 1.0)
"""Phase and speed of an LFO that starts with the recording, as the known one does."""


def find_clock(
    chain: Chain,
    recording: Recording,
    sample_rate: int,
    progress: Callable[[float], None] = lambda _: None,
) -> Clock:
    """Find an effect's LFO in a recording.

    Where several LFOs move the effect, the slowest is looked for, and the others go with it.

    Args:
        chain: plays the effect; something moves in it.
        recording: what was heard; dry channels as the chain takes them.
        sample_rate: Hz.
        progress: told how far it is, 0 to 1.

    Returns:
        The clock; phase 0 and speed 1, which is how the chain plays by itself, unless another is
        clearly better.
    """
    search = _Search.of(chain, recording, sample_rate)
    if not search.pieces:
        return Clock(*STARTS_WITH_IT, 0.0)
    table = np.array(
        [
            [_energy(search.remainder(chain, piece, each / PLACES)) for each in range(PLACES)]
            for piece in _reporting(search.pieces, progress)
        ]
    )
    line = search.settled(search.narrowed(search.best_line(table)))
    least, unmoved = search.error_of(line), search.error(*STARTS_WITH_IT)
    if least >= CLEARLY_BETTER * unmoved:
        return Clock(*STARTS_WITH_IT, unmoved)
    phase, speed = line.clock
    return Clock(phase % 1.0, speed, least)


def _reporting(pieces: list[slice], progress: Callable[[float], None]) -> Iterator[slice]:
    for number, piece in enumerate(pieces):
        progress(number / len(pieces))
        yield piece


@dataclass(frozen=True)
class _Search:
    """What the steps of a search share."""

    chain: Chain
    period_samples: float
    recording: Recording
    lead_samples: int
    pieces: list[slice]
    energy: float

    @staticmethod
    def of(chain: Chain, recording: Recording, sample_rate: int) -> _Search:
        period = lfo_periods(chain)[0]
        samples = int(max(PIECE_SECONDS * sample_rate, PIECE_TURNS * period))
        samples = min(samples, int(LONGEST_PIECE_SECONDS * sample_rate), recording.wet.shape[-1])
        lead = min(chain.context_samples, int(LONGEST_LEAD_SECONDS * sample_rate))
        pieces = _loud_pieces(recording.wet, samples)
        energy = sum(_energy(recording.wet[:, each]) for each in pieces)
        return _Search(chain, period, recording, lead, pieces, energy or 1.0)

    def remainder(self, chain: Chain, piece: slice, phase_turns: float) -> np.ndarray:
        """Return what a chain leaves of a piece with its LFO at a place: ``(channels, time)``."""
        begin = max(0, piece.start - self.lead_samples)
        dry = self.recording.dry[:, begin : piece.stop]
        start = self.recording.start_sample + begin + phase_turns * lfo_periods(chain)[0]
        played = play_chain(chain, dry, round(start))[:, piece.start - begin :]
        return self.recording.wet[:, piece].astype(np.float64) - played

    def remainders(self, phase_turns: float, speed: float) -> np.ndarray:
        """Return what is left of all pieces, one after the other: ``(samples,)``."""
        chain = with_lfo_speed(self.chain, speed)
        left = [self.remainder(chain, each, phase_turns).ravel() for each in self.pieces]
        return np.concatenate([np.zeros(0), *left])

    def error(self, phase_turns: float, speed: float) -> float:
        """Return the error-to-signal ratio over all pieces."""
        return _energy(self.remainders(phase_turns, speed)) / self.energy

    def turns(self) -> np.ndarray:
        """Return how many turns of the known LFO each piece's middle lies after time zero."""
        middles = np.array([0.5 * (each.start + each.stop) for each in self.pieces])
        return (self.recording.start_sample + middles) / self.period_samples

    def best_line(self, table: np.ndarray) -> _Line:
        """Return the line that leaves the least energy in a table ``(pieces, places)``."""
        turns = self.turns()
        span = max(float(np.ptp(turns)), 1e-9)
        steps = int(min(4096, np.ceil(MOST_OFF * span * PLACES))) + 1
        faster = np.linspace(-MOST_OFF, MOST_OFF, 2 * steps + 1)
        places = np.arange(PLACES)
        best = (np.inf, 0.0, 1.0)
        for each in faster[np.argsort(np.abs(faster))]:  # the nearest of those that are as good
            drifted = (places[None] + PLACES * each * turns[:, None]) % PLACES
            sums = _between(table, drifted).sum(0)
            if sums.min() < best[0] * (1.0 - 1e-9):
                best = (float(sums.min()), float(np.argmin(sums)) / PLACES, 1.0 + float(each))
        return _Line.through(turns, best[1], best[2])

    def narrowed(self, line: _Line) -> _Line:
        """Look around a line more and more closely."""
        step = 1.0 / PLACES
        best = self.error_of(line)
        for _ in range(ROUNDS):
            step /= 3.0
            near = [line.moved(each * step, 0.0) for each in (-2, -1, 1, 2)]
            near += [line.moved(0.0, each * step) for each in (-2, -1, 1, 2)]
            errors = [self.error_of(each) for each in near]
            if min(errors) < best:
                best, line = min(errors), near[int(np.argmin(errors))]
        return line

    def settled(self, line: _Line) -> _Line:
        """Take Gauss-Newton steps from a line that is nearly right."""
        small = SLOPE_SAMPLES / self.period_samples
        best = self.error_of(line)
        for _ in range(STEPS):
            left = self.remainders(*line.clock)
            moved = [line.moved(small, 0.0), line.moved(0.0, small)]
            slopes = np.stack([left - self.remainders(*each.clock) for each in moved], 1) / small
            step = np.linalg.lstsq(slopes, left, rcond=None)[0]
            share = 1.0
            while (error := self.error_of(line.moved(*(share * step)))) >= best:
                share *= 0.5
                if share < SHORTEST_STEP:
                    return line
            line, gained, best = line.moved(*(share * step)), error < GAIN * best, error
            if not gained:
                break
        return line

    def error_of(self, line: _Line) -> float:
        """Return the error-to-signal ratio of a line over all pieces."""
        return self.error(*line.clock)


@dataclass(frozen=True)
class _Line:
    """An LFO's phase over time, turned about the middle of what was heard so that both ends move.

    Attributes:
        phase: in turns, at the middle.
        speed: of the LFO beside the known one.
        middle, reach: of the recording, in turns of the known one.
    """

    phase: float
    speed: float
    middle: float
    reach: float

    @staticmethod
    def through(turns: np.ndarray, phase_turns: float, speed: float) -> _Line:
        """Return the line of a clock over pieces that lie so many turns after time zero."""
        middle, reach = float(turns.mean()), max(0.5 * float(np.ptp(turns)), 0.5)
        return _Line(phase_turns + (speed - 1.0) * middle, speed, middle, reach)

    @property
    def clock(self) -> tuple[float, float]:
        """Phase at time zero, and speed."""
        return self.phase - (self.speed - 1.0) * self.middle, self.speed

    def moved(self, ahead_turns: float, tilt_turns: float) -> _Line:
        """Return the line put ahead, and tilted by so much at its end."""
        speed = self.speed + tilt_turns / self.reach
        speed = min(max(speed, 1.0 - FARTHEST_OFF), 1.0 + FARTHEST_OFF)
        return dataclasses.replace(self, phase=self.phase + ahead_turns, speed=speed)


def _between(table: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Interpolate each row of a closed table at its own places."""
    left = np.floor(places).astype(int)
    share = places - left
    rows = np.arange(len(table))[:, None]
    return (1.0 - share) * table[rows, left % PLACES] + share * table[rows, (left + 1) % PLACES]


def _loud_pieces(wet: np.ndarray, samples: int) -> list[slice]:
    """Return the loudest piece of each of several stretches of equal length."""
    count = wet.shape[-1] // samples
    energy = np.square(wet[:, : count * samples], dtype=np.float64).sum(0)
    energy = energy.reshape(count, samples).sum(1)
    stretches = np.array_split(np.arange(count), min(PIECES, count))
    loudest = [int(each[np.argmax(energy[each])]) for each in stretches]
    return [slice(each * samples, (each + 1) * samples) for each in loudest if energy[each] > 0.0]


def _energy(audio: np.ndarray) -> float:
    return float(np.square(audio, dtype=np.float64).sum())
