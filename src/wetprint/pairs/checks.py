"""The checks of a careful engineer: each trouble is mended and said, warned of, or refused.

Refused is what cannot be learned from, with what to do about it. A refusal about the order of the
two recordings or about their common origin can be overruled (`trust=True`), for the effect that
no test foresaw; all others cannot.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np

from wetprint import audio
from wetprint.errors import PairError
from wetprint.pairs import levels, order
from wetprint.pairs.alignment import MAX_DELAY_SECONDS, Study, study
from wetprint.pairs.kinship import Kinship, measure_kinship
from wetprint.pairs.pair import Alignment, CheckedPair, Pair, as_mono, require_channels
from wetprint.pairs.response import estimate_response
from wetprint.pairs.shifting import (
    LONGEST_LATENCY_SECONDS,
    SURE_CONFIDENCE,
    Aligned,
    apply_alignment,
    is_ahead,
)
from wetprint.pairs.turned import find_turned

SHORTEST_SECONDS = 0.25
ALWAYS_LITTLE_SECONDS = 0.5
NEVER_LITTLE_SECONDS = 10.0
LITTLE_SHARE = 0.1
CARRIER_SECONDS = 0.0003
"""How far off a delay may be that a ring modulator's carrier shows."""
LITTLE_TAIL_SHARE = 0.25
"""A wet recording may be longer by a tail; a shorter one has lost something."""


def check_pair(
    dry: np.ndarray,
    wet: np.ndarray,
    dry_rate: int,
    wet_rate: int,
    name: str = "pair",
    *,
    trust: bool = False,
    longest_latency_seconds: float = LONGEST_LATENCY_SECONDS,
) -> CheckedPair:
    """Make a dry and a wet recording fit to be learned from, or say why they are not.

    Mended and said: unequal lengths, recording latency, a wet ahead of the dry, clock drift.
    Said: inverted polarity, clipping, constant offsets, silent sides, and what was left alone.

    Args:
        dry: ``(channel, time)``, 1 or 2 channels.
        wet: ``(channel, time)``, 1 or 2 channels.
        dry_rate: Hz.
        wet_rate: Hz.
        name: for messages.
        trust: take the order and the common origin of the two on trust.
        longest_latency_seconds: a later first arrival is the effect's own delay and is kept.

    Returns:
        The aligned pair, the alignment as found, and one sentence for each thing worth saying.

    Raises:
        PairError: different sample rates, not a number inside, too short, silent, lengths that
            differ by a lot, unrelated, swapped, or drifting too far; with what to do.
    """
    notes: list[str] = []
    _require_usable(dry, wet, dry_rate, wet_rate, name)
    notes += _compare_lengths(dry.shape[1], wet.shape[1], dry_rate, name)
    notes += _describe_levels(dry, wet)
    seen = study(dry, wet, dry_rate, min(MAX_DELAY_SECONDS, dry.shape[1] / dry_rate / 2))
    kinship = _kinship(seen, dry_rate)
    turned = (
        None if kinship.coherent or not kinship.has_rhythm else _turned(seen, kinship, dry_rate)
    )
    if turned is not None:
        seen = dataclasses.replace(seen, alignment=turned[0])
        notes.append(turned[1])
    elif not trust:
        notes += _require_kinship(kinship, name)
    aligned = apply_alignment(dry, wet, seen.alignment, dry_rate, longest_latency_seconds)
    _require_length(aligned.dry.shape[1], dry_rate, f"what the two recordings of '{name}' share")
    if not trust:
        notes += _require_order(seen, aligned, dry_rate, name)
    notes += aligned.notes
    notes += _describe_polarity(seen.alignment)
    pair = Pair(name, _as_float32(aligned.dry), _as_float32(aligned.wet), dry_rate)
    return CheckedPair(pair, seen.alignment, aligned.shift_samples, tuple(notes))


