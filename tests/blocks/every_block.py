"""Every registered block, built in several ways and with weights drawn at random."""

from __future__ import annotations

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
from wetprint.blocks.envelope_filter import (
    MIDDLE_LOG_CUTOFF,
    EnvelopeFilter,
    EnvelopeFilterConfig,
)
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
from wetprint.blocks.spline import straight
from wetprint.blocks.state_space import StateSpaceConfig
from wetprint.blocks.wavenet import WaveNetArray, WaveNetConfig
from wetprint.blocks.waveshaper import Waveshaper, WaveshaperConfig
from wetprint.blocks.window_cnn import WindowCnnConfig
from wetprint.engine.delay_line import INTERPOLATIONS
from wetprint.models.chain import Chain
from wetprint.models.echo import Echo, EchoConfig
from wetprint.models.parallel import Parallel
from wetprint.models.registry import BLOCKS, NESTED

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
        OctaveDividerConfig(
            lowpass=0.1,
            highpass=0.01,
            compared_lowpass=0.3,
            held_slow_share=0.5,
            attack=0.5,
            release=1e-3,
            ratio=0.4,
            threshold=0.1,
            inverted=True,
            starts_at=3,
            order=1,
            second_order=2,
            reach=0.7,
            taps=65,
        ),
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
    ("envelope_filter", EnvelopeFilterConfig()),
    (
        "envelope_filter",
        EnvelopeFilterConfig("rms", "decoupled", 2, 6, -40.0, 0.0, 2, 3, channels=2),
    ),
    ("envelope_filter", EnvelopeFilterConfig(lowest_log_cutoff=-3.1, highest_log_cutoff=-2.9)),
    ("envelope_filter", EnvelopeFilterConfig("peak", "decoupled", 3, channels=2, link="none")),
    ("envelope_filter", EnvelopeFilterConfig("peak", sections=2, channels=2, link="loudest")),
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
    if isinstance(block, Waveshaper) and config.even_below:
        # around silence knots lie so close that any value beside any other makes a cliff, of which
        # two in a row leave nothing but rounding
        line = straight(config.intervals, config.reach, even_below=config.even_below)
        block.coefficients.data.add_(1.0).mul_(torch.from_numpy(line).float())
    if isinstance(block, ModulatedDelay | CrossfadedDelay):
        block.trajectory.data.mul_(5.0).add_(14.0)  # samples: some of it beyond what may be read
    if isinstance(block, Compressor | EnvelopeFilter):
        # as slow as compressors are: in dB, rounding is much where sound crosses zero
        block.attack_log.data.add_(4.0)
        block.release_log.data.add_(4.0)
    if isinstance(block, EnvelopeFilter):
        block.log_cutoff.data.add_(MIDDLE_LOG_CUTOFF)
    return block.requires_grad_(False)


def noise(channels: int, samples: int, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, channels, samples, generator=torch.Generator().manual_seed(1))


def named(request_) -> str:
    name, config = request_
    return f"{name}-{config.__name__ if callable(config) else config}"[:70]
