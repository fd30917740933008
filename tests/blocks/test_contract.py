"""Every registered block keeps the contract of ``blocks/block.py``."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from wetprint.blocks.amplitude_modulation import AmplitudeModulationConfig
from wetprint.blocks.block import Block
from wetprint.blocks.convolution import FirConfig
from wetprint.blocks.delay import DelayConfig
from wetprint.blocks.dilated import ACTIVATIONS, HEADS, DilatedConfig
from wetprint.blocks.gain import GainConfig
from wetprint.blocks.high_pass import HighPassConfig, pole_at
from wetprint.blocks.modulated_delay import ModulatedDelay, ModulatedDelayConfig
from wetprint.blocks.moving_fir import MovingFirConfig
from wetprint.blocks.periodic_filter import PeriodicFilterConfig
from wetprint.blocks.phaser import PhaserConfig
from wetprint.blocks.pitch_shifter import PitchShifterConfig
from wetprint.blocks.recurrent import RecurrentConfig
from wetprint.blocks.wavenet import WaveNetArray, WaveNetConfig
from wetprint.blocks.waveshaper import WaveshaperConfig
from wetprint.engine.delay_line import INTERPOLATIONS
from wetprint.models.chain import Chain
from wetprint.models.echo import LIMIT, Echo, EchoConfig
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
    ("high_pass", HighPassConfig()),
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
    if isinstance(block, ModulatedDelay):
        block.trajectory.data.mul_(5.0).add_(14.0)  # samples: some of it beyond what may be read
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
    "high_pass",
    "lstm",
    "gru",
    "modulated_delay",
    "pitch_shifter",
    "echo",
    "phaser",
)


@pytest.mark.parametrize(
    "request_", [each for each in CONFIGS if each[0] not in RECURSIVE], ids=named
)
def test_receptive_field_is_what_the_gradient_says(request_):
    block = build(*request_).double()  # the ends of two low-passes in a row are below float32's
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
    if name == "high_pass":
        block.pole.data.fill_(0.999)
    elif name == "modulated_delay":
        block.feedback.data.fill_(-0.99)
    elif name == "echo":
        for each in block.parameters():
            each.data.abs_().mul_(3.0 if block.channels_in == 1 else 1.0)
    elif name == "phaser":  # stages of a low break frequency
        block.curve.data.fill_(-8.0)
    elif name in ("lstm", "gru"):
        # gates that forget little: the second quarter of an LSTM's, the second third of a GRU's
        block.cell.bias_ih_l0.data[config.units : 2 * config.units] = 8.0
    audio = noise(block.channels_in, 5000).requires_grad_(True)
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


def test_a_high_pass_lets_3_db_less_through_at_its_cutoff_and_nothing_of_a_constant():
    block = BLOCKS["high_pass"].block(HighPassConfig()).double().requires_grad_(False)
    block.pole.data.fill_(pole_at(100.0, 48_000))
    time = torch.arange(48_000, dtype=torch.float64) / 48_000
    played = block(torch.sin(2 * math.pi * 100.0 * time)[None, None])[0, 0, 24_000:]
    assert float(played.square().mean()) == pytest.approx(0.25, rel=1e-3)
    constant = block(torch.ones(1, 1, 48_000, dtype=torch.float64))
    assert abs(float(constant[0, 0, -1])) < 1e-12


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


class TestParallel:
    """Chains side by side are themselves a block."""

    def block(self) -> Parallel:
        block = build("parallel", side_by_side)
        assert isinstance(block, Parallel)
        return block

    def test_is_the_sum_of_its_branches(self):
        block, audio = self.block(), noise(1, 300)
        one, other = block
        torch.testing.assert_close(block(audio), one(audio) + other(audio))
        assert block.context_samples == 4 + 14
        torch.testing.assert_close(block.valid(audio), block(audio)[..., 18:], rtol=1e-4, atol=1e-5)
        assert block.latency_samples == 0

    def test_block_wise_equals_whole_after_real_silence(self):
        block, audio = Chain([self.block(), build("fir", FirConfig(5))]), noise(1, 500)
        stream = block.stream()
        pieces = audio.split([1, 64, 200, 235], -1)
        played = torch.cat([stream.process(each) for each in pieces], -1)
        settled = block(torch.cat([torch.zeros(1, 1, 900), audio], -1))[..., 900:]
        torch.testing.assert_close(played, settled, rtol=1e-4, atol=1e-4)

    def test_description_builds_the_same(self):
        block, audio = self.block(), noise(1, 300)
        again = block_from_dict(block_to_dict(block))
        again.load_state_dict(block.state_dict())
        assert torch.equal(again(audio), block(audio))

    def test_a_branch_that_looks_ahead_less_waits(self):
        shifter = build("pitch_shifter", PitchShifterConfig(0.5, 32, 5, delay_samples=6))
        looking, plain = Chain([shifter]), Chain([build("fir", FirConfig(9))])
        block, audio = Parallel([plain, looking]), noise(1, 700)
        assert block.lookahead_samples == looking.lookahead_samples > plain.lookahead_samples == 0
        late = block.lookahead_samples
        waited = torch.nn.functional.pad(plain(audio), (late, 0))[..., :700]
        torch.testing.assert_close(block(audio), waited + looking(audio), rtol=1e-4, atol=1e-5)
        kept = block.valid(audio)
        torch.testing.assert_close(kept, block(audio)[..., block.context_samples :])
        stream = block.stream()
        played = torch.cat(
            [stream.process(each) for each in audio.split([1, 64, 200, 435], -1)], -1
        )
        torch.testing.assert_close(played, block(audio), rtol=1e-4, atol=1e-5)

    def test_refuses_branches_that_differ(self):
        with pytest.raises(ValueError, match=r"equal channels_out, got \[1, 2\]"):
            Parallel([Chain([build("fir", FirConfig(3, 1, out))]) for out in (1, 2)])


class TestEcho:
    """A delay line with a loop, whatever is in it."""

    def plain(self, delay: int, gain: float) -> Echo:
        loop = made("gain", GainConfig(1))
        loop.gain.data.fill_(gain)
        return Echo(EchoConfig(delay), Chain([made("fir", FirConfig(1))]), Chain([loop]))

    def test_repeats_at_every_delay_and_weaker_by_the_loops_gain(self):
        impulse = torch.zeros(1, 1, 400)
        impulse[..., 3] = 1.0
        played = self.plain(100, -0.5)(impulse)[0, 0]
        expected = torch.zeros(400)
        expected[103], expected[203], expected[303] = 1.0, -0.5, 0.25
        torch.testing.assert_close(played, expected)

    def test_agrees_with_a_recursion_sample_by_sample(self):
        block, audio = build("echo", saturating_echo), noise(1, 300).double()
        block = block.double()
        taps = block.playback[0].response.flatten().numpy()
        line, heard = np.zeros(300 + 64), np.zeros(300)
        for now in range(300):
            past = line[max(0, now - 4) : now + 1][::-1]  # the line is 64 samples behind
            filtered = torch.tensor(float(taps[: len(past)] @ past), dtype=torch.float64)
            heard[now] = float(block.playback[1](filtered[None, None, None]))
            line[now + 64] = float(audio[0, 0, now] + heard[now] * block.feedback[0].gain)
        np.testing.assert_allclose(block(audio)[0, 0].numpy(), heard, atol=1e-12)

    def test_a_recursion_in_the_loop_is_exact_too(self):
        plain, audio = self.plain(64, 0.8), noise(1, 700)
        feedback = Chain([*plain.feedback, made("high_pass", HighPassConfig())])
        block = Echo(EchoConfig(64), plain.playback, feedback).requires_grad_(False)
        torch.testing.assert_close(block(audio), block.stream().process(audio), atol=1e-5, rtol=0)

    @pytest.mark.parametrize("gain", [1.0, -40.0, 1e30])
    def test_can_never_run_away(self, gain):
        block = self.plain(64, gain).requires_grad_(False)
        audio = noise(1, 6000)
        audio[..., 10], audio[..., 11] = math.nan, math.inf
        for played in (block(audio), block.stream().process(audio)):
            assert torch.isfinite(played).all()
            assert played.abs().max() <= LIMIT

    def test_refuses_what_does_not_fit(self):
        with pytest.raises(ValueError, match="from what playback returns, 1 channels"):
            Echo(
                EchoConfig(64), Chain([made("fir", FirConfig(1, 2, 1))]), self.plain(64, 1).feedback
            )

    @pytest.mark.parametrize("name", ["dilated", "lstm"])
    def test_refuses_a_loop_that_makes_sound_of_silence(self, name):
        network = Chain([Parallel([Chain([BLOCKS[name].block(BLOCKS[name].config())])])])
        with pytest.raises(ValueError, match="keep silence silent"):
            Echo(EchoConfig(64), network, self.plain(64, 1).feedback)


class TestChain:
    """A chain is itself a block."""

    def chain(self) -> Chain:
        return Chain(
            [
                build("delay", DelayConfig(4)),
                build("dilated", DilatedConfig(width=3, dilations=SHORT)),
                build("fir", FirConfig(90, 1, 2)),
                build("gain", GainConfig(2)),
            ]
        )

    def test_adds_up_memory_and_latency(self):
        chain = self.chain()
        assert chain.context_samples == 4 + 14 + 89
        assert chain.receptive_field_samples == 4 + 14 + 89 + 1
        assert chain.latency_samples == 4
        assert (chain.channels_in, chain.channels_out) == (1, 2)

    def test_block_wise_equals_whole_after_real_silence(self):
        chain = self.chain()
        audio = noise(1, 700)
        stream = chain.stream()
        played = torch.cat(
            [stream.process(each) for each in audio.split([1, 64, 200, 435], -1)], -1
        )
        heard = torch.cat([torch.zeros(1, 1, 2000), audio], -1)
        settled = chain(heard)[..., 2000:]  # what silence does to a network with biases is past
        torch.testing.assert_close(played, settled, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(chain(audio), settled, rtol=1e-4, atol=1e-4)

    def test_refuses_neighbours_that_do_not_fit(self):
        with pytest.raises(ValueError, match="block 0 returns 2 channels, but block 1 takes 1"):
            Chain([build("gain", GainConfig(2)), build("fir", FirConfig(3))])

    def test_refuses_to_be_empty(self):
        with pytest.raises(ValueError, match="at least one block"):
            Chain([])


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


@pytest.mark.parametrize("name", NESTED)
def test_chains_nested_without_end_are_refused(name):
    gain = {"block": "gain", "config": {}}
    description = gain
    for _ in range(50):
        config = {"branches": [[description]]}
        if name == "echo":
            config = {"delay_samples": 64, "playback": [description], "feedback": [gain]}
        description = {"block": name, "config": config}
    with pytest.raises(ValueError, match="nested 4 deep"):
        block_from_dict(description)
