"""The engine's LSTM and GRU agree with PyTorch's own in double precision."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.engine.present import needs_engine
from wetprint.engine import recurrent
from wetprint.engine.recurrent import CellWeights

pytestmark = needs_engine

TOLERANCE = 2e-5
SETTINGS = settings(max_examples=15, deadline=None, derandomize=True)
KINDS = ("lstm", "gru")
SHAPES = {
    "inputs": st.integers(1, 3),
    "width": st.sampled_from([1, 2, 3, 7, 8, 13, 24, 40]),
    "batch": st.sampled_from([1, 2, 5, 16, 17, 33]),
    "time": st.sampled_from([1, 2, 31, 32, 33, 70]),
}


def draw(kind: str, inputs: int, width: int, batch: int, time: int) -> list[Tensor]:
    """Draw audio, the states, and the weights."""
    torch.manual_seed(width + time)
    gates = (4 if kind == "lstm" else 3) * width
    shapes = [(gates, inputs), (gates, width), (gates,), (gates,)]
    weights = [torch.randn(shape) / width**0.5 for shape in shapes]
    states = [torch.randn(batch, width) for _ in range(2 if kind == "lstm" else 1)]
    return [torch.randn(batch, inputs, time), *states, *weights]


def run(kind: str, tensors: list[Tensor], dtype: torch.dtype) -> list[Tensor]:
    """Return the outputs and all gradients."""
    leaves = [each.detach().to(dtype).requires_grad_() for each in tensors]
    audio, states, weights = leaves[0], leaves[1:-4], CellWeights(*leaves[-4:])
    if kind == "lstm":
        outputs = list(recurrent.lstm(audio, weights, *states))
    else:
        outputs = [recurrent.gru(audio, weights, *states)]
    generator = torch.Generator().manual_seed(5)
    slopes = [torch.randn(each.shape, generator=generator).to(dtype) for each in outputs]
    by_engine = "Cells" in outputs[0].grad_fn.name()
    assert by_engine == (dtype == torch.float32)
    gradients = torch.autograd.grad(outputs, leaves, slopes)
    return [each.detach() for each in (*outputs, *gradients)]


@pytest.mark.parametrize("kind", KINDS)
@SETTINGS
@given(**SHAPES)
def test_value_and_gradients_agree_with_twin(kind, inputs, width, batch, time):
    tensors = draw(kind, inputs, width, batch, time)
    found, expected = (run(kind, tensors, dtype) for dtype in (torch.float32, torch.float64))
    for position, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        error = (ours.double() - theirs).norm() / theirs.norm().clamp(min=1e-3)
        assert error < TOLERANCE, f"output or gradient {position} is off by {error:.2g}"


@pytest.mark.parametrize("kind", KINDS)
def test_threads_change_no_bit(kind):
    tensors = draw(kind, 1, 9, 40, 100)
    before = torch.get_num_threads()
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(run(kind, tensors, torch.float32))
    torch.set_num_threads(before)
    assert all(map(torch.equal, *found))


@pytest.mark.parametrize("kind", KINDS)
def test_playing_without_gradient_is_the_same(kind):
    tensors = draw(kind, 1, 9, 3, 100)
    weights = CellWeights(*tensors[-4:])
    expected = run(kind, tensors, torch.float32)
    with torch.no_grad():
        found = getattr(recurrent, kind)(tensors[0], weights, *tensors[1:-4])
    found = found if isinstance(found, tuple) else (found,)
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(found, expected, strict=False))


def test_a_learned_first_state_is_shared_by_the_batch():
    tensors = draw("lstm", 1, 4, 6, 20)
    hidden, cell = (torch.randn(4, requires_grad=True) for _ in range(2))
    heard, _ = recurrent.lstm(tensors[0], CellWeights(*tensors[-4:]), hidden, cell)
    heard.sum().backward()
    assert hidden.grad.shape == cell.grad.shape == (4,)
    assert hidden.grad.abs().min() > 0
