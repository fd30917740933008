"""What was heard of a gain: short blocks that each show one, the dry signal's share in the wet one.

Of recordings a few stretches are heard, those where the gain varies most and some between them,
each with what a detector may have listened to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import oaconvolve

from wetprint.identify.recording import Recording

BLOCK_SECONDS = 64 / 48_000
"""In which a gain is taken to be one."""

STRETCH_SECONDS, SETTLING_SECONDS = 7.0, 2.0
"""Length of what is listened to in one piece, and how much of it only sets the followers going."""

EVENNESS = 0.5
"""Soft blocks count for more than in the waveform, so that the whole curve is seen."""

SOFTEST = 1e-6
"""Blocks of less energy than this share of the loudest one's (-60 dB) tell nothing."""


@dataclass(frozen=True)
class GainHeard:
    """What was heard, as blocks that each show one gain.

    Attributes:
        dry: what the detector hears, ``(samples,)``, a whole number of blocks.
        played: what it hears where it hears what the box plays, ``(samples,)``.
        energy: of the dry signal in each sample, ``(blocks, samples)``.
        gain_db: that each block shows.
        weight: how much each block counts; they add up to 1.
    """

    dry: np.ndarray
    played: np.ndarray
    energy: np.ndarray
    gain_db: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(
        cls,
        dry: np.ndarray,
        played: np.ndarray,
        sound: np.ndarray,
        wet: np.ndarray,
        counts: np.ndarray,
        block_samples: int,
        evenness: float,
    ) -> GainHeard | None:
        """Cut what was heard into blocks; None where none of them tells anything.

        Args:
            dry, played: see the attributes, ``(time,)``.
            sound: what the gain acts on, aligned with ``wet``, ``(time,)``.
            wet: what came out, ``(time,)``.
            counts: where it counts, ``(time,)`` of 0 and 1.
            block_samples: how long a block is.
            evenness: 0 where blocks count by their energy, as they do in the waveform; 1 where
                all count alike.
        """
        samples = len(dry) // block_samples * block_samples
        shape = (-1, block_samples)
        sound, wet, counts = (each[:samples].reshape(shape) for each in (sound, wet, counts))
        energy, shared = np.square(sound), (sound * wet).sum(1)
        total = energy.sum(1)
        told = (shared > 0.0) & (total > SOFTEST * total.max()) & (counts.min(1) > 0)
        gain = np.where(told, shared / np.maximum(total, 1e-30), 1.0)
        weight = np.where(told, (total * gain * gain) ** (1.0 - evenness), 0.0)
        if not told.any():
            return None
        return cls(
            dry[:samples], played[:samples], energy, 20.0 * np.log10(gain), weight / weight.sum()
        )

    @property
    def spread_db(self) -> float:
        """How much the gain varies, RMS."""
        mean = (self.weight * self.gain_db).sum()
        return float(np.sqrt((self.weight * np.square(self.gain_db - mean)).sum()))


def hear_gain(
    recordings: Sequence[Recording],
    sample_rate: int,
    response: np.ndarray,
    stretches: int,
    evenness: float,
) -> GainHeard | None:
    """Cut stretches out of recordings, half of them where the gain varies most, half spread.

    Args:
        recordings: with a mono dry side; of several wet channels the loudest is heard.
        sample_rate: Hz.
        response: ``(taps,)``, through which the sound comes apart from its gain; a delay counts.
        stretches: how many.
        evenness: see GainHeard.of.

    Returns:
        None where they are silent.
    """
    length, settling = (round(s * sample_rate) for s in (STRETCH_SECONDS, SETTLING_SECONDS))
    block = max(4, round(BLOCK_SECONDS * sample_rate))
    length -= length % block
    cut = [_Aligned.of(each, response, block) for each in recordings]
    places = [
        (number, start)
        for number, each in enumerate(cut)
        for start in range(0, max(1, len(each.dry) - length + 1), length)
    ]

    def variety(place: tuple[int, int]) -> float:
        number, start = place
        dry, played, sound, wet, counts = cut[number].part(start, length, 0)
        heard = GainHeard.of(dry, played, sound, wet, counts, block, EVENNESS)
        return -1.0 if heard is None else heard.spread_db

    places.sort(key=variety, reverse=True)
    telling = places[: (stretches + 1) // 2]
    rest = sorted(places[len(telling) :])
    places = [*telling, *rest[:: max(1, 2 * len(rest) // stretches)][: stretches // 2]]
    parts = []
    for number, start in places:
        parts.append(cut[number].part(start, length, settling if start or parts else 0))
    dry, played, sound, wet, counts = (np.concatenate(each) for each in zip(*parts, strict=True))
    return GainHeard.of(dry, played, sound, wet, counts, block, evenness)


@dataclass(frozen=True)
class _Aligned:
    """A recording with what its gain acts on and what a detector may hear, each ``(time,)``.

    All lie in time with the wet side; what the gain came to is in it late by the response's peak.
    """

    dry: np.ndarray
    played: np.ndarray
    sound: np.ndarray
    wet: np.ndarray

    @classmethod
    def of(cls, recording: Recording, response: np.ndarray, block_samples: int) -> _Aligned:
        dry, wet = recording.dry[0].astype(np.float64), loudest(recording.wet)
        sound, late = through(dry, response), int(np.argmax(np.abs(response)))
        dry = np.concatenate([np.zeros(late), dry])[: len(dry)]
        if np.count_nonzero(response) == 1:
            return cls(dry, _a_sample_before(wet / response[late]), sound, wet)
        shared, energy = (uniform_filter1d(sound * each, block_samples) for each in (wet, sound))
        gain = np.maximum(shared, 0.0) / np.maximum(energy, 1e-12)
        return cls(dry, _a_sample_before(gain * dry), sound, wet)

    def part(self, start: int, length: int, settling: int) -> tuple[np.ndarray, ...]:
        """Return a stretch of each, and where it counts."""
        cut = slice(start, start + length)
        counts = np.ones(len(self.dry[cut]))
        counts[: min(settling, len(counts) // 3)] = 0.0
        parts = (each[cut] for each in (self.dry, self.played, self.sound, self.wet))
        return *parts, counts


def _a_sample_before(sound: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(1), sound[:-1]])


def through(dry: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Return ``(time,)`` behind a response ``(taps,)``, as long as it was."""
    return oaconvolve(dry.astype(np.float64), response)[: len(dry)]


def loudest(wet: np.ndarray) -> np.ndarray:
    """Return the loudest channel of ``(channels, time)`` in double precision: ``(time,)``."""
    return wet[int(np.argmax(np.square(wet).sum(1)))].astype(np.float64)
