"""The moving response against its definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline

from wetprint.blocks.moving_fir import MovingFir, MovingFirConfig, low_pass_response


def drawn(config: MovingFirConfig) -> MovingFir:
    block = MovingFir(config).double().requires_grad_(False)
    size = block.responses.shape
    block.responses.data = torch.from_numpy(np.random.default_rng(2).standard_normal(size))
    return block


def noise(samples: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(5).standard_normal((1, 1, samples)))


def response_at(block: MovingFir, sample: int) -> np.ndarray:
    """Interpolate by SciPy's splines, on knots that go once around: (out, taps)."""
    config = block.config
    around = np.arange(-3, config.phases + 4) % config.phases
    knots = np.arange(-5, config.phases + 6)
    spline = BSpline(knots, block.responses.numpy()[:, around].swapaxes(0, 1), 3)
    return spline(sample / config.period_samples * config.phases % config.phases)


def test_each_sample_is_answered_by_the_response_of_its_moment():
    block, audio, start = drawn(MovingFirConfig(70.3, 6, 11, channels_out=2)), noise(200), 1234
    expected = np.zeros((2, 211))
    for sample in range(200):
        response = response_at(block, start + sample)
        expected[:, sample : sample + 11] += float(audio[0, 0, sample]) * response
    played = block(audio, start)[0].numpy()
    np.testing.assert_allclose(played, expected[:, :200], atol=1e-9)


def test_a_cycle_later_everything_is_the_same_and_half_a_cycle_later_nothing():
    block, audio = drawn(MovingFirConfig(600.0, 8, 40, decimation=2)), noise(500)
    torch.testing.assert_close(block(audio, 100), block(audio, 700))
    assert (block(audio, 100) - block(audio, 400)).abs().max() > 1.0


def test_equal_responses_stand_still():
    config = MovingFirConfig(90.0, 5, 20)
    block, audio = drawn(config), noise(300)
    block.responses.data[:] = block.responses.data[:, :1]
    expected = np.convolve(audio[0, 0], block.responses[0, 0])[:300]
    np.testing.assert_allclose(block(audio)[0, 0], expected, atol=1e-9)


@pytest.mark.parametrize("decimation", [2, 3, 4, 8])
def test_a_low_rate_passes_low_tones_and_delays_them_by_its_two_low_passes(decimation):
    config = MovingFirConfig(1000.0, 4, 1, decimation)
    block = MovingFir(config).double().requires_grad_(False)
    late = 2 * config.filter_delay_samples
    tone = torch.sin(2 * torch.pi * 0.3 / decimation / 2 * torch.arange(2000).double())
    played = block(tone[None, None])[0, 0]
    torch.testing.assert_close(played[500:], tone[500 - late : -late], rtol=0, atol=2e-3)


@pytest.mark.parametrize("decimation", [2, 4])
def test_the_low_pass_stops_what_would_fold(decimation):
    gain = np.abs(np.fft.rfft(low_pass_response(decimation), 1 << 14))
    share = np.linspace(0.0, decimation, len(gain))  # of half the low rate
    assert gain[share > 1.1].max() < 1e-3
    assert abs(gain[share < 0.7] - 1.0).max() < 1e-3


USUAL = {"period_samples": 100.0, "phases": 4, "taps": 5, "decimation": 2}


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"period_samples": 7.0}, "phases x decimation = 8"),
        ({"period_samples": float("nan")}, "period_samples must be a number"),
        ({"period_samples": "slow"}, "period_samples must be a number"),
        ({"phases": 60_000, "taps": 60_000, "period_samples": 1e6}, "must be at most"),
        ({"decimation": 0}, "decimation must be"),
    ],
)
def test_settings_out_of_range_are_refused(settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        MovingFirConfig(**USUAL | settings)
