"""Chains, chains side by side and chains in a loop are themselves blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.blocks.every_block import (
    SHORT,
    build,
    made,
    noise,
    saturating_echo,
    side_by_side,
)
from wetprint.blocks.convolution import FirConfig
from wetprint.blocks.delay import DelayConfig
from wetprint.blocks.dilated import DilatedConfig
from wetprint.blocks.gain import GainConfig
from wetprint.blocks.high_pass import HighPassConfig
from wetprint.blocks.pitch_shifter import PitchShifterConfig
from wetprint.models.chain import Chain
from wetprint.models.echo import LIMIT, Echo, EchoConfig
from wetprint.models.parallel import Parallel
from wetprint.models.registry import BLOCKS, NESTED, block_from_dict, block_to_dict


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
