"""The engine's recursions and delay lines agree with their twins in double precision."""

from __future__ import annotations

import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.present import needs_engine
from wetprint.engine import delay_line, envelope, recursion
from wetprint.engine.recirculation import recirculate

pytestmark = needs_engine

SETTINGS = settings(max_examples=15, deadline=None, derandomize=True)
TIMES = st.sampled_from([1, 2, 3, 50, 120])
TOLERANCE = 1e-5


def assert_agree(run, inputs, reference=None, tolerance: float = TOLERANCE) -> None:
    """Compare values and all gradients with those of a reference in double precision.

    Args:
        run: what is tested, in float32 and in double precision.
        inputs: what it is given.
        reference: what it is compared with; without one, itself in double precision.
        tolerance: of the norm, in float32.
    """
    bounds = {torch.float32: tolerance} | ({torch.float64: 1e-10} if reference else {})
    expected = value_and_gradients(reference or run, inputs, torch.float64, reference)
    for dtype, bound in bounds.items():
        found = value_and_gradients(run, inputs, dtype, reference)
        for position, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
            error = (ours.double() - theirs).norm() / theirs.norm().clamp(min=1e-3)
            assert error < bound, f"value or gradient {position} is off by {error:.2g} in {dtype}"


def value_and_gradients(run, inputs, dtype, reference=None) -> list[torch.Tensor]:
    leaves = [each.detach().to(dtype).requires_grad_() for each in inputs]
    heard = run(*leaves)
    if run is not reference:  # the engine's result is a view, and so must float32's be
        name = heard.grad_fn.name()
        assert "View" in name or dtype == torch.float64, f"{name} did not run in the engine"
    slope = torch.randn(heard.shape, generator=torch.Generator().manual_seed(3)).to(dtype)
    return [heard.detach(), *torch.autograd.grad(heard, leaves, slope)]


def all_pole_by_samples(audio, feedback, past) -> torch.Tensor:
    """Run the recursion as it is written, for PyTorch to differentiate."""
    heard = []
    for sample in audio.unbind(-1):
        heard.append(sample - (feedback * past).sum(-1))
        past = torch.cat([heard[-1][..., None], past[..., :-1]], dim=-1)
    return torch.stack(heard, dim=-1)


def biquad_by_samples(audio, feedforward, feedback, past_audio, past) -> torch.Tensor:
    """Add up the taps of the input, then run the recursion as it is written."""
    heard = torch.cat([past_audio.flip(-1), audio], dim=-1)
    time = audio.shape[-1]
    taps = [heard[..., 2 - tap : 2 - tap + time] for tap in range(3)]
    return all_pole_by_samples(
        sum(feedforward[..., tap, None] * each for tap, each in enumerate(taps)), feedback, past
    )


def poles(order: int, *shape: int) -> torch.Tensor:
    """Draw coefficients of stable filters."""
    roots = 0.95 * (2 * torch.rand(*shape, order) - 1)
    polynomial = torch.ones(*shape, 1)
    for root in roots.unbind(-1):
        longer = torch.nn.functional.pad(polynomial, (0, 1))
        polynomial = longer - root[..., None] * torch.nn.functional.pad(polynomial, (1, 0))
    return polynomial[..., 1:]


@SETTINGS
@given(order=st.integers(1, 4), batch=st.integers(1, 3), time=TIMES, shared=st.booleans())
def test_all_pole_agrees_with_itself_written_out(order, batch, time, shared):
    torch.manual_seed(order + time)
    feedback = poles(order, 1 if shared else batch, 2)
    audio, past = torch.randn(batch, 2, time), torch.randn(batch, 2, order)
    assert_agree(recursion.all_pole, [audio, feedback, past], all_pole_by_samples)


@SETTINGS
@given(batch=st.integers(1, 3), time=TIMES)
def test_biquad_agrees_with_itself_written_out(batch, time):
    torch.manual_seed(time)
    inputs = [torch.randn(batch, 2, time), torch.randn(2, 3), poles(2, 2)]
    past = torch.randn(batch, 2, 2), torch.randn(batch, 2, 2)
    assert_agree(recursion.biquad, [*inputs, *past], biquad_by_samples)


def test_biquad_agrees_with_scipy_close_to_the_unit_circle():
    numerator, denominator = scipy.signal.butter(2, 20, fs=48_000)
    audio = torch.randn(1, 1, 20_000)
    coefficients = torch.tensor(numerator).float(), torch.tensor(denominator).float()
    heard = recursion.biquad(audio, coefficients[0], coefficients[1][1:])
    expected = scipy.signal.lfilter(*(each.double().numpy() for each in coefficients), audio[0, 0])
    error = (heard[0, 0].double() - torch.tensor(expected)).norm() / torch.tensor(expected).norm()
    assert error < 1e-4


def envelope_by_samples(level, attack, release, past) -> torch.Tensor:
    """Run the follower as it is written, for PyTorch to differentiate."""
    followed = []
    for sample in level.unbind(-1):
        rise = sample - past
        past = past + torch.where(rise > 0, attack, release) * rise
        followed.append(past)
    return torch.stack(followed, dim=-1)


