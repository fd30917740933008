"""Every registered block keeps the contract of ``blocks/block.py``."""

from __future__ import annotations

import math

import pytest
import torch

from tests.blocks.every_block import (
    CONFIGS,
    build,
    named,
    noise,
)
from wetprint.blocks.block import Block
from wetprint.blocks.crossfaded_delay import CrossfadedDelay
from wetprint.models.registry import BLOCKS, NESTED, block_from_dict, block_to_dict


@pytest.fixture(params=CONFIGS, ids=named)
def block(request) -> Block:
    return build(*request.param)


def test_every_registered_block_is_tested():
    assert {name for name, _ in CONFIGS} == {*BLOCKS, *NESTED}


def test_output_never_depends_on_the_future(block):
    audio = noise(block.channels_in, 900).requires_grad_(True)
    block(audio)[..., 450].sum().backward()
    future, past = audio.grad[..., 451:].abs().max(), audio.grad[..., :451].abs().max()
    assert future < 1e-6 * past  # an FFT leaves rounding where nothing reaches


RECURSIVE = (
    "compressor",
    "biquads",
    "high_pass",
    "lstm",
    "gru",
    "modulated_delay",
    "pitch_shifter",
    "echo",
    "envelope_filter",
    "octave_divider",
    "phaser",
    "state_space",
    "film_dilated",
)


@pytest.mark.parametrize(
    "request_", [each for each in CONFIGS if each[0] not in RECURSIVE], ids=named
)
def test_receptive_field_is_what_the_gradient_says(request_):
    block = build(*request_).double()  # the ends of two low-passes in a row are below float32's
    if isinstance(block, CrossfadedDelay):
        block.trajectory.data.fill_(99.0)  # samples: held at the longest that may be read
    audio = noise(block.channels_in, 900).double().requires_grad_(True)
    block(audio)[..., 700].sum().backward()
    reached = audio.grad[0].abs().sum(0).nonzero()[:, 0]
    reached = reached[audio.grad[0].abs().sum(0)[reached] > 1e-10 * audio.grad.abs().max()]
    assert 700 - int(reached.min()) == block.context_samples
    assert block.receptive_field_samples == block.context_samples + 1


@pytest.mark.parametrize("request_", [each for each in CONFIGS if each[0] in RECURSIVE], ids=named)
def test_a_recursion_hears_all_of_its_past(request_):
    block = build(*request_)
    assert math.isinf(block.receptive_field_samples)
    name, config = request_
    if name == "biquads":
        block.frequency_log.data.fill_(-8.0)
        block.damping_log.data.fill_(-1.0)
    elif name == "high_pass":
        block.pole.data.fill_(0.999)
    elif name == "modulated_delay":
        block.feedback.data.fill_(-0.99)
    elif name == "echo":
        for each in block.parameters():
            each.data.abs_().mul_(3.0 if block.channels_in == 1 else 1.0)
    elif name == "compressor":
        block.attack_log.data.fill_(8.0)
        block.release_log.data.fill_(9.0)
    elif name == "envelope_filter":  # sections of a low cutoff
        block.log_cutoff.data.fill_(-8.0)
    elif name == "phaser":  # stages of a low break frequency
        block.curve.data.fill_(-8.0)
    elif name == "state_space":  # modes that hardly die away
        for layer in block.layers:
            layer.spaces.log_decay.data.fill_(-9.0)
    elif name == "film_dilated":  # an LSTM that forgets little
        for layer in block.layers:
            layer.film.cell.bias_ih_l0.data[2 * config.width : 4 * config.width] = 8.0
    elif name in ("lstm", "gru"):
        # gates that forget little: the second quarter of an LSTM's, the second third of a GRU's
        for layer in range(config.layers):
            biases = block.cell_weights(layer).bias_input
            biases.data[config.units : 2 * config.units] = 8.0
    audio = noise(block.channels_in, 5000).requires_grad_(True)
    if name == "octave_divider":  # what switches has no gradient: one wave more turns all the rest
        more = audio.detach().clone()
        more[..., :100] = torch.sin(torch.arange(100) / 4.0)
        assert (block(more)[..., -1] != block(audio)[..., -1]).any()
        return
    block(audio)[..., -1].sum().backward()
    assert (audio.grad[..., :100] != 0).any()


