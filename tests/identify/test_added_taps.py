"""Voices are found in ordinary playing, and what remains of the notes is not taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.identify.test_motion import RATE, play, voice
from wetprint.identify.added_taps import find_added_taps
from wetprint.identify.recording import Recording
from wetprint.identify.snapshots import Snapshots, snapshots_of_playing
from wetprint.signals import playing

RATE_HZ = 0.9


def train_of(*truth: list[float]) -> Snapshots:
    dry = playing(24.0, 6, RATE)
    wet = play(dry, *(voice(each, RATE_HZ) for each in truth))
    return snapshots_of_playing([Recording(dry, wet)], RATE)


def test_voices_that_cross_are_told_apart_in_playing():
    truth = [[150.0, 27.0, 0.0], [165.0, 0.0, 27.0], [180.0, -19.0, 19.0]]
    found = find_added_taps(train_of(*truth), 0, RATE / RATE_HZ)
    assert len(found) >= 3
    for wanted in truth:
        away = [np.abs(each.harmonics - wanted).max() for each in found[:3]]
        assert min(away) < 2.5
    assert all(each.strength > 0.0 for each in found[:3])


def test_a_voice_whose_delayed_sound_is_upside_down_has_a_negative_strength():
    dry = playing(16.0, 7, RATE)
    heard = play(dry, voice([120.0, 20.0, 10.0], RATE_HZ)) - 0.6 * dry
    train = snapshots_of_playing([Recording(dry, 0.6 * dry - heard)], RATE)
    found = find_added_taps(train, 0, RATE / RATE_HZ)
    assert found[0].harmonics == pytest.approx([120.0, 20.0, 10.0], abs=2.5)
    assert found[0].strength < 0.0
