"""Recordings of one box lie alike: several pairs' moves are brought to agree.

Each pair alone is moved by what its own sound shows, which differs by a few samples from phrase to
phrase. One model cannot follow that: recordings whose delays differ by less than any two recording
set-ups' do are moved alike, by the least of their moves, so that no wet leads its dry.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from wetprint.pairs.pair import CheckedPair
from wetprint.pairs.shifting import SURE_CONFIDENCE

ONE_SETUP_SECONDS = 0.25e-3
"""Delays closer than this are one set-up's: two differ by buffers, of 16 samples or more."""


def agree(checked: Sequence[CheckedPair]) -> tuple[CheckedPair, ...]:
    """Move the recordings of each set-up alike.

    Recordings whose own sound does not show where they lie go with the others, where these agree.

    Args:
        checked: pairs as each was checked alone.

    Returns:
        The same pairs in the same order, moved where they must, with a sentence for each move.
    """
    groups: list[list[int]] = []
    sure = [
        number
        for number, each in enumerate(checked)
        if each.alignment.confidence >= SURE_CONFIDENCE
    ]
    for number in sorted(sure, key=lambda each: checked[each].alignment.delay_samples):
        if groups and _near(checked[groups[-1][-1]], checked[number]):
            groups[-1].append(number)
        else:
            groups.append([number])
    if len(groups) == 1:
        groups = [[*groups[0], *(each for each in range(len(checked)) if each not in sure)]]
    agreed = list(checked)
    for group in groups:
        shift = min(checked[each].shift_samples for each in group if each in sure)
        for number in group:
            agreed[number] = _with_shift(checked[number], shift)
    return tuple(agreed)


def _near(earlier: CheckedPair, later: CheckedPair) -> bool:
    apart = later.alignment.delay_samples - earlier.alignment.delay_samples
    return apart < ONE_SETUP_SECONDS * earlier.pair.sample_rate


def _with_shift(checked: CheckedPair, shift: int) -> CheckedPair:
    """Let the wet lie ``shift`` samples earlier than it was recorded; ends are cut off."""
    further = shift - checked.shift_samples
    if not further:
        return checked
    kept = checked.pair.length_samples - abs(further)
    wet_from, dry_from = max(0, further), max(0, -further)
    pair = dataclasses.replace(
        checked.pair,
        dry=checked.pair.dry[:, dry_from : dry_from + kept],
        wet=checked.pair.wet[:, wet_from : wet_from + kept],
    )
    note = f"The other recordings of the same box lie differently, so {_move(shift)} after all."
    return dataclasses.replace(
        checked, pair=pair, shift_samples=shift, notes=(*checked.notes, note)
    )


def _move(shift: int) -> str:
    if not shift:
        return "the wet was left where it was"
    return f"the wet was moved {abs(shift)} samples {'earlier' if shift > 0 else 'later'}"
