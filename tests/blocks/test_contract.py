"""Every registered block keeps the contract of ``blocks/block.py``."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from wetprint.blocks.amplitude_modulation import AmplitudeModulationConfig
from wetprint.blocks.biquads import BiquadsConfig
from wetprint.blocks.block import Block
from wetprint.blocks.compressor import Compressor, CompressorConfig
from wetprint.blocks.convolution import FirConfig
from wetprint.blocks.crossfaded_delay import CrossfadedDelay, CrossfadedDelayConfig
from wetprint.blocks.delay import DelayConfig
from wetprint.blocks.dilated import ACTIVATIONS, HEADS, DilatedConfig
from wetprint.blocks.film_dilated import FilmDilatedConfig
from wetprint.blocks.gain import GainConfig
from wetprint.blocks.high_pass import HighPassConfig
from wetprint.blocks.modulated_delay import ModulatedDelay, ModulatedDelayConfig
from wetprint.blocks.moving_fir import MovingFirConfig
from wetprint.blocks.mu_law_wavenet import MuLawWaveNetConfig
from wetprint.blocks.octave_divider import OctaveDividerConfig
from wetprint.blocks.periodic_filter import PeriodicFilterConfig
from wetprint.blocks.phaser import PhaserConfig
from wetprint.blocks.pitch_shifter import PitchShifterConfig
from wetprint.blocks.power import PowerConfig
from wetprint.blocks.recurrent import RecurrentConfig
from wetprint.blocks.state_space import StateSpaceConfig
from wetprint.blocks.wavenet import WaveNetArray, WaveNetConfig
from wetprint.blocks.waveshaper import WaveshaperConfig
from wetprint.blocks.window_cnn import WindowCnnConfig
from wetprint.engine.delay_line import INTERPOLATIONS
from wetprint.models.chain import Chain
from wetprint.models.echo import Echo, EchoConfig
from wetprint.models.parallel import Parallel
from wetprint.models.registry import BLOCKS, NESTED, block_from_dict, block_to_dict

SHORT = (1, 2, 4)


def made(name: str, config) -> Block:
    return BLOCKS[name].block(config)


def side_by_side() -> Parallel:
    longer = Chain([made("delay", DelayConfig(4)), made("dilated", DilatedConfig(dilations=SHORT))])
    shorter = Chain([made("fir", FirConfig(9)), made("gain", GainConfig(1))])
    return Parallel([longer, shorter])


def saturating_echo() -> Echo:
    playback = Chain([made("fir", FirConfig(5)), made("waveshaper", WaveshaperConfig(16, 0.8))])
    return Echo(EchoConfig(64), playback, Chain([made("gain", GainConfig(1))]))


def echo_of_two_heads() -> Echo:
    """Two channels on the line, one to be heard."""
    late = Chain([made("delay", DelayConfig(9, 2)), made("fir", FirConfig(2, 2, 1))])
    heads = Parallel([Chain([made("fir", FirConfig(3, 2, 1))]), late])
    return Echo(EchoConfig(70), Chain([heads]), Chain([made("fir", FirConfig(4, 1, 2))]))


CONFIGS = [
    ("parallel", side_by_side),
    ("echo", saturating_echo),
    ("echo", echo_of_two_heads),
    ("gain", GainConfig(2)),
    ("delay", DelayConfig(5)),
    ("delay", DelayConfig(0, 2)),
    ("fir", FirConfig(1)),
    ("fir", FirConfig(7, 2, 1)),
    ("fir", FirConfig(200, 1, 2)),
    ("dilated", DilatedConfig(width=3, dilations=SHORT)),
    ("dilated", DilatedConfig(channels_in=2, channels_out=1, width=4, dilations=SHORT)),
    *(
        ("dilated", DilatedConfig(2, 2, 3, 2, SHORT, activation, head, mixin, skip=mixin))
        for activation in ACTIVATIONS
        for head in HEADS
        for mixin in (False, True)
    ),
    ("waveshaper", WaveshaperConfig(intervals=7, reach=0.8)),
    ("waveshaper", WaveshaperConfig(intervals=64, reach=3.0, channels=2)),
    ("waveshaper", WaveshaperConfig(intervals=32, reach=0.9, even_below=0.01)),
    ("biquads", BiquadsConfig()),
    ("biquads", BiquadsConfig(3, 2)),
    ("high_pass", HighPassConfig()),
    ("power", PowerConfig(1)),
    ("power", PowerConfig(5, 0.7, 2)),
    ("high_pass", HighPassConfig(channels=2)),
    ("moving_fir", MovingFirConfig(90.5, 4, 7)),
    ("moving_fir", MovingFirConfig(321.7, 9, 90, channels_out=2)),
    ("moving_fir", MovingFirConfig(800.25, 5, 40, decimation=4, channels_out=2)),
    ("pitch_shifter", PitchShifterConfig(0.5, 32, 5, 2, 0, transient_share=1.0)),
    ("pitch_shifter", PitchShifterConfig(1.5, 32, 4, 0, 32, 1.0, delay_samples=7, channels=2)),
    *(
        (cell, config)
        for cell in ("lstm", "gru")
        for config in (
            RecurrentConfig(5),
            RecurrentConfig(3, 2, 1),
            RecurrentConfig(4, 1, 2, False),
        )
    ),
    *(
        ("modulated_delay", ModulatedDelayConfig(97.3, 5, 24, interpolation, channels_in, 2))
        for interpolation in INTERPOLATIONS
        for channels_in in (1, 2)
    ),
    ("modulated_delay", ModulatedDelayConfig(1234.5, 16, 20)),
    ("crossfaded_delay", CrossfadedDelayConfig(97.3, 41.2, 3.5, 5, 24)),
    ("crossfaded_delay", CrossfadedDelayConfig(1234.5, 300.0, 0.0, 8, 20, False, 2)),
    ("octave_divider", OctaveDividerConfig(lowpass=0.2, order=3)),
    (
        "octave_divider",
        OctaveDividerConfig(0.1, 0.01, 0.3, 0.9, 0.5, 1e-3, 0.4, 0.1, True, 3, 1, 0.7),
    ),
    ("phaser", PhaserConfig(701.3, 5, 3)),
    ("phaser", PhaserConfig(90.0, 4, 1, 2, 1)),
    ("phaser", PhaserConfig(3000.0, 4, 2, 1, 2)),
    ("periodic_filter", PeriodicFilterConfig(333.3, 4, 3)),
    ("periodic_filter", PeriodicFilterConfig(90.0, 5, 60, 2, 1)),
    ("periodic_filter", PeriodicFilterConfig(5000.0, 8, 9, 1, 2)),
    *(
        ("amplitude_modulation", AmplitudeModulationConfig(97.3, 5, channels_in, channels_out))
        for channels_in, channels_out in ((1, 1), (1, 2), (2, 2))
    ),
    ("compressor", CompressorConfig()),
    ("compressor", CompressorConfig(followed="level", lookahead_samples=7)),
    ("compressor", CompressorConfig("rms", "gain", "decoupled", "free", 9, channels=2)),
    ("compressor", CompressorConfig("rms", "level", "decoupled", "free", 9, -30.0, 30.0)),
    ("compressor", CompressorConfig("peak", "gain", channels=2, link="none")),
    ("compressor", CompressorConfig("peak", "level", channels=2, link="mean")),
    ("compressor", CompressorConfig("peak", "level", is_smoothed=True)),
    ("compressor", CompressorConfig("peak", "gain", is_fed_back=True)),
    ("compressor", CompressorConfig("rms", "level", "decoupled", is_fed_back=True)),
    (
        "compressor",
        CompressorConfig(
            *("rms", "gain", "decoupled", "free", 9, -80.0, 0.0),
            channels=2,
            link="none",
            is_smoothed=True,
            is_fed_back=True,
        ),
    ),
    ("mu_law_wavenet", MuLawWaveNetConfig(3, 8, 2, SHORT, 16)),
    ("mu_law_wavenet", MuLawWaveNetConfig(2, 8, 3, (5,), 7, 0.5, 2, 2)),
    ("window_cnn", WindowCnnConfig((16, 16), 3, 1, 5, (8,))),
    ("window_cnn", WindowCnnConfig((8, 9, 8), 2, 2, 3, (9, 8), 2, 2)),
    ("window_cnn", WindowCnnConfig((7,), 4, 3, 1, (8,), 1, 2)),
    ("film_dilated", FilmDilatedConfig(1, 2, SHORT[:2], "gated", 9)),
    ("film_dilated", FilmDilatedConfig(2, 3, (3,), "tanh", 16, 2, 1)),
    ("film_dilated", FilmDilatedConfig(2, 2, (2,), "leaky_relu", 100, 1, 2, skip=False)),
    ("state_space", StateSpaceConfig(1, 2, 2, film_samples=64)),
    ("state_space", StateSpaceConfig(4, 3, 2)),
    ("state_space", StateSpaceConfig(3, 5, 1, 2, 1)),
    ("state_space", StateSpaceConfig(3, 1, 3, 1, 2, False)),
    ("wavenet", WaveNetConfig((WaveNetArray(4, 3, SHORT), WaveNetArray(3, 1, SHORT)))),
    (
        "wavenet",
        WaveNetConfig(
            (
                WaveNetArray(3, 2, SHORT, activation="gated", head_bias=True),
                WaveNetArray(2, 5, (3,), kernel_size=2, activation="leaky_relu"),
                WaveNetArray(5, 2, SHORT),
            ),
            channels_in=2,
        ),
    ),
]


def build(name: str, config) -> Block:
    """Build a block whose every weight is drawn at random; loops lose something every round."""
    torch.manual_seed(3)
    block = config() if name in NESTED else made(name, config)
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.15 if name == "echo" else 0.4)
    if isinstance(block, ModulatedDelay | CrossfadedDelay):
        block.trajectory.data.mul_(5.0).add_(14.0)  # samples: some of it beyond what may be read
    if isinstance(block, Compressor):  # as slow as one is: a gain that follows every sample in dB
        for time in (block.attack_log, block.release_log):  # makes much of rounding next to nothing
            time.data.add_(4.0)
    return block.requires_grad_(False)


def noise(channels: int, samples: int, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, channels, samples, generator=torch.Generator().manual_seed(1))


def named(request_) -> str:
    name, config = request_
    return f"{name}-{config.__name__ if callable(config) else config}"[:70]


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
