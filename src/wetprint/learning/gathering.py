"""Gathering what to learn from: an effect is driven and rendered, recordings are split."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wetprint.effects import Effect
from wetprint.errors import LearningError
from wetprint.learning.config import LearnConfig
from wetprint.learning.material import Material, Take, shortened, takes_esr
from wetprint.learning.tails import notes_on_tails, refuse_self_oscillation
from wetprint.pairs import Excerpt, Pair, split_for_validation
from wetprint.progress import Progress, silent
from wetprint.signals import playing, read_training_audio, training_mixture

VALIDATION_SEED_OFFSET = 1_000_003
"""Keeps the phrases judged on apart from the phrases learned from."""

TAIL_SECONDS = 3.0
"""Silence after the generated audio, so that echoes and rooms are heard to their end."""

BESIDE_TRAINING_AUDIO = 0.3
"""Share of the generated audio that is still used when the user brings playing of their own."""

MEMORY_SECONDS = 0.5
"""How far apart learned and judged parts of one recording are kept at least."""


def gather_from_effect(
    effect: Effect,
    config: LearnConfig,
    training_audio: Path | None = None,
    soundfont: Path | None = None,
    progress: Progress = silent,
) -> Material:
    """Drive an effect with generated and given audio, and keep some of it for judging.

    Raises:
        EffectError: the effect cannot be rendered.
        LearningError: it answers with silence, or goes on by itself.
    """
    rate, seed = config.sample_rate, config.seed
    if training_audio is None:
        driven = [("generated", _mixture(config, config.generated_seconds, soundfont))]
        phrases = kept_phrases(seed, rate, config.validation_seconds, soundfont)
        judged = [("phrases kept for judging", phrases)]
    else:
        given = read_training_audio(training_audio, rate, soundfont=soundfont, progress=progress)
        seconds = config.generated_seconds * BESIDE_TRAINING_AUDIO
        driven = [*given, ("generated", _mixture(config, seconds, soundfont))]
        judged = []
    rendered = _render_all(effect, driven + judged, rate, progress)
    refuse_self_oscillation(effect, rendered, rate)
    notes = notes_on_tails(rendered, rate)
    played_twice = shortened(rendered[-1], round(config.validation_seconds * rate))
    repeatability = _repeatability(effect, played_twice, rate, progress)
    takes, kept = rendered[: len(driven)], rendered[len(driven) :]
    if training_audio is not None:
        share = min(0.2, config.validation_seconds * rate / max(1, _samples(takes[:-1])))
        learned, kept = _split([_as_pair(each, rate) for each in takes[:-1]], share, rate)
        takes = [*learned, takes[-1]]
    takes, kept = _as_mono_where_sides_agree(takes, kept)

    def drive(dry: np.ndarray) -> np.ndarray:
        return effect.process(dry, rate)[: len(takes[0].wet)]

    return Material(tuple(takes), tuple(kept), rate, repeatability, drive, notes)


def kept_phrases(
    seed: int, sample_rate: int, seconds: float, soundfont: Path | None = None
) -> np.ndarray:
    """Return the phrases that a run with this seed is judged on, and never learns from.

    Returns:
        ``(1, time)`` float32.
    """
    return playing(seconds, seed + VALIDATION_SEED_OFFSET, sample_rate, soundfont=soundfont)


def gather_from_pairs(pairs: Sequence[Pair], config: LearnConfig) -> Material:
    """Split recordings into what is learned from and what is judged on.

    Args:
        pairs: aligned recordings of one sample rate and channel count.
        config: of the run.

    Raises:
        LearningError: the recordings differ in sample rate or channels.
    """
    for name, values in (
        ("sample rate", {pair.sample_rate for pair in pairs}),
        ("number of dry channels", {len(pair.dry) for pair in pairs}),
        ("number of wet channels", {len(pair.wet) for pair in pairs}),
    ):
        if len(values) > 1:
            raise LearningError(
                f"expected one {name} in all recordings of an effect, got {sorted(values)}; "
                "convert them first"
            )
    rate = pairs[0].sample_rate
    samples = sum(pair.dry.shape[-1] for pair in pairs)
    share = min(0.2, config.validation_seconds * rate / samples)
    takes, kept = _as_mono_where_sides_agree(*_split(list(pairs), share, rate))
    whole = [Take(pair.dry, pair.wet, name=pair.name) for pair in pairs]
    return Material(tuple(takes), tuple(kept), rate, notes=notes_on_tails(whole, rate))


def _mixture(config: LearnConfig, seconds: float, soundfont: Path | None) -> np.ndarray:
    return training_mixture(seconds, config.seed, config.sample_rate, soundfont=soundfont)


def _samples(takes: Sequence[Take]) -> int:
    return sum(take.dry.shape[-1] for take in takes)


def _as_pair(take: Take, sample_rate: int) -> Pair:
    return Pair(name=take.name, dry=take.dry, wet=take.wet, sample_rate=sample_rate)


def _render_all(
    effect: Effect, driven: list[tuple[str, np.ndarray]], rate: int, progress: Progress
) -> list[Take]:
    takes = []
    for number, (name, dry) in enumerate(driven):
        progress("rendering the effect", number / len(driven), name)
        dry = np.pad(dry, ((0, 0), (0, int(TAIL_SECONDS * rate)))).astype(np.float32)
        wet = effect.process(dry, rate)
        if not np.any(wet):
            raise LearningError(
                f"expected sound from {effect.spec}, but it answered '{name}' with silence; "
                "check its knobs and that it is not bypassed"
            )
        takes.append(Take(dry, wet, name=name))
    progress("rendering the effect", 1.0)
    return takes


def _split(pairs: list[Pair], share: float, rate: int) -> tuple[list[Take], list[Take]]:
    memory = int(MEMORY_SECONDS * rate)
    training, validation = split_for_validation(pairs, memory, fraction=share)
    return (
        [_take(pairs, each) for each in training],
        [_take(pairs, each) for each in validation],
    )


def _take(pairs: list[Pair], excerpt: Excerpt) -> Take:
    pair = pairs[excerpt.pair_index]
    begin = excerpt.start_samples - excerpt.context_samples
    return Take(
        dry=pair.dry[:, begin : excerpt.stop_samples],
        wet=pair.wet[:, begin : excerpt.stop_samples],
        heard_from=excerpt.context_samples,
        name=pair.name,
        start_sample=begin,
        recording=excerpt.pair_index,
    )


def _as_mono_where_sides_agree(
    takes: Sequence[Take], kept: Sequence[Take]
) -> tuple[list[Take], list[Take]]:
    """Keep one side of a stereo wet signal (or dry) whose sides are the same, to the bit."""
    everything = [*takes, *kept]
    for side in ("dry", "wet"):
        signals = [getattr(take, side) for take in everything]
        if all(len(each) == 2 and np.array_equal(each[0], each[1]) for each in signals):
            everything = [_with_one_channel(take, side) for take in everything]
    return everything[: len(takes)], everything[len(takes) :]


def _with_one_channel(take: Take, side: str) -> Take:
    kept = {"dry": take.dry, "wet": take.wet}
    kept[side] = kept[side][:1]
    return dataclasses.replace(take, **kept)


def _repeatability(effect: Effect, take: Take, rate: int, progress: Progress) -> float:
    """Play a take again, and return the error of the effect against itself.

    The take must begin where the effect was started: what moves, or counts, would be elsewhere.
    """
    progress("playing the effect twice", 0.0)
    error = takes_esr((take,), lambda take: effect.process(take.dry, rate))
    progress("playing the effect twice", 1.0)
    return error
