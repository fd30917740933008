"""What a compressor does to steady levels and to steps, derived by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from wetprint.blocks.compressor import Compressor, CompressorConfig
from wetprint.blocks.followers import rate_of
from wetprint.blocks.gain_curve import free_gain_db

TIME_SAMPLES = 50.0


def compressor(config: CompressorConfig | None = None, **settings: float) -> Compressor:
    """Return a hard-kneed 4:1 compressor above -20 dBFS with equal times, changed as asked."""
    block = Compressor(config or CompressorConfig())
    times = {name: math.log(TIME_SAMPLES) for name in ("attack_log", "release_log")}
    for name, value in {**times, "width_log": -5.0, **settings}.items():
        getattr(block, name).data.fill_(value)
    return block.requires_grad_(False)


def level(db: float, samples: int, channels: int = 1) -> torch.Tensor:
    """Return a square wave: its amplitude is constant."""
    signs = torch.ones(samples)
    signs[1::2] = -1.0
    return 10.0 ** (db / 20.0) * signs.expand(1, channels, samples)


def gain_db(block: Compressor, audio: torch.Tensor) -> np.ndarray:
    return 20.0 * np.log10((block(audio) / audio)[0].numpy())


@pytest.mark.parametrize("followed", ["gain", "level"])
@pytest.mark.parametrize(("level_db", "expected_db"), [(-40.0, 3.0), (-20.0, 3.0), (0.0, -12.0)])
def test_a_steady_level_is_turned_down_by_the_curve(followed, level_db, expected_db):
    block = compressor(CompressorConfig(followed=followed), makeup_db=3.0)
    assert gain_db(block, level(level_db, 2000))[0, -1] == pytest.approx(expected_db, abs=0.01)


def test_the_middle_of_a_knee_lies_an_eighth_of_its_width_below():
    """(W/2)² / 2W = W/8 of the slope, here 8 dB / 8 x 0.75."""
    block = compressor(width_log=math.log(8.0))
    assert gain_db(block, level(-20.0, 2000))[0, -1] == pytest.approx(-0.75, abs=0.01)


def test_attack_and_release_are_time_constants():
    block = compressor(attack_log=math.log(20.0), release_log=math.log(400.0))
    found = gain_db(block, torch.cat([level(0.0, 2000), level(-40.0, 2000)], -1))[0]
    remaining = math.exp(-1.0)
    assert found[19] == pytest.approx(-15.0 * (1.0 - remaining), abs=0.01)
    assert found[2000 + 399] == pytest.approx(-15.0 * remaining, abs=0.01)


def test_decoupled_ballistics_hold_before_they_let_go():
    """The smoother still rises towards what is held, when the level has already gone."""
    config = CompressorConfig(ballistics="decoupled")
    block = compressor(config, attack_log=math.log(100.0), release_log=math.log(1e6))
    found = gain_db(block, torch.cat([level(0.0, 10), level(-40.0, 990)], -1))[0]
    assert found[-1] == pytest.approx(-15.0, abs=0.1)


def test_mean_squares_read_a_sine_three_decibels_below_its_peak():
    sine = torch.sin(2.0 * math.pi * 0.1234 * torch.arange(40_000))[None, None]
    config = CompressorConfig("rms", "level")
    times = {"attack_log": math.log(4000.0), "release_log": math.log(4000.0)}
    found = compressor(config, **times)(sine)[0, 0, -1000:] / sine[0, 0, -1000:]
    expected_db = -0.75 * (20.0 - 10.0 * math.log10(2.0))
    assert 20.0 * math.log10(float(found.median())) == pytest.approx(expected_db, abs=0.05)


def test_an_expander_turns_down_what_is_soft():
    block = compressor(slope_below=1.0, slope_above=0.0)
    assert gain_db(block, level(-30.0, 3000))[0, -1] == pytest.approx(-10.0, abs=0.01)
    assert gain_db(block, level(-10.0, 3000))[0, -1] == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("followed", ["gain", "level"])
def test_fed_back_a_steady_level_is_turned_down_by_what_comes_out(followed):
    """20 dB above the threshold and -3 dB of gain for each dB that comes out above it: 5 dB do."""
    block = compressor(CompressorConfig(followed=followed, is_fed_back=True), slope_above=-3.0)
    assert gain_db(block, level(0.0, 4000))[0, -1] == pytest.approx(-15.0, abs=0.01)


def test_fed_back_an_attack_is_faster_than_its_time_constant():
    """The gain g obeys T g' = -3 (20 + g) - g = -60 - 4 g: 15 dB with a time constant of T / 4."""
    config = CompressorConfig(is_fed_back=True)
    block = compressor(config, slope_above=-3.0, attack_log=math.log(400.0))
    found = gain_db(block, level(0.0, 400))[0]
    assert found[99] == pytest.approx(-15.0 * (1.0 - math.exp(-1.0)), abs=0.05)


