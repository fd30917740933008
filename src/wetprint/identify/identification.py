"""What kind of box is this? Everything that can be told before anything is learned.

An effect that can be driven is asked with chirps, playing and silence; of recordings what they hold
must do, and what they could not show is said (``unseen``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import oaconvolve
from threadpoolctl import threadpool_limits

from wetprint.identify.added_taps import find_added_taps
from wetprint.identify.carrier import find_carrier
from wetprint.identify.envelope_filter_search import FilterSearch
from wetprint.identify.findings import Identification, Turn, Voice
from wetprint.identify.front_panel import front_panel
from wetprint.identify.lfo import Lfo, find_lfo, find_lfo_in_playing
from wetprint.identify.linear_response import solve_fir
from wetprint.identify.moving_taps import MovingTap, find_moving_taps
from wetprint.identify.pitch import find_pitch_shift
from wetprint.identify.recording import Recording
from wetprint.identify.repeats import find_repeats
from wetprint.identify.response import describe_response, impulse_response
from wetprint.identify.snapshots import Snapshots, snapshot_trains, snapshots_of_playing
from wetprint.identify.turn import STEPS, curve_shape, gain_turn, notch_turn, tremolo_period
from wetprint.progress import Progress, silent
from wetprint.signals import training_mixture
from wetprint.signals.capture import chirp_trains, level_probe

LISTENED_SECONDS = 30.0
RESPONSE_SECONDS = 0.35
SAMPLES_PER_TAP = 16
SILENT_SECONDS = 1.0
SHORTEST_VOICE_MS = 0.25
"""A line nearer to the sound itself is drawn by allpass stages."""

CLEAN_DB = -25.0
"""A filter that leaves more is too noisy to be seen dying away."""

CLEAR_SHARE = 0.6
"""Of the highest voice; lower ones may be what notes or other voices left over."""

STRAIGHT_DB = -15.0
"""What changes more with level distorts a sweep too much to be seen dying away."""

LITTLE = 0.01
"""Of the wet energy: a filter that leaves less does not follow the level."""

ROOM_SECONDS = 0.5
"""What rings for longer has notches that are none of the LFO's."""

SOFTER = 0.1
"""-20 dB."""

LEAST_POWER = 1e-20
"""-200 dB: what is softer counts as nothing at all."""


@threadpool_limits.wrap(limits=1, user_api="blas")
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
    soft = play(dry * np.float32(SOFTER))[: len(wet)] / SOFTER
    progress("identifying", 0.3, "chirps")
    probe, capture = chirp_trains(sample_rate)
    trains = snapshot_trains(capture, probe, play(probe)[: len(wet)])
    progress("identifying", 0.6, "silence")
    quiet = play(np.zeros((1, round(SILENT_SECONDS * sample_rate)), np.float32))
    progress("identifying", 0.7, "a sweep, and levels")
    dying = impulse_response(lambda sound: play(sound)[: len(wet)], sample_rate)
    levels = level_probe(sample_rate)
    progress("identifying", 0.8, "measuring")
    both = np.square(wet).mean() + np.square(soft).mean()
    asked = _Asked(
        soft,
        trains[0],
        dying,
        Recording(levels, play(levels)[: len(wet)]),
        _db(np.square(soft - wet).mean() / max(both, LEAST_POWER)),
        _db(np.square(again - wet).mean() / max(np.square(wet).mean(), LEAST_POWER)),
        _db(np.square(quiet).mean()),
    )
    return _described(dry, wet, sample_rate, find_lfo(trains), trains[0], asked, ())


@threadpool_limits.wrap(limits=1, user_api="blas")
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
    unseen = ["whether the box plays the same twice", "its noise floor", "how linear it is alone"]
    if lfo is None:
        unseen.append("motion that hides behind the notes")
    return _described(dry, wet, sample_rate, lfo, train, None, tuple(unseen))


@dataclass(frozen=True)
class _Asked:
    """What only an effect that can be driven tells.

    Attributes:
        soft: what it makes of softer playing, turned up again.
        train: snapshots of chirps.
        dying: ``(channels, time)``, an impulse response with all of its tail.
        stepped: tones whose level jumps.
        nonlinear_db, repeatability_db, noise_floor_db: see Identification.
    """

    soft: np.ndarray
    train: Snapshots
    dying: np.ndarray
    stepped: Recording
    nonlinear_db: float
    repeatability_db: float
    noise_floor_db: float


