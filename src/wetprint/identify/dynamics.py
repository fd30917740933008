"""Does a box turn its sound up and down by its level, and if so: how far, how fast, and how?

Compressors of the usual kinds are tried on a few seconds of what was heard, with the textbook's
curve, and where none of them is the one, all other kinds that the block knows. The most promising
are tried with a free curve too, and those that play the gain best are refined. What an effect that
can be driven is asked are the level steps and steady tones of the capture signal; of recordings,
whatever they hold must do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wetprint.identify.descent import SolveConfig, descend
from wetprint.identify.gain_heard import EVENNESS, GainHeard, hear_gain, loudest, through
from wetprint.identify.gain_model import LEVELS_DB, GainKind, GainModel, KneeCurve, fitted_knee
from wetprint.identify.gain_solver import PlayedGain
from wetprint.identify.recording import Recording

PROMISING = 0.4
"""Of what a filter leaves, a gain that is constant for hundredths of a second leaves less than this
share where there are dynamics and little else; overdrives come down to some .45."""

KINDS = (
    GainKind("peak", "gain", "branching"),
    GainKind("peak", "gain", "decoupled"),
    GainKind("peak", "level", "branching"),
    GainKind("rms", "level", "branching"),
    GainKind("rms", "gain", "branching", is_smoothed=True),
    GainKind("peak", "level", "decoupled"),
    GainKind("rms", "level", "decoupled"),
    GainKind("rms", "gain", "decoupled", is_smoothed=True),
)
"""Of two that are as good the first is taken."""

RARER_KINDS = (
    *(replace(kind, is_fed_back=True) for kind in KINDS),
    *(replace(kind, is_smoothed=True) for kind in KINDS if not kind.is_smoothed),
)
"""Looked for where none of the others is the one."""

BETTER_RARER = 0.8
"""Of the mean square error of the others a rarer kind must leave less than this share."""

USUAL_SECONDS = np.array([0.010, 0.100, 0.010])
"""Attack, release and window to begin with."""

ENVELOPE_SECONDS = 0.010
"""A gain that is one for so long explains a compressor, but no distortion."""

TRIED_STRETCHES, REFINED_STRETCHES = 2, 4

TRIED = SolveConfig(most_steps=8, damping=1e-2, worthwhile=0.02)
REFINED = SolveConfig(most_steps=25, damping=1e-2, worthwhile=2e-3)

MOST_PROMISING = 6
"""Kinds that are tried with a curve of any shape."""

MOST_REFINED = 2
"""Kinds that did best when they were tried, of which the best is looked for."""

FOUND = 0.03
"""A kind that leaves no more than this of what the gain does is the one."""

CERTAIN = 0.003
"""With no more than this left after a few steps, no other kind is tried."""

NARROW_DB, WIDE_DB = 3.0, 35.0
NARROW_KNEE_LOG, WIDE_KNEE_LOG = float(np.log(5.0)), float(np.log(12.0))
"""A knee that became narrow says little about wider ones, which are tried once more, and so the
other way."""

LOOKAHEADS_SECONDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.010, 0.015, 0.020)
LOOKAHEAD_ROUNDS = 6
AHEAD = 0.9
"""Looking ahead must bring the error below this share."""

LEAST_SPREAD_DB = 0.1
"""A gain that varies less is constant."""

EXPLAINED = 0.5
"""Of the variance of the gain, what a compressor must explain to be one."""


@dataclass(frozen=True)
class Dynamics:
    """A compressor, as it was found.

    Attributes:
        textbook: with the textbook's curve.
        free: with a curve of any shape.
        spread_db: how much the gain varies, RMS.
        textbook_error_db: what the textbook's leaves of that, RMS.
        free_error_db: what the free one leaves.
    """

    textbook: GainModel
    free: GainModel
    spread_db: float
    textbook_error_db: float
    free_error_db: float

    @property
    def explained(self) -> float:
        """The share of the gain's variance that the textbook's explains."""
        return 1.0 - (self.textbook_error_db / self.spread_db) ** 2


@dataclass(frozen=True)
class Listening:
    """What is listened to, and for how long.

    Attributes:
        recordings: with a mono dry side; of several wet channels the loudest is listened to.
        sample_rate: Hz.
        response: ``(taps,)``, through which the sound comes apart from its gain; a delay counts.
        stop: says that the time for it is over.
        report: told the error in dB after every step.
        kinds: that are tried.
        rarer_kinds: that are tried where none of them is the one.
    """

    recordings: Sequence[Recording]
    sample_rate: int
    response: np.ndarray
    stop: Callable[[], bool] = lambda: False
    report: Callable[[float], None] = lambda error: None
    kinds: tuple[GainKind, ...] = KINDS
    rarer_kinds: tuple[GainKind, ...] = RARER_KINDS

    def heard(self, stretches: int, evenness: float) -> GainHeard | None:
        """Cut stretches out of the recordings; None where they are silent."""
        return hear_gain(self.recordings, self.sample_rate, self.response, stretches, evenness)

    def solved(self, model: GainModel, heard: GainHeard, config: SolveConfig) -> PlayedGain:
        """Step towards less error from a model."""
        begun = PlayedGain(model, heard)
        told = self.report
        return descend(begun, config, self.stop, lambda e: told(e**0.5), lambda each: each)


def find_dynamics(listening: Listening) -> Dynamics | None:
    """Find how a box turns its sound up and down.

    Returns:
        None where the gain is constant, or follows no level.
    """
    tried = listening.heard(TRIED_STRETCHES, EVENNESS)
    if tried is None or (spread_db := tried.spread_db) < LEAST_SPREAD_DB:
        return None
    found = _with_free_curves(_promising(listening, tried), listening, tried)
    if found[0].left() > (1.0 - EXPLAINED) * spread_db**2:
        return None
    heard = listening.heard(REFINED_STRETCHES, EVENNESS)
    assert heard is not None  # it holds what was tried
    best = _knee_and_free(found[0].knee.model, listening, heard, REFINED)
    for other in found[1:MOST_REFINED]:
        if best.left() < (FOUND * spread_db) ** 2:
            break
        refined = _knee_and_free(other.knee.model, listening, heard, REFINED)
        best = min(best, refined, key=_Solved.left)
    return _dynamics(best, listening)


@dataclass(frozen=True)
class _Solved:
    """A kind with the textbook's curve and with a free one."""

    knee: PlayedGain
    free: PlayedGain

    def left(self) -> float:
        """Return what the free curve leaves, in dB²: some boxes' curve is in no textbook."""
        return self.free.mean_square_db


