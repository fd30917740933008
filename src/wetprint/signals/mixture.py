"""What an effect is driven with unless the user brings something: mostly playing, and in between
whatever else tells one effect from another.

Rounds of about fourteen seconds follow each other. In each, three stretches of playing (three
quarters of the time), and between them, in an order of its own: a sweep, notes of the study, a
burst of noise, tones at changing levels, and a silence in which tails die away. Any thirty
seconds hold all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from wetprint.signals import excitations
from wetprint.signals.drawing import log_uniform
from wetprint.signals.playing import phrases
from wetprint.signals.soundfont import Sampler
from wetprint.signals.study import study_track

_PLAYING_RANGE_S = (2.4, 4.4)
_EDGE_S = 0.005
_PLAYING_STREAM, _ROUND_STREAM = 0, 1
"""Keep the two sources of randomness of one seed apart."""


def training_mixture(
    seconds: float, seed: int, sample_rate: int = 48000, soundfont: Path | None = None
) -> np.ndarray:
    """Make audio to drive an effect with.

    Args:
        seconds: length; a longer mixture begins as a shorter one does.
        seed: what to draw.
        sample_rate: in Hz.
        soundfont: for the playing; TimGM6mb of pretty_midi when None.

    Returns:
        ``(1, time)`` float32, peaks between -45 and -1 dBFS from piece to piece.

    Raises:
        AudioFileError, WetprintError: as :func:`wetprint.signals.playing.playing`.
    """
    length = round(seconds * sample_rate)
    parts: list[np.ndarray] = []
    total = 0
    for _, piece in pieces(seed, sample_rate, soundfont):
        parts.append(piece)
        total += len(piece)
        if total >= length:
            break
    return np.concatenate(parts)[None, :length].astype(np.float32)  # (1, time)


def pieces(
    seed: int, sample_rate: int, soundfont: Path | None = None
) -> Iterator[tuple[str, np.ndarray]]:
    """Give piece after piece without end: its kind and its sound, ``(time,)``."""
    playing = _endless_playing(seed, sample_rate, soundfont)
    index = 0
    while True:
        rng = np.random.default_rng([seed, _ROUND_STREAM, index])
        index += 1
        others = [list(OTHERS)[each] for each in rng.permutation(len(OTHERS))]
        for place, kind in enumerate(others):
            if place in (0, 2, 4):
                wanted = round(rng.uniform(*_PLAYING_RANGE_S) * sample_rate)
                yield "playing", _take(playing, wanted, sample_rate)
            yield kind, OTHERS[kind](rng, sample_rate)


class _Stream:
    """A row of phrases as one stream from which any number of samples is taken."""

    def __init__(self, source: Iterator[np.ndarray]) -> None:
        self._source = source
        self._rest = np.zeros(0, np.float32)

    def take(self, samples: int) -> np.ndarray:
        while len(self._rest) < samples:
            self._rest = np.concatenate([self._rest, next(self._source)])
        taken, self._rest = self._rest[:samples], self._rest[samples:]
        return taken


def _endless_playing(seed: int, sample_rate: int, soundfont: Path | None) -> _Stream:
    stream_seed = int(np.random.SeedSequence([seed, _PLAYING_STREAM]).generate_state(1)[0])
    return _Stream(phrases(Sampler(soundfont, sample_rate), stream_seed))


def _take(stream: _Stream, samples: int, sample_rate: int) -> np.ndarray:
    return excitations.with_edges(stream.take(samples), _EDGE_S, sample_rate)


def _sweep(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """Up or down, through all or a part of the range, at any level."""
    lowest = log_uniform(rng, 20, 200)
    highest = min(log_uniform(rng, 4000, 20000), 0.45 * sample_rate)
    sound, _ = excitations.exponential_sweep(lowest, highest, rng.uniform(0.7, 1.2), sample_rate)
    sound = excitations.with_edges(sound, _EDGE_S, sample_rate)
    return _level(rng, -36, -1) * (sound if rng.random() < 0.7 else sound[::-1])


def _study(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    seconds = rng.uniform(0.7, 1.1)
    sound = study_track(1, int(rng.integers(2**31)), sample_rate, seconds)[0]
    return excitations.with_edges(sound, _EDGE_S, sample_rate)


def _noise(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    colours = list(excitations.NOISE_COLOURS)
    colour, seed = colours[rng.integers(len(colours))], int(rng.integers(2**31))
    return _level(rng, -40, -3) * excitations.noise(
        colour, rng.uniform(0.3, 0.6), sample_rate, seed
    )


def _tones(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    """One to three sines together, jumping between levels."""
    levels_db = rng.uniform(-40, -1, int(rng.integers(2, 6)))
    count, step_s = int(rng.integers(1, 4)), rng.uniform(0.5, 0.9) / len(levels_db)
    sound = sum(
        excitations.level_steps(log_uniform(rng, 60, 3000), levels_db.tolist(), step_s, sample_rate)
        for _ in range(count)
    )
    return excitations.with_edges(np.asarray(sound) / count, _EDGE_S, sample_rate)


def _silence(rng: np.random.Generator, sample_rate: int) -> np.ndarray:
    return np.zeros(round(rng.uniform(0.3, 0.8) * sample_rate))


OTHERS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "sweep": _sweep,
    "study": _study,
    "noise": _noise,
    "tones": _tones,
    "silence": _silence,
}


def _level(rng: np.random.Generator, lowest_db: float, highest_db: float) -> float:
    return excitations.amplitude(rng.uniform(lowest_db, highest_db))
