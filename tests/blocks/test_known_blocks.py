"""What single blocks do, beside a formula or another implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt
from torch import nn

from tests.blocks.every_block import build, noise
from wetprint.blocks.biquads import BiquadsConfig, biquads_of
from wetprint.blocks.convolution import FirConfig
from wetprint.blocks.delay import DelayConfig
from wetprint.blocks.dilated import DilatedConfig
from wetprint.blocks.high_pass import HighPassConfig, pole_at
from wetprint.blocks.recurrent import RecurrentConfig
from wetprint.blocks.spline import amplitude_at
from wetprint.blocks.waveshaper import WaveshaperConfig
from wetprint.models.registry import BLOCKS


def test_a_network_that_skips_starts_by_passing_audio_through():
    network = BLOCKS["dilated"].block(DilatedConfig(skip=True))
    audio = noise(1, 3000)
    assert torch.equal(network(audio), audio)


def test_fir_agrees_with_numpy_convolution():
    block = build("fir", FirConfig(130, 2, 2))
    audio = noise(2, 500)
    expected = [
        sum(np.convolve(audio[0, i], block.response[o, i])[:500] for i in range(2))
        for o in range(2)
    ]
    np.testing.assert_allclose(block(audio)[0], expected, atol=1e-4)


def test_long_fir_over_several_fft_blocks_agrees_with_one(monkeypatch):
    from wetprint.blocks import convolution

    block = build("fir", FirConfig(300))
    audio = noise(1, 5000)
    whole = block(audio)
    monkeypatch.setattr(convolution, "BLOCK_SAMPLES", 256)
    torch.testing.assert_close(block(audio), whole, rtol=1e-4, atol=1e-4)


def test_delay_delays_by_its_samples():
    block = build("delay", DelayConfig(3))
    played = block(torch.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0]]]))
    assert played.tolist() == [[[0.0, 0.0, 0.0, 1.0, 2.0]]]
    assert block.latency_samples == 3


def test_the_untrained_curve_is_a_wire_near_and_far():
    block = BLOCKS["waveshaper"].block(WaveshaperConfig(intervals=9, reach=0.5))
    audio = noise(1, 400)  # reaches far beyond 0.5
    torch.testing.assert_close(block(audio), audio, rtol=1e-5, atol=1e-6)


def test_a_curve_agrees_with_scipys_spline_inside_and_is_straight_outside():
    from scipy.interpolate import BSpline

    block = build("waveshaper", WaveshaperConfig(intervals=7, reach=0.8)).double()
    knots = np.arange(-3, 7 + 4) * (1.6 / 7) - 0.8
    spline = BSpline(knots, block.coefficients.numpy(), 3)
    inside = torch.linspace(-0.8, 0.8, 50, dtype=torch.float64)
    expected = spline(inside.numpy()) - spline(0.0)
    np.testing.assert_allclose(block(inside[None, None])[0, 0], expected, atol=1e-12)
    outside = torch.tensor([0.8, 1.8, 2.8], dtype=torch.float64)
    far = block(outside[None, None])[0, 0]
    assert far[2] - far[1] == pytest.approx(float(far[1] - far[0]))
    assert far[1] - far[0] == pytest.approx(float(spline(0.8, nu=1)))


@pytest.mark.parametrize("even_below", [0.3, 1e-3])
def test_intervals_that_widen_are_fine_around_silence_and_leave_the_wire_a_wire(even_below):
    block = BLOCKS["waveshaper"].block(WaveshaperConfig(256, 20.0, even_below=even_below)).double()
    audio = torch.linspace(-30.0, 30.0, 4001, dtype=torch.float64)[None, None]
    torch.testing.assert_close(block(audio), audio, rtol=1e-3, atol=1e-4 * even_below)
    knots = torch.from_numpy(amplitude_at(np.arange(257.0), 256, 20.0, even_below))
    assert float(knots.diff().min()) == pytest.approx(
        even_below * 2.0 * math.asinh(20.0 / even_below) / 256, rel=0.01
    )
    assert float(knots.diff()[-1] / knots[-1]) == pytest.approx(
        2.0 * math.asinh(20.0 / even_below) / 256, rel=0.1
    )


def test_a_grid_too_fine_around_silence_is_refused():
    with pytest.raises(ValueError, match="even_below must be a number from"):
        WaveshaperConfig(reach=1.0, even_below=1e-9)


def test_a_high_pass_lets_3_db_less_through_at_its_cutoff_and_nothing_of_a_constant():
    block = BLOCKS["high_pass"].block(HighPassConfig()).double().requires_grad_(False)
    block.pole.data.fill_(pole_at(100.0, 48_000))
    time = torch.arange(48_000, dtype=torch.float64) / 48_000
    played = block(torch.sin(2 * math.pi * 100.0 * time)[None, None])[0, 0, 24_000:]
    assert float(played.square().mean()) == pytest.approx(0.25, rel=1e-3)
    constant = block(torch.ones(1, 1, 48_000, dtype=torch.float64))
    assert abs(float(constant[0, 0, -1])) < 1e-12


def test_biquads_have_the_gains_they_are_named_for():
    """low at 0 Hz, band at the frequency, where s = i, and high at half the sample rate."""
    block = BLOCKS["biquads"].block(BiquadsConfig()).double().requires_grad_(False)
    block.frequency_log.data.fill_(math.log(math.tan(math.pi * 1000 / 48_000)))
    block.damping_log.data.fill_(math.log(0.5))
    for name, gain in (("low", 2.0), ("band", 5.0), ("high", 0.5)):
        getattr(block, name).data.fill_(gain)
    response = torch.fft.rfft(block(torch.eye(1, 48_000).double()[None])[0, 0])
    at_frequency = abs(1j * 0.5 * 5.0 + 2.0 - 0.5) / 0.5  # (high s² + band d s + low) / (d s)
    found = [abs(complex(response[hz])) for hz in (0, 1000, 24_000)]
    assert found == pytest.approx([2.0, at_frequency, 0.5], rel=1e-6)


def test_untrained_biquads_are_a_wire():
    audio = noise(1, 500)
    played = BLOCKS["biquads"].block(BiquadsConfig(4))(audio)
    torch.testing.assert_close(played, audio, rtol=0, atol=1e-6)


def test_biquads_can_never_run_away():
    block = BLOCKS["biquads"].block(BiquadsConfig(2))
    block.frequency_log.data.fill_(100.0)
    block.damping_log.data.fill_(-100.0)
    played = block.stream().process(noise(1, 5000))
    assert torch.isfinite(played).all()


def test_sections_of_scipy_become_biquads_that_play_alike():
    sections = butter(3, [40, 900], "bandpass", output="sos", fs=48_000)
    audio = noise(1, 5000)
    played = biquads_of(sections)(audio)[0, 0].detach().numpy()
    expected = sosfilt(sections, audio[0, 0].double().numpy())
    np.testing.assert_allclose(played, expected, rtol=0, atol=1e-5)
    with pytest.raises(ValueError, match="stable"):
        biquads_of(np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 1.5]]))


def test_a_high_pass_can_never_run_away():
    block = BLOCKS["high_pass"].block(HighPassConfig())
    block.pole.data.fill_(1.5)
    played = block.stream().process(noise(1, 5000))
    assert torch.isfinite(played).all()
    assert played.abs().max() < 100


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_recurrent_layer_agrees_with_pytorchs(name):
    block = build(name, RecurrentConfig(6, 2, 1, skip=False)).double()
    audio = noise(2, 300).double()
    cell = {"lstm": nn.LSTM, "gru": nn.GRU}[name](2, 6, batch_first=True).double()
    cell.load_state_dict(block.cell.state_dict())
    heard = torch.cat([torch.zeros(1, 2, 3000), audio], -1)
    hidden, _ = cell(heard.transpose(1, 2))
    expected = block.mix_down(hidden.transpose(1, 2))[..., 3000:]
    torch.testing.assert_close(block(audio), expected, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_an_untrained_recurrent_layer_passes_audio_through(name):
    audio = noise(1, 300)
    assert torch.equal(BLOCKS[name].block(RecurrentConfig())(audio), audio)
