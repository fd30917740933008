"""Taps that move: the voices of a chorus, the comb of a flanger, found in snapshots of the effect.

Folded over one turn of the LFO, the moving part of the impulse response is a picture, delay against
phase, in which every voice draws a line. Most LFOs are near a sine, so the first guess at a line is
the sine along which the picture is brightest, over all centres, depths and phases (a generalised
Radon transform; computed with FFTs along the delay). The line is then followed, whatever its shape,
and taken out of the picture, and the next one is looked for: voices may cross.

A tap whose delay is a multiple of another's at every phase is that one heard again: feedback.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.fft import fft, ifft, irfft, next_fast_len, rfft
from scipy.ndimage import gaussian_filter1d

from wetprint.identify.snapshots import Snapshots

CELL_SAMPLES = 8
"""Length of the picture's cells along the delay."""

PHASES = 48
ANGLES = (12, 24, 48, 96, 192)
"""At how many angles a sine is tried, the deeper the more."""

SHARPNESS = 0.3
"""Finest detail of the smoothed picture that is looked at, in cycles a cell."""

FOLLOWED_HARMONICS = 3
MOST_TAPS = 8
FAINT = 0.3
"""Of the first line's brightness: fainter ones are what following left over, or noise."""

FAINT_PEAKS = 0.3
"""Of the highest line's peaks: in snapshots of playing, lines through noise have lower ones."""

STILL_SAMPLES = 0.3
"""A line that moves less than this is no moving tap."""

REACHES = ((6.0, 0.15, 1), (5.0, 0.1, 2), (4.0, 0.0, 3), (3.0, 0.0, 3))
"""Following a line: how far from the guess its peak is looked for in samples, in shares of the
depth, and how many harmonics it may have then; narrower from round to round."""

MULTIPLE_TOLERANCE_SAMPLES = 3.0
MULTIPLE_TOLERANCE = 0.03
MOST_ROUNDS = 8


@dataclass(frozen=True)
class MovingTap:
    """One voice.

    Attributes:
        harmonics: its delay in samples over the LFO's phase, ``(1 + 2 * count,)``: the mean, then
            cosine and sine amplitude of each harmonic in turn.
        strength: height of its peak in the snapshots, with its sign.
        feedback: estimated from the taps that are its repetitions; 0 where there are none.
    """

    harmonics: np.ndarray
    strength: float
    feedback: float = 0.0

    @property
    def depth_samples(self) -> float:
        """How far the first harmonic moves it to either side."""
        return float(np.hypot(self.harmonics[1], self.harmonics[2]))

    def delay(self, phase: np.ndarray) -> np.ndarray:
        """Return the delay in samples at phases in turns, of any shape."""
        return fourier(self.harmonics, phase)


@dataclass
class _Picture:
    """The moving part of one channel's snapshots, and its folded picture.

    Attributes:
        phase: ``(count,)`` in turns.
        moving: ``(count, taps)``.
        rows: phases that were seen at all.
        cells: ``(rows, cells)``; taps that were found are taken out.
    """

    phase: np.ndarray
    moving: np.ndarray
    rows: np.ndarray = field(init=False)
    cells: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        count, taps = self.moving.shape
        width = taps // CELL_SAMPLES
        power = np.square(self.moving[:, : width * CELL_SAMPLES])
        power = power.reshape(count, width, CELL_SAMPLES).sum(2)
        row = (self.phase * PHASES).astype(int) % PHASES
        total = np.zeros((PHASES, width))
        np.add.at(total, row, power)
        seen = np.bincount(row, minlength=PHASES)
        smooth = gaussian_filter1d(total[seen > 0] / seen[seen > 0, None], 1.0, axis=1)
        self.rows = (np.flatnonzero(seen) + 0.5) / PHASES
        self.cells = np.sqrt(smooth)

    def take_out(self, harmonics: np.ndarray) -> None:
        """Darken the cells along a line."""
        places = np.round(fourier(harmonics, self.rows) / CELL_SAMPLES - 0.5).astype(int)
        for row, place in enumerate(places):
            self.cells[row, max(0, place - 3) : max(0, place + 4)] = 0.0


