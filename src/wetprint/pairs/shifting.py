"""Laying the wet recording against the dry one, as an alignment says, and saying what was done.

What is recording latency and what is effect cannot be heard; it is decided by a rule that errs
towards the effect. Latency is constant, has nothing in front of it, and is short. A delay beyond
`LONGEST_LATENCY_SECONDS`, or one that comes again after the same time, is left to the effect.
So is anything whose first arrival is not sharp: a reverb, a pitch shifter. And of a latency a few
samples are left in place, so that the wet never leads the dry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import soxr

from wetprint.errors import PairError
from wetprint.pairs.pair import Alignment

LONGEST_LATENCY_SECONDS = 0.2
SURE_CONFIDENCE = 0.45
LEAST_DRIFT_SAMPLES = 1.0
LARGEST_DRIFT_PPM = 500.0
MARGIN_SAMPLES = 1


@dataclass(frozen=True)
class Aligned:
    """Two recordings laid against each other.

    Attributes:
        dry: ``(channel, time)``.
        wet: ``(channel, time)``, equally long.
        shift_samples: by how much the wet was moved earlier.
        delay_samples: how much later than the dry the wet still is.
        notes: a sentence for each thing that was done or left alone.
    """

    dry: np.ndarray
    wet: np.ndarray
    shift_samples: int
    delay_samples: float
    notes: tuple[str, ...]


def apply_alignment(
    dry: np.ndarray,
    wet: np.ndarray,
    alignment: Alignment,
    sample_rate: int,
    longest_latency_seconds: float = LONGEST_LATENCY_SECONDS,
) -> Aligned:
    """Mend drift and latency, and trim both recordings to what they have in common.

    Args:
        dry: ``(channel, time)``.
        wet: ``(channel, time)``.
        alignment: as estimated from the two.
        sample_rate: Hz.
        longest_latency_seconds: what comes later than this is the effect's own delay.

    Raises:
        PairError: the clocks drift apart by more than any recorder's do.
    """
    notes: list[str] = []
    if _drifted(alignment, dry.shape[1]):
        wet = _without_drift(wet, alignment.drift_ppm)
        notes.append(_drift_note(alignment.drift_ppm, dry.shape[1], sample_rate))
    shift, note = _decide(alignment, sample_rate, longest_latency_seconds)
    if note:
        notes.append(note)
    dry, wet = dry[:, max(0, -shift) :], wet[:, max(0, shift) :]
    length = min(dry.shape[1], wet.shape[1])
    left = alignment.delay_samples - shift
    return Aligned(dry[:, :length], wet[:, :length], shift, left, tuple(notes))


def is_ahead(alignment: Alignment) -> bool:
    """Say whether the wet surely comes before the dry."""
    earliest = -(MARGIN_SAMPLES + alignment.uncertainty_samples)
    return alignment.confidence >= SURE_CONFIDENCE and alignment.delay_samples < earliest


def _drifted(alignment: Alignment, length: int) -> bool:
    return abs(alignment.drift_ppm) * 1e-6 * length > LEAST_DRIFT_SAMPLES


def _without_drift(wet: np.ndarray, drift_ppm: float) -> np.ndarray:
    """Resample the wet to the clock of the dry (soxr's best, at the exact ratio)."""
    if abs(drift_ppm) > LARGEST_DRIFT_PPM:
        raise PairError(
            f"expected dry and wet to run at the same speed, but the wet drifts by "
            f"{drift_ppm:+.0f} ppm (recorders stay within {LARGEST_DRIFT_PPM:.0f}); record both on "
            "one device, or correct the speed of the wet first"
        )
    ratio = 1 + drift_ppm * 1e-6
    return np.stack([soxr.resample(side, ratio, 1.0, quality="VHQ") for side in wet])


def _drift_note(drift_ppm: float, length: int, sample_rate: int) -> str:
    moved = abs(drift_ppm) * 1e-6 * length
    return (
        f"The clocks of the two recordings drift apart by {drift_ppm:+.1f} ppm "
        f"({moved:.1f} samples in {length / sample_rate:.0f} s); the wet was resampled to the "
        "clock of the dry."
    )


def _decide(alignment: Alignment, sample_rate: int, longest_seconds: float) -> tuple[int, str]:
    """Choose by how many samples to advance the wet, and say why."""
    delay, unsure = alignment.delay_samples, alignment.uncertainty_samples
    margin = math.ceil(MARGIN_SAMPLES + unsure)
    if alignment.confidence < SURE_CONFIDENCE:
        if abs(delay) <= unsure:
            return 0, ""
        return 0, (
            "No sharp first arrival of the dry was found in the wet (confidence "
            f"{alignment.confidence:.2f}), as after a reverb or a change of pitch; their timing "
            "was left as it is."
        )
    if is_ahead(alignment):
        shift = math.floor(delay) - margin
        return shift, (
            f"The wet was {-delay:.1f} samples ({_ms(-delay, sample_rate)}) ahead of the dry, "
            f"where no effect can be; it was moved {-shift} samples later."
        )
    shift = max(0, math.floor(delay) - margin)
    if shift == 0:
        return 0, ""
    when = f"{delay:.1f} samples ({_ms(delay, sample_rate)}) after the dry"
    if alignment.repeats:
        return 0, (
            f"The wet begins {when} and comes again after the same time, so this is the effect's "
            "own delay and was kept."
        )
    if delay > longest_seconds * sample_rate:
        return 0, (
            f"The wet begins {when}, which is long for a recording's latency and was kept as the "
            f"effect's own delay; if it is latency, cut {shift} samples from the start of the wet."
        )
    return shift, (
        f"The wet began {when}, as recording latency does; it was moved {shift} samples earlier, "
        f"which leaves a margin of {delay - shift:.1f}."
    )


def _ms(samples: float, sample_rate: int) -> str:
    return f"{1000 * samples / sample_rate:.2f} ms"
