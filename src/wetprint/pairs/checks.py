"""What a careful engineer looks for before a dry and a wet recording are learned from.

Whatever can be mended is mended and said; the rest is refused with what to do about it.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from wetprint.audio import read
from wetprint.errors import PairError
from wetprint.pairs import levels, order
from wetprint.pairs.alignment import MAX_DELAY_SECONDS, Study, study
from wetprint.pairs.kinship import measure_kinship
from wetprint.pairs.pair import CheckedPair, Pair, as_mono, require_channels
from wetprint.pairs.response import estimate_response
from wetprint.pairs.shifting import SURE_CONFIDENCE, apply_alignment

SHORTEST_SECONDS = 1.0
TRIMMED_SECONDS = 1.0
"""Recordings whose lengths differ by no more than this are trimmed in any case."""
TRIMMED_SHARE = 0.1
"""And so are those that differ by no more than this share of the longer one."""


def read_pair(dry_path: str | os.PathLike[str], wet_path: str | os.PathLike[str]) -> CheckedPair:
    """Read and check a dry and a wet file; the pair is named after the dry one.

    Raises:
        AudioFileError: a file cannot be read.
        PairError: see check_pair.
    """
    dry, dry_rate = read(dry_path)
    wet, wet_rate = read(wet_path)
    return check_pair(dry, wet, dry_rate, wet_rate, Path(dry_path).stem)


def check_pair(
    dry: np.ndarray, wet: np.ndarray, dry_rate: int, wet_rate: int, name: str = "pair"
) -> CheckedPair:
    """Check two recordings, align them, and trim them to what they have in common.

    Args:
        dry: ``(channel, time)`` of one or two channels.
        wet: the same through the effect.
        dry_rate: Hz.
        wet_rate: Hz.
        name: for messages.

    Returns:
        The pair, how it lay, and a sentence for each thing that was mended or should be known.

    Raises:
        PairError: different sample rates, NaN inside, silence, too short, lengths that differ by
            a lot, clocks that drift apart, a wet that does not come from this dry, or the two
            swapped.
    """
    _refuse_different_rates(dry_rate, wet_rate)
    for side, audio in (("dry", dry), ("wet", wet)):
        _refuse_unusable(audio, side, dry_rate)
    notes = _note_lengths(dry, wet, dry_rate)
    found = study(dry, wet, dry_rate)
    _refuse_unrelated(found)
    aligned_dry, aligned_wet, said = apply_alignment(dry, wet, found.alignment, dry_rate)
    notes += said
    notes += _note_order(found, aligned_dry, aligned_wet, dry_rate)
    notes += _note_levels(aligned_dry, aligned_wet)
    if found.alignment.polarity < 0 and found.alignment.confidence >= SURE_CONFIDENCE:
        notes.append("the wet begins upside down against the dry; the model will do so too")
    pair = Pair(name, aligned_dry, aligned_wet, dry_rate)
    return CheckedPair(pair, found.alignment, tuple(notes))


def _refuse_different_rates(dry_rate: int, wet_rate: int) -> None:
    if dry_rate != wet_rate:
        raise PairError(
            f"expected dry and wet at one sample rate, got {dry_rate} and {wet_rate} Hz; export "
            "both at the rate they were recorded at"
        )


def _refuse_unusable(audio: np.ndarray, side: str, rate: int) -> None:
    require_channels(audio, f"the {side} recording")
    if not np.isfinite(audio).all():
        raise PairError(
            f"expected numbers in the {side} recording, found NaN or infinity; export it again"
        )
    seconds = audio.shape[1] / rate
    if seconds < SHORTEST_SECONDS:
        raise PairError(
            f"expected at least {SHORTEST_SECONDS:g} s of {side} sound, got {seconds:.2f} s; "
            "record more"
        )
    if levels.is_silent(audio):
        raise PairError(
            f"expected sound in the {side} recording, but it is silent (peak "
            f"{levels.peak_db(audio):.0f} dBFS); check what was recorded"
        )


def _note_lengths(dry: np.ndarray, wet: np.ndarray, rate: int) -> list[str]:
    lengths = dry.shape[1], wet.shape[1]
    difference = max(lengths) - min(lengths)
    if difference == 0:
        return []
    seconds = [length / rate for length in lengths]
    if difference > TRIMMED_SECONDS * rate and difference > TRIMMED_SHARE * max(lengths):
        raise PairError(
            f"expected dry and wet of about one length, got {seconds[0]:.1f} and "
            f"{seconds[1]:.1f} s; cut both to the same passage"
        )
    longer = "dry" if lengths[0] > lengths[1] else "wet"
    return [f"the {longer} recording is {difference} samples longer; trimmed to what both have"]


def _refuse_unrelated(found: Study) -> None:
    kinship = measure_kinship(
        found.response, found.thinned_dry, found.thinned_wet, found.response.rate, MAX_DELAY_SECONDS
    )
    if kinship.can_tell and not kinship.related:
        raise PairError(
            "the wet recording seems unrelated to the dry one: neither its sound nor its notes "
            "follow it; check that they are the same take"
        )


def _note_order(found: Study, dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> list[str]:
    """Refuse recordings that are surely swapped, and say so where they may be."""
    forward = found.response
    backward = estimate_response(
        found.thinned_wet, found.thinned_dry, forward.rate, forward.step, MAX_DELAY_SECONDS
    )
    swapped = order.tails_say_swapped(order.tail(forward), order.tail(backward))
    drive = order.measure_drive(as_mono(dry), as_mono(wet), sample_rate)
    if swapped or (drive is not None and order.drive_says_swapped(drive)):
        raise PairError(
            "dry and wet seem to be swapped: the first recording is the second one with an effect "
            "on it; give the dry one first"
        )
    if drive is not None and order.drive_hints_swapped(drive):
        return ["the dry sounds more like an effect on the wet than the reverse; are they swapped?"]
    return []


def _note_levels(dry: np.ndarray, wet: np.ndarray) -> list[str]:
    notes = []
    for side, audio in (("dry", dry), ("wet", wet)):
        flats = levels.flat_tops(audio, at_least=levels.FULL_SCALE)
        if flats:
            notes.append(
                f"the {side} recording is clipped at {flats} places (peak "
                f"{levels.peak_db(audio):.1f} dBFS); record it at a lower level if the box does "
                "not clip by itself"
            )
        constant = levels.offset(audio)
        if constant is not None:
            notes.append(f"the {side} recording has a constant offset of {constant:+.3f}")
    return notes
