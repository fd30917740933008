"""Whether dry and wet were given the wrong way round.

An effect leaves three traces of its direction. Sound comes after its cause: a reverb has all of
its tail behind the first arrival, while the same recordings the other way round need an answer
before the question. Distortion loses: the wet can be computed from a driven copy of the dry, but
the dry not from a driven copy of the wet, and the dry keeps the wider range of levels. And
nothing can be ahead of the dry. Linear filters, short echoes and gentle modulation leave no such
trace; about them this module is silent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.signal

from wetprint.pairs.response import Response

TAIL_SECONDS = (0.03, 0.6)
NOTHING_BEFORE = 0.06
"""Share of a tail's energy that may lie before the main arrival in the true direction ..."""
MUCH_BEFORE = 0.25
"""... and that must lie there in the false one."""
CERTAIN_TAIL = 20.0
CERTAIN_BEFORE = 12.0

HARDLY_DISTORTED = 0.98
"""Where a filter of the dry explains more of the wet than this, the rest tells nothing."""
EXCERPT_SECONDS = 8.0
SHORTEST_SECONDS = 3.0
WINDOW_SECONDS = 0.043
MOST_WINDOWS = 320
FOLD_WINDOWS = 4
RIDGE = 1e-3
HIGH_PASS_HZ = 700.0
"""Where most drive pedals take the bass out before they clip (the Tube Screamer at 720 Hz)."""


@dataclass(frozen=True)
class Tail:
    """Energy of a response around its main arrival, as multiples of chance and as a share."""

    before: float
    after: float

    @property
    def share_before(self) -> float:
        """Of the energy on both sides, how much comes first."""
        before, after = max(self.before, 0.0), max(self.after, 0.0)
        return before / (before + after + 1e-30)


@dataclass(frozen=True)
class Drive:
    """How well each recording is explained by the other, plain and driven.

    Attributes:
        forward_plain: share of the wet that a filter of the dry leaves.
        forward_driven: share that filters of driven copies of the dry leave.
        backward_plain: share of the dry that a filter of the wet leaves.
        backward_driven: share that filters of driven copies of the wet leave.
        spread: range of the wet's levels over that of the dry's.
    """

    forward_plain: float
    forward_driven: float
    backward_plain: float
    backward_driven: float
    spread: float

    @property
    def gain(self) -> float:
        """By how much more driving helps forward than backward (natural logarithm)."""
        forward = np.log(self.forward_plain / self.forward_driven)
        return float(forward - np.log(self.backward_plain / self.backward_driven))

    @property
    def advantage(self) -> float:
        """By how much better forward explains than backward (natural logarithm)."""
        return float(np.log(self.backward_driven / self.forward_driven))


def tail(response: Response) -> Tail:
    """Measure what lies before and after the main arrival of a response."""
    common = response.common
    main = int(scipy.ndimage.uniform_filter1d(common, 5).argmax())
    near, far = (int(seconds * response.rate) for seconds in TAIL_SECONDS)
    before = common[max(0, main - far) : max(0, main - near)]
    after = common[main + near : main + far]
    chance = response.chance * np.sqrt(far - near)
    return Tail(float(before.sum() / chance), float(after.sum() / chance))


def tails_say_swapped(forward: Tail, backward: Tail) -> bool:
    """Say whether the tail is surely the dry's: all behind it backward, much before it forward."""
    return (
        backward.share_before <= NOTHING_BEFORE
        and backward.after >= CERTAIN_TAIL
        and forward.share_before >= MUCH_BEFORE
        and forward.before >= CERTAIN_BEFORE
    )