def test_valid_is_the_end_of_the_whole(block):
    audio = noise(block.channels_in, block.context_samples + 700)
    torch.testing.assert_close(
        block.valid(audio), block(audio)[..., block.context_samples :], rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("sizes", [[1] * 40 + [0, 63, 64, 1, 300, 432], [900], [449, 451]])
def test_block_wise_equals_whole(block, sizes):
    audio = noise(block.channels_in, sum(sizes))
    stream = block.stream()
    played = torch.cat([stream.process(each) for each in audio.split(sizes, -1)], -1)
    torch.testing.assert_close(played, block(audio), rtol=1e-4, atol=1e-5)


def test_each_item_of_a_batch_is_played_alone(block):
    audio = noise(block.channels_in, 600, batch=3)
    alone = torch.cat([block(each[None]) for each in audio])
    torch.testing.assert_close(block(audio), alone, rtol=1e-4, atol=1e-5)


def test_gradient_agrees_with_finite_differences(block):
    double = block.double().requires_grad_(True)
    audio = noise(block.channels_in, block.context_samples + 6).double()
    weights = [each for each in double.parameters() if each.numel() < 60]
    if not weights:
        audio.requires_grad_(True)
    leaky = "leaky_relu" in str(block.config)
    assert torch.autograd.gradcheck(
        lambda *_: double.valid(audio),
        (*weights, audio),
        eps=1e-7 if leaky else 1e-6,  # a kink within eps of a sample would look like an error
        atol=1e-4,
    )


def test_description_builds_the_same_block(block):
    again = block_from_dict(block_to_dict(block))
    assert again.config == block.config
    again.load_state_dict(block.state_dict())
    audio = noise(block.channels_in, 300)
    assert torch.equal(again(audio), block(audio))


@pytest.mark.parametrize(
    ("description", "complaint"),
    [
        ("gain", "'block' and 'config'"),
        ({"block": "gian", "config": {}}, "did you mean 'gain'"),
        ({"block": "gain", "config": {"chanels": 1}}, "did you mean 'channels'"),
        ({"block": "gain", "config": {"channels": 3}}, "from 1 to 2"),
        ({"block": "gain", "config": {"channels": "one"}}, "whole number"),
        ({"block": "gain", "config": []}, "must be an object"),
        ({"block": "delay", "config": {}}, "does not fit"),
        ({"block": "fir", "config": {"taps": 10**12}}, "taps must be"),
        ({"block": "echo", "config": {"delay_samples": 64}}, "'feedback', 'playback'"),
        (
            {
                "block": "echo",
                "config": {
                    "delay_samples": 63,
                    "playback": [{"block": "gain", "config": {}}],
                    "feedback": [{"block": "gain", "config": {}}],
                },
            },
            "delay_samples must be a whole number from 64",
        ),
        ({"block": "parallel", "config": {}}, "lists 1 to 16 'branches'"),
        ({"block": "parallel", "config": {"branches": [[]]}}, "list of 1 to 256 blocks"),
        ({"block": "waveshaper", "config": {"reach": 0}}, "reach must be a number"),
        ({"block": "pitch_shifter", "config": {"ratio": 9}}, "ratio must be a number from 0.125"),
        ({"block": "pitch_shifter", "config": {"window_samples": 1000}}, "a power of two"),
        ({"block": "pitch_shifter", "config": {"hop_samples": 600}}, "hop_samples must be"),
        ({"block": "pitch_shifter", "config": {"delay_samples": 9999}}, "delay_samples must be"),
        ({"block": "waveshaper", "config": {"intervals": 0}}, "intervals must be"),
        ({"block": "biquads", "config": {"sections": 0}}, "sections must be"),
        ({"block": "compressor", "config": {"detection": "ear"}}, "one of peak, rms"),
        ({"block": "compressor", "config": {"knots": 1}}, "knots must be"),
        ({"block": "compressor", "config": {"lowest_db": 20.0}}, "highest_db must be"),
        ({"block": "compressor", "config": {"lookahead_samples": -1}}, "lookahead_samples must"),
        (
            {"block": "compressor", "config": {"lookahead_samples": 3, "is_fed_back": True}},
            "lookahead_samples must be 0",
        ),
        ({"block": "compressor", "config": {"is_fed_back": 1}}, "is_fed_back must be true"),
        ({"block": "amplitude_modulation", "config": {}}, "does not fit"),
        (
            {"block": "amplitude_modulation", "config": {"period_samples": 99, "knots": 3}},
            "knots must be",
        ),
        (
            {
                "block": "amplitude_modulation",
                "config": {"period_samples": 99, "channels_in": 2, "channels_out": 1},
            },
            "channels_out must be",
        ),
        ({"block": "modulated_delay", "config": {}}, "does not fit"),
        ({"block": "modulated_delay", "config": {"period_samples": 0}}, "period_samples must be"),
        (
            {"block": "modulated_delay", "config": {"period_samples": math.nan}},
            "period_samples must be",
        ),
        ({"block": "dilated", "config": {"activation": "relu6"}}, "activation must be one of"),
        ({"block": "dilated", "config": {"dilations": [10**7] * 10}}, "receptive field"),
        ({"block": "wavenet", "config": {"arrays": [{"width": 3}]}}, "does not fit"),
        ({"block": "wavenet", "config": {"arrays": ["wide"]}}, "must be an array"),
        (
            {"block": "wavenet", "config": {"arrays": [{"width": 3, "head_width": 2}] * 2}},
            "as wide as the next array",
        ),
    ],
)
def test_descriptions_out_of_range_are_refused(description, complaint):
    with pytest.raises(ValueError, match=complaint):
        block_from_dict(description)
