"""The engine's phaser agrees with its twin, and both with the loop as it is written."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.present import needs_engine
from tests.engine.test_rows import assert_agree
from wetprint.engine.allpass import LOUDEST_RETURN, allpass_cascade, allpass_tangents

pytestmark = needs_engine


def by_samples(audio, log_break, spread, feedback) -> torch.Tensor:
    """Run the loop as it is written, for PyTorch to differentiate."""
    stages = spread.shape[-1]
    memory = [audio.new_zeros(audio.shape[:2])] * (stages + 1)
    heard = []
    for sample, middle in zip(audio.unbind(-1), log_break.unbind(-1), strict=True):
        now = [sample + feedback * memory[-1]]
        for stage in range(stages):
            coefficient = ((middle + spread[:, stage]) / 2).tanh()
            now.append(coefficient * (now[-1] - memory[stage + 1]) + memory[stage])
        memory = now
        heard.append(now[-1])
    return torch.stack(heard, dim=-1)


def example(batch: int, channels: int, time: int, stages: int) -> list[torch.Tensor]:
    torch.manual_seed(time)
    audio, log_break = torch.randn(batch, channels, time), 2 * torch.randn(batch, channels, time)
    return [audio, log_break, torch.randn(channels, stages), torch.rand(channels) - 0.5]


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    batch=st.integers(1, 2),
    channels=st.integers(1, 2),
    time=st.sampled_from([1, 2, 50, 300]),
    stages=st.sampled_from([1, 2, 6]),
)
def test_the_loop_and_its_gradients_agree_with_samples(batch, channels, time, stages):
    inputs = example(batch, channels, time, stages)
    assert_agree(lambda *each: allpass_cascade(*each)[0], inputs, by_samples)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_memory_goes_on_where_the_last_call_ended(dtype):
    audio, log_break, spread, feedback = (each.to(dtype) for each in example(2, 2, 700, 5))
    whole, _ = allpass_cascade(audio, log_break, spread, feedback)
    first, memory = allpass_cascade(audio[..., :301], log_break[..., :301], spread, feedback)
    rest, _ = allpass_cascade(audio[..., 301:], log_break[..., 301:], spread, feedback, memory)
    torch.testing.assert_close(torch.cat([first, rest], -1), whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tangents_are_the_derivatives_along_each_direction(dtype):
    audio, log_break, spread, feedback = (each.to(dtype) for each in example(1, 1, 60, 4))
    directions = torch.randn(60, 3, dtype=dtype)
    inputs = audio[0, 0], log_break[0, 0], spread[0], feedback[0]
    tangents = allpass_tangents(*inputs, directions)

    def played(change: torch.Tensor) -> torch.Tensor:
        moved = log_break.double() + directions.double() @ change[:3]
        stages, loop = spread.double() + change[4:], feedback.double() + change[3]
        return by_samples(audio.double(), moved, stages, loop)[0, 0]

    expected = torch.autograd.functional.jacobian(played, torch.zeros(8, dtype=torch.float64))
    torch.testing.assert_close(tangents.double(), torch.as_tensor(expected), rtol=1e-3, atol=1e-4)


def test_a_cascade_at_rest_lets_every_frequency_pass_unchanged_in_size():
    audio = torch.zeros(1, 1, 4000)
    audio[..., 0] = 1.0
    wet, _ = allpass_cascade(audio, torch.tensor(-2.0), torch.zeros(1, 6), torch.zeros(1))
    size = torch.fft.rfft(wet[0, 0]).abs()
    torch.testing.assert_close(size, torch.ones_like(size), rtol=1e-4, atol=1e-4)


def test_a_loop_into_which_the_lfo_pumps_energy_stays_bounded():
    torch.manual_seed(1)
    audio = torch.randn(1, 1, 48_000)
    log_break = 8.0 * torch.sign(torch.randn(1, 1, 48_000))
    wet, _ = allpass_cascade(audio, log_break, torch.zeros(1, 24), torch.tensor([0.99]))
    assert torch.isfinite(wet).all()
    assert wet.abs().max() < 1e9 * LOUDEST_RETURN