def measure_drive(dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> Drive | None:
    """Explain each of two aligned recordings by the other.

    Args:
        dry: ``(time,)``.
        wet: ``(time,)``, aligned.
        sample_rate: Hz.

    Returns:
        None when they are too short to tell.
    """
    length = min(len(dry), len(wet))
    if length < SHORTEST_SECONDS * sample_rate:
        return None
    part = _loudest_part(dry[:length], wet[:length], int(EXCERPT_SECONDS * sample_rate))
    dry, wet = dry[part], wet[part]
    forward, backward = _unexplained(dry, wet, sample_rate), _unexplained(wet, dry, sample_rate)
    return Drive(*forward, *backward, _spread(dry, wet, sample_rate))


def drive_says_swapped(drive: Drive) -> bool:
    """Say whether the dry is surely a distorted copy of the wet.

    The limits leave room beyond every properly ordered pair that was measured, tremolos and
    moderate expanders included.
    """
    nearly_exact = (
        drive.gain <= -1.2
        and drive.advantage <= -1.2
        and drive.backward_driven <= 0.06
        and drive.spread >= 1.25
    )
    opened_up = (
        drive.gain <= -0.4
        and drive.advantage <= -0.4
        and drive.backward_driven <= 0.3
        and drive.gain - np.log(drive.spread) <= -2.2
    )
    return bool(nearly_exact or opened_up)


def drive_hints_swapped(drive: Drive) -> bool:
    """Say whether the dry looks more like a distorted copy of the wet than the reverse."""
    return drive.gain <= -0.4 and drive.advantage <= -0.4 and drive.spread >= 1.2


def _loudest_part(dry: np.ndarray, wet: np.ndarray, length: int) -> slice:
    """Choose the excerpt in which both recordings have most energy."""
    if len(dry) <= length:
        return slice(0, len(dry))
    hop = max(1, length // 16)
    count = len(dry) // hop
    energies = [
        np.square(each[: count * hop]).reshape(count, hop).sum(1) / (np.sum(each**2) + 1e-20)
        for each in (dry, wet)
    ]
    start = int(np.convolve(energies[0] + energies[1], np.ones(16), "valid").argmax()) * hop
    return slice(start, start + length)


def _driven_copies(source: np.ndarray, sample_rate: int) -> np.ndarray:
    """The source as various clippers would make it, ``(copy, time)``; the first is plain."""
    level = source / np.sqrt(np.mean(np.square(source)) + 1e-20)
    sections = scipy.signal.butter(1, HIGH_PASS_HZ, "high", fs=sample_rate, output="sos")
    bright = scipy.signal.sosfilt(sections, level)
    bright = bright / np.sqrt(np.mean(np.square(bright)) + 1e-20)
    copies = [level, *(np.tanh(drive * level) for drive in (1, 3, 9, 27))]
    copies += [np.tanh(drive * bright) for drive in (1.5, 4, 10, 25)]
    copies += [np.abs(level), np.tanh(4 * level + 1), np.tanh(6 * bright + 1)]
    return np.stack([copy - copy.mean() for copy in copies]).astype(np.float32)


def _unexplained(source: np.ndarray, target: np.ndarray, sample_rate: int) -> tuple[float, float]:
    """Share of the target that filters leave of it, fitted on half the windows, on the rest.

    Returns:
        With the plain source, and with all driven copies at once.
    """
    inputs, output = _spectra(_driven_copies(source, sample_rate), target, sample_rate)
    fold = np.arange(output.shape[1]) // FOLD_WINDOWS % 2
    left_plain = left_driven = 0.0
    for held in (0, 1):
        known, held_out = fold != held, fold == held
        plain = _fit(inputs[:, :1, known], output[:, known])
        driven = _fit(inputs[:, :, known], output[:, known])
        left_plain += _left(inputs[:, :1, held_out], output[:, held_out], plain)
        left_driven += _left(inputs[:, :, held_out], output[:, held_out], driven)
    total = float((np.abs(output) ** 2).sum()) + 1e-20
    return min(1.0, left_plain / total + 1e-7), min(1.0, left_driven / total + 1e-7)


def _spectra(
    copies: np.ndarray, target: np.ndarray, sample_rate: int
) -> tuple[np.ndarray, np.ndarray]:
    """Windowed spectra, ``(bin, copy, window)`` and ``(bin, window)``."""
    size = 2 ** round(np.log2(WINDOW_SECONDS * sample_rate))
    count = min(MOST_WINDOWS, 2 * len(target) // size - 1)
    starts = np.linspace(0, len(target) - size, count).astype(int)
    taper = np.hanning(size).astype(np.float32)
    view = np.lib.stride_tricks.sliding_window_view
    inputs = scipy.fft.rfft(view(copies, size, axis=1)[:, starts] * taper, axis=-1)
    output = scipy.fft.rfft(view(target, size)[starts] * taper, axis=-1)
    return np.ascontiguousarray(inputs.transpose(2, 0, 1)), np.ascontiguousarray(output.T)


def _fit(inputs: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Ridge regression at every bin, its statistics averaged over three: ``(bin, copy)``."""
    gram = _average(np.matmul(inputs.conj(), inputs.transpose(0, 2, 1)))
    against = _average(np.matmul(inputs.conj(), output[:, :, None]))
    power = np.einsum("fjj->fj", gram).real
    ridge = (RIDGE * power + 1e-20)[:, :, None] * np.eye(inputs.shape[1])
    return np.linalg.solve(gram + ridge, against)[..., 0]


def _average(statistics: np.ndarray) -> np.ndarray:
    real = scipy.ndimage.uniform_filter1d(np.real(statistics).astype(float), 3, axis=0)
    return real + 1j * scipy.ndimage.uniform_filter1d(np.imag(statistics).astype(float), 3, axis=0)


def _left(inputs: np.ndarray, output: np.ndarray, weights: np.ndarray) -> float:
    predicted = np.einsum("fjm,fj->fm", inputs, weights.astype(np.complex64))
    return float((np.abs(output - predicted) ** 2).sum())


def _spread(dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> float:
    """Range of short-time levels of the wet over that of the dry, while both are loud."""
    levels = np.stack([_levels_db(each, int(0.03 * sample_rate)) for each in (dry, wet)])
    loud = np.all(levels > levels.max(axis=1, keepdims=True) - 40, axis=0)
    low, high = np.quantile(levels[:, loud], [0.4, 0.95], axis=1)
    dry_range, wet_range = np.maximum(high - low, 0.5)
    return float(wet_range / dry_range)


def _levels_db(audio: np.ndarray, frame: int) -> np.ndarray:
    count = len(audio) // frame
    return 10 * np.log10(np.mean(audio[: count * frame].reshape(count, frame) ** 2, 1) + 1e-12)