def _described(
    dry: np.ndarray,
    wet: np.ndarray,
    rate: int,
    lfo: Lfo | None,
    train: Snapshots,
    asked: _Asked | None,
    unseen: tuple[str, ...],
) -> Identification:
    taps = max(1, min(round(RESPONSE_SECONDS * rate), dry.shape[1] // SAMPLES_PER_TAP))
    response = solve_fir(dry, wet, taps)[:, 0]  # (channels, taps)
    left = wet - oaconvolve(dry.astype(np.float64), response, axes=-1)[:, : dry.shape[1]]
    side, peak = np.unravel_index(int(np.argmax(np.abs(response))), response.shape)
    carrier = find_carrier([Recording(dry, wet)], rate)
    lfo = None if carrier else lfo  # what a carrier moves may look like anything
    shift = find_pitch_shift(dry, wet, rate)
    beyond_linear = float(np.square(left).mean() / max(np.square(wet).mean(), LEAST_POWER))
    beyond_db = _db(beyond_linear)
    heard = (Recording(dry, wet), *((asked.stepped,) if asked else ()))
    dying = None if carrier else _dying(response, beyond_db, asked)
    described = describe_response(response, dying, rate)
    is_room = max((each or 0.0 for each in described.decay_seconds), default=0.0) > ROOM_SECONDS
    ratio = shift.ratio if shift.is_shifter and carrier is None else None
    turn = Turn() if lfo is None or is_room else _turn(dry, wet, rate, lfo, asked)
    voices = () if lfo is None or turn.gain_db else _voices(train, lfo, rate)
    compression = None if lfo or carrier else front_panel(heard, rate, response, beyond_linear)
    is_explained = lfo or carrier or compression or ratio or is_room or beyond_linear < LITTLE
    sweep = None if is_explained else FilterSearch(heard[:1], rate, beyond_linear).sweep()
    return Identification(
        sample_rate=rate,
        channels_out=len(wet),
        delay_samples=int(peak),
        polarity=1 if response[side, peak] >= 0.0 else -1,
        beyond_linear_db=beyond_db,
        nonlinear_db=None if asked is None else asked.nonlinear_db,
        moving_db=_db(lfo.moving_share) if lfo and asked else None,
        repeatability_db=None if asked is None else asked.repeatability_db,
        noise_floor_db=None if asked is None else asked.noise_floor_db,
        response=described,
        lfo_rate_hz=None if lfo is None else rate / lfo.period_samples,
        voices=voices,
        turn=turn,
        carrier_hz=None if carrier is None else rate / carrier.period_samples,
        pitch_ratio=ratio,
        grain_ms=_grain_ms(ratio, lfo, rate),
        repeats=find_repeats(
            dry[0], wet.mean(0), rate, None if asked is None else asked.soft.mean(0)
        ),
        compression=compression,
        sweep=sweep,
        unseen=unseen,
    )


def _dying(response: np.ndarray, beyond_db: float, asked: _Asked | None) -> np.ndarray | None:
    """Return a response in which the tail can be seen, where there is one."""
    if asked is None:
        return response if beyond_db < CLEAN_DB else None
    return asked.dying if asked.nonlinear_db < STRAIGHT_DB else None


def _turn(
    dry: np.ndarray,
    wet: np.ndarray,
    rate: int,
    lfo: Lfo,
    asked: _Asked | None,
) -> Turn:
    """Say what an LFO moves that is no voice: a gain, or notches."""
    heard = [Recording(dry, wet)]
    period = tremolo_period(heard, rate, None if asked is None else asked.train, lfo)
    if period is not None:
        return gain_turn(heard, period, rate)
    return notch_turn(heard, lfo.period_samples, rate)


def _grain_ms(ratio: float | None, lfo: Lfo | None, rate: int) -> float | None:
    """Return how long a moving delay line goes on before it jumps back.

    Read ``ratio`` times as fast as it is written, the delay changes by ``|1 - ratio|`` a sample,
    and has changed by one grain when it begins anew.
    """
    if ratio is None or lfo is None:
        return None
    return 1000.0 * abs(1.0 - ratio) * lfo.period_samples / rate


def _voices(train: Snapshots, lfo: Lfo, rate: int) -> tuple[Voice, ...]:
    found = []
    for side in range(train.responses.shape[1]):
        for tap in _taps(train, side, lfo.period_samples):
            delay_ms, depth_ms = (
                1000.0 * each / rate for each in (tap.harmonics[0], tap.depth_samples)
            )
            if delay_ms < SHORTEST_VOICE_MS:
                continue
            curve = tap.delay(np.arange(STEPS) / STEPS)
            trajectory_ms = tuple(float(1000.0 * each / rate) for each in curve)
            shape = curve_shape(curve)
            found.append(Voice(side, float(delay_ms), depth_ms, tap.feedback, shape, trajectory_ms))
    return tuple(found)


def _taps(train: Snapshots, side: int, period_samples: float) -> list[MovingTap]:
    """Return taps of which there is little doubt; lines are followed where that shows no fewer."""
    taps = find_added_taps(train, side, period_samples)
    highest = max((abs(each.strength) for each in taps), default=0.0)
    clear = [each for each in taps if abs(each.strength) >= CLEAR_SHARE * highest]
    if train.played is not None:
        return clear
    followed = find_moving_taps(train, side, period_samples)
    return followed if len(followed) >= len(clear) else clear


def _distinct(wet: np.ndarray) -> np.ndarray:
    """Return one side where both are the same."""
    return wet[:1] if len(wet) == 2 and np.array_equal(wet[0], wet[1]) else wet


def _db(power: float) -> float:
    return float(10.0 * np.log10(max(float(power), LEAST_POWER)))
