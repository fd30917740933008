"""Long convolution and its gradients agree with the direct one in double precision."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from wetprint.blocks.convolution import DIRECT_TAPS, convolve_valid

SHAPES = {
    "batch": st.integers(1, 4),
    "channels": st.tuples(st.integers(1, 2), st.integers(1, 2)),
    "taps": st.integers(DIRECT_TAPS + 1, 400),
    "wanted": st.integers(1, 900),
}


def draw(batch, channels, taps, wanted):
    torch.manual_seed(taps)
    audio = torch.randn(batch, channels[0], wanted + taps - 1, requires_grad=True)
    return audio, torch.randn(channels[1], channels[0], taps, requires_grad=True)


def direct(audio, response):
    return functional.conv1d(audio, response.flip(-1))


def close(found, expected) -> bool:
    return all((f - e).norm() < 1e-5 * e.norm() for f, e in zip(found, expected, strict=True))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(**SHAPES)
def test_value_and_gradients_agree_with_direct_convolution(batch, channels, taps, wanted):
    inputs = draw(batch, channels, taps, wanted)
    exact = [each.detach().double().requires_grad_() for each in inputs]
    slope = torch.randn(batch, channels[1], wanted)
    found, expected = convolve_valid(*inputs), direct(*exact)
    assert close([found], [expected])
    assert close(
        torch.autograd.grad(found, inputs, slope),
        torch.autograd.grad(expected, exact, slope.double()),
    )


def test_gradient_of_a_gradient_agrees_with_direct_convolution():
    inputs = [each.detach().double().requires_grad_() for each in draw(2, (2, 1), 60, 100)]

    def second(convolve):
        wet = convolve(*inputs)
        first = torch.autograd.grad(wet.pow(3).sum(), inputs, create_graph=True)
        return torch.autograd.grad(sum(each.square().sum() for each in first), inputs)

    assert close(second(convolve_valid), second(direct))
