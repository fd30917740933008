"""An excerpt of dry, model and wet, small enough to travel inside a page and fair to compare.

The three are cut at the same samples, scaled by the same gain (none, unless a peak is over full
scale), and encoded without loss as 16-bit FLAC.
"""

from __future__ import annotations

import base64
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wetprint import audio
from wetprint.judging.excerpts import loudest_start
from wetprint.judging.metrics import LOUDNESS_GATE_LUFS, loudness

LONGEST_S = 20.0
SHORTEST_S = 2.0
EDGE_S = 0.005  # faded at both ends, so that the loop does not click
HIGHEST_PEAK = 0.999


@dataclass(frozen=True)
class Source:
    """One of the three sounds.

    Attributes:
        name: ``"dry"``, ``"model"`` or ``"wet"``.
        loudness_lufs: integrated loudness of the excerpt.
        matching_db: what brings it to the loudness of the quietest of the three; never positive,
            so that nothing clips.
        flac_base64: the sound.
    """

    name: str
    loudness_lufs: float
    matching_db: float
    flac_base64: str


@dataclass(frozen=True)
class Excerpt:
    """Three sounds to switch between.

    Attributes:
        start_s: where in the passage the excerpt begins.
        seconds: how long it is.
        gain_db: what all three were turned down by to stay below full scale; 0 mostly.
        sources: dry, model and wet.
    """

    start_s: float
    seconds: float
    gain_db: float
    sources: tuple[Source, ...]


def excerpt(
    dry: np.ndarray, model: np.ndarray, wet: np.ndarray, sample_rate: int, budget_bytes: int
) -> Excerpt | None:
    """Cut the loudest stretch of a passage, as long as fits, up to 20 s.

    Args:
        dry: what went in, shape (channel, time).
        model: what the model plays, shape (channel, time).
        wet: what the effect plays, shape (channel, time).
        sample_rate: of all three, in Hz.
        budget_bytes: how much text the three may make together.

    Returns:
        The excerpt, or None when not even 2 s (or the whole of a shorter passage) fit.
    """
    whole_s = wet.shape[1] / sample_rate
    seconds = min(LONGEST_S, whole_s)
    while True:
        made = _cut(dry, model, wet, sample_rate, seconds)
        size = sum(len(source.flac_base64) for source in made.sources)
        if size <= budget_bytes:
            return made
        if seconds <= min(SHORTEST_S, whole_s):
            return None
        seconds = max(min(SHORTEST_S, whole_s), 0.95 * seconds * budget_bytes / size)


def _cut(
    dry: np.ndarray, model: np.ndarray, wet: np.ndarray, sample_rate: int, seconds: float
) -> Excerpt:
    start = loudest_start(wet, sample_rate, seconds)
    part = slice(start, start + max(1, round(seconds * sample_rate)))
    cuts = {"dry": dry[:, part], "model": model[:, part], "wet": wet[:, part]}
    peak = max(float(np.abs(cut).max()) for cut in cuts.values())
    gain = min(1.0, HIGHEST_PEAK / peak) if peak > 0.0 else 1.0
    loudnesses = {name: loudness(cut, sample_rate) for name, cut in cuts.items()}
    heard = [value for value in loudnesses.values() if value > LOUDNESS_GATE_LUFS]
    sources = tuple(
        Source(
            name=name,
            loudness_lufs=loudnesses[name],
            matching_db=min(0.0, min(heard, default=0.0) - loudnesses[name]),
            flac_base64=_flac_base64(_faded(gain * cut, sample_rate), sample_rate),
        )
        for name, cut in cuts.items()
    )
    return Excerpt(start / sample_rate, seconds, 20.0 * float(np.log10(gain)), sources)


def _faded(cut: np.ndarray, sample_rate: int) -> np.ndarray:
    """Fade both ends over 5 ms."""
    edge = min(round(EDGE_S * sample_rate), cut.shape[1] // 2)
    ramp = np.linspace(0.0, 1.0, edge, dtype=cut.dtype)
    shape = np.ones(cut.shape[1], dtype=cut.dtype)
    shape[:edge] = ramp
    shape[cut.shape[1] - edge :] = ramp[::-1]
    return cut * shape


def _flac_base64(sound: np.ndarray, sample_rate: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "excerpt.flac"
        audio.write(path, sound.astype(np.float32), sample_rate, encoding="pcm16")
        return base64.b64encode(path.read_bytes()).decode("ascii")