def _promising(listening: Listening, heard: GainHeard) -> list[PlayedGain]:
    """Solve kinds with the textbook's curve, the rarer ones where no other is the one: best first.

    The first usual kind is solved in any case.
    """
    found: list[PlayedGain] = []
    for kinds in (listening.kinds, listening.rarer_kinds):
        least = min((each.mean_square_db for each in found), default=np.inf)
        if least < (FOUND * heard.spread_db) ** 2:
            break
        for start in _starts(kinds, heard, listening.sample_rate):
            if found and (listening.stop() or _is_certain(found[-1].mean_square_db, heard)):
                break
            found.append(listening.solved(start, heard, TRIED))
    found.sort(key=lambda each: _fairly(each.mean_square_db, each, listening))
    return found[:MOST_PROMISING]


def _fairly(mean_square_db: float, played: PlayedGain, listening: Listening) -> float:
    """Return what a kind leaves as it counts beside others: of a rarer one more is asked."""
    return mean_square_db / (1.0 if played.model.kind in listening.kinds else BETTER_RARER)


def _with_free_curves(
    promising: Sequence[PlayedGain], listening: Listening, heard: GainHeard
) -> list[_Solved]:
    """Solve each for a few steps with either curve, until one is certain: best first."""
    found: list[_Solved] = []
    for each in promising:
        if found and (listening.stop() or _is_certain(found[-1].left(), heard)):
            break
        found.append(_knee_and_free(each.model, listening, heard, TRIED))
    return sorted(found, key=lambda each: _fairly(each.left(), each.knee, listening))


def _is_certain(mean_square_db: float, heard: GainHeard) -> bool:
    return mean_square_db < (CERTAIN * heard.spread_db) ** 2


def _knee_and_free(
    start: GainModel, listening: Listening, heard: GainHeard, config: SolveConfig
) -> _Solved:
    """Solve a model with the textbook's curve, from there with a free one, and so back again."""
    knee = _with_other_knee(listening.solved(start, heard, config), listening, config)
    free = listening.solved(knee.model.freed(), heard, config)
    count = len(free.model.times)
    told = (heard.weight[:, None] * np.square(free.slopes()[:, count:])).sum(0)
    like = knee.model.curve
    assert isinstance(like, KneeCurve)
    curve = fitted_knee(free.model.curve.at(LEVELS_DB), told, like)
    read = replace(free.model, curve=curve)
    again = listening.solved(read, heard, config)
    return _Solved(min(knee, again, key=lambda each: each.mean_square_db), free)


def _dynamics(found: _Solved, listening: Listening) -> Dynamics:
    """Look ahead where that helps, and refine the free curve as the waveform weighs it."""
    knee, free = found.knee, found.free
    rounds = 0 if free.model.kind.is_fed_back else LOOKAHEAD_ROUNDS
    for _ in range(rounds):  # what was solved without it made up for it by its attack
        ahead = _lookahead_samples(free, listening.sample_rate)
        if ahead == free.model.lookahead_samples:
            break
        models = (replace(e.model, lookahead_samples=ahead) for e in (knee, free))
        knee, free = (listening.solved(each, knee.heard, REFINED) for each in models)
    loud = listening.heard(REFINED_STRETCHES, 0.0)
    assert loud is not None  # a model was found in it
    free = listening.solved(free.model, loud, REFINED)
    textbook = PlayedGain(knee.model, loud)
    errors_db = (each.mean_square_db**0.5 for each in (textbook, free))
    return Dynamics(knee.model, free.model, loud.spread_db, *errors_db)


