"""The user's own training audio: every sound and MIDI file in a folder."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from wetprint import audio
from wetprint.errors import AudioFileError
from wetprint.progress import Progress, silent
from wetprint.signals.soundfont import Sampler

SOUND_SUFFIXES = frozenset(
    {".wav", ".wave", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".au", ".caf"}
    | {".flac", ".ogg", ".oga", ".opus", ".mp3"}
)
MIDI_SUFFIXES = frozenset({".mid", ".midi"})


def read_training_audio(
    folder: str | os.PathLike[str],
    sample_rate: int,
    soundfont: Path | None = None,
    progress: Progress = silent,
) -> list[tuple[str, np.ndarray]]:
    """Read every sound and MIDI file under a folder, in the order of their names.

    Args:
        folder: looked through with all its folders, hidden ones apart.
        sample_rate: to which everything is resampled, in Hz.
        soundfont: on which MIDI files are played; TimGM6mb of pretty_midi when None.
        progress: told file by file, and of what was mixed to one channel.

    Returns:
        Pairs of a name for messages (the path inside the folder) and ``(1, time)`` float32.

    Raises:
        AudioFileError: no such folder, nothing to hear in it, or a file in it that cannot be
            read: it is named rather than left out, since a model would silently lack it.
    """
    folder = Path(folder)
    paths = _find(folder)
    found = []
    for index, path in enumerate(paths):
        name = str(path.relative_to(folder))
        sound, note = _read(path, sample_rate, soundfont)
        found.append((name, sound))
        progress("reading training audio", (index + 1) / len(paths), name + note)
    return found


def _find(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise AudioFileError(f"expected a folder with training audio, but there is none: {folder}")
    suffixes = SOUND_SUFFIXES | MIDI_SUFFIXES
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not paths:
        raise AudioFileError(
            f"the folder {folder} holds no sound and no MIDI file; "
            "put some in (WAV, FLAC, OGG, MP3, AIFF, MID)"
        )
    return paths


def _read(path: Path, sample_rate: int, soundfont: Path | None) -> tuple[np.ndarray, str]:
    if path.suffix.lower() in MIDI_SUFFIXES:
        return Sampler(soundfont, sample_rate).play_midi(path), ""
    sound, _ = audio.read(path, sample_rate)
    if len(sound) == 1:
        return sound, ""
    mono = sound.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
    return mono, f" ({len(sound)} channels mixed to one)"
