"""What kind of box is this? Everything that can be told before anything is learned.

An effect that can be driven is asked with chirps, playing and silence; of recordings what they hold
must do, and what they could not show is said (``unseen``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import oaconvolve

from wetprint.identify.dynamics import (
    Dynamics,
    Listening,
    find_dynamics,
    promising_responses,
)
from wetprint.identify.gain_model import KneeCurve
from wetprint.identify.lfo import Lfo, find_lfo, find_lfo_in_playing
from wetprint.identify.linear_response import solve_fir
from wetprint.identify.moving_taps import find_moving_taps
from wetprint.identify.pitch import find_pitch_shift
from wetprint.identify.recording import Recording
from wetprint.identify.snapshots import Snapshots, snapshot_trains, snapshots_of_playing
from wetprint.progress import Progress, silent
from wetprint.signals import training_mixture
from wetprint.signals.capture import chirp_trains, level_probe

LISTENED_SECONDS = 30.0
RESPONSE_SECONDS = 0.35
SAMPLES_PER_TAP = 16
SILENT_SECONDS = 1.0
LEAST_POWER = 1e-20
"""-200 dB: what is softer counts as nothing at all."""

LINEAR = 1e-6
"""An effect of which the best filter leaves less than this (-60 dB) has no dynamics."""

MOSTLY = 0.4
"""Of what a filter leaves, a gain that is constant for hundredths of a second leaves less than this
share where there are dynamics and little else."""

WELL_EXPLAINED = 0.9
"""Of the variance of the gain, what a compressor must explain to be named."""

STEEPEST = 0.01
"""A limiter's ratio is told as 100."""


@dataclass(frozen=True)
class Voice:
    """A tap that moves: side, delay and depth in milliseconds, feedback -1 to 1."""

    side: int
    delay_ms: float
    depth_ms: float
    feedback: float


@dataclass(frozen=True)
class Compression:
    """How a gain follows the level, in the words of a compressor's front panel.

    Attributes:
        threshold_db: dBFS.
        ratio: decibels of level for each decibel that comes out above the threshold, or, where
            ``expands``, decibels that come out for each below it.
        knee_db: width of the knee.
        makeup_db: gain of what is not turned down.
        attack_ms: time constant with which the gain falls (or the followed level rises).
        release_ms: of the way back.
        lookahead_ms: by how much the gain comes before the sound.
        detection, followed, ballistics: see wetprint.blocks.compressor.
        expands: whether what is soft is turned down, not what is loud.
        explained: the share of the gain's variance that this explains.
    """

    threshold_db: float
    ratio: float
    knee_db: float
    makeup_db: float
    attack_ms: float
    release_ms: float
    lookahead_ms: float
    detection: str
    followed: str
    ballistics: str
    expands: bool
    explained: float


@dataclass(frozen=True)
class Identification:
    """What was found.

    Attributes:
        sample_rate: Hz, at which it was looked at.
        channels_out: sides of the wet signal that differ.
        delay_samples: where the linear response has its peak.
        polarity: 1, or -1 where that peak points down.
        beyond_linear_db: what the best fixed filter leaves, relative to the wet signal: how far the
            effect is from being linear and time-invariant.
        repeatability_db: what the effect leaves of itself, played twice; None where it could not be
            asked, -200 where it repeats exactly.
        noise_floor_db: RMS in dBFS of what it plays where it hears silence; None where unknown.
        moving_db: the share of its responses' energy that changes with time; None where unknown.
        lfo_rate_hz: of the LFO that moves it; None where none was found.
        voices: taps that the LFO moves.
        pitch_ratio: pitch after over pitch before; None where pitch is not shifted.
        compression: how the gain follows the level; None where it does not.
        unseen: what this material could not show, in words.
    """

    sample_rate: int
    channels_out: int
    delay_samples: int
    polarity: int
    beyond_linear_db: float
    repeatability_db: float | None
    noise_floor_db: float | None
    moving_db: float | None
    lfo_rate_hz: float | None
    voices: tuple[Voice, ...]
    pitch_ratio: float | None
    compression: Compression | None
    unseen: tuple[str, ...]


def identify_effect(
    play: Callable[[np.ndarray], np.ndarray], sample_rate: int, progress: Progress = silent
) -> Identification:
    """Identify an effect that can be driven.

    Args:
        play: sends ``(1, time)`` through the effect, from its start.
        sample_rate: Hz.
        progress: told how far it is.
    """
    dry = training_mixture(LISTENED_SECONDS, 0, sample_rate)
    dry = np.pad(dry, ((0, 0), (0, round(SILENT_SECONDS * sample_rate))))
    progress("identifying", 0.0, "playing")
    wet = _distinct(play(dry))
    again = play(dry)[: len(wet)]
    progress("identifying", 0.3, "chirps")
    probe, capture = chirp_trains(sample_rate)
    trains = snapshot_trains(capture, probe, play(probe)[: len(wet)])
    progress("identifying", 0.6, "silence")
    quiet = play(np.zeros((1, round(SILENT_SECONDS * sample_rate)), np.float32))
    progress("identifying", 0.7, "levels")
    levels = level_probe(sample_rate)
    stepped = Recording(levels, play(levels)[: len(wet)])
    progress("identifying", 0.8, "measuring")
    return _described(
        dry,
        wet,
        sample_rate,
        find_lfo(trains),
        trains[0],
        _db(np.square(again - wet).mean() / max(np.square(wet).mean(), LEAST_POWER)),
        _db(np.square(quiet).mean()),
        (),
        (stepped,),
    )