def slow_gain_error(
    recordings: Sequence[Recording], sample_rate: int, response: np.ndarray
) -> float:
    """Return the error-to-signal ratio that a gain leaves which is constant for 10 ms at a time.

    Args:
        recordings: see find_dynamics.
        sample_rate: Hz.
        response: see find_dynamics.
    """
    length = max(2, round(ENVELOPE_SECONDS * sample_rate))
    left = whole = 0.0
    for each in recordings:
        sound, wet = through(each.dry[0], response), loudest(each.wet)
        blocks = len(wet) // length
        sound, wet = (part[: blocks * length].reshape(blocks, length) for part in (sound, wet))
        gain = (sound * wet).sum(1) / np.maximum(np.square(sound).sum(1), 1e-30)
        left += float(np.square(wet - gain[:, None] * sound).sum())
        whole += float(np.square(wet).sum())
    return left / max(whole, 1e-30)


def promising_responses(
    recordings: Sequence[Recording], sample_rate: int, response: np.ndarray, bound: float
) -> list[np.ndarray]:
    """Return what may lie between the dry sound and what a gain acts on, a delay before a filter.

    Args:
        recordings: see Listening.
        sample_rate: Hz.
        response: the best fixed filter's, ``(channels_out, taps)``; the loudest side counts.
        bound: the error-to-signal ratio that a slow gain must come below.

    Returns:
        Each ``(taps,)``; for a delay, one tap of 1 or -1 at its end. A filter may seem to help
        where there is none, for it is fitted to what the gain does as well.
    """
    longer = response[int(np.argmax(np.square(response).sum(1)))]
    peak = int(np.argmax(np.abs(longer)))
    errors: dict[int, float] = {}

    def error_of(delay: int) -> float:
        if delay not in errors:
            wire = _wire(delay, longer[peak])
            errors[delay] = slow_gain_error(recordings, sample_rate, wire)
        return errors[delay]

    # of a soft guitar the best filter is loudest some samples from where the sound arrives
    delay, arrived = -1, min(0, peak, key=error_of)
    while delay != arrived:
        delay = arrived
        arrived = min(max(0, delay - 1), delay, delay + 1, key=error_of)
    promising = [_wire(delay, longer[peak])] if error_of(delay) < bound else []
    return promising + [longer] * (slow_gain_error(recordings, sample_rate, longer) < bound)


def _wire(delay: int, polarity: float) -> np.ndarray:
    wire = np.zeros(delay + 1)
    wire[delay] = np.sign(polarity)
    return wire


def _starts(kinds: Sequence[GainKind], heard: GainHeard, sample_rate: int) -> list[GainModel]:
    """Begin each kind with a gentle compressor of usual times, or expander where gain grows."""
    level_db = 10.0 * np.log10(heard.energy.mean(1) + 1e-30)
    mean_db, loud_db = (float((heard.weight * e).sum()) for e in (heard.gain_db, level_db))
    together = (heard.weight * (heard.gain_db - mean_db) * (level_db - loud_db)).sum()
    if together > 0.0:
        curve = KneeCurve(loud_db, 1.0, 0.0, WIDE_KNEE_LOG, mean_db + 3.0, expands=True)
    else:
        curve = KneeCurve(loud_db, 0.0, -0.5, WIDE_KNEE_LOG, mean_db + 3.0)
    attack, release, window = np.log(sample_rate * USUAL_SECONDS).tolist()
    starts = []
    for kind in kinds:
        over = replace(curve, is_fed_back=kind.is_fed_back)
        if kind.is_fed_back:  # what comes out is as much louder as the gain says
            over = replace(
                over, threshold_db=loud_db + mean_db, slope_below=min(over.slope_below, 0.5)
            )
        starts.append(GainModel(kind, attack, release, window, over))
    return starts


def _lookahead_samples(played: PlayedGain, sample_rate: int) -> int:
    """Return by how much the gain comes before the sound: what it is, unless more explains more."""
    found = played.model.lookahead_samples
    best = AHEAD * played.mean_square_db
    near = [found + sign * (1 << power) for power in range(4) for sign in (-1, 1) if found]
    for samples in (*near, *(round(each * sample_rate) for each in LOOKAHEADS_SECONDS)):
        ahead = replace(played.model, lookahead_samples=max(0, samples))
        if (error := PlayedGain(ahead, played.heard).mean_square_db) < best:
            best, found = error, max(0, samples)
    return found


def _with_other_knee(best: PlayedGain, listening: Listening, config: SolveConfig) -> PlayedGain:
    """Try the other end where the descent ran into a very narrow knee, or a very wide one."""
    curve = best.model.curve
    assert isinstance(curve, KneeCurve)
    if NARROW_DB < np.exp(curve.width_log) < WIDE_DB:
        return best
    other = NARROW_KNEE_LOG if np.exp(curve.width_log) > NARROW_DB else WIDE_KNEE_LOG
    changed = replace(curve, width_log=other)
    model = replace(best.model, curve=changed)
    found = listening.solved(model, best.heard, config)
    return min(best, found, key=lambda each: each.mean_square_db)
