"""The whole path in a few calls: what ``import wetprint`` offers and the command line prints."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wetprint.errors import PairError
from wetprint.progress import Progress, silent

if TYPE_CHECKING:
    from wetprint.identify.findings import Identification
    from wetprint.judging import Evaluation
    from wetprint.learning import LearnConfig, Learned
    from wetprint.models import Model
    from wetprint.pairs import Pair

PathLike = str | os.PathLike[str]

FIR_TAPS = 16_384
"""Length of the best FIR that a verdict stands beside; shorter for passages too short for it."""

IDENTIFYING_SAMPLE_RATE = 48_000

SAMPLES_PER_TAP = 16
"""A passage must be this many times longer than the filter that is fitted to it."""

SHARPEST_SHIFT_SECONDS = 0.5
"""How far a recording may lie from what the model plays before they are compared unshifted."""


@dataclass(frozen=True)
class Played:
    """A model beside its effect on one passage.

    Attributes:
        name: of the passage.
        dry: ``(channel, time)``.
        model: ``(channel, time)``, what the model plays.
        wet: ``(channel, time)``, what the effect played.
        sample_rate: Hz, of all three.
        repeat: what the effect played a second time, where it was asked to.
        notes: what was mended or should be known.
    """

    name: str
    dry: np.ndarray
    model: np.ndarray
    wet: np.ndarray
    sample_rate: int
    repeat: np.ndarray | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Comparison(Played):
    """The same, judged.

    Attributes:
        evaluation: the measures, in their contexts.
    """

    evaluation: Evaluation


def learn(
    effect: str | None = None,
    dry: PathLike | None = None,
    wet: PathLike | None = None,
    config: LearnConfig | None = None,
    **options,
) -> Learned:
    """Learn an effect, or a dry and a wet recording.

    Args:
        effect: an effect's spec, such as ``"builtin:Distortion?drive_db=20"``; or else
        dry: a recording, or a folder of recordings, and
        wet: the same through the box; in a folder, files of the same names.
        config: how, and for how long.
        **options: see wetprint.learning.learn_effect and learn_pairs.

    Returns:
        The learned model and how it came about.

    Raises:
        WetprintError: with one clear sentence.
    """
    from wetprint.effects import open_effect
    from wetprint.learning import learn_effect, learn_pairs
    from wetprint.pairs import read_pairs

    if effect is not None:
        return learn_effect(open_effect(effect), config, **options)
    if dry is None or wet is None:
        raise PairError("expected an effect, or a dry and a wet recording; give one of the two")
    pairs, notes = read_pairs(dry, wet, options.get("progress", silent))
    learned = learn_pairs(pairs, config, **options)
    return dataclasses.replace(learned, notes=(*notes, *learned.notes))


def identify(
    effect: str | None = None,
    dry: PathLike | None = None,
    wet: PathLike | None = None,
    progress: Progress = silent,
) -> tuple[Identification, tuple[str, ...]]:
    """Say what an effect is made of, without learning it.

    Args:
        effect: an effect's spec; or else
        dry: a recording, and
        wet: the same through the box.
        progress: told how far it is.

    Returns:
        What was found, and what was mended in the recordings first.

    Raises:
        WetprintError: with one clear sentence.
    """
    from wetprint.effects import open_effect
    from wetprint.identify.identification import identify_effect, identify_recording
    from wetprint.pairs import read_pair

    if effect is not None:
        opened = open_effect(effect)
        rate = IDENTIFYING_SAMPLE_RATE
        return identify_effect(lambda sound: opened.process(sound, rate), rate, progress), ()
    if dry is None or wet is None:
        raise PairError("expected an effect, or a dry and a wet recording; give one of the two")
    checked = read_pair(dry, wet)
    pair = checked.pair
    return identify_recording(pair.dry, pair.wet, pair.sample_rate, progress), checked.notes


def load(path: PathLike) -> Model:
    """Read a model file.

    Raises:
        ModelFileError: damaged, of a newer version, or not a model.
    """
    from wetprint.models import load_model

    return load_model(path)


def apply(
    model: Model, audio: np.ndarray, sample_rate: int, phase_turns: float = 0.0
) -> np.ndarray:
    """Play audio through a model.

    Args:
        model: what to play.
        audio: ``(channel, time)`` of one or two channels.
        sample_rate: Hz; where it differs from the model's the audio is resampled there and back.
        phase_turns: where in its turn the model's slowest LFO begins; 0 where nothing moves.

    Returns:
        ``(channel, time)`` float32 of the same sample rate and length.
    """
    from wetprint.audio import resample
    from wetprint.models.lfo import start_of_turn
    from wetprint.playing import play

    start = start_of_turn(model.chain, phase_turns) if phase_turns else 0
    if sample_rate == model.sample_rate:
        return play(model, audio, start_sample=start)
    there = resample(audio, sample_rate, model.sample_rate)
    there = np.pad(there, ((0, 0), (0, model.sample_rate // 100)))
    back = resample(play(model, there, start_sample=start), model.sample_rate, sample_rate)
    return back[:, : audio.shape[1]]


def evaluate_on_effect(
    model: Model, effect: str, passage: PathLike, progress: Progress = silent
) -> Comparison:
    """Judge a model against its effect on a passage; see ``play_beside_effect``.

    The effect is rendered twice, each time anew, so that its own repeatability is known.
    """
    return _judged(play_beside_effect(model, effect, passage, progress, twice=True))


def evaluate_on_recording(
    model: Model, dry: PathLike, wet: PathLike, progress: Progress = silent
) -> Comparison:
    """Judge a model against a recording; see ``play_beside_recording``."""
    return _judged(play_beside_recording(model, dry, wet, progress))


def play_beside_effect(
    model: Model, effect: str, passage: PathLike, progress: Progress = silent, twice: bool = False
) -> Played:
    """Play a passage through a model and its effect, at the model's sample rate.

    A model of recordings does not know how late the effect itself is: that was taken for the
    latency of recording. What the effect then lags behind the model by is taken out, and said.

    Args:
        model: what to play.
        effect: the effect's spec.
        passage: a dry sound file.
        progress: told how far it is.
        twice: whether the effect plays it a second time, anew.
    """
    from wetprint.audio import read
    from wetprint.effects import open_effect

    name, rate = Path(passage).stem, model.sample_rate
    dry, _ = read(passage, rate)
    if len(dry) == 2 and model.channels_in == 1:
        dry = dry.mean(0, keepdims=True)
    opened = open_effect(effect)
    progress("judging", 0.0, f"{name}: playing the effect")
    wet, again = opened.process(dry, rate), None
    if twice:
        progress("judging", 0.3, f"{name}: playing the effect again")
        again = opened.process(dry, rate)
    progress("judging", 0.6, f"{name}: playing the model")
    played, wet, again = _same_channels(apply(model, dry, rate), wet, again)
    if "recordings" not in model.learned_from:
        return Played(name, dry, played, wet, rate, again)
    lag = _lag(played, wet, rate)
    now, later = _in_time(lag, wet.shape[1])
    again = None if again is None else again[:, later]
    sounds = dry[:, now], played[:, now], wet[:, later]
    return Played(name, *sounds, rate, again, _told_of(lag, "effect"))


def play_beside_recording(
    model: Model, dry: PathLike, wet: PathLike, progress: Progress = silent
) -> Played:
    """Play a recording's dry side through a model, at the recording's sample rate.

    What the recording lags behind the model by is taken out, in whole samples, and said. Where an
    LFO moves the model it is looked for in the recording, since a pedal's runs free, and said too.

    Args:
        model: what to play.
        dry: the dry recording.
        wet: the same through the box.
        progress: told how far it is.
    """
    from wetprint.pairs import read_pair

    progress("judging", 0.1, Path(dry).stem)
    checked = read_pair(dry, wet)
    pair, rate = checked.pair, checked.pair.sample_rate
    phase, model, on_clock = _on_its_clock(model, pair, progress)
    played, heard, _ = _same_channels(apply(model, pair.dry, rate, phase), pair.wet, None)
    lag = _lag(played, heard, rate)
    now, later = _in_time(lag, heard.shape[1])
    sounds = pair.dry[:, now], played[:, now], heard[:, later]
    notes = (*checked.notes, *on_clock, *_told_of(lag, "recording"))
    return Played(pair.name, *sounds, rate, notes=notes)


def _on_its_clock(
    model: Model, pair: Pair, progress: Progress
) -> tuple[float, Model, tuple[str, ...]]:
    """Find a moving model's LFO in a recording: its phase, the model at its speed, what to say."""
    from wetprint.audio import resample
    from wetprint.identify.clock import find_clock
    from wetprint.identify.recording import Recording
    from wetprint.models.lfo import lfo_periods, with_lfo_speed

    periods = lfo_periods(model.chain)
    if not periods:
        return 0.0, model, ()
    rate = model.sample_rate
    dry = _with_channels(resample(pair.dry, pair.sample_rate, rate), model.channels_in)
    wet = _with_channels(resample(pair.wet, pair.sample_rate, rate), model.channels_out)
    clock = find_clock(
        model.chain,
        Recording(dry, wet),
        rate,
        lambda share: progress("judging", 0.1 + 0.4 * share, "looking for the LFO"),
    )
    if (clock.phase_turns, clock.speed) == (0.0, 1.0):
        return 0.0, model, ("the LFO starts with the recording, as the model's does",)
    told = (
        f"the LFO was found {clock.phase_turns:.3f} of a turn on where the recording begins, at "
        f"{rate / periods[0] * clock.speed:.4g} Hz (the model: {rate / periods[0]:.4g} Hz); it was "
        "played so"
    )
    moved = dataclasses.replace(model, chain=with_lfo_speed(model.chain, clock.speed))
    return clock.phase_turns, moved, (told,)


