"""A peer is given what wetprint learns from, and judged at the loudness that suits it best."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from given import CommandFailed
from nam_peer import WET_PEAK, Nam, Snapshot, best_scaled, kept_within, write_pair
from wetprint import audio
from wetprint.learning.material import Take

RATE = 48000


def test_loudness_is_not_counted_as_an_error():
    wet = np.random.default_rng(0).standard_normal((1, 1000)).astype(np.float32)
    np.testing.assert_allclose(best_scaled(0.37 * wet, wet), wet, atol=1e-6)
    noise = np.random.default_rng(1).standard_normal((1, 1000)).astype(np.float32)
    left = wet - best_scaled(wet + 0.1 * noise, wet)
    for gain in (0.9, 1.0, 1.1):
        assert np.sum(left**2) <= np.sum((wet - gain * (wet + 0.1 * noise)) ** 2) + 1e-3


def test_takes_are_written_in_a_row_with_silence_before_each(tmp_path):
    sounds = [np.full((1, 4800), value, np.float32) for value in (0.25, -0.5)]
    takes = tuple(Take(dry=each, wet=2.0 * each) for each in sounds)
    write_pair(tmp_path / "train", takes, RATE)
    dry, rate = audio.read(tmp_path / "train_dry.wav")
    wet, _ = audio.read(tmp_path / "train_wet.wav")
    assert rate == RATE
    assert dry.shape == wet.shape == (1, 2 * (RATE // 2 + 4800))
    assert np.all(dry[0, : RATE // 2] == 0.0)
    np.testing.assert_allclose(wet, dry * WET_PEAK / 0.5, atol=1e-6)
    assert float(np.abs(wet).max()) == pytest.approx(WET_PEAK, abs=1e-6)


def test_what_came_after_the_time_is_not_judged():
    early, best, late = (
        Snapshot(Path(f"{seconds}"), seconds, error)
        for seconds, error in ((100.0, 0.2), (250.0, 0.1), (310.0, 0.05))
    )
    assert kept_within([early, best, late], 300.0) is best
    assert kept_within([late], 300.0) is late


def test_a_stereo_effect_is_refused_before_training(tmp_path):
    audio.write(tmp_path / "room.wav", np.eye(2, 100, dtype=np.float32), RATE)
    with pytest.raises(CommandFailed, match="NAM learns one channel, and this effect has 2"):
        Nam(Path("python"), tmp_path).prepare(f"ir:{tmp_path / 'room.wav'}", None)
    assert [each.name for each in tmp_path.iterdir()] == ["room.wav"]


def test_a_python_that_is_not_there_is_a_sentence(tmp_path):
    peer = Nam(tmp_path / "no-python", tmp_path)
    with pytest.raises(CommandFailed, match="expected a Python with NAM in it"):
        peer.train(0.1)