def identify_recording(
    dry: np.ndarray, wet: np.ndarray, sample_rate: int, progress: Progress = silent
) -> Identification:
    """Identify from a recording, as far as it goes.

    Args:
        dry: ``(channels, time)``; two sides are averaged.
        wet: ``(channels, time)``, aligned with ``dry``.
        sample_rate: Hz.
        progress: told how far it is.
    """
    progress("identifying", 0.0, "measuring")
    dry, wet = dry.mean(0, keepdims=True), _distinct(wet)
    train = snapshots_of_playing([Recording(dry, wet)], sample_rate)
    lfo = find_lfo_in_playing(train) if len(train.times) else None
    unseen = ["whether the box plays the same twice", "its noise floor"]
    if lfo is None:
        unseen.append("motion that hides behind the notes")
    return _described(dry, wet, sample_rate, lfo, train, None, None, tuple(unseen))


def _described(
    dry: np.ndarray,
    wet: np.ndarray,
    rate: int,
    lfo: Lfo | None,
    train: Snapshots,
    repeatability_db: float | None,
    noise_floor_db: float | None,
    unseen: tuple[str, ...],
    stepped: tuple[Recording, ...] = (),
) -> Identification:
    taps = max(1, min(round(RESPONSE_SECONDS * rate), dry.shape[1] // SAMPLES_PER_TAP))
    response = solve_fir(dry, wet, taps)[:, 0]  # (channels, taps)
    left = wet - oaconvolve(dry.astype(np.float64), response, axes=-1)[:, : dry.shape[1]]
    side, peak = np.unravel_index(int(np.argmax(np.abs(response))), response.shape)
    beyond_linear = np.square(left).mean() / max(np.square(wet).mean(), LEAST_POWER)
    shift = find_pitch_shift(dry, wet, rate)
    is_driven = repeatability_db is not None
    return Identification(
        sample_rate=rate,
        channels_out=len(wet),
        delay_samples=int(peak),
        polarity=1 if response[side, peak] >= 0.0 else -1,
        beyond_linear_db=_db(beyond_linear),
        repeatability_db=repeatability_db,
        noise_floor_db=noise_floor_db,
        moving_db=_db(lfo.moving_share) if lfo and is_driven else None,
        lfo_rate_hz=None if lfo is None else rate / lfo.period_samples,
        voices=() if lfo is None else _voices(train, lfo, rate),
        pitch_ratio=shift.ratio if shift.is_shifter else None,
        compression=_compression((Recording(dry, wet), *stepped), rate, response, beyond_linear),
        unseen=unseen,
    )


def _compression(
    recordings: tuple[Recording, ...], rate: int, response: np.ndarray, beyond_linear: float
) -> Compression | None:
    """Say how the gain follows the level, where that explains most of what a filter does not."""
    if beyond_linear < LINEAR:
        return None
    bound = MOSTLY * beyond_linear
    for between in promising_responses(recordings[:1], rate, response, bound):
        found = find_dynamics(Listening(recordings, rate, between))
        if found is not None and found.explained > WELL_EXPLAINED:
            return _panel(found, rate)
    return None


def _panel(found: Dynamics, rate: int) -> Compression:
    """Read a model as a front panel."""
    model, curve, ms = found.textbook, found.textbook.curve, 1000.0 / rate
    assert isinstance(curve, KneeCurve)  # of the textbook
    slope = curve.slope_below if curve.expands else curve.slope_above
    ratio = 1.0 + slope if curve.expands else 1.0 / max(1.0 + slope, STEEPEST)
    return Compression(
        threshold_db=curve.threshold_db,
        ratio=float(ratio),
        knee_db=float(np.exp(curve.width_log)),
        makeup_db=curve.makeup_db,
        attack_ms=float(np.exp(model.attack_log)) * ms,
        release_ms=float(np.exp(model.release_log)) * ms,
        lookahead_ms=model.lookahead_samples * ms,
        detection=model.detection,
        followed=model.followed,
        ballistics=model.ballistics,
        expands=curve.expands,
        explained=found.explained,
    )


def _voices(train: Snapshots, lfo: Lfo, rate: int) -> tuple[Voice, ...]:
    found = []
    for side in range(train.responses.shape[1]):
        for tap in find_moving_taps(train, side, lfo.period_samples):
            delay_ms, depth_ms = (
                1000.0 * each / rate for each in (tap.harmonics[0], tap.depth_samples)
            )
            found.append(Voice(side, float(delay_ms), depth_ms, tap.feedback))
    return tuple(found)


def _distinct(wet: np.ndarray) -> np.ndarray:
    """Return one side where both are the same."""
    return wet[:1] if len(wet) == 2 and np.array_equal(wet[0], wet[1]) else wet


def _db(power: float) -> float:
    return float(10.0 * np.log10(max(float(power), LEAST_POWER)))
