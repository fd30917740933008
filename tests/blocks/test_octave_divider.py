"""An octave divider halves frequencies, and its trigger is the same with and without the engine."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.engine.present import needs_engine
from wetprint.blocks.octave_divider import OctaveDivider, OctaveDividerConfig
from wetprint.engine.octave_trigger import Trigger, count_octaves, silent_state

RATE = 48_000


def sine(frequency_hz: float, seconds: float = 1.0) -> torch.Tensor:
    time = torch.arange(round(seconds * RATE), dtype=torch.float64) / RATE
    return 0.3 * torch.sin(2.0 * torch.pi * frequency_hz * time).float()[None, None]


def level_at(audio: torch.Tensor, frequency_hz: float) -> float:
    """Return the amplitude of a partial of one second."""
    time = torch.arange(audio.shape[-1]) / RATE
    turn = torch.exp(-2j * torch.pi * frequency_hz * time)
    return float((audio * turn).mean().abs() * 2.0)


def test_a_sine_comes_back_one_and_two_octaves_below():
    octave, second = OctaveDivider(OctaveDividerConfig())(sine(200.0))[0].detach()
    for heard, frequency_hz in ((octave, 100.0), (second, 50.0)):
        assert level_at(heard, frequency_hz) > 0.05
        assert level_at(heard, 200.0) < 0.02
    assert level_at(octave, 50.0) < 0.02


def test_a_wave_is_counted_wherever_the_low_pass_lets_it_through():
    counts, _ = count_octaves(
        sine(100.0)[0, 0].numpy(), OctaveDividerConfig().trigger, silent_state()
    )
    assert np.count_nonzero(np.diff(counts)) == 100
    above = sine(15_000.0)[0, 0].numpy()
    assert not count_octaves(above, OctaveDividerConfig().trigger, silent_state())[0].any()


def test_the_gains_of_both_states_are_curves():
    block = OctaveDivider(OctaveDividerConfig(order=2, starts_at=1)).requires_grad_(False)
    block.steady.copy_(torch.tensor([0.25, 0.5]))
    block.switched.copy_(torch.tensor([1.0, -0.25]))
    quiet = torch.full((1, 1, 1), 1e-4)  # below the threshold: the count stays 1, both are up
    expected = 1.25e-4 + 0.25e-8
    torch.testing.assert_close(block(quiet)[0, :, 0], torch.full((2,), expected))


@pytest.mark.parametrize(("inverted", "turned"), [(False, 1.0), (True, -1.0)])
def test_a_wave_counts_by_its_lower_half_unless_inverted(inverted, turned):
    step = torch.zeros(1, 1, 200)
    step[..., 100:] = -0.5
    heard = OctaveDivider(OctaveDividerConfig(inverted=inverted))(step)[0, 0, -1]
    assert float(heard.detach()) == turned * -0.5


@needs_engine
def test_the_trigger_is_the_same_without_the_engine(monkeypatch):
    audio = np.random.default_rng(2).standard_normal(4000).astype(np.float32)
    trigger = Trigger(0.1, 0.01, 0.3, 1e-3, 0.5, 0.2, 3e-4, -0.3, 0.2, 1e-2, 0.6, 0.05)
    ours = silent_state(2)
    counts, excess = count_octaves(audio, trigger, ours)
    monkeypatch.setenv("WETPRINT_ENGINE", "off")
    theirs = silent_state(2)
    counts_alone, excess_alone = count_octaves(audio, trigger, theirs)
    assert np.count_nonzero(np.diff(counts)) > 100
    np.testing.assert_array_equal(counts, counts_alone)
    np.testing.assert_allclose(excess, excess_alone, atol=1e-7)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_whatever_is_heard_nothing_grows_faster_than_the_sound():
    block = OctaveDivider(OctaveDividerConfig(order=7, reach=0.5)).requires_grad_(False)
    block.switched.fill_(1.0)
    loud = 1e6 * torch.randn(1, 1, 2000, generator=torch.Generator().manual_seed(1))
    assert float(block(loud).abs().max()) < 100.0 * float(loud.abs().max())
    assert not block(torch.zeros(1, 1, 2000)).any()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"lowpass": 0.6}, "lowpass must be a number from 1e-05 to 0.45"),
        ({"held_lowpass": 0.5}, "held_lowpass must be"),
        ({"taps": 0}, "taps must be a whole number from 1 to 4096"),
        ({"threshold": 0.0}, "threshold must be"),
        ({"inverted": 1}, "inverted must be true or false, got 1"),
        ({"starts_at": 4}, "starts_at must be a whole number from 0 to 3"),
    ],
)
def test_settings_out_of_range_are_refused(given, complaint):
    with pytest.raises(ValueError, match=complaint):
        OctaveDividerConfig(**given)
