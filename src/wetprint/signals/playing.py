"""Playing: random phrases on sampled guitars and basses, each with an instrument of its own.

What is played decides how well a model generalises, more than the network does: the same network
trained on plain phrases of a small SoundFont is several times worse on a real guitar than one
trained on real playing. So everything that one real recording keeps fixed varies here from phrase
to phrase: instrument, tuning, register, tempo, style, force, pickup, tone, noise, level, gaps.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wetprint.signals.hands import BASS, GUITAR, Stroke
from wetprint.signals.phrases import draw_phrase
from wetprint.signals.soundfont import Note, Sampler
from wetprint.signals.tone import Tone, colour_string, draw_tone, electronics, pick_noise

_GUITARS = (24, 25, 26, 27, 27, 28, 31)
_BASSES = (32, 33, 33, 34, 34, 35, 36, 37)
_MUTED_GUITARS = (28, 28, 27)
_OTHERS = (0, 4, 5, 6, 7, 11, 15, 16, 46, 104, 105, 106, 107)
"""Pianos, organ, vibraphone, harp, dulcimer, sitar, banjo, shamisen, koto."""
_OTHERS_SHARE = 0.12
_BASS_SHARE = 0.33
_PHRASE_RANGE_S = (1.2, 3.5)
_GAPS_RANGE_S = ((0.02, 0.1), (0.02, 0.1), (0.05, 0.2), (0.2, 1.0))
_SOFT_SHARE = 0.08
_SOFT_RANGE_DB, _LOUDEST_DB, _LOUD_RANGE_DB = (-40.0, -18.0), -1.0, 15.0
_END_S = 0.03


def playing(
    seconds: float, seed: int, sample_rate: int = 48000, soundfont: Path | None = None
) -> np.ndarray:
    """Play random phrases.

    Args:
        seconds: length; a longer one begins as a shorter one does.
        seed: what to draw.
        sample_rate: in Hz.
        soundfont: an .sf2 or .sf3 with General MIDI's guitars; TimGM6mb of pretty_midi if None.

    Returns:
        ``(1, time)`` float32; phrases peak between -40 and -1 dBFS, most above -10.

    Raises:
        AudioFileError: the SoundFont cannot be read.
        WetprintError: tinysoundfont or pretty_midi is not installed.
    """
    sampler = Sampler(soundfont, sample_rate)
    length = round(seconds * sample_rate)
    parts: list[np.ndarray] = []
    total = 0
    for phrase in phrases(sampler, seed):
        parts.append(phrase)
        total += len(phrase)
        if total >= length:
            break
    return np.concatenate(parts)[None, :length]


def phrases(sampler: Sampler, seed: int) -> Iterator[np.ndarray]:
    """Give phrase after phrase without end, each ``(time,)`` float32 with the gap that follows."""
    index = 0
    while True:
        yield _phrase(np.random.default_rng([seed, index]), sampler)
        index += 1


def _phrase(rng: np.random.Generator, sampler: Sampler) -> np.ndarray:
    bass = rng.random() < _BASS_SHARE
    seconds = rng.uniform(*_PHRASE_RANGE_S)
    gap_s = rng.uniform(*_GAPS_RANGE_S[rng.integers(len(_GAPS_RANGE_S))])
    strokes = draw_phrase(rng, seconds, bass)
    tone = _draw_instrument(rng, sampler, bass)
    length = round((seconds + gap_s) * sampler.sample_rate)
    sound = pick_noise(rng, length, strokes, tone, sampler.sample_rate)
    for string, open_pitch in enumerate(BASS if bass else GUITAR):
        own = [stroke for stroke in strokes if stroke.string == string]
        if own:
            plain = _play_string(sampler, own, tone, seconds + gap_s)
            open_hz = 440 * 2 ** ((open_pitch - 69) / 12)
            sound[: len(plain)] += colour_string(plain, own, open_hz, tone, sampler.sample_rate)
    sound = electronics(rng, sound, tone, sampler.sample_rate)
    ending = min(length, round(_END_S * sampler.sample_rate))
    sound[length - ending :] *= np.linspace(1, 0, ending)
    return (sound * (_draw_peak(rng) / max(1.0, np.abs(sound).max()))).astype(np.float32)


def _draw_instrument(rng: np.random.Generator, sampler: Sampler, bass: bool) -> Tone:
    wanted = _BASSES if bass else _GUITARS
    if rng.random() < _OTHERS_SHARE:
        wanted = _OTHERS
    programs = [each for each in wanted if each in sampler.programs] or list(sampler.programs)
    muted = [each for each in _MUTED_GUITARS if each in sampler.programs] or programs
    return draw_tone(rng, programs, programs if bass else muted, sampler.sample_rate)


def _draw_peak(rng: np.random.Generator) -> float:
    """Most phrases are played into the converter as loud as one does, a few far too softly.

    What an effect does to the loudest sounds is hardest to learn and matters most to the error,
    so the levels crowd towards full scale.
    """
    if rng.random() < _SOFT_SHARE:
        return 10 ** (rng.uniform(*_SOFT_RANGE_DB) / 20)
    return 10 ** ((_LOUDEST_DB - _LOUD_RANGE_DB * rng.random() ** 2) / 20)


def _play_string(sampler: Sampler, strokes: list[Stroke], tone: Tone, seconds: float) -> np.ndarray:
    """Both layers of one string's notes: ``(time,)``."""
    first, second, muted = tone.programs
    sound = sampler.play(_notes(strokes, first, muted, 0.0), seconds)
    if tone.layer_mix == 0 or first == second:
        return sound
    other = sampler.play(_notes(strokes, second, muted, tone.layer_cents), seconds)
    return (1 - tone.layer_mix) * sound + tone.layer_mix * other


def _notes(strokes: list[Stroke], program: int, muted: int, cents: float) -> list[Note]:
    return [
        Note(
            stroke.start_s,
            stroke.seconds,
            stroke.pitch + cents / 100,
            stroke.force,
            muted if stroke.muted else program,
            stroke.bend,
        )
        for stroke in strokes
    ]
