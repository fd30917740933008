"""The capture signal: all that identification needs to hear of a box, in about three and a half
minutes, for plugins and hardware alike.

In order: markers for delay, polarity and clock drift (also in the middle and at the end); a
passage of playing that comes again at the end, far away, so that the effect's own repeatability
is known; exponential sweeps at five levels, each with room for its tail; a train of short chirps,
whose responses are snapshots of the effect in time; steady tones, level steps, pairs of tones and
noise at several levels; playing; and a slower train of longer chirps. `capture_map.py` says which
seconds are what.

Sweeps: Farina (AES 108, 2000) and Novak (JAES 63, 2015). Chirp trains: Kiiski et al. (DAFx 2016)
and Wright and Valimaki (JAES 69, 2021).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from wetprint import audio
from wetprint.outputs import replacing
from wetprint.signals import excitations
from wetprint.signals.capture_map import VERSION, CaptureMap, Section
from wetprint.signals.playing import playing

LEVELS_DB = {"faint": -40.0, "soft": -30.0, "medium": -20.0, "loud": -10.0, "hard": -1.0}
TONES_HZ = (110, 440, 1760, 5000)
_HIGHEST_HZ, _HIGHEST_SHARE = 20_000.0, 0.45
_STEPS_DB = (-40.0, -10.0, -40.0, -20.0, -40.0, -1.0, -40.0)
_PASSAGE_SEED_OFFSET = 7919

_Part = tuple[str, str, dict[str, Any]]
"""Name, kind, parameters of a section that has no place yet."""


def capture_signal(
    sample_rate: int = 48000, seed: int = 0, soundfont: Path | None = None
) -> tuple[np.ndarray, CaptureMap]:
    """Make the capture signal and its map.

    Args:
        sample_rate: in Hz; the sweeps reach 20 kHz or 0.45 of it.
        seed: of the playing and the noise in it.
        soundfont: for the playing; TimGM6mb of pretty_midi when None.

    Returns:
        The signal, ``(1, time)`` float32, peaks at -1 dBFS, about 210 s; and the map.

    Raises:
        AudioFileError, WetprintError: as :func:`wetprint.signals.playing.playing`.
    """
    return _assemble(_parts(sample_rate, seed), sample_rate, soundfont)


def chirp_trains(sample_rate: int = 48000) -> tuple[np.ndarray, CaptureMap]:
    """Make the two chirp trains of the capture signal alone, for effects that can be driven.

    Args:
        sample_rate: in Hz.

    Returns:
        The signal, ``(1, time)`` float32, about 48 s, and its map.
    """
    return _assemble(_trains(sample_rate), sample_rate)


def chirp_train(
    spacing_samples: int, count: int, sample_rate: int = 48000
) -> tuple[np.ndarray, CaptureMap]:
    """Make a train of short chirps, for effects that can be driven.

    Args:
        spacing_samples: from one chirp to the next, at least 10 ms.
        count: how many.
        sample_rate: in Hz.

    Returns:
        The signal, ``(1, time)`` float32, and its map.
    """
    spacing_seconds = spacing_samples / sample_rate
    part = _chirp_train("chirps", sample_rate, 0.010, spacing_seconds, count)
    return _assemble(iter([part]), sample_rate)


def level_probe(sample_rate: int = 48000) -> np.ndarray:
    """Return the steady tones and the level steps of the capture signal alone.

    Args:
        sample_rate: in Hz.

    Returns:
        ``(1, time)`` float32, about 28 s: what shows a gain that follows the level.
    """
    told = ("tone", "level_steps", "silence")
    parts = (each for each in _steady(sample_rate, 0) if each[1] in told)
    return _assemble(parts, sample_rate)[0]


def _assemble(
    parts: Iterator[_Part], sample_rate: int, soundfont: Path | None = None
) -> tuple[np.ndarray, CaptureMap]:
    """Put parts one after the other, and note where each lies."""
    sounds, sections, start = [], [], 0
    for name, kind, parameters in parts:
        section = Section(name, kind, start, 1, parameters)
        sound = excitation(section, sample_rate, soundfont)
        section = replace(section, length_samples=len(sound))
        start = section.stop_samples
        sounds.append(sound.astype(np.float32))
        sections.append(section)
    signal = np.concatenate(sounds)[None]  # (1, time)
    return signal, CaptureMap(VERSION, sample_rate, signal.shape[1], tuple(sections))


def write_capture(
    path: str | os.PathLike[str],
    sample_rate: int = 48000,
    seed: int = 0,
    soundfont: Path | None = None,
) -> list[Path]:
    """Write the capture signal, 24 bits, and its map beside it (``OUT.wav`` and ``OUT.json``).

    Returns:
        Both files.

    Raises:
        AudioFileError: the name ends in something else than .wav or .flac.
        OutputError: the place cannot be written to, or the disk is full; neither file is left.
    """
    path = Path(path)
    map_path = path.with_suffix(".json")
    with replacing(map_path) as scratch:
        signal, capture_map = capture_signal(sample_rate, seed, soundfont)
        scratch.write_text(capture_map.to_json(), encoding="utf-8")
        audio.write(path, signal, sample_rate)
    return [path, map_path]


def excitation(section: Section, sample_rate: int, soundfont: Path | None = None) -> np.ndarray:
    """Rebuild the exact sound of a section from its parameters.

    Args:
        section: of a capture map.
        sample_rate: the map's.
        soundfont: the one that was used, for the kinds ``playing`` and ``passage``.

    Returns:
        ``(time,)`` float64.
    """
    given = dict(section.parameters)
    level = excitations.amplitude(given.pop("level_db", 0.0))
    match section.kind:
        case "silence":
            return np.zeros(round(given["seconds"] * sample_rate))
        case "playing" | "passage":
            sound = playing(given["seconds"], given["seed"], sample_rate, soundfont)[0]
            sound = excitations.with_edges(sound.astype(np.float64), 0.005, sample_rate)
            return sound * (level / np.abs(sound).max())
        case "sweep":
            return level * sweep(sample_rate, **given)
        case "chirps":
            return level * _chirps(sample_rate, **given)
    make = {
        "marker": excitations.marker,
        "tone": excitations.tone,
        "level_steps": excitations.level_steps,
        "two_tones": excitations.two_tones,
        "noise": excitations.noise,
    }[section.kind]
    return level * make(sample_rate=sample_rate, **given)


def sweep(
    sample_rate: int,
    f_start_hz: float,
    f_stop_hz: float,
    seconds: float,
    fade_in_s: float,
    fade_out_s: float,
) -> np.ndarray:
    """The synchronised sweep as it is played, faded at both ends, peak 1: ``(time,)``."""
    sound, _ = excitations.exponential_sweep(f_start_hz, f_stop_hz, seconds, sample_rate)
    return excitations.with_edges(sound, fade_in_s, sample_rate, fade_out_s)


def _chirps(
    sample_rate: int,
    f_start_hz: float,
    f_stop_hz: float,
    chirp_seconds: float,
    period_samples: int,
    count: int,
) -> np.ndarray:
    chirp = excitations.linear_chirp(f_start_hz, f_stop_hz, chirp_seconds, sample_rate)
    return excitations.chirp_train(chirp, period_samples, count)


def _parts(sample_rate: int, seed: int) -> Iterator[_Part]:
    """The order of things."""
    passage = {"seconds": 6.0, "seed": seed + _PASSAGE_SEED_OFFSET, "level_db": -6.0}
    yield _silence("silence_start", 3.0)
    yield _marker("marker_start", sample_rate)
    yield "passage_first", "passage", passage
    yield _silence("silence_after_passage_first", 3.0)
    yield from _sweeps(sample_rate)
    yield _chirp_train("chirps_fast", sample_rate, 0.010, 0.040, 500)
    yield _silence("silence_after_chirps_fast", 3.0)
    yield _marker("marker_middle", sample_rate)
    yield from _steady(sample_rate, seed)
    yield "playing", "playing", {"seconds": 40.0, "seed": seed, "level_db": -1.0}
    yield _silence("silence_after_playing", 4.0)
    yield _chirp_train("chirps_slow", sample_rate, 0.030, 0.117, 200)
    yield _silence("silence_after_chirps_slow", 4.0)
    yield "passage_again", "passage", passage
    yield _silence("silence_after_passage_again", 3.0)
    yield _marker("marker_end", sample_rate)
    yield _silence("silence_end", 3.0)


def _trains(sample_rate: int) -> Iterator[_Part]:
    yield _chirp_train("chirps_fast", sample_rate, 0.010, 0.040, 500)
    yield _silence("silence_after_chirps_fast", 2.0)
    yield _chirp_train("chirps_slow", sample_rate, 0.030, 0.117, 200)
    yield _silence("silence_after_chirps_slow", 2.0)


def _sweeps(sample_rate: int) -> Iterator[_Part]:
    """Soft ones first: a loud one may leave a box warm."""
    for word, level_db in LEVELS_DB.items():
        parameters = {"f_start_hz": 20.0, "f_stop_hz": _highest_hz(sample_rate), "seconds": 6.0}
        parameters |= {"level_db": level_db, "fade_in_s": 0.05, "fade_out_s": 0.005}
        yield f"sweep_{word}", "sweep", parameters
        yield _silence(f"silence_after_sweep_{word}", 6.0 if word == "hard" else 4.0)


def _steady(sample_rate: int, seed: int) -> Iterator[_Part]:
    """Tones, steps, pairs and noise, each followed by a short silence."""
    for frequency_hz in (each for each in TONES_HZ if each <= _highest_hz(sample_rate)):
        for word, level_db in LEVELS_DB.items():
            parameters = {"frequency_hz": frequency_hz, "seconds": 0.5, "level_db": level_db}
            yield f"tone_{frequency_hz}_hz_{word}", "tone", parameters
        yield _silence(f"silence_after_tone_{frequency_hz}_hz", 0.5)
    for frequency_hz in (200, 1000):
        steps = {"frequency_hz": frequency_hz, "levels_db": list(_STEPS_DB), "step_seconds": 1.2}
        yield f"level_steps_{frequency_hz}_hz", "level_steps", steps
    yield _silence("silence_after_level_steps", 1.0)
    for name, first, second, second_db in (
        ("low_and_high", 60, min(5000, _highest_hz(sample_rate)), -12.0),
        ("fifth", 110, 165, 0.0),
        ("close", 1000, 1100, 0.0),
    ):
        pair = {"first_hz": first, "second_hz": second, "second_db": second_db}
        yield f"two_tones_{name}", "two_tones", pair | {"seconds": 1.0, "level_db": -6.0}
    for word in ("soft", "loud"):
        level_db = LEVELS_DB[word]
        burst = {"colour": "pink", "seconds": 3.0, "seed": seed, "level_db": level_db}
        yield f"noise_{word}", "noise", burst
    yield _silence("silence_after_noise", 3.0)


def _chirp_train(
    name: str, sample_rate: int, chirp_seconds: float, period_seconds: float, count: int
) -> _Part:
    return (
        name,
        "chirps",
        {
            "f_start_hz": 50.0,
            "f_stop_hz": _highest_hz(sample_rate),
            "chirp_seconds": chirp_seconds,
            "period_samples": round(period_seconds * sample_rate),
            "count": count,
            "level_db": -12.0,
        },
    )


def _marker(name: str, sample_rate: int) -> _Part:
    return (
        name,
        "marker",
        {
            "click_s": 0.1,
            "chirp_s": 0.4,
            "chirp_seconds": 0.1,
            "f_start_hz": 100.0,
            "f_stop_hz": min(5000.0, _highest_hz(sample_rate)),
            "seconds": 1.5,
            "level_db": -6.0,
        },
    )


def _silence(name: str, seconds: float) -> _Part:
    return name, "silence", {"seconds": seconds}


def _highest_hz(sample_rate: int) -> float:
    return min(_HIGHEST_HZ, _HIGHEST_SHARE * sample_rate)
