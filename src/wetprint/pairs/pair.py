"""A dry recording and the same through an effect, before and after they were checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wetprint.errors import PairError

CHANNEL_COUNTS = (1, 2)


@dataclass(frozen=True)
class Pair:
    """Dry and wet sound of equal length, sample for sample.

    Attributes:
        name: for messages and reports.
        dry: ``(channel, time)`` float32 of 1 or 2 channels.
        wet: ``(channel, time)`` float32 of 1 or 2 channels, as long as ``dry``.
        sample_rate: Hz.

    Raises:
        PairError: the shapes do not fit.
    """

    name: str
    dry: np.ndarray
    wet: np.ndarray
    sample_rate: int

    def __post_init__(self) -> None:
        for side, audio in (("dry", self.dry), ("wet", self.wet)):
            require_channels(audio, f"the {side} of '{self.name}'")
        if self.dry.shape[1] != self.wet.shape[1]:
            raise PairError(
                f"expected the dry and the wet of '{self.name}' to be equally long, got "
                f"{self.dry.shape[1]} and {self.wet.shape[1]} samples; check_pair trims them"
            )

    @property
    def length_samples(self) -> int:
        """Length of either recording."""
        return self.dry.shape[1]


@dataclass(frozen=True)
class Alignment:
    """How a wet recording lies against its dry one.

    The sound of dry sample ``t`` first arrives at wet sample
    ``delay_samples + t * (1 + drift_ppm * 1e-6)``.

    Attributes:
        delay_samples: of the first arrival, at the start of the dry recording; negative where the
            wet is ahead. A filter's own group delay is not part of it.
        polarity: +1, or -1 where the first arrival is upside down.
        confidence: 0 (no coherent arrival, as after a pitch shifter) to 1 (exact).
        drift_ppm: how much slower than the dry one the wet recording's clock counts the same time
            as more samples, in millionths; 0 where none can be told from modulation.
        uncertainty_samples: how far off ``delay_samples`` may well be.
        repeats: whether the first arrival comes again after the same delay, as from a delay
            effect without dry sound.
    """

    delay_samples: float
    polarity: int
    confidence: float
    drift_ppm: float
    uncertainty_samples: float = 0.0
    repeats: bool = False


@dataclass(frozen=True)
class CheckedPair:
    """A pair that is fit to be learned from.

    Attributes:
        pair: aligned and of equal length.
        alignment: as found in the recordings as they came.
        shift_samples: by how much the wet was moved earlier to align it.
        notes: what was mended and what should be known, each a sentence.
    """

    pair: Pair
    alignment: Alignment
    shift_samples: int
    notes: tuple[str, ...]


def require_channels(audio: np.ndarray, name: str) -> None:
    """Insist on ``(channel, time)`` of one or two channels.

    Raises:
        PairError: naming what came.
    """
    if audio.ndim != 2:
        raise PairError(
            f"expected {name} as an array (channel, time), got shape {audio.shape}; "
            "a mono signal is (1, time)"
        )
    if audio.shape[0] not in CHANNEL_COUNTS:
        raise PairError(
            f"expected {name} to have 1 or 2 channels, got {audio.shape[0]}; "
            "keep the channels that belong to the effect"
        )


def as_mono(audio: np.ndarray) -> np.ndarray:
    """Return one channel ``(time,)`` that stands for ``(channel, time)``.

    The sides are added; where that cancels them, the louder side is taken.
    """
    if len(audio) == 1:
        return audio[0]
    together = audio.mean(axis=0)
    energies = np.einsum("ct,ct->c", audio, audio)
    if together @ together < 0.1 * energies.sum() / len(audio):
        return audio[int(energies.argmax())]
    return together