def test_smoothing_hears_the_mean_amplitude_in_front_of_the_follower():
    """A sine's mean amplitude lies 2/pi below its peak; at once up, at once down behind that."""
    sine = torch.sin(2.0 * math.pi * 0.1234 * torch.arange(40_000))[None, None]
    config = CompressorConfig("peak", "level", is_smoothed=True)
    times = {"attack_log": -6.0, "release_log": -6.0, "window_log": math.log(4000.0)}
    found = compressor(config, **times)(sine)[0, 0, -1000:] / sine[0, 0, -1000:]
    expected_db = -0.75 * (20.0 + 20.0 * math.log10(2.0 / math.pi))
    assert 20.0 * math.log10(float(found.median())) == pytest.approx(expected_db, abs=0.05)


def test_looking_ahead_turns_down_before_the_sound():
    block = compressor(CompressorConfig(lookahead_samples=30), attack_log=0.0)
    audio = torch.cat([level(-40.0, 500), level(0.0, 500)], -1)
    late = torch.nn.functional.pad(audio, (30, 0))[..., :1000]
    found = 20.0 * np.log10((block(audio) / late)[0, 0, 31:].numpy())
    assert found[500 + 20 - 31] < -14.9  # the sound is still soft there
    assert block.lookahead_samples == 30


@pytest.mark.parametrize(
    ("link", "left_db", "right_db"), [("none", -15.0, 0.0), ("loudest", -15.0, -15.0)]
)
def test_linked_channels_share_a_gain(link, left_db, right_db):
    block = compressor(CompressorConfig(channels=2, link=link))
    both = torch.cat([level(0.0, 2000), level(-40.0, 2000)], 1)
    assert gain_db(block, both)[:, -1] == pytest.approx([left_db, right_db], abs=0.01)


def test_a_free_curve_passes_through_its_knots_and_is_constant_beyond():
    levels = torch.tensor([-99.0, -30.0, -25.0, -20.0, 9.0])
    gains = free_gain_db(levels, torch.tensor([1.0, -3.0, -8.0]), -40.0, -20.0)
    assert gains.tolist() == [1.0, -3.0, -5.5, -8.0, -8.0]


def test_louder_than_ever_and_silence_after_it():
    block = compressor(makeup_db=20.0)
    loud = torch.cat([level(12.0, 3000), torch.zeros(1, 1, 3000)], -1)
    played = block(loud)
    assert torch.isfinite(played).all()
    assert played.abs().max() < 10.0 ** ((12.0 + 20.0) / 20.0)
    assert not played[..., 3000:].any()


def test_fed_back_louder_than_ever_and_silence_after_it():
    """The first sample comes at full gain, since nothing came out before it."""
    block = compressor(CompressorConfig(is_fed_back=True), makeup_db=20.0, slope_above=-20.0)
    loud = torch.cat([level(12.0, 3000), torch.zeros(1, 1, 3000)], -1)
    played = block(loud)
    assert torch.isfinite(played).all()
    assert float(played.abs().max()) == pytest.approx(10.0 ** ((12.0 + 20.0) / 20.0))
    assert played[..., 100:].abs().max() < 10.0 ** ((12.0 + 20.0) / 20.0) / 10.0
    assert not played[..., 3000:].any()


def test_a_rate_turns_the_time_constant_into_a_share():
    assert float(rate_of(torch.tensor(math.log(50.0)))) == pytest.approx(1 - math.exp(-1 / 50))
