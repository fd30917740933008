"""Does a box turn its sound up and down by its level, and if so: how far, how fast, and how?

Compressors of every kind that the block knows are tried on a few seconds of what was heard, with
the textbook's curve; the one that plays the gain best is refined, and its curve then set free. What
an effect that can be driven is asked are the level steps and steady tones of the capture signal; of
recordings, whatever they hold must do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import oaconvolve

from wetprint.identify.descent import SolveConfig, descend
from wetprint.identify.gain_model import GainModel, KneeCurve
from wetprint.identify.gain_solver import GainHeard, PlayedGain
from wetprint.identify.recording import Recording

KINDS = (
    ("peak", "gain", "branching"),
    ("peak", "gain", "decoupled"),
    ("peak", "level", "branching"),
    ("rms", "level", "branching"),
    ("rms", "gain", "branching"),
    ("peak", "level", "decoupled"),
    ("rms", "level", "decoupled"),
    ("rms", "gain", "decoupled"),
)
"""Detection, what is followed, and ballistics; see CompressorConfig. Of two that are as good the
first is taken."""

BLOCK_SECONDS = 64 / 48_000
"""In which a gain is taken to be one."""

ENVELOPE_SECONDS = 0.010
"""A gain that is one for so long explains a compressor, but no distortion."""

STRETCH_SECONDS, SETTLING_SECONDS = 7.0, 2.0
"""Length of what is listened to in one piece, and how much of it only sets the followers going."""

TRIED_STRETCHES, REFINED_STRETCHES = 1, 3

TRIED = SolveConfig(most_steps=8, damping=1e-2, worthwhile=0.02)
REFINED = SolveConfig(most_steps=25, damping=1e-2, worthwhile=2e-3)

MOST_REFINED = 3
"""Kinds that did best when they were tried, of which the best is looked for."""

FOUND = 0.03
"""A kind that leaves no more than this of what the gain does is the one."""

EVENNESS = 0.5
"""Soft blocks count for more than in the waveform, so that the whole curve is seen."""

NARROW_DB, WIDE_DB = 3.0, 35.0
NARROW_KNEE_LOG, WIDE_KNEE_LOG = float(np.log(5.0)), float(np.log(12.0))
"""A knee that became narrow says little about wider ones, which are tried once more, and so the
other way."""

LOOKAHEADS_SECONDS = (0.0, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.010, 0.015, 0.020)
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


def find_dynamics(
    recordings: Sequence[Recording],
    sample_rate: int,
    response: np.ndarray,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[float], None] = lambda error: None,
) -> Dynamics | None:
    """Find how a box turns its sound up and down.

    Args:
        recordings: with a mono dry side; of several wet channels the loudest is listened to.
        sample_rate: Hz.
        response: ``(taps,)``, through which the sound comes apart from its gain; a delay counts.
        stop: says that the time for it is over.
        report: told the error in dB after every step.

    Returns:
        None where the gain is constant, or follows no level.
    """
    tried = _heard(recordings, sample_rate, response, TRIED_STRETCHES, EVENNESS)
    if tried is None:
        return None
    spread_db = _spread_db(tried)
    if spread_db < LEAST_SPREAD_DB:
        return None

    def solved(model: GainModel, heard: GainHeard, config: SolveConfig) -> PlayedGain:
        begun = PlayedGain(model, heard)
        return descend(begun, config, stop, lambda error: report(error**0.5), lambda each: each)

    found = [solved(each, tried, TRIED) for each in _starts(tried, sample_rate)]
    found.sort(key=lambda each: each.mean_square_db)
    best_db = found[0].mean_square_db
    if best_db > (1.0 - EXPLAINED) * spread_db**2:
        return None
    heard = _heard(recordings, sample_rate, response, REFINED_STRETCHES, EVENNESS)
    assert heard is not None  # it holds what was tried
    best: PlayedGain | None = None
    for each in found[:MOST_REFINED]:
        refined = solved(each.model, heard, REFINED)
        refined = _with_other_knee(refined, heard, solved)
        if best is None or refined.mean_square_db < best.mean_square_db:
            best = refined
        if best.mean_square_db < (FOUND * spread_db) ** 2:
            break
    assert best is not None
    best = _with_lookahead(best, heard, sample_rate, solved)
    free = solved(best.model.freed(), heard, REFINED)
    loud = _heard(recordings, sample_rate, response, REFINED_STRETCHES, 0.0)
    assert loud is not None
    free = solved(free.model, loud, REFINED)
    textbook = PlayedGain(best.model, loud)
    return Dynamics(
        best.model,
        free.model,
        _spread_db(loud),
        textbook.mean_square_db**0.5,
        free.mean_square_db**0.5,
    )


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
        sound, wet = _through(each.dry[0], response), _loudest(each.wet)
        blocks = len(wet) // length
        sound, wet = (part[: blocks * length].reshape(blocks, length) for part in (sound, wet))
        gain = (sound * wet).sum(1) / np.maximum(np.square(sound).sum(1), 1e-30)
        left += float(np.square(wet - gain[:, None] * sound).sum())
        whole += float(np.square(wet).sum())
    return left / max(whole, 1e-30)


def _starts(heard: GainHeard, sample_rate: int) -> list[GainModel]:
    """Begin each kind with a gentle compressor of usual times."""
    mean_db = float((heard.weight * heard.gain_db).sum())
    loud_db = 10.0 * np.log10(np.average(heard.energy.mean(1), weights=heard.weight))
    curve = KneeCurve(float(loud_db), 0.0, -0.5, WIDE_KNEE_LOG, mean_db + 3.0)
    attack, release, window = np.log(sample_rate * np.array([0.010, 0.100, 0.010]))
    return [GainModel(*kind, attack, release, window, curve) for kind in KINDS]


def _with_lookahead(
    best: PlayedGain,
    heard: GainHeard,
    sample_rate: int,
    solved: Callable[[GainModel, GainHeard, SolveConfig], PlayedGain],
) -> PlayedGain:
    """Let the gain come before the sound where that explains more."""
    found = best
    for seconds in LOOKAHEADS_SECONDS[1:]:
        ahead = dataclasses.replace(best.model, lookahead_samples=round(seconds * sample_rate))
        played = PlayedGain(ahead, heard)
        if played.mean_square_db < AHEAD * found.mean_square_db:
            found = played
    return best if found is best else solved(found.model, heard, REFINED)


def _with_other_knee(
    best: PlayedGain,
    heard: GainHeard,
    solved: Callable[[GainModel, GainHeard, SolveConfig], PlayedGain],
) -> PlayedGain:
    """Try the other end where the descent ran into a very narrow knee, or a very wide one."""
    curve = best.model.curve
    assert isinstance(curve, KneeCurve)
    if NARROW_DB < np.exp(curve.width_log) < WIDE_DB:
        return best
    other = NARROW_KNEE_LOG if np.exp(curve.width_log) > NARROW_DB else WIDE_KNEE_LOG
    changed = dataclasses.replace(curve, width_log=other)
    found = solved(dataclasses.replace(best.model, curve=changed), heard, REFINED)
    return min(best, found, key=lambda each: each.mean_square_db)


def _spread_db(heard: GainHeard) -> float:
    mean = (heard.weight * heard.gain_db).sum()
    return float(np.sqrt((heard.weight * np.square(heard.gain_db - mean)).sum()))


def _heard(
    recordings: Sequence[Recording],
    sample_rate: int,
    response: np.ndarray,
    stretches: int,
    evenness: float,
) -> GainHeard | None:
    """Cut stretches out of recordings, half of them the loudest, half evenly spread."""
    length, settling = (round(s * sample_rate) for s in (STRETCH_SECONDS, SETTLING_SECONDS))
    block = max(4, round(BLOCK_SECONDS * sample_rate))
    length -= length % block
    places = [
        (number, start, float(np.square(each.wet[:, start : start + length]).sum()))
        for number, each in enumerate(recordings)
        for start in range(0, max(1, each.dry.shape[1] - length + 1), length)
    ]
    if not places or max(energy for _, _, energy in places) <= 0.0:
        return None
    loudest = sorted(places, key=lambda each: -each[2])[: (stretches + 1) // 2]
    rest = [each for each in places if each not in loudest]
    spread = rest[:: max(1, len(rest) // max(1, stretches // 2))][: stretches // 2]
    parts = []
    for number, start, _ in [*loudest, *spread]:
        each, part = recordings[number], slice(start, start + length)
        counts = np.ones(each.dry.shape[1])[part]
        counts[: min(settling, len(counts) // 3) if start or parts else 0] = 0.0
        sound = _through(each.dry[0], response)
        parts.append(
            (each.dry[0][part].astype(np.float64), sound[part], _loudest(each.wet)[part], counts)
        )
    dry, sound, wet, counts = (np.concatenate(each) for each in zip(*parts, strict=True))
    return GainHeard.of(dry, sound, wet, counts, block, evenness)


def _through(dry: np.ndarray, response: np.ndarray) -> np.ndarray:
    return oaconvolve(dry.astype(np.float64), response)[: len(dry)]


def _loudest(wet: np.ndarray) -> np.ndarray:
    return wet[int(np.argmax(np.square(wet).sum(1)))].astype(np.float64)
