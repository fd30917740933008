"""The field's networks agree with what their literature says they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.blocks.every_block import build, noise
from wetprint.blocks.diagonal_states import DiagonalStates
from wetprint.blocks.mu_law_wavenet import MuLawWaveNetConfig, compressed, expanded
from wetprint.blocks.recurrent import RecurrentConfig
from wetprint.blocks.window_cnn import WindowCnnConfig


def test_a_window_network_agrees_with_one_that_is_computed_window_by_window():
    config = WindowCnnConfig((5, 6), 3, 1, 4, (7,))
    block = build("window_cnn", config)
    first, spread = block.convolutions
    connected, last = block.connected
    flat = nn.Linear(6 * 4, 7)
    flat.weight.data, flat.bias.data = connected.weight.flatten(1), connected.bias
    shrink = nn.MaxPool1d(2)
    audio = noise(1, 40)
    windows = audio[0, 0].unfold(0, config.window_samples, 1)[:, None]
    second = nn.Conv1d(5, 6, 3).requires_grad_(False)
    second.load_state_dict(spread.state_dict())
    hidden = shrink(torch.relu(second(shrink(torch.relu(first(windows))))))
    expected = last(torch.relu(flat(hidden.flatten(1)))[..., None])[:, 0, 0]
    torch.testing.assert_close(block.valid(audio)[0, 0], expected, rtol=1e-5, atol=1e-6)
    assert hidden.shape[-1] == config.places


def test_state_spaces_follow_their_equation():
    """Zero-order hold of x' = A x + u, y = 2 Re(C x), sample by sample in NumPy."""
    torch.manual_seed(0)
    spaces = DiagonalStates(2, 3).double()
    spaces.requires_grad_(False)
    audio = noise(2, 300).double()
    step = spaces.log_step.exp()[:, None].numpy()
    poles = -spaces.log_decay.exp().numpy() + 1j * spaces.frequency.numpy()
    mix = torch.view_as_complex(spaces.mix).numpy()
    state, expected = np.zeros((2, 3), complex), []
    for sample in audio[0].numpy().T:
        held = np.exp(step * poles)
        state = held * state + (held - 1.0) / poles * sample[:, None]
        expected.append(2.0 * (mix * state).real.sum(1) + spaces.direct.numpy() * sample)
    np.testing.assert_allclose(spaces.convolve(audio)[0].numpy().T, expected, atol=1e-12)


def test_state_spaces_settle_on_what_a_constant_becomes():
    torch.manual_seed(0)
    spaces = DiagonalStates(3, 4).requires_grad_(False)
    ones = torch.ones(1, 3, 30_000)
    torch.testing.assert_close(
        spaces.convolve(ones)[0, :, -1], spaces.constant_gain(), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("extreme", [-100.0, 100.0])
def test_no_parameters_let_a_state_space_run_away(extreme):
    spaces = DiagonalStates(2, 3).requires_grad_(False)
    spaces.log_step.fill_(extreme)
    spaces.log_decay.fill_(-extreme)
    played, state = spaces.advance(noise(2, 5000), spaces.rest(1))
    later, _ = spaces.advance(torch.zeros(1, 2, 5000), state)
    assert torch.isfinite(played).all()
    assert later.abs().max() <= 1.01 * played.abs().max()


def test_the_mu_law_scale_by_hand():
    # ln(1 + 255 / 255) / ln(256) = ln 2 / (8 ln 2)
    assert float(compressed(torch.tensor(1.0 / 255.0))) == pytest.approx(1.0 / 8.0)
    amplitudes = torch.linspace(-1.0, 1.0, 101)
    torch.testing.assert_close(expanded(compressed(amplitudes)), amplitudes)


def test_a_network_that_knows_nothing_needs_the_logarithm_of_all_steps():
    block = build("mu_law_wavenet", MuLawWaveNetConfig(3, 4, 2, (1, 2), 16, 0.5))
    block.choice.weight.zero_()
    block.choice.bias.zero_()
    audio = noise(1, 50)
    assert block.cross_entropy(audio, audio[..., 3:]).item() == pytest.approx(math.log(16))
    assert block.valid(audio).abs().max() < 1e-7  # the scale is even


def test_a_network_that_is_sure_plays_its_step():
    block = build("mu_law_wavenet", MuLawWaveNetConfig(3, 4, 2, (1, 2), 5, 0.5))
    block.choice.weight.zero_()
    block.choice.bias.copy_(torch.tensor([0.0, 0.0, 0.0, 99.0, 0.0]))
    audio, wet = noise(1, 50), 0.5 * (math.sqrt(256.0) - 1.0) / 255.0  # half-way up the scale
    assert block.valid(audio) == pytest.approx(torch.full((1, 1, 47), wet))
    assert block.cross_entropy(audio, torch.full((1, 1, 47), wet)).item() == pytest.approx(0.0)
    # what lies beyond the scale counts as its last step, of which the network is sure it is not
    assert block.cross_entropy(audio, torch.full((1, 1, 47), 3.0)).item() == pytest.approx(99.0)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_stacked_layers_agree_with_pytorchs_and_play_block_by_block(name):
    block = build(name, RecurrentConfig(4, 2, 1, skip=False, layers=3)).double()
    audio = noise(2, 300).double()
    cell = {"lstm": nn.LSTM, "gru": nn.GRU}[name](2, 4, 3, batch_first=True).double()
    cell.load_state_dict(block.cell.state_dict())
    heard = torch.cat([torch.zeros(1, 2, 3000), audio], -1)
    hidden, _ = cell(heard.transpose(1, 2))
    expected = block.mix_down(hidden.transpose(1, 2))[..., 3000:]
    torch.testing.assert_close(block(audio), expected, rtol=1e-9, atol=1e-7)
    stream = block.stream()
    played = [stream.process(each) for each in audio.split([1, 0, 64, 235], -1)]
    torch.testing.assert_close(torch.cat(played, -1), expected, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_gradients_go_through_all_stacked_layers(name):
    block = build(name, RecurrentConfig(3, layers=3)).requires_grad_(True)
    block.valid(noise(1, 1100)).square().sum().backward()
    assert all((each.grad.abs() > 0).any() for each in block.parameters())