def _with_channels(audio: np.ndarray, count: int) -> np.ndarray:
    return audio[:count] if len(audio) >= count else np.repeat(audio, count, axis=0)


def _judged(played: Played) -> Comparison:
    """Measure how far the model is from the effect."""
    from wetprint.judging import evaluate

    evaluation = evaluate(
        played.model,
        played.wet,
        played.dry,
        played.sample_rate,
        repeat=played.repeat,
        best_fir=best_fir(played.dry, played.wet),
    )
    return Comparison(**vars(played), evaluation=evaluation)


def best_fir(dry: np.ndarray, wet: np.ndarray) -> np.ndarray:
    """Return what the best linear filter for this very passage makes of it: no FIR does better."""
    from wetprint.identify.linear_response import solve_fir
    from wetprint.learning.linear import filter_audio

    taps = max(1, min(FIR_TAPS, dry.shape[1] // SAMPLES_PER_TAP))
    return filter_audio(dry, solve_fir(dry, wet, taps)).astype(np.float32)


def _same_channels(
    played: np.ndarray, wet: np.ndarray, again: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Bring model and effect to one channel count; equal sides of the effect count once."""
    if len(wet) == 2 and len(played) == 1:
        if np.array_equal(wet[0], wet[1]):
            return played, wet[:1], None if again is None else again[:1]
        return np.repeat(played, 2, axis=0), wet, again
    if len(wet) == 1 and len(played) == 2:
        wet = np.repeat(wet, 2, axis=0)
        again = None if again is None else np.repeat(again, 2, axis=0)
    return played, wet, again


def _lag(played: np.ndarray, wet: np.ndarray, sample_rate: int) -> int:
    """Find by how many samples the wet lies behind what the model plays, where both agree best."""
    from scipy.signal import correlate, correlation_lags

    correlation = correlate(wet.sum(0), played.sum(0), method="fft")
    lags = correlation_lags(wet.shape[1], played.shape[1])
    near = np.abs(lags) <= SHARPEST_SHIFT_SECONDS * sample_rate
    return int(lags[near][np.argmax(correlation[near])])


def _in_time(lag: int, length: int) -> tuple[slice, slice]:
    """Return what of the dry side, and what of the wet, both ``length`` long, lies in time."""
    shared = length - abs(lag)
    early, late = max(0, -lag), max(0, lag)
    return slice(early, early + shared), slice(late, late + shared)


def _told_of(lag: int, what: str) -> tuple[str, ...]:
    if lag == 0:
        return ()
    side = "behind" if lag > 0 else "ahead of"
    return (f"the {what} lay {abs(lag)} samples {side} the model: shifted",)