def find_moving_taps(train: Snapshots, channel: int, period_samples: float) -> list[MovingTap]:
    """Find the voices in one channel.

    Args:
        train: snapshots that lie close together in phase.
        channel: which one.
        period_samples: of the LFO.

    Returns:
        The voices, brightest first, repetitions by feedback already attributed; none where nothing
        draws a line.
    """
    moving = train.responses[:, channel] - np.median(train.responses[:, channel], 0)
    picture = _Picture(train.times / period_samples % 1.0, moving)
    taps = [_settled_in_time(each, period_samples) for each in _lines(picture)]
    taps = [each for each in taps if each.depth_samples > STILL_SAMPLES]
    highest = max((abs(each.strength) for each in taps), default=0.0)
    found = without_repetitions(taps)
    return [each for each in found if abs(each.strength) >= FAINT_PEAKS * highest]


def without_repetitions(taps: list[MovingTap]) -> list[MovingTap]:
    """Attribute taps that are multiples of another to its feedback."""
    ordered = sorted(taps, key=lambda each: each.harmonics[0])
    kept: list[MovingTap] = []
    for tap in ordered:
        source = next((at for at, each in enumerate(kept) if _repeats(tap, each)), None)
        if source is None:
            kept.append(tap)
        elif kept[source].feedback == 0.0:
            first = kept[source]
            feedback = float(np.clip(tap.strength / first.strength, -0.95, 0.95))
            kept[source] = MovingTap(first.harmonics, first.strength, feedback)
    return sorted(kept, key=lambda each: -abs(each.strength))


