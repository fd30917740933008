"""Several recordings of one box are moved alike; those of another set-up are left alone."""

from __future__ import annotations

import numpy as np

from wetprint.audio import write
from wetprint.pairs import Alignment, CheckedPair, Pair, read_pairs
from wetprint.pairs.agreement import agree

from .sounds import RATE, SHARP, as_channels, delayed, plucked

LENGTH = 1000


def lying(delay: float, shift: int, confidence: float = 1.0) -> CheckedPair:
    """A pair of counted samples, the wet one already moved earlier by ``shift``."""
    count = np.arange(LENGTH, dtype=np.float32)[None]
    pair = Pair(f"at {delay}", count, count + shift, RATE)
    return CheckedPair(pair, Alignment(delay, 1, confidence, 0.0), shift, ("moved",))


def shifts(checked) -> list[int]:
    """Return where each wet lies, as its samples tell."""
    found = [np.unique(each.pair.wet - each.pair.dry) for each in checked]
    assert all(len(each) == 1 for each in found)
    told = [each.shift_samples for each in checked]
    assert told == [int(each[0]) for each in found]
    return told


def starts_at(part: np.ndarray, whole: np.ndarray) -> int:
    """Return the sample of ``whole`` at which ``part`` begins."""
    span = part.shape[1] - 200
    apart = [np.abs(part[0, :span] - whole[0, lag : lag + span]).max() for lag in range(200)]
    return int(np.argmin(apart))


def test_one_set_up_is_moved_by_its_least_move():
    moved = agree([lying(6.2, 3), lying(5.5, 1), lying(5.8, 2)])
    assert shifts(moved) == [1, 1, 1]
    assert [len(each.notes) for each in moved] == [2, 1, 2]
    assert "moved 1 samples earlier after all" in moved[0].notes[-1]
    assert moved[0].pair.length_samples == LENGTH - 2


def test_what_one_keeps_as_the_effects_own_all_keep():
    assert shifts(agree([lying(300.0, 297), lying(300.4, 0)])) == [0, 0]


def test_another_set_up_keeps_its_own_move():
    assert shifts(agree([lying(500.3, 498), lying(6.2, 3), lying(501.0, 499)])) == [498, 3, 498]


def test_a_wet_ahead_is_moved_as_far_as_the_furthest():
    assert shifts(agree([lying(-20.2, -22), lying(-20.0, -24)])) == [-24, -24]


def test_who_cannot_tell_goes_with_the_others():
    blurred = lying(40.0, 0, confidence=0.2)
    assert shifts(agree([lying(300.0, 297), blurred])) == [297, 297]


def test_who_cannot_tell_is_left_where_the_others_disagree():
    blurred = lying(40.0, 0, confidence=0.2)
    assert shifts(agree([lying(300.0, 297), blurred, lying(900.0, 898)])) == [297, 0, 898]
    assert shifts(agree([blurred, blurred])) == [0, 0]


def test_recordings_in_a_folder_keep_one_delay(tmp_path):
    for side in ("dry", "wet"):
        (tmp_path / side).mkdir()
    for number in range(4):
        dry = plucked(3.0, seed=number)
        wet = as_channels(delayed(SHARP["rectifier"][0](dry), 120.0))
        write(tmp_path / "dry" / f"{number}.wav", dry, RATE)
        write(tmp_path / "wet" / f"{number}.wav", wet, RATE)
    pairs, _ = read_pairs(tmp_path / "dry", tmp_path / "wet")
    moves = set()
    for number, pair in enumerate(pairs):
        dry = plucked(3.0, seed=number)
        wet = as_channels(delayed(SHARP["rectifier"][0](dry), 120.0))
        moves.add(starts_at(pair.wet, wet) - starts_at(pair.dry, dry))
    assert len(moves) == 1