def read_pair(
    dry_path: str | os.PathLike[str],
    wet_path: str | os.PathLike[str],
    name: str | None = None,
    *,
    trust: bool = False,
    longest_latency_seconds: float = LONGEST_LATENCY_SECONDS,
) -> CheckedPair:
    """Read two sound files and check them; see `check_pair`.

    Args:
        dry_path: any format that wetprint reads.
        wet_path: the same through the effect.
        name: for messages; by default the dry file's name.
        trust: as in `check_pair`.
        longest_latency_seconds: as in `check_pair`.

    Raises:
        AudioFileError: a file that cannot be read.
        PairError: two that do not belong together.
    """
    dry, dry_rate = audio.read(dry_path)
    wet, wet_rate = audio.read(wet_path)
    return check_pair(
        dry,
        wet,
        dry_rate,
        wet_rate,
        name or Path(dry_path).stem,
        trust=trust,
        longest_latency_seconds=longest_latency_seconds,
    )


def _require_usable(
    dry: np.ndarray, wet: np.ndarray, dry_rate: int, wet_rate: int, name: str
) -> None:
    """Refuse what nothing can be done with."""
    for side, sound, rate in (("dry", dry, dry_rate), ("wet", wet, wet_rate)):
        recording = f"the {side} recording of '{name}'"
        require_channels(sound, recording)
        if not np.isfinite(sound).all():
            raise PairError(
                f"expected numbers throughout {recording}, got NaN or infinity; export it again"
            )
        _require_length(sound.shape[1], rate, recording)
    if dry_rate != wet_rate:
        raise PairError(
            f"expected the dry and the wet recording of '{name}' at one sample rate, got "
            f"{dry_rate} and {wet_rate} Hz; convert one of them (sox in.wav -r {dry_rate} "
            "out.wav) or export both at the same rate"
        )
    for side, sound in (("dry", dry), ("wet", wet)):
        if levels.is_silent(sound):
            raise PairError(
                f"expected sound in the {side} recording of '{name}', but it is silent (peak "
                f"{levels.peak_db(sound):.0f} dBFS); check the cables, the levels and whether the "
                "right track was exported"
            )


def _require_length(samples: int, sample_rate: int, what: str) -> None:
    if samples < SHORTEST_SECONDS * sample_rate:
        raise PairError(
            f"expected at least {SHORTEST_SECONDS} s in {what}, got {samples / sample_rate:.3f} s; "
            "record more"
        )


def _compare_lengths(dry: int, wet: int, sample_rate: int, name: str) -> list[str]:
    """Trim a little and say so; refuse a lot."""
    if dry == wet:
        return []
    seconds = abs(dry - wet) / sample_rate
    share = LITTLE_TAIL_SHARE if wet > dry else LITTLE_SHARE
    little = np.clip(share * dry / sample_rate, ALWAYS_LITTLE_SECONDS, NEVER_LITTLE_SECONDS)
    if seconds > little:
        raise PairError(
            f"expected the dry and the wet recording of '{name}' to be about equally long, got "
            f"{dry / sample_rate:.1f} s and {wet / sample_rate:.1f} s; check that they are the "
            "same take, and cut both to the same start and end"
        )
    longer = "dry" if dry > wet else "wet"
    return [
        f"The {longer} recording is {abs(dry - wet)} samples ({seconds:.2f} s) longer than the "
        "other; the end was trimmed."
    ]


def _describe_levels(dry: np.ndarray, wet: np.ndarray) -> list[str]:
    """Say what is odd about the levels of either recording."""
    notes = []
    for side, sound, at_least in (("dry", dry, levels.FULL_SCALE), ("wet", wet, 0.0)):
        flats = levels.flat_tops(sound, at_least)
        if flats:
            cause = "; unless the effect does that, record it again at a lower level"
            notes.append(
                f"The {side} recording is clipped: {flats} peaks stand flat at its largest value "
                f"({levels.peak_db(sound):.1f} dBFS){cause if side == 'wet' else ''}."
            )
        constant = levels.offset(sound)
        if constant is not None:
            notes.append(
                f"The {side} recording has a constant offset (DC) of {constant:+.4f}, "
                f"{20 * np.log10(abs(constant)):.0f} dBFS; it was left in place."
            )
        silent = [i for i in range(len(sound)) if levels.is_silent(sound[i : i + 1])]
        if silent:
            channel = ("left", "right")[silent[0]]
            notes.append(f"The {channel} side of the {side} recording is silent.")
    return notes