def fourier(harmonics: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Return a Fourier series (mean, cosine, sine, cosine, sine ...) at phases in turns."""
    return fourier_waves(len(harmonics) // 2, phase) @ harmonics


def fourier_waves(count: int, phase: np.ndarray) -> np.ndarray:
    """Return what each coefficient of a Fourier series adds: ``(..., 1 + 2 * count)``."""
    turns = 2.0 * np.pi * phase[..., None] * np.arange(1, count + 1)
    waves = np.stack([np.cos(turns), np.sin(turns)], axis=-1).reshape(*phase.shape, 2 * count)
    return np.concatenate([np.ones((*phase.shape, 1)), waves], axis=-1)


def turned(harmonics: np.ndarray, turns: float) -> np.ndarray:
    """Return the series of a curve that stands ``turns`` further at every phase."""
    moved = harmonics.copy()
    angle = 2.0 * np.pi * turns * np.arange(1, len(harmonics) // 2 + 1)
    cosine, sine = harmonics[1::2], harmonics[2::2]
    moved[1::2] = cosine * np.cos(angle) + sine * np.sin(angle)
    moved[2::2] = sine * np.cos(angle) - cosine * np.sin(angle)
    return moved


def _repeats(tap: MovingTap, first: MovingTap) -> bool:
    """Say whether a tap is a multiple of another; nothing is one of what comes without delay."""
    if first.harmonics[0] <= 0.0:
        return False
    times = round(tap.harmonics[0] / first.harmonics[0])
    if not 2 <= times <= MOST_ROUNDS:
        return False
    allowed = MULTIPLE_TOLERANCE_SAMPLES + MULTIPLE_TOLERANCE * times * first.depth_samples
    return bool(np.abs(tap.harmonics[:3] - times * first.harmonics[:3]).max() < allowed)


def _settled_in_time(tap: MovingTap, period_samples: float) -> MovingTap:
    """A snapshot is taken when a chirp was played, but its answer is heard a delay later."""
    lag = tap.harmonics[0] / period_samples
    return MovingTap(turned(tap.harmonics, -lag), tap.strength)


def _lines(picture: _Picture) -> Iterator[MovingTap]:
    first = None
    for _ in range(MOST_TAPS):
        brightness, guess = _brightest_sine(picture)
        first = brightness if first is None else first
        if brightness <= FAINT * first or brightness <= 0.0:
            return
        tap = _followed(picture, guess)
        yield tap
        picture.take_out(tap.harmonics)


def _brightest_sine(picture: _Picture) -> tuple[float, np.ndarray]:
    """Return the mean brightness along the brightest sine, and its series in samples.

    Along sines of one depth, every row of the picture is moved by what the sine is worth at its
    phase; over all angles at which the sine may begin that is a circular convolution.
    """
    rows, width = picture.cells.shape
    fft_cells = next_fast_len(2 * width, real=True)
    bins = int(SHARPNESS * fft_cells)
    spectrum = np.zeros((bins, PHASES), np.complex64)
    spectrum[:, (picture.rows * PHASES).astype(int)] = rfft(picture.cells, fft_cells).T[:bins]
    turns = fft(spectrum, axis=1)
    wave = 2.0 * np.pi * np.arange(bins, dtype=np.float32) / fft_cells
    best, found = -1.0, np.zeros(1 + 2 * FOLLOWED_HARMONICS)
    for depth in _depths(width):
        count = next(each for each in ANGLES if each >= min(6.0 * depth, ANGLES[-1]))
        size = max(count, PHASES)
        swing = np.cos(2.0 * np.pi * np.arange(size) / size).astype(np.float32)
        turn = np.float32(depth) * np.outer(wave, swing)
        shift = fft(np.cos(turn) + 1j * np.sin(turn), axis=1, workers=-1)
        moved = ifft(shift * np.tile(turns, size // PHASES), axis=1, workers=-1)
        summed = irfft(moved[:, :: size // count], fft_cells, axis=0, workers=-1)  # (cells, angle)
        edge = int(np.ceil(depth))
        summed = summed[edge : width - edge]
        centre, angle = np.unravel_index(int(np.argmax(summed)), summed.shape)
        if summed[centre, angle] > best:
            best = float(summed[centre, angle])
            begun = 2.0 * np.pi * (angle / count + 0.5 / PHASES)
            found[0] = (centre + edge + 0.5) * CELL_SAMPLES
            found[1:3] = depth * CELL_SAMPLES * np.array([np.cos(begun), np.sin(begun)])
    return best / rows, found


def _depths(width: int) -> np.ndarray:
    """Depths to be tried, in cells: fine where they are small."""
    fine = np.arange(0.25, 6.0, 0.5)
    coarse = np.arange(6.0, 20.0, 1.0)
    deep = np.arange(20.0, width / 2.0 - 1.0, 2.0)
    depths = np.concatenate([fine, coarse, deep])
    return depths[depths < width / 2.0 - 1.0]


def _followed(picture: _Picture, guess: np.ndarray) -> MovingTap:
    """Follow a line from a guess: the peaks near it, a Fourier series through them, again."""
    harmonics, strength = guess, 0.0
    for samples, share, count in REACHES:
        depth = float(np.hypot(guess[1], guess[2]))
        reach = max(samples, share * depth)
        places, heights = _peaks(picture, fourier(harmonics, picture.phase), reach)
        harmonics = np.zeros(1 + 2 * FOLLOWED_HARMONICS)
        harmonics[: 1 + 2 * count] = _robust_series(picture.phase, places, np.abs(heights), count)
        strength = float(np.median(heights))
    return MovingTap(harmonics, strength)


def _peaks(picture: _Picture, line: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where the highest value within reach of a line lies, and how high, at each snapshot.

    The place is the centre of energy around the peak, finer than a sample.
    """
    width = int(np.ceil(reach))
    offsets = np.arange(-width, width + 1)
    index = np.clip(np.round(line).astype(int)[:, None] + offsets, 2, picture.moving.shape[1] - 3)
    near = np.take_along_axis(picture.moving, index, axis=1)
    row = np.arange(len(line))
    peak = index[row, np.abs(near).argmax(1)]
    around = peak[:, None] + np.arange(-2, 3)
    power = np.square(np.take_along_axis(picture.moving, around, axis=1))
    places = (power * around).sum(1) / np.maximum(power.sum(1), 1e-30)
    return places, picture.moving[row, peak]


def _robust_series(
    phase: np.ndarray, places: np.ndarray, heights: np.ndarray, count: int
) -> np.ndarray:
    """Fit a series by least squares, leaving out faint peaks and those far off."""
    waves = fourier_waves(count, phase)
    kept = heights > 0.3 * np.median(heights)
    series = np.zeros(waves.shape[1])
    for _ in range(3):
        series = np.linalg.lstsq(waves[kept], places[kept], rcond=None)[0]
        off = np.abs(places - waves @ series)
        kept = kept & (off < max(1.5, 3.0 * float(np.median(off[kept]))))
    return series
