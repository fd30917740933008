"""Two hands on a neck: what a stroke is, and where and how hard the next phrase is played."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GUITAR = (40.0, 45.0, 50.0, 55.0, 59.0, 64.0)
BASS = (28.0, 33.0, 38.0, 43.0)
LOWEST_PITCH, HIGHEST_PITCH = 27.5, 86.0  # 40 and 1175 Hz
_FRETS = 22

_SCALES = (
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),
    (0, 2, 3, 5, 7, 9, 10),
    (0, 3, 5, 7, 10),
    (0, 3, 5, 6, 7, 10),
    (0, 2, 4, 7, 9),
    tuple(range(12)),
)


@dataclass(frozen=True)
class Stroke:
    """One note as a hand plays it.

    Attributes:
        string: 0 is the lowest.
        pitch: MIDI key, fractional.
        force: 0 to 1, proportional to loudness.
        muted: damped by the palm or the fretting hand.
        bend: points (seconds after the start, semitones), joined by straight lines.
    """

    string: int
    start_s: float
    seconds: float
    pitch: float
    force: float
    muted: bool = False
    bend: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Hand:
    """Where and how one phrase is played.

    Attributes:
        open_pitches: MIDI keys of the open strings, low to high, detuned as the phrase wants it.
        position: fret of the first finger.
        scale: semitones above ``root``.
        beat_s: length of a beat.
        force: how hard the loudest strokes are, 0 to 1.
        unevenness: spread of the force from stroke to stroke, in dB.
    """

    open_pitches: tuple[float, ...]
    position: int
    root: int
    scale: tuple[int, ...]
    beat_s: float
    force: float
    unevenness: float

    @property
    def strings(self) -> int:
        """How many."""
        return len(self.open_pitches)

    def pitch(self, string: int, fret: int) -> float:
        """Pitch of a fret, kept within 40 to 1200 Hz by octaves."""
        pitch = self.open_pitches[string] + fret
        while pitch > HIGHEST_PITCH:
            pitch -= 12
        while pitch < LOWEST_PITCH:
            pitch += 12
        return pitch

    def fits_scale(self, string: int, fret: int) -> bool:
        """Whether a fret lies in the scale."""
        return round(self.open_pitches[string] + fret - self.root) % 12 in self.scale

    def reach(self) -> list[tuple[int, int]]:
        """(string, fret) of every note of the scale under the four fingers, low to high."""
        frets = range(self.position, min(self.position + 5, _FRETS) + 1)
        found = [(s, f) for s in range(self.strings) for f in frets if self.fits_scale(s, f)]
        found = found or [(0, self.position)]
        return sorted(found, key=lambda place: self.open_pitches[place[0]] + place[1])

    def strike(self, rng: np.random.Generator, accent: float = 1.0) -> float:
        """Draw the force of one stroke."""
        drop_db = abs(rng.normal(0, self.unevenness))
        return float(np.clip(self.force * accent * 10 ** (-drop_db / 20), 0.01, 1.0))


def draw_hand(rng: np.random.Generator, bass: bool) -> Hand:
    """Concert pitch or not, dropped or not, anywhere on the neck, at any tempo and force."""
    tuning = np.array(BASS if bass else GUITAR)
    tuning = tuning + rng.choice([0, 0, 0, -1, -2, 1, 2]) + rng.uniform(-0.5, 0.5)
    tuning[0] -= rng.choice([0, 0, 0, 2])
    tuning = tuning + rng.normal(0, 0.04, len(tuning))  # nobody is in tune with himself
    return Hand(
        open_pitches=tuple(tuning.tolist()),
        position=int(rng.integers(0, rng.choice([1, 1, 8, 18]))),
        root=int(rng.integers(12)),
        scale=_SCALES[rng.integers(len(_SCALES))],
        beat_s=60 / rng.uniform(80, 220),
        force=float(10 ** (-rng.choice([rng.uniform(0, 6), rng.uniform(0, 24)]) / 20)),
        unevenness=rng.uniform(0.5, 6.0),
    )
