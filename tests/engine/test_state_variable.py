"""The engine's state-variable filters agree with their twin, and both with the equations."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.present import needs_engine
from tests.engine.test_rows import assert_agree
from wetprint.engine.state_variable import state_variable

pytestmark = needs_engine


def by_samples(audio, log_cutoff, log_damping, sections) -> torch.Tensor:
    """Solve the two trapezoidal integrators of each section for every sample."""
    silence = audio.new_zeros(audio.shape[:2])
    memory, heard = [(silence, silence)] * sections, []
    for sample, u, v in zip(*(e.unbind(-1) for e in (audio, log_cutoff, log_damping)), strict=True):
        g, k, now = u.exp(), v.exp(), []
        for section in range(sections):
            band_past, low_past = memory[section]
            band = (g * (sample - low_past) + band_past) / (1 + g * (g + k))
            low = low_past + g * band
            memory[section] = 2 * band - band_past, 2 * low - low_past
            now += [band, low]
            sample = k * band
        heard.append(torch.stack(now, 2))
    return torch.stack(heard, -1)


def example(batch: int, channels: int, time: int) -> list[torch.Tensor]:
    torch.manual_seed(time)
    shape = batch, channels, time
    return [torch.randn(shape), torch.randn(shape) - 2.0, torch.randn(shape)]


def played(audio, log_cutoff, log_damping, sections):
    memory = audio.new_zeros((*audio.shape[:2], sections, 2))
    return state_variable(audio, log_cutoff.exp(), log_damping.exp(), memory)[0]


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    batch=st.integers(1, 2),
    channels=st.integers(1, 2),
    time=st.sampled_from([1, 2, 50, 300]),
    sections=st.integers(1, 3),
)
def test_states_and_gradients_agree_with_samples(batch, channels, time, sections):
    def with_sections(run):
        return lambda *inputs: run(*inputs, sections)

    inputs = example(batch, channels, time)
    assert_agree(with_sections(played), inputs, with_sections(by_samples))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_memory_goes_on_where_the_last_call_ended(dtype):
    audio, log_cutoff, log_damping = (each.to(dtype) for each in example(2, 2, 700))
    filters = audio, log_cutoff.exp(), log_damping.exp()
    silence = audio.new_zeros((2, 2, 3, 2))
    whole, last = state_variable(*filters, silence)
    first, memory = state_variable(*(each[..., :301] for each in filters), silence)
    rest, left = state_variable(*(each[..., 301:] for each in filters), memory)
    torch.testing.assert_close(torch.cat([first, rest], -1), whole, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(left, last, rtol=1e-4, atol=1e-5)


def test_a_section_at_rest_is_the_second_order_filter_of_its_cutoff_and_damping():
    samples, cutoff, damping = 1 << 14, 0.05, 0.4
    audio = torch.zeros(1, 1, samples)
    audio[..., 0] = 1.0
    memory = torch.zeros(1, 1, 1, 2)
    states, _ = state_variable(audio, torch.tensor(cutoff), torch.tensor(damping), memory)
    band, low = torch.fft.rfft(states[0, 0].double())
    s = 1j * torch.tan(torch.pi * torch.arange(samples // 2) / samples).double() / cutoff
    below = 1.0 / (s * s + damping * s + 1.0)
    torch.testing.assert_close(low[:-1], below, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(band[:-1], s * below, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_that_the_cutoff_does_makes_the_memory_grow(dtype):
    torch.manual_seed(1)
    silence = torch.zeros(1, 1, 5000, dtype=dtype)
    wild = (torch.randn(1, 1, 5000, dtype=dtype) * 4.0).exp()
    memory = torch.tensor([[[[1.0, -1.0]]]], dtype=dtype)
    states, left = state_variable(silence, wild, torch.full_like(wild, 1e-6), memory)
    assert left.square().sum() <= 2.0 + 1e-3
    assert states.isfinite().all()
