"""The phase vocoder: what comes out where, and how steady it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from wetprint.blocks.pitch_shifter import PitchShifter, PitchShifterConfig, peak_owners

RATE = 24_000
CONFIG = PitchShifterConfig(0.5, 1024, 200, free_bins=0)


def played(config: PitchShifterConfig, audio: np.ndarray) -> np.ndarray:
    """Play ``(time,)`` whole and in time."""
    block = PitchShifter(config)
    late = block.lookahead_samples
    heard = torch.from_numpy(np.pad(audio, (0, late)).astype(np.float32))
    with torch.inference_mode():
        return block(heard[None, None])[0, 0, late:].numpy()


def sine(frequency_hz: float, seconds: float = 1.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * RATE)) / RATE)


@pytest.mark.parametrize("ratio", [0.5, 0.7491535, 1.4983071, 2.0])
@pytest.mark.parametrize("frequency_hz", [300.0, 1237.0])
def test_a_sine_becomes_a_steady_sine_at_the_other_pitch(ratio, frequency_hz):
    hop = int(200 / max(1.0, ratio))
    config = PitchShifterConfig(ratio, 1024, hop, free_bins=0, transient_share=1.0)
    wet = played(config, sine(frequency_hz))
    middle = wet[RATE // 4 : RATE * 3 // 4]
    time = np.arange(middle.size) / RATE
    turned = middle * np.exp(-2j * np.pi * ratio * frequency_hz * time)
    smooth = np.convolve(turned, np.hanning(960) / np.hanning(960).sum(), "valid")
    assert np.abs(np.abs(smooth) - 0.25).max() < 0.01
    drift = np.unwrap(np.angle(smooth))
    assert np.abs(drift - drift[0]).max() < 0.05  # a twentieth of a radian in half a second


def test_ratio_one_leaves_sound_as_it_is():
    audio = np.random.default_rng(0).standard_normal(RATE // 2) * 0.1
    audio = np.convolve(audio, np.hanning(9) / np.hanning(9).sum(), "same")  # nothing at the edge
    wet = played(PitchShifterConfig(1.0, 1024, 200), audio)
    error = np.square(wet - audio)[2000:-2000].sum() / np.square(audio)[2000:-2000].sum()
    assert error < 1e-5


def test_a_constant_passes_as_it_is():
    wet = played(CONFIG, np.full(20_000, 0.3))
    np.testing.assert_allclose(wet[3000:-3000], 0.3, atol=1e-6)


@pytest.mark.parametrize("delay", [-300, 0, 400])
def test_what_is_struck_stays_where_it_was_or_comes_as_late_as_it_is_set(delay):
    audio = np.zeros(RATE)
    audio[9_000] = 1.0
    wet = played(PitchShifterConfig(0.5, 1024, 100, free_bins=0, delay_samples=delay), audio)
    centre = (np.arange(wet.size) * wet**2).sum() / (wet**2).sum()
    assert abs(centre - 9_000 - delay) < 100  # half a window at the other speed is 1024


def test_phases_are_taken_anew_where_something_is_struck():
    quiet, loud = sine(440.0) * 0.001, np.random.default_rng(1).standard_normal(RATE) * 0.2
    audio = np.concatenate([quiet, loud])
    struck = played(PitchShifterConfig(0.5, 1024, 200, transient_share=0.35), audio)
    never = played(PitchShifterConfig(0.5, 1024, 200, transient_share=1.0), audio)
    before = slice(0, RATE - 3000)
    np.testing.assert_array_equal(struck[before], never[before])
    assert np.abs(struck - never)[RATE:].max() > 0.01


def test_how_much_silence_came_first_does_not_matter():
    audio = torch.from_numpy(sine(500.0)[None, None, :9000]).float()
    block = PitchShifter(CONFIG)
    silence = torch.zeros(1, 1, 7777)
    after = block(torch.cat([silence, audio], -1), start_sample=-7777)[..., 7777:]
    torch.testing.assert_close(after, block(audio), rtol=0, atol=1e-6)


def test_block_wise_equals_whole_with_everything_switched_on():
    config = PitchShifterConfig(0.6, 256, 50, 5, 2, transient_share=0.3, pause_hops=2)
    audio = torch.randn(2, 1, 9000, generator=torch.Generator().manual_seed(0))
    audio[..., 3000:5000] = 0.0
    block = PitchShifter(config)
    stream = block.stream(batch=2)
    pieces = audio.split([1, 49, 50, 64, 836, 8000], -1)
    wet = torch.cat([stream.process(each) for each in pieces], -1)
    torch.testing.assert_close(wet, block(audio), rtol=0, atol=1e-6)


def test_bins_belong_to_the_nearest_peak_or_to_themselves():
    power = torch.tensor([0.0, 1.0, 9.0, 1.0, 0.5, 0.2, 0.5, 1.0, 7.0, 1.0, 0.5, 0.1])
    assert peak_owners(power, 1e-3, 0, 99).tolist() == [2, 2, 2, 2, 2, 8, 8, 8, 8, 8, 8, 8]
    assert peak_owners(power, 1e-3, 2, 1).tolist() == [0, 1, 2, 2, 4, 5, 6, 8, 8, 8, 10, 11]
    assert peak_owners(torch.zeros(4), 1e-3, 0, 99).tolist() == [0, 1, 2, 3]


def test_lookahead_is_what_a_window_and_half_a_grain_need():
    config = PitchShifterConfig(0.5, 1024, 200, delay_samples=100)
    assert config.reach_samples == 512 + 1023 - 1
    assert PitchShifter(config).lookahead_samples == config.reach_samples - 100
    assert math.isinf(PitchShifter(config).receptive_field_samples)
