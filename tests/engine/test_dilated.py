"""The engine's stack of dilated convolutions agrees with its PyTorch twin in double precision."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.engine.present import needs_engine
from wetprint import engine
from wetprint.blocks.dilated import Dilated, DilatedConfig
from wetprint.engine import dilated
from wetprint.engine.dilated import StackConfig

pytestmark = needs_engine

TOLERANCE = 2e-5
"""Greatest error beside the norm, in float32, where the documentation promises 1e-4."""

CONFIGS = st.builds(
    StackConfig,
    inputs=st.integers(1, 3),
    width=st.sampled_from([*range(1, 19), 23, 31, 32, 33, 64]),
    outputs=st.integers(1, 5),
    kernel_size=st.integers(1, 4),
    dilations=st.lists(st.sampled_from([1, 2, 3, 7, 16, 50, 200]), min_size=1, max_size=4).map(
        tuple
    ),
    activation=st.sampled_from(dilated.ACTIVATIONS),
    accumulate=st.booleans(),
    conditions=st.integers(0, 2),
    last_hidden=st.booleans(),
)
SETTINGS = settings(max_examples=24, deadline=None, derandomize=True)
LEVELS = [
    level
    for level in ("baseline", "avx2", "avx512")
    if engine.is_present() and engine.has_level(level)
]


def draw_inputs(config: StackConfig, batch: int, time: int, seed: int = 0) -> list[Tensor | None]:
    """Draw flat weights, audio, condition and head input."""
    torch.manual_seed(seed)
    flat = torch.cat([torch.randn(shape).reshape(-1) for shape in dilated.weight_shapes(config)])
    heard = time + config.context_samples
    audio = torch.randn(batch, config.inputs, heard)
    condition = torch.randn(batch, config.conditions, heard) if config.conditions else None
    head_input = torch.randn(batch, config.width, time + seed % 3) if config.accumulate else None
    return [0.3 * flat, audio, condition, head_input]


def run(config, inputs, level: str | None) -> list[Tensor]:
    """Return the outputs and every gradient; by the twin in double precision if level is None."""
    dtype = torch.float64 if level is None else torch.float32
    inputs = [
        None if each is None else each.to(dtype).requires_grad_() for each in map(copy, inputs)
    ]
    if level is None:
        result = dilated.dilated_stack_twin(
            config, dilated.unflatten(config, inputs[0]), *inputs[1:]
        )
        outputs = [result.wet] if result.last_hidden is None else [result.wet, result.last_hidden]
    else:
        outputs = list(dilated._Stack.apply(config, True, level, *inputs))
    generator = torch.Generator().manual_seed(5)
    slopes = [torch.randn(each.shape, generator=generator).to(dtype) for each in outputs]
    present = [each for each in inputs if each is not None]
    gradients = torch.autograd.grad(outputs, present, slopes, materialize_grads=True)
    return [each.detach() for each in (*outputs, *gradients)]


def copy(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.detach().clone()


def assert_close(found: list[Tensor], expected: list[Tensor]) -> None:
    for position, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        error = (ours.double() - theirs).norm() / theirs.norm().clamp(min=1e-3)
        assert error < TOLERANCE, f"output or gradient {position} is off by {error:.2g}"


def test_some_level_is_tested():
    assert "baseline" in LEVELS


@pytest.mark.parametrize("level", LEVELS)
@SETTINGS
@given(config=CONFIGS, batch=st.integers(1, 5), time=st.sampled_from([1, 5, 16, 100, 385, 900]))
def test_value_and_gradients_agree_with_twin(level, config, batch, time):
    inputs = draw_inputs(config, batch, time, seed=time)
    assert_close(run(config, inputs, level), run(config, inputs, None))


@settings(max_examples=4, deadline=None, derandomize=True)
@given(config=CONFIGS, batch=st.integers(1, 2))
def test_long_items_cut_into_pieces_agree_with_twin(config, batch):
    inputs = draw_inputs(config, batch, 20_000)
    assert_close(run(config, inputs, ""), run(config, inputs, None))


@settings(max_examples=8, deadline=None, derandomize=True)
@given(config=CONFIGS, batch=st.integers(1, 5))
def test_threads_change_no_bit(config, batch):
    inputs = draw_inputs(config, batch, 9000)
    before = torch.get_num_threads()
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(run(config, inputs, ""))
    torch.set_num_threads(before)
    assert all(map(torch.equal, *found))


@pytest.mark.parametrize("level", LEVELS)
def test_nonlinearities_are_within_their_bounds(level):
    config = StackConfig(1, 1, 1, 1, (1,), accumulate=True)
    flat = torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    grid = torch.cat([torch.linspace(-12, 12, 200_001), torch.logspace(-30, 0, 50_000)])
    heard = grid.view(1, 1, -1)
    (found,) = dilated._Stack.apply(config, False, level, flat, heard, None, None)
    expected = torch.tanh(heard.double())
    assert (found - expected).abs().max() < 3e-7
    assert (found / expected.clamp(min=1e-30) - 1)[expected > 1e-30].abs().max() < 5e-7


def small(width: int = 5) -> tuple[StackConfig, list[Tensor | None]]:
    config = StackConfig(1, width, 1, 3, (1, 2, 4), "gated")
    return config, draw_inputs(config, 3, 500)


def test_two_forwards_before_a_backward_do_not_disturb_each_other():
    config, inputs = small()
    expected = run(config, inputs, "")
    weights = inputs[0].clone().requires_grad_()
    (first,) = dilated._Stack.apply(config, True, "", weights, *inputs[1:])
    (second,) = dilated._Stack.apply(config, True, "", weights, 2 * inputs[1], *inputs[2:])
    slope = torch.randn(first.shape, generator=torch.Generator().manual_seed(5))
    torch.autograd.grad(second.sum(), weights)
    assert torch.equal(torch.autograd.grad(first, weights, slope)[0], expected[1])


def test_backward_can_be_repeated_and_then_lets_go_of_its_memory():
    config, inputs = small()
    weights = inputs[0].clone().requires_grad_()
    (wet,) = dilated._Stack.apply(config, True, "", weights, *inputs[1:])
    kept = weakref.ref(wet.grad_fn.saved_tensors[-1].kept)
    once = torch.autograd.grad(wet.sum(), weights, retain_graph=True)[0]
    again = torch.autograd.grad(wet.sum(), weights)[0]
    gc.collect()
    assert torch.equal(once, again)
    assert kept() is None


def test_nothing_is_kept_where_no_gradient_can_be_asked_for():
    config, inputs = small()
    weights = dilated.unflatten(config, inputs[0].clone().requires_grad_())
    with torch.no_grad():
        assert dilated.dilated_stack(config, weights, inputs[1]).wet.grad_fn is None
    assert dilated.dilated_stack(config, weights, inputs[1]).wet.grad_fn is not None


def test_gradient_of_a_gradient_goes_through_the_twin():
    config, inputs = small(3)

    def penalty(flat: Tensor, twin: bool) -> Tensor:
        audio = inputs[1].to(flat.dtype).requires_grad_()
        weights = dilated.unflatten(config, flat)
        stack = dilated.dilated_stack_twin if twin else dilated.dilated_stack
        wet = stack(config, weights, audio).wet
        return torch.autograd.grad(wet.square().sum(), audio, create_graph=True)[0].square().sum()

    ours = inputs[0].clone().requires_grad_()
    theirs = inputs[0].double().requires_grad_()
    found = torch.autograd.grad(penalty(ours, False), ours)[0]
    expected = torch.autograd.grad(penalty(theirs, True), theirs)[0]
    assert_close([found], [expected])


def test_not_a_number_is_passed_on():
    config, inputs = small()
    inputs[1][1, 0, 100] = torch.nan
    found = run(config, inputs, "")
    assert found[0][1].isnan().any()
    assert not found[0][0].isnan().any()
    assert found[1].isnan().any()


@pytest.mark.parametrize("activation", ["tanh", "gated", "leaky_relu"])
@pytest.mark.parametrize("mixin", [False, True])
def test_block_is_run_by_the_engine_and_agrees_with_itself_without(activation, mixin, monkeypatch):
    torch.manual_seed(0)
    block = Dilated(
        DilatedConfig(2, 1, 6, 3, (1, 4, 9), activation, "accumulate" if mixin else "last", mixin)
    )
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    audio = torch.randn(2, 2, 300)
    found = {}
    for switch in ("on", "off"):
        monkeypatch.setenv("WETPRINT_ENGINE", switch)
        wet = block.valid(audio)
        gradients = torch.autograd.grad(
            wet.square().sum(), list(block.parameters()), allow_unused=True, materialize_grads=True
        )
        found[switch] = [wet.detach(), *gradients]
        by_engine = "_Stack" in str(dilated_nodes(wet))
        assert by_engine == (switch == "on")
    assert_close(found["on"], [each.double() for each in found["off"]])


def dilated_nodes(tensor: Tensor) -> set[str]:
    """Return the names of all steps that led to a tensor."""
    names, waiting = set(), [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None:
            names.add(node.name())
            waiting += [each for each, _ in node.next_functions]
    return names


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"audio": torch.zeros(1, 2, 50)}, "audio"),
        ({"weights": torch.zeros(3)}, "weights"),
        ({"wet": torch.zeros(1, 1, 60)}, "audio"),
        ({"level": "avx1024"}, "level"),
    ],
)
def test_shapes_that_do_not_fit_are_refused_before_memory_is_touched(change, complaint):
    config = StackConfig(1, 2, 1, 2, (3,))
    given = {
        "weights": torch.zeros(
            sum(torch.Size(each).numel() for each in dilated.weight_shapes(config))
        ),
        "audio": torch.zeros(1, 1, 53),
        "condition": None,
        "head_input": None,
        "wet": torch.zeros(1, 1, 50),
        "last_hidden": None,
        "keep": False,
        "threads": 1,
    }
    with pytest.raises(ValueError, match=complaint):
        dilated._compiled(config).forward(**{**given, **change})