@SETTINGS
@given(batch=st.integers(1, 3), time=TIMES, shared=st.booleans())
def test_envelope_agrees_with_itself_written_out(batch, time, shared):
    torch.manual_seed(time)
    shape = (1, 1) if shared else (batch, 2)
    attack, release = 0.2 + 0.7 * torch.rand(shape), 0.01 + 0.1 * torch.rand(shape)
    level = torch.randn(batch, 2, time).abs()
    inputs = [level, attack, release, torch.rand(batch, 2)]
    assert_agree(envelope.follow_envelope, inputs, envelope_by_samples)


def test_envelope_rises_and_falls_by_its_coefficients():
    level = torch.tensor([[[1.0, 1.0, 0.0, 0.0]]])
    followed = envelope.follow_envelope(level, torch.tensor(0.5), torch.tensor(0.25))
    assert followed[0, 0].tolist() == [0.5, 0.75, 0.5625, 0.421875]


@SETTINGS
@given(
    interpolation=st.sampled_from(delay_line.INTERPOLATIONS),
    batch=st.integers(1, 3),
    time=TIMES,
    context=st.sampled_from([0, 3, 70]),
    longest=st.sampled_from([1.0, 30.0, 300.0]),
    shared=st.booleans(),
)
def test_delay_line_agrees_with_twin(interpolation, batch, time, context, longest, shared):
    torch.manual_seed(time + context)
    audio = torch.randn(batch, 2, context + time)
    delay = longest * torch.rand(batch, 1 if shared else 2, time)
    whole = torch.rand(delay.shape) < 0.1
    delay = torch.where(whole, delay.floor(), delay).float()

    def read(line, moving):
        return delay_line.read_delay_line(line, moving, interpolation, context)

    assert_agree(read, [audio, delay], tolerance=5e-5)


@pytest.mark.parametrize("interpolation", delay_line.INTERPOLATIONS)
def test_whole_delays_are_exact_and_fractions_shift_a_slow_sine(interpolation):
    time = torch.arange(400.0)
    sine = torch.sin(0.05 * time).view(1, 1, -1)
    whole = delay_line.read_delay_line(sine, torch.full((1, 1, 400), 20.0), interpolation)
    torch.testing.assert_close(whole[..., 40:], sine[..., 20:-20], rtol=0, atol=1e-6)
    part = delay_line.read_delay_line(sine, torch.full((1, 1, 400), 20.3), interpolation)
    expected = torch.sin(0.05 * (time - 20.3)).view(1, 1, -1)
    torch.testing.assert_close(part[..., 40:], expected[..., 40:], rtol=0, atol=6e-4)


def test_a_delay_that_is_not_a_number_is_passed_on():
    delay = torch.tensor([[[1.0, torch.nan, 2.0]]])
    heard = delay_line.read_delay_line(torch.ones(1, 1, 3), delay)
    assert heard.isnan().tolist() == [[[False, True, False]]]


@SETTINGS
@given(
    interpolation=st.sampled_from(delay_line.INTERPOLATIONS),
    batch=st.integers(1, 3),
    time=TIMES,
    longest=st.sampled_from([2.0, 30.0, 300.0]),
    past=st.sampled_from([0, 5, 70]),
    shared=st.booleans(),
)
def test_a_loop_agrees_with_twin(interpolation, batch, time, longest, past, shared):
    torch.manual_seed(time + past)
    audio, before = torch.randn(batch, 2, time), torch.randn(batch, 2, past)
    delay = longest * torch.rand(batch, 1 if shared else 2, time)
    feedback = 1.2 * torch.rand(batch, 2) - 0.6

    def returned(source, moving, gain):
        return recirculate(source, moving, gain, interpolation, before.to(source))

    assert_agree(returned, [audio, delay, feedback], tolerance=5e-5)


def test_a_loop_of_one_delay_is_a_row_of_echoes():
    click = torch.zeros(1, 1, 10)
    click[..., 0] = 1.0
    heard = recirculate(click, torch.full((1, 1, 10), 3.0), torch.tensor([[-0.5]]))
    assert heard[0, 0].tolist() == [1.0, 0.0, 0.0, -0.5, 0.0, 0.0, 0.25, 0.0, 0.0, -0.125]


def test_unknown_interpolation_is_refused():
    with pytest.raises(ValueError, match="linear, lagrange, sinc; got 'cubic'"):
        delay_line.read_delay_line(torch.ones(1, 1, 3), torch.ones(1, 1, 3), "cubic")
    with pytest.raises(ValueError, match="linear, lagrange, sinc; got 'cubic'"):
        recirculate(torch.ones(1, 1, 3), torch.ones(1, 1, 3), torch.zeros(1, 1), "cubic")


def test_gradients_of_gradients_are_refused_with_a_reason():
    audio = torch.randn(1, 1, 5, requires_grad=True)
    heard = recursion.all_pole(audio, torch.tensor([0.5]))
    (slope,) = torch.autograd.grad(heard.square().sum(), audio, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()
