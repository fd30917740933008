"""An LFO that runs free is found in a recording: its place in the turn, and its speed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from wetprint.blocks.amplitude_modulation import AmplitudeModulation, AmplitudeModulationConfig
from wetprint.blocks.gain import Gain, GainConfig
from wetprint.blocks.modulated_delay import (
    ModulatedDelay,
    ModulatedDelayConfig,
    sampled_trajectory,
)
from wetprint.blocks.periodic import interpolating
from wetprint.blocks.phaser import Phaser, PhaserConfig
from wetprint.identify.clock import find_clock
from wetprint.identify.recording import Recording
from wetprint.models.chain import Chain
from wetprint.models.lfo import lfo_periods, start_of_turn, with_lfo_speed
from wetprint.models.parallel import Parallel
from wetprint.models.playing import play_chain

RATE, PERIOD, KNOTS = 16_000, 9_600.0, 32
TURN = 2.0 * np.pi * np.arange(KNOTS) / KNOTS


def sound(seconds: float, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    noise = generator.standard_normal(int(seconds * RATE))
    pink = np.fft.irfft(np.fft.rfft(noise) / (1 + np.arange(len(noise) // 2 + 1)) ** 0.3)
    return (pink * np.exp(-3 * (np.arange(len(pink)) / RATE % 0.7)))[None].astype(np.float32)


def tremolo() -> Chain:
    block = AmplitudeModulation(AmplitudeModulationConfig(PERIOD, KNOTS))
    block.gain.data[0] = torch.from_numpy(interpolating(1.0 + 0.5 * np.sin(TURN)))
    return Chain([block])


def chorus() -> Chain:
    line = ModulatedDelay(ModulatedDelayConfig(PERIOD, KNOTS, 400, "linear"))
    trajectory = sampled_trajectory(np.array([200.0, 60.0, 30.0]), KNOTS)
    line.trajectory.data[0] = torch.from_numpy(interpolating(trajectory)).float()
    return Chain([Parallel([Chain([line]), tremolo()])])


def phaser() -> Chain:
    block = Phaser(PhaserConfig(PERIOD, KNOTS, 4))
    block.curve.data[0] = torch.from_numpy(interpolating(-1.5 + np.sin(TURN)))
    return Chain([block])


CHAINS = {"tremolo": tremolo, "chorus": chorus, "phaser": phaser}


@pytest.mark.parametrize("kind", CHAINS)
def test_a_clock_that_runs_free_is_found(kind):
    chain, dry = CHAINS[kind](), sound(8.0, 3)
    phase, speed = 0.3125, 1.004
    faster = with_lfo_speed(chain, speed)
    wet = play_chain(faster, dry, start_of_turn(faster, phase))
    found = find_clock(chain, Recording(dry, wet), RATE)
    assert found.phase_turns == pytest.approx(phase, abs=2e-3)
    assert found.speed == pytest.approx(speed, rel=3e-4)
    assert found.error < 1e-3


def test_a_clock_that_starts_with_the_recording_is_left_alone():
    chain, dry = chorus(), sound(4.0, 4)
    wet = play_chain(chain, dry) + 0.01 * sound(4.0, 5)
    found = find_clock(chain, Recording(dry, wet), RATE)
    assert (found.phase_turns, found.speed) == (0.0, 1.0)


def test_silence_says_nothing_of_a_clock():
    nothing = np.zeros((1, 3 * RATE), np.float32)
    found = find_clock(tremolo(), Recording(nothing, nothing), RATE)
    assert (found.phase_turns, found.speed, found.error) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("kind", CHAINS)
def test_a_short_recording_never_turns_an_lfo_round(kind):
    """Nothing in it says how fast the LFO runs, so that a step may lead anywhere."""
    chain = with_lfo_speed(CHAINS[kind](), 0.1)
    for seed in range(3):
        dry = sound(0.45, seed)
        wet = np.random.default_rng(seed).standard_normal(dry.shape).astype(np.float32)
        clock = find_clock(chain, Recording(dry, wet), RATE)
        assert 0.9 <= clock.speed <= 1.1


def test_another_speed_moves_every_period_and_no_weight():
    chain = chorus()
    faster = with_lfo_speed(chain, 2.0)
    assert lfo_periods(faster) == [PERIOD / 2.0]
    for name, weight in chain.state_dict().items():
        assert torch.equal(weight, faster.state_dict()[name])


def test_what_stands_still_has_no_turn():
    with pytest.raises(ValueError, match="nothing moves"):
        start_of_turn(Chain([Gain(GainConfig())]), 0.5)