def _kinship(seen: Study, sample_rate: int) -> Kinship:
    rate = sample_rate / seen.response.step
    furthest = seen.response.zero / rate
    return measure_kinship(seen.response, seen.thinned_dry, seen.thinned_wet, rate, furthest)


def _turned(seen: Study, kinship: Kinship, sample_rate: int) -> tuple[Alignment, str] | None:
    """Say how a ring modulator's wet lies, and that it is one."""
    rate = sample_rate / seen.response.step
    found = find_turned(seen.thinned_dry, seen.thinned_wet, rate, kinship.lag_seconds)
    if found is None:
        return None
    alignment = dataclasses.replace(
        seen.alignment,
        delay_samples=found.lag_seconds * sample_rate,
        polarity=1,
        confidence=1.0,
        uncertainty_samples=CARRIER_SECONDS * sample_rate,
        repeats=False,
    )
    return alignment, (
        f"The wet is the dry times a carrier of {found.rate_hz:.1f} Hz, as after a ring modulator, "
        "and was found by that."
    )


def _require_kinship(kinship: Kinship, name: str) -> list[str]:
    """Refuse a wet that surely does not come from this dry."""
    if kinship.coherent:
        return []
    figures = (
        f"coherence {kinship.significance:.0f} times chance, notes alike to "
        f"{100 * max(kinship.onset_match, 0):.0f} %"
    )
    if kinship.related:
        return [
            f"Only the rhythm of the dry was found in the wet, not its waveform ({figures}), as "
            "after a pitch shifter; make sure that they belong together."
        ]
    if not kinship.can_tell:
        return [
            f"The dry holds too few different notes to tell whether the wet comes from it "
            f"({figures}); make sure that they belong together."
        ]
    raise PairError(
        f"expected the wet recording of '{name}' to come from the dry one, but they look unrelated "
        f"({figures}); check that both are the same take, and within {MAX_DELAY_SECONDS:.0f} s of "
        "each other"
    )


def _require_order(seen: Study, aligned: Aligned, sample_rate: int, name: str) -> list[str]:
    """Refuse recordings that are surely the wrong way round, and warn of those that may be."""
    reason, hint = _reason_for_swapping(seen, aligned, sample_rate)
    ahead = is_ahead(seen.alignment)
    if hint and ahead:
        delay = seen.alignment.delay_samples
        reason = f"the wet is {-delay:.0f} samples ahead of the dry, and {hint}"
    if reason:
        raise PairError(
            f"the dry and the wet recording of '{name}' look swapped: {reason}; give them the "
            "other way round, dry first"
        )
    if hint:
        return [f"Make sure that dry and wet are not swapped: {hint}."]
    if ahead:
        return ["Make sure that dry and wet are not swapped: the wet is ahead of the dry."]
    return []


def _reason_for_swapping(seen: Study, aligned: Aligned, sample_rate: int) -> tuple[str, str]:
    """Return a reason to refuse, and a reason to doubt; either may be empty."""
    response = seen.response
    furthest = response.zero / response.rate
    backward = estimate_response(
        seen.thinned_wet, seen.thinned_dry, response.rate, response.step, furthest
    )
    if order.tails_say_swapped(order.tail(response), order.tail(backward)):
        return "the dry has a tail (reverb or echo) that the wet has not", ""
    if seen.spectra.explained() > order.HARDLY_DISTORTED:
        return "", ""
    kept = aligned.delay_samples if seen.alignment.confidence >= SURE_CONFIDENCE else 0.0
    wet = as_mono(aligned.wet)[max(0, round(kept)) :]
    drive = order.measure_drive(as_mono(aligned.dry), wet, sample_rate)
    distorted = "the dry sounds like a distorted copy of the wet, not the reverse"
    if drive is not None and order.drive_says_swapped(drive):
        return distorted, distorted
    return "", distorted if drive is not None and order.drive_hints_swapped(drive) else ""


def _describe_polarity(alignment: Alignment) -> list[str]:
    if alignment.polarity > 0 or alignment.confidence < SURE_CONFIDENCE:
        return []
    return ["The wet is upside down against the dry (inverted polarity), which was left as it is."]


def _as_float32(sound: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(sound, dtype=np.float32)
