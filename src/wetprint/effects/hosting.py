"""What a host offers to the worker process: one loaded plugin, described and played."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wetprint.effects.effect import BLOCK_SAMPLES
from wetprint.effects.knob import Knob
from wetprint.errors import EffectError, nearest_names
from wetprint.progress import Progress, silent


@dataclass(frozen=True)
class PluginFacts:
    """What a host can say of a plugin before playing it.

    Attributes:
        title: its name for people.
        knobs: its settings.
        inputs: audio inputs that carry the sound, 1 or 2 (side chains are fed silence).
        outputs: audio outputs that are taken, 1 or 2.
        files: files its sound depends on.
    """

    title: str
    knobs: tuple[Knob, ...]
    inputs: int
    outputs: int
    files: tuple[str, ...] = ()


class StartError(EffectError):
    """A plugin that will not load or start; what it printed last may say why, and is quoted."""


class Plugin(ABC):
    """A plugin in the worker process. Construct it with what the spec's identifier says."""

    @abstractmethod
    def facts(self) -> PluginFacts:
        """Say what it is.

        Raises:
            EffectError: it is missing or cannot be loaded.
        """

    @abstractmethod
    def play(
        self,
        audio: np.ndarray,
        sample_rate: int,
        settings: dict[str, float],
        progress: Progress = silent,
    ) -> np.ndarray:
        """Play (inputs, time) to (outputs, time) in one go, in blocks of 512.

        Latency that the plugin reports is compensated; the length stays.

        Raises:
            EffectError: it cannot be loaded, or refuses the sample rate.
        """


def play_in_blocks(
    run_block: Callable[[np.ndarray], np.ndarray],
    latency_samples: Callable[[], int],
    audio: np.ndarray,
    progress: Progress = silent,
) -> np.ndarray:
    """Play a whole sound through something that knows blocks of 512 only.

    The sound is followed by silence until the latency reported, which may change while playing,
    has passed; then as much is dropped from the beginning. Blocks are always full, because some
    plugins fail on short ones.

    Args:
        run_block: (inputs, 512) to (outputs, 512); what it returns is copied.
        latency_samples: what the plugin reports now.
        audio: (inputs, time).
        progress: told about every half second of sound.

    Returns:
        (outputs, time).
    """
    length = audio.shape[1]
    played: list[np.ndarray] = []
    block = np.zeros((audio.shape[0], BLOCK_SAMPLES), np.float32)
    start = 0
    while start < length + (latency := max(0, latency_samples())):
        part = audio[:, start : start + BLOCK_SAMPLES]
        block[:, : part.shape[1]] = part
        block[:, part.shape[1] :] = 0.0
        played.append(run_block(block).copy())
        start += BLOCK_SAMPLES
        if start % (50 * BLOCK_SAMPLES) == 0:
            progress("rendering", min(1.0, start / (length + latency)))
    return np.concatenate(played, axis=1)[:, latency : latency + length]


def side_chained(name: str) -> bool:
    """Tell by its name whether an audio input is a side chain.

    >>> side_chained("Sidechain Input"), side_chained("Audio Input 1")
    (True, False)
    """
    folded = "".join(character for character in name.casefold() if character.isalnum())
    return "sidechain" in folded or folded in ("sc", "scin", "key", "keyin")


def find_plugin_file(name: str, folders: Sequence[Path], suffixes: Sequence[str]) -> Path:
    """Find a plugin's file by path, or by name (its suffix may be left out) in folders.

    Raises:
        EffectError: there is none; names the nearest that are there.
    """
    given = Path(name).expanduser()
    if given.exists() and (given.is_absolute() or os.sep in name):
        return given.absolute()
    found = plugin_files(folders, suffixes)
    for path in found:
        if path.name == name or path.name in (name + suffix for suffix in suffixes):
            return path
    if given.exists():
        return given.absolute()
    places = ", ".join(str(folder) for folder in folders) or "no folder"
    near = nearest_names(given.name, [path.name for path in found])
    raise EffectError(f"there is no plugin '{name}' (looked in {places}){near}")


def plugin_files(folders: Sequence[Path], suffixes: Sequence[str]) -> list[Path]:
    """List plugin files and bundles in folders and their subfolders, without opening any."""
    found: list[Path] = []
    for folder in folders:
        for root, directories, files in os.walk(folder):
            names = [name for name in (*directories, *files) if name.endswith(tuple(suffixes))]
            found += [Path(root, name) for name in sorted(names)]
            directories[:] = [name for name in directories if name not in names]
    return found


def folders_from(variable: str, *standard: str) -> list[Path]:
    """List the plugin folders: those of an environment variable, or the standard ones."""
    named = [part for part in os.environ.get(variable, "").split(os.pathsep) if part]
    return [Path(part).expanduser() for part in (named or standard)]


def save_sound(path: Path, audio: np.ndarray) -> None:
    """Write raw float32 (channel, time) for the other process.

    Not with NumPy's own writers, which do not say that it was the disk that is full.
    """
    with path.open("wb") as file:
        file.write(np.ascontiguousarray(audio, np.float32).data)
